"""Problems as a compiler tells them: place, code, message, the line, and a mark below with the cure."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import Protocol, TextIO

from paichart.masking import masked
from paichart.problems import Problem, Severity, Span

SHOWN_AT_MOST = 200
"""Problems that are shown in full, errors before others; of the rest only the number is told."""

WIDTH = 160
"""Columns of a line where no terminal says how many it has."""

Lines = Mapping[str, Sequence[str]]
"""The lines of each file by its name."""

COLOURS: Mapping[Severity, str] = {
    Severity.ERROR: "\x1b[1;31m",
    Severity.WARNING: "\x1b[1;33m",
    Severity.NOTE: "\x1b[1;36m",
}
BOLD = "\x1b[1m"
PLAIN = "\x1b[0m"
"""What ends colours and bold text."""


class Told(Protocol):
    """What has a code and a severity: a problem of the inputs, or a finding of preflight."""

    @property
    def code(self) -> str:
        """Such as PAI012."""

    @property
    def severity(self) -> Severity:
        """How much it matters."""


_NAMED_AT_MOST = 3
_LEAST_WIDTH = 60
_NUMBER_WIDTH = 5
_MARGIN = _NUMBER_WIDTH + len(" | ")
_CAUSED_ABOVE = "PAI108"
"""Text that is no YAML: the cause is often on the line above."""

_TAB = "→"
_UNPRINTABLE = "�"
_WIDTHLESS = ("Mn", "Me")
"""Unicode categories of characters that are drawn onto the one before."""


def report(
    problems: Sequence[Problem],
    lines: Lines | None = None,
    *,
    is_coloured: bool = False,
    width: int = WIDTH,
) -> str:
    """Return problems as text that ends with a line break, empty for none; width is the terminal's columns.

    A problem in a file whose lines are not given is told without its line.
    """
    if not problems:
        return ""
    shown = _weightiest(problems)
    told = tell(shown, lines or {}, is_coloured=is_coloured, width=width)
    return f"{told}{summary(problems)}\n{more(shown)}"


def tell(problems: Sequence[Problem], lines: Lines, *, is_coloured: bool = False, width: int = WIDTH) -> str:
    """Return problems in their places, as text, and nothing about their number."""
    writer = _Writer(lines, is_coloured, max(width, _LEAST_WIDTH))
    return "".join(map(writer.problem, problems))


def summary(problems: Sequence[Problem]) -> str:
    """Return how many problems there are of each severity, and how many were not shown."""
    hidden = len(problems) - SHOWN_AT_MOST
    return f"{count(problems)} ({hidden} not shown)" if hidden > 0 else count(problems)


def _weightiest(problems: Sequence[Problem]) -> list[Problem]:
    """Return as many problems as are shown, errors before others where there are too many, in their order."""
    severities = list(Severity)
    by_weight = sorted(range(len(problems)), key=lambda i: severities.index(problems[i].severity))
    return [problems[i] for i in sorted(by_weight[:SHOWN_AT_MOST])]


def count(told: Iterable[Told]) -> str:
    """Return how many problems there are of each severity: `2 errors, 1 note`; `no problems` for none."""
    counts = Counter(one.severity for one in told)
    found = [
        f"{counts[severity]} {severity.value}{'s' if counts[severity] > 1 else ''}"
        for severity in Severity
        if counts[severity]
    ]
    return ", ".join(found) or "no problems"


def wants_colour(stream: TextIO, environment: Mapping[str, str]) -> bool:
    """Tell whether text on stream may have colours: a terminal that can, unless the user says otherwise.

    NO_COLOR takes them away (no-color.org); FORCE_COLOR and CLICOLOR_FORCE give them to a file or a CI log
    too; CLICOLOR=0 takes them from a terminal (bixense.com/clicolors).
    """
    if environment.get("NO_COLOR"):
        return False
    if any(environment.get(name, "0") not in ("", "0") for name in ("FORCE_COLOR", "CLICOLOR_FORCE")):
        return True
    is_able = environment.get("TERM") != "dumb" and environment.get("CLICOLOR") != "0"
    return stream.isatty() and is_able


def more(told: Iterable[Told]) -> str:
    """Return the line that says how to learn more about codes of errors and warnings; empty without any."""
    weighty = sorted(
        (one for one in told if one.severity is not Severity.NOTE),
        key=lambda one: list(Severity).index(one.severity),
    )
    codes = list(dict.fromkeys(one.code for one in weighty))
    if not codes:
        return ""
    named = " ".join(codes) if len(codes) <= _NAMED_AT_MOST else "CODE"
    return f"`paichart explain {named}` says more\n"


@dataclass(frozen=True, slots=True)
class _Writer:
    """Writes problems for readers of one kind: what they see of the files, in colours or not, how wide."""

    lines: Lines
    is_coloured: bool
    width: int

    def problem(self, problem: Problem) -> str:
        """Return one problem, and below it the other places that it is about."""
        severity = problem.severity
        head = self._head(problem.span, f"{severity.value} {problem.code}", severity, problem.message)
        above = problem.code == _CAUSED_ABOVE
        parts = [head, *self._place(problem.span, severity, problem.hint, shows_line_above=above)]
        for other in problem.related:
            parts.append(self._head(other.span, Severity.NOTE.value, Severity.NOTE, other.message))
            parts += self._place(other.span, Severity.NOTE)
        return "".join(f"{line}\n" for line in parts)

    def _head(self, span: Span, what: str, severity: Severity, message: str) -> str:
        text = _printable(message)
        if severity is not Severity.NOTE or " " in what:
            text = self._in(BOLD, text)
        return f"{self._in(BOLD, f'{span}:')} {self._in(COLOURS[severity], f'{what}:')} {text}"

    def _place(
        self, span: Span, severity: Severity, hint: str = "", *, shows_line_above: bool = False
    ) -> Iterator[str]:
        """Yield the line at span, a mark below, and the hint beside it, or below where there is no room."""
        lines, number = self.lines.get(span.file, ()), span.line
        hint = _printable(hint)
        if not 0 < number <= len(lines):
            yield from self._hint_alone(hint)
            return
        room = self.width - _MARGIN
        if shows_line_above and number > 1 and lines[number - 2].strip():
            above, _ = _excerpt(masked(lines, number - 2), 0, room)
            yield f"{number - 1:>{_NUMBER_WIDTH}} | {above}".rstrip()
        text, start = _excerpt(masked(lines, number - 1), span.column - 1, room)
        yield f"{number:>{_NUMBER_WIDTH}} | {text}"
        padding = " " * _columns(text[:start])
        mark = "^" * max(1, _columns(text[start : start + span.width]))
        fits = len(padding) + len(mark) + 1 + _columns(hint) <= room
        beside = f" {hint}" if hint and fits else ""
        yield f"{'':{_NUMBER_WIDTH}} | {padding}{self._in(COLOURS[severity], mark)}{beside}"
        if not fits:
            yield from self._hint_alone(hint)

    def _hint_alone(self, hint: str) -> Iterator[str]:
        if hint:
            indent = f"{'':{_NUMBER_WIDTH}} = "
            rest = " " * len(indent)
            yield from wrap(
                hint, self.width, initial_indent=indent, subsequent_indent=rest, break_long_words=False
            )

    def _in(self, colour: str, text: str) -> str:
        return f"{colour}{text}{PLAIN}" if self.is_coloured else text


def _excerpt(line: str, position: int, room: int) -> tuple[str, int]:
    """Return what is shown of a line in so many columns, and where the character at position is in it.

    Of a line that is too long it is the part around that character.
    """
    text = _visible(line)
    start = min(position, len(text))
    if _columns(text) <= room:
        return text, start
    room -= 2  # for a sign that something is left out, at each side
    first = start
    while first > 0 and _columns(text[first - 1 : start]) <= room // 2:
        first -= 1
    last = first
    while last < len(text) and _columns(text[first : last + 1]) <= room:
        last += 1
    left, right = "…" if first else "", "…" if last < len(text) else ""
    return f"{left}{text[first:last]}{right}", start - first + len(left)


def _columns(text: str) -> int:
    """Return the terminal columns that text takes: wide characters take two, combining marks none."""
    if text.isascii():
        return len(text)
    return sum(
        0
        if unicodedata.category(character) in _WIDTHLESS
        else 2
        if unicodedata.east_asian_width(character) in "WF"
        else 1
        for character in text
    )


def _visible(line: str) -> str:
    """Return a line of a file as it is shown: a tab can be seen."""
    return _printable(line.replace("\t", _TAB))


def _printable(text: str) -> str:
    """Return text that can't move the cursor or change colours: control characters become visible ones."""
    return "".join(
        character if character.isprintable() else " " if character == "\t" else _UNPRINTABLE
        for character in text
    )
