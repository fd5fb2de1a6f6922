"""Problems as a compiler tells them: place, code, message, the line, and a mark below with the cure."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TextIO

from paichart.problems import Problem, Severity, Span
from paichart.report.masking import masked

SHOWN_AT_MOST = 200
"""Problems that are shown in full; of the others only the number is told."""

_LINE_AT_MOST = 160
_COLOURS = {Severity.ERROR: "\x1b[1;31m", Severity.WARNING: "\x1b[1;33m", Severity.NOTE: "\x1b[1;36m"}
_BOLD = "\x1b[1m"
_PLAIN = "\x1b[0m"
_NUMBER_WIDTH = 5


def report(
    problems: Sequence[Problem],
    lines: Mapping[str, Sequence[str]] | None = None,
    *,
    is_coloured: bool = False,
) -> str:
    """Return problems as text that ends with a line break, empty for none.

    lines holds the lines of each file by its name; a problem in another file is told without its line.
    """
    if not problems:
        return ""
    shown = problems[:SHOWN_AT_MOST]
    parts = [_one(problem, (lines or {}).get(problem.span.file, ()), is_coloured) for problem in shown]
    return "".join([*parts, summary(problems), "\n"])


def summary(problems: Sequence[Problem]) -> str:
    """Return how many problems there are of each severity, and how many were not shown."""
    counts = Counter(problem.severity for problem in problems)
    text = ", ".join(
        f"{counts[severity]} {severity.value}{'s' if counts[severity] > 1 else ''}"
        for severity in Severity
        if counts[severity]
    )
    hidden = len(problems) - SHOWN_AT_MOST
    return f"{text} (the last {hidden} not shown)" if hidden > 0 else text


def wants_colour(stream: TextIO, environment: Mapping[str, str]) -> bool:
    """Tell whether text on stream may have colours: a terminal that can, and no NO_COLOR (no-color.org)."""
    return stream.isatty() and not environment.get("NO_COLOR") and environment.get("TERM") != "dumb"


def _one(problem: Problem, lines: Sequence[str], is_coloured: bool) -> str:
    severity = problem.severity.value
    head = f"{problem.span}: {severity} {problem.code}: {_printable(problem.message)}"
    if is_coloured:
        colour = _COLOURS[problem.severity]
        head = f"{_BOLD}{problem.span}:{_PLAIN} {colour}{severity} {problem.code}:{_PLAIN} "
        head += f"{_BOLD}{_printable(problem.message)}{_PLAIN}"
    number = problem.span.line
    if not 0 < number <= len(lines):
        hint = f"{'':{_NUMBER_WIDTH}} = {_printable(problem.hint)}\n" if problem.hint else ""
        return f"{head}\n{hint}"
    text, start = _excerpt(masked(lines, number - 1), problem.span)
    mark = _mark(text, start, problem.span.width)
    if is_coloured:
        mark = f"{_COLOURS[problem.severity]}{mark}{_PLAIN}"
    hint = f" {_printable(problem.hint)}" if problem.hint else ""
    padding = " " * _columns(text[:start])
    return f"{head}\n{number:>{_NUMBER_WIDTH}} | {text}\n{'':{_NUMBER_WIDTH}} | {padding}{mark}{hint}\n"


def _excerpt(line: str, span: Span) -> tuple[str, int]:
    """Return what is shown of a line, of a long one a part, and where the span begins in it."""
    start = min(span.column - 1, len(line))
    first = max(0, start - _LINE_AT_MOST // 2) if len(line) > _LINE_AT_MOST else 0
    part = _printable(line[first : first + _LINE_AT_MOST])
    left = "…" if first else ""
    right = "…" if first + _LINE_AT_MOST < len(line) else ""
    return f"{left}{part}{right}", start - first + len(left)


def _mark(text: str, start: int, width: int) -> str:
    """Return carets below the marked part of text, at least one."""
    return "^" * max(1, _columns(text[start : start + width]))


def _columns(text: str) -> int:
    """Return the terminal columns that text takes: wide characters take two, combining marks none."""
    return sum(
        0 if unicodedata.combining(character) else 2 if unicodedata.east_asian_width(character) in "WF" else 1
        for character in text
    )


def _printable(text: str) -> str:
    """Return text that can't move the cursor or change colours: control characters become visible ones."""
    return "".join(
        character if character.isprintable() else " " if character == "\t" else "�" for character in text
    )
