"""The blocks of a YAML text as its indentation makes them: keys and list items, each in a column.

Works on the lines of a broken text, as a person reads them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from paichart.source.openings import end_of_value

NO_CONTENT = re.compile(r"\s*(?:#.*)?|---(?:\s.*)?|\.\.\.\s*|%.*")
_DASHES = re.compile(r" *(?:- +)*(?:-$)?")
_PROPERTIES = re.compile(r"(?:[&!]\S*\s*)*")
_KEY = re.compile(r"""("[^"]*"\s*|'[^']*'\s*|-?[^\s"'#\[\]{},&*!|>%@`-][^#]*?):(?=\s|$)""")
_BLOCK_TEXT = re.compile(r"(?:^|[\s])[|>][-+0-9]*\s*(?:#.*)?$")


@dataclass(frozen=True, slots=True)
class Piece:
    """A key or list item at the head of a line; has_value tells whether something follows it there."""

    is_item: bool
    line: int
    column: int
    label: str
    has_value: bool


@dataclass(frozen=True, slots=True)
class Block:
    """A mapping or list: the first and last of its keys or items, and an empty one right before the last.

    `closed` are the blocks that its last line closed.
    """

    first: Piece
    last: Piece
    empty: Piece | None = None
    closed: tuple[Block, ...] = ()
    is_behind_dash: bool = False

    @property
    def column(self) -> int:
        """Column of its keys or dashes, from 0."""
        return self.last.column

    @property
    def is_movable(self) -> bool:
        """Tell whether its first line could stand in another column: not that of a file, or behind a dash."""
        return self.column > 0 and not self.is_behind_dash

    @property
    def is_list(self) -> bool:
        """Tell a list from a mapping."""
        return self.last.is_item


@dataclass(slots=True)
class Outline:
    """The blocks that are open, those that the last line closed, and the last piece."""

    blocks: list[Block] = field(default_factory=list)
    closed: list[Block] = field(default_factory=list)
    last: Piece | None = None
    loose_line: int | None = None

    def place(self, piece: Piece) -> bool:
        """Put a piece where it belongs; tell whether there is such a place."""
        blocks, closed = self._around(piece)
        if blocks is None:
            return False
        is_same_line = self.last is not None and self.last.line == piece.line
        self.blocks, self.closed = blocks, [*(self.closed if is_same_line else ()), *closed]
        self.last, self.loose_line = piece, None
        return True

    def _around(self, piece: Piece) -> tuple[list[Block] | None, list[Block]]:
        """Return the blocks that are open after a piece, None if it fits nowhere, and those it closes."""
        blocks = list(self.blocks)
        closed: list[Block] = []
        top = blocks[-1] if blocks else None
        is_open = self.last is None or not self.last.has_value
        begins = top is None or piece.column > top.column
        begins = begins or (piece.is_item and not top.is_list and piece.column == top.column)  # type: ignore[union-attr]
        if begins and is_open:
            is_behind_dash = self.last is not None and self.last.line == piece.line
            return [*blocks, Block(piece, piece, is_behind_dash=is_behind_dash)], closed
        while blocks and (
            blocks[-1].column > piece.column
            or (blocks[-1].is_list and not piece.is_item and _has_outer(blocks, piece.column))
        ):
            closed.append(blocks.pop())
        if not blocks or (blocks[-1].column, blocks[-1].is_list) != (piece.column, piece.is_item):
            return None, closed
        is_next = self.last is blocks[-1].last and not piece.is_item and not self.last.has_value
        is_behind_dash = blocks[-1].is_behind_dash
        empty = self.last if is_next else None
        blocks[-1] = Block(blocks[-1].first, piece, empty, tuple(closed), is_behind_dash)
        return blocks, closed


def walk(lines: Sequence[str], stop: int) -> Iterator[tuple[int, list[Piece], tuple[int, int] | None]]:
    """Yield number and pieces of each line that begins something, or the place of what is never closed."""
    number = 0
    while number <= stop:
        if NO_CONTENT.fullmatch(lines[number]):
            number += 1
            continue
        pieces = _pieces(lines[number], number)
        if pieces and _BLOCK_TEXT.search(lines[number]):
            yield number, pieces, None
            number = _end_of_text(lines, number + 1, pieces[-1].column)
            continue
        column = pieces[-1].column if pieces else indentation(lines[number])
        end, unclosed = end_of_value(lines, number, column, lambda text: bool(_pieces(text, 0)))
        yield number, pieces, unclosed
        number = end + 1


def _pieces(text: str, number: int) -> list[Piece]:
    """Return the items, and behind them the key, that a line begins with."""
    found = _DASHES.match(text)
    start = found.end() if found is not None else 0
    columns = [i for i in range(start) if text[i] == "-"]
    key = _KEY.match(text, _behind_properties(text, start))
    rest = text[start if key is None else key.end() :]
    has_value = rest[_behind_properties(rest, 0) :].strip()[:1] not in ("", "#")
    pieces = [Piece(True, number, column, "-", False) for column in columns]
    if key is not None:
        pieces.append(Piece(False, number, start, key[1].strip().strip("\"'"), has_value))
    elif pieces:
        pieces[-1] = replace(pieces[-1], has_value=has_value)
    return pieces


def _behind_properties(text: str, start: int) -> int:
    """Return where a value begins that may have an anchor or a tag before it."""
    blanks = len(text) - len(text[start:].lstrip(" "))
    found = _PROPERTIES.match(text, blanks)
    return blanks if found is None else found.end()


def _end_of_text(lines: Sequence[str], number: int, column: int) -> int:
    """Return the first line behind a block of text, which is indented deeper than column."""
    while number < len(lines):
        if lines[number].strip() and indentation(lines[number]) <= column:
            return number
        number += 1
    return number


def _has_outer(blocks: Sequence[Block], column: int) -> bool:
    """Tell whether the last block, a list, stands in the column of the mapping around it."""
    return blocks[-1].column == column and len(blocks) > 1 and blocks[-2].column == column


def indentation(text: str) -> int:
    """Return how many blanks a line begins with."""
    return len(text) - len(text.lstrip(" "))
