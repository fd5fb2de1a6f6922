"""An examination as text: which cluster, a table of findings each with its cure below, and a summary."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby

from paichart.names import some_names
from paichart.preflight.examination import Examination
from paichart.preflight.finding import NAMES, Group, cured
from paichart.report.as_text import COLOURS, PLAIN, count, more
from paichart.report.lines import wrapped

WIDEST = 110
"""Columns of a line that is wrapped, however wide the terminal is."""

_INDENT = " " * 10
_NAMED_AT_MOST = 5
_PASTED_AT_MOST = 20
"""Names that a cure's command has."""

_ROWS_AT_MOST = 10
"""Rows of one code that are shown."""


def as_text(examination: Examination, *, is_coloured: bool = False, width: int = WIDEST) -> str:
    """Return the whole examination as text that ends with a line break; width in columns."""
    lines = [*_head(examination), ""]
    if examination.groups:
        place = max(len("WHERE"), *(len(_where(group)) for group in examination.groups))
        lines.append(f"{'SEVERITY':<10}{'CODE':<8}{'WHERE':<{place}}  WHAT")
        for code, alike in groupby(examination.groups, key=lambda group: group.first.code):
            rows = tuple(alike)
            for group in rows[:_ROWS_AT_MOST]:
                lines += _row(group, place, min(width, WIDEST), is_coloured)
                lines += [f"{_INDENT}> {_printable(line)}" for line in _cure(group, examination.options)]
            if len(rows) > _ROWS_AT_MOST:
                rest = len(rows) - _ROWS_AT_MOST
                lines.append(f"{_INDENT}… and {rest} more rows of {code}: --output json lists all")
        lines.append("")
    return "\n".join([*lines, _summary(examination)])


def _head(examination: Examination) -> Iterator[str]:
    nodes = "nodes unknown" if examination.node_count is None else f"{examination.node_count} nodes"
    account = {True: "may do everything", False: "has limited rights", None: "has unknown rights"}
    yield (
        f"cluster   {_printable(examination.context)} at {examination.address}: "
        f"Kubernetes {_printable(examination.version)}, {nodes}"
    )
    yield f"account   {account[examination.is_admin]}"
    yield (
        f"release   {examination.release} in namespace {examination.namespace}, "
        f"{examination.machine_count} machines in layout.yaml"
    )


def _row(group: Group, place: int, width: int, is_coloured: bool) -> Iterator[str]:
    """Yield the lines of one row: place and names, and what is the matter."""
    first = group.first
    severity = f"{first.severity.value:<10}"
    if is_coloured:
        severity = f"{COLOURS[first.severity]}{severity}{PLAIN}"
    names = group.names
    what, message = f"{first.kind} {names[0]}", first.message
    if len(names) > 1:
        what = f"{len(names)} {_plural(first.kind)}: {some_names(names)}"
        message = f"each {message}"
    yield f"{severity}{first.code:<8}{_where(group):<{place}}  {_printable(what)}"
    yield from _wrapped(message, width)
    details = [(finding.name, finding.detail) for finding in group.findings if finding.detail]
    if len(names) == 1 and first.detail:
        yield from _wrapped(f"({first.detail})", width)
    elif details:
        shown = "; ".join(f"{name}: {detail}" for name, detail in details[:_NAMED_AT_MOST])
        yield from _wrapped(f"({shown}{'; …' if len(details) > _NAMED_AT_MOST else ''})", width)


def _cure(group: Group, options: Mapping[str, str]) -> Iterator[str]:
    """Yield the lines of the cure; each command has one of its own, with no more names than can be read."""
    cure, names = group.first.cure, group.names
    yield from cured(cure, names[:_PASTED_AT_MOST], options).split("\n")
    if NAMES in cure and len(names) > _PASTED_AT_MOST:
        yield f"and so for the other {len(names) - _PASTED_AT_MOST}: --output json has them"


def _plural(kind: str) -> str:
    """Return the word for several of a kind: `nodes` for `node`, `secrets in default` for one there."""
    word, place, namespace = kind.partition(" in ")
    return f"{word}{'es' if word.endswith('s') else 's'}{place}{namespace}"


def _where(group: Group) -> str:
    return str(group.first.span) if group.first.span else ""


def _wrapped(text: str, width: int) -> list[str]:
    return wrapped(_printable(text), width, _INDENT, _INDENT)


def _summary(examination: Examination) -> str:
    """Return how much was found, what that means, and how to learn more."""
    found = examination.findings
    verdict = "cure the errors before you install" if examination.has_errors else "ready to install"
    return f"{count(found)}: {verdict}\n{more(found)}"


def _printable(text: str) -> str:
    """Return text of the cluster without characters that steer a terminal."""
    return "".join(character if character.isprintable() else " " for character in text)
