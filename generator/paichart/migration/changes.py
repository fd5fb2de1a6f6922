"""Changes of a text by characters, and the way back from places in the new text to the old one."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass

from paichart.problems import Span

_BREAK = re.compile(r"\r\n|[\n\r\x85\u2028\u2029]")


@dataclass(frozen=True, slots=True, order=True)
class Change:
    """Characters from start to end become text."""

    start: int
    end: int
    text: str = ""


@dataclass(frozen=True, slots=True)
class Edited:
    """A text after changes, and where each of its places stood before them.

    One that `is_rewritten` says the same in other words: its comments are lost.
    """

    before: str
    text: str
    changes: tuple[Change, ...] = ()
    is_rewritten: bool = False

    def origin(self, span: Span) -> Span:
        """Return where a span of the new text stood in the old one."""
        new = line_starts(self.text)
        position = self._position(new[min(span.line, len(new)) - 1] + span.column - 1)
        old = line_starts(self.before)
        line = bisect_right(old, position) - 1
        return Span(span.file, line + 1, position - old[line] + 1, span.width)

    def _position(self, offset: int) -> int:
        """Return the place in the old text of one in the new text; of what is new, where it was put."""
        shift = 0
        for change in self.changes:
            if offset < change.start + shift:
                break
            if offset < change.start + shift + len(change.text):
                return change.start
            shift += len(change.text) - (change.end - change.start)
        return max(0, min(offset - shift, len(self.before)))


def without_nested(changes: Iterable[Change]) -> tuple[Change, ...]:
    """Return the changes in order, but for those inside a part that another one takes out."""
    ordered: list[Change] = []
    for change in sorted(set(changes), key=lambda c: (c.start, c.end > c.start, -c.end, c.text)):
        if not ordered or change.start >= ordered[-1].end:
            ordered.append(change)
    return tuple(ordered)


def line_starts(text: str) -> list[int]:
    """Return where each line of a text begins."""
    return [0, *(found.end() for found in _BREAK.finditer(text))]
