"""Problems: what is wrong with the user's input, where it stands, and what to do about it."""

from __future__ import annotations

import difflib
import string
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from enum import Enum

_MEASURED_AT_MOST = 1000
_LETTERS = string.ascii_lowercase + string.digits + "-._"


class Severity(Enum):
    """How much a problem matters: an error stops the build, a warning and a note do not."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A place in an input file; line and column count from 1, width is in characters (at least 1)."""

    file: str
    line: int = 1
    column: int = 1
    width: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Related:
    """Another place that a problem is about, such as the first of two that are alike, and what is there."""

    span: Span
    message: str


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: its place, its code, the fault in the user's words, and the cure."""

    span: Span
    code: str
    message: str
    hint: str = ""
    severity: Severity = Severity.ERROR
    related: tuple[Related, ...] = ()


def in_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Return each distinct problem once, sorted by file, line, column and code."""
    return tuple(sorted(set(problems), key=lambda p: (p.span, p.code, p.message)))


def has_errors(problems: Iterable[Problem]) -> bool:
    """Tell whether any problem is an error, so that nothing may be written."""
    return any(problem.severity is Severity.ERROR for problem in problems)


def suggest(word: str, known: Iterable[str]) -> str:
    """Return `did you mean '…'?` for the closest known word, or an empty string when none is close."""
    close = closest_name(word, known)
    return f"did you mean '{close}'?" if close else ""


def closest_name(word: str, known: Iterable[str]) -> str:
    """Return the closest known word, or an empty string when none is close.

    Among more than a thousand words, such as machines, only those that differ by one letter are close:
    measuring every word again for every problem would take minutes.
    """
    words = known if isinstance(known, Mapping | Set) else frozenset(known)
    if len(words) > _MEASURED_AT_MOST:
        return next((neighbour for neighbour in _neighbours(word) if neighbour in words), "")
    return next(iter(difflib.get_close_matches(word, sorted(words), n=1, cutoff=0.6)), "")


def _neighbours(word: str) -> Iterator[str]:
    """Yield word in lower case, and the words that one letter wrong, missing, extra or swapped made it of."""
    yield word.lower()
    for i in range(len(word) + 1):
        before, after = word[:i], word[i:]
        if after:
            yield before + after[1:]
            yield before + after[1:2] + after[0] + after[2:]
        for letter in _LETTERS:
            yield before + letter + after
            yield before + letter + after[1:]
