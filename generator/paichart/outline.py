"""The blocks of a YAML text as its indentation makes them, to say which line breaks them.

A parser tells where it stopped, which is often behind the slip, and in words of its grammar. This reads the
lines as a person does: keys and list items, each in a column. It is meant for texts that are broken.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from paichart.openings import end_of_value

_READ_AT_MOST = 2_000_000
_LINE_AT_MOST = 10_000
_CHECK = "check its indentation, and that of the lines above"

_DASHES = re.compile(r" *(?:- +)*(?:-$)?")
_PROPERTIES = re.compile(r"(?:[&!]\S*\s*)*")
_KEY = re.compile(r"""("[^"]*"\s*|'[^']*'\s*|-?[^\s"'#\[\]{},&*!|>%@`-][^#]*?):(?=\s|$)""")
_BLOCK_TEXT = re.compile(r"(?:^|[\s])[|>][-+0-9]*\s*(?:#.*)?$")
_NO_CONTENT = re.compile(r"\s*(?:#.*)?|---(?:\s.*)?|\.\.\.\s*|%.*")
_TIGHT_DASH = re.compile(r" *(?:- +)*-(?![\s-])")


@dataclass(frozen=True, slots=True)
class Misfit:
    """A place that breaks the blocks, line and column from 0, and what to say about it."""

    line: int
    column: int
    message: str
    hint: str


@dataclass(frozen=True, slots=True)
class _Piece:
    """A key or list item at the head of a line; has_value tells whether something follows it there."""

    is_item: bool
    line: int
    column: int
    label: str
    has_value: bool


@dataclass(frozen=True, slots=True)
class _Block:
    """A mapping or list: the first and last of its keys or items, and an empty one right before the last.

    `closed` are the blocks that its last line closed.
    """

    first: _Piece
    last: _Piece
    empty: _Piece | None = None
    closed: tuple[_Block, ...] = ()
    is_behind_dash: bool = False

    @property
    def column(self) -> int:
        return self.last.column

    @property
    def is_movable(self) -> bool:
        """Tell whether its first line could stand in another column: not that of a file, or behind a dash."""
        return self.column > 0 and not self.is_behind_dash

    @property
    def is_list(self) -> bool:
        return self.last.is_item


@dataclass(slots=True)
class _Outline:
    """The blocks that are open, those that the last line closed, and the last piece."""

    blocks: list[_Block] = field(default_factory=list)
    closed: list[_Block] = field(default_factory=list)
    last: _Piece | None = None
    loose_line: int | None = None

    def place(self, piece: _Piece) -> bool:
        """Put a piece where it belongs; tell whether there is such a place."""
        blocks, closed = self._around(piece)
        if blocks is None:
            return False
        is_same_line = self.last is not None and self.last.line == piece.line
        self.blocks, self.closed = blocks, [*(self.closed if is_same_line else ()), *closed]
        self.last, self.loose_line = piece, None
        return True

    def _around(self, piece: _Piece) -> tuple[list[_Block] | None, list[_Block]]:
        """Return the blocks that are open after a piece, None if it fits nowhere, and those it closes."""
        blocks = list(self.blocks)
        closed: list[_Block] = []
        top = blocks[-1] if blocks else None
        is_open = self.last is None or not self.last.has_value
        begins = top is None or piece.column > top.column
        begins = begins or (piece.is_item and not top.is_list and piece.column == top.column)  # type: ignore[union-attr]
        if begins and is_open:
            is_behind_dash = self.last is not None and self.last.line == piece.line
            return [*blocks, _Block(piece, piece, is_behind_dash=is_behind_dash)], closed
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
        blocks[-1] = _Block(blocks[-1].first, piece, empty, tuple(closed), is_behind_dash)
        return blocks, closed


def find_misfit(lines: Sequence[str], stop: int) -> Misfit | None:
    """Return what is wrong at the line `stop`, from 0, where a parser stopped; None when that can't be said.

    What is told may stand above it: an opening that is never closed, or a line that was moved to the left.
    """
    read = lines[: stop + 1]
    if sum(map(len, read)) > _READ_AT_MOST or max(map(len, read), default=0) > _LINE_AT_MOST:
        return None
    outline = _Outline()
    for number, pieces, unclosed in _walk(lines, stop):
        if unclosed is not None:
            return _unclosed(lines, *unclosed)
        if not pieces and outline.last is not None:
            outline.last = replace(outline.last, has_value=True)
            outline.loose_line = number
        for piece in pieces:
            if not outline.place(piece):
                return _blame(outline, piece, lines) if number == stop else None
    return _tight_dash(lines, stop)


def _walk(lines: Sequence[str], stop: int) -> Iterator[tuple[int, list[_Piece], tuple[int, int] | None]]:
    """Yield number and pieces of each line that begins something, or the place of what is never closed."""
    number = 0
    while number <= stop:
        if _NO_CONTENT.fullmatch(lines[number]):
            number += 1
            continue
        pieces = _pieces(lines[number], number)
        if pieces and _BLOCK_TEXT.search(lines[number]):
            yield number, pieces, None
            number = _end_of_text(lines, number + 1, pieces[-1].column)
            continue
        column = pieces[-1].column if pieces else _indentation(lines[number])
        end, unclosed = end_of_value(lines, number, column, lambda text: bool(_pieces(text, 0)))
        yield number, pieces, unclosed
        number = end + 1


def _pieces(text: str, number: int) -> list[_Piece]:
    """Return the items, and behind them the key, that a line begins with."""
    found = _DASHES.match(text)
    start = found.end() if found is not None else 0
    columns = [i for i in range(start) if text[i] == "-"]
    key = _KEY.match(text, _behind_properties(text, start))
    rest = text[start if key is None else key.end() :]
    has_value = rest[_behind_properties(rest, 0) :].strip()[:1] not in ("", "#")
    pieces = [_Piece(True, number, column, "-", False) for column in columns]
    if key is not None:
        pieces.append(_Piece(False, number, start, key[1].strip().strip("\"'"), has_value))
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
        if lines[number].strip() and _indentation(lines[number]) <= column:
            return number
        number += 1
    return number


def _has_outer(blocks: Sequence[_Block], column: int) -> bool:
    """Tell whether the last block, a list, stands in the column of the mapping around it."""
    return blocks[-1].column == column and len(blocks) > 1 and blocks[-2].column == column


def _unclosed(lines: Sequence[str], line: int, column: int) -> Misfit:
    opening = lines[line][column]
    if opening in "\"'":
        return Misfit(line, column, "the quote that begins here is never closed", "close it")
    what, end = ("list", "]") if opening == "[" else ("mapping", "}")
    return Misfit(line, column, f"the {what} that begins here is never closed", f"put '{end}' at its end")


def _blame(outline: _Outline, piece: _Piece, lines: Sequence[str]) -> Misfit | None:
    """Return what to say about a piece that fits nowhere; the line above may be the one that was moved."""
    last = outline.last
    if last is None:
        return None
    tight = _tight_dash(lines, last.line) or _tight_dash(lines, piece.line)
    if tight is not None:
        return tight
    if outline.loose_line is not None and piece.column > outline.blocks[-1].column:
        column = _indentation(lines[outline.loose_line])
        hint = "put a ':' and a space behind its key"
        return Misfit(outline.loose_line, column, "this line has no 'key: value'", hint)
    if piece.column > outline.blocks[-1].column:
        return _moved(outline, last, piece, lines) or _too_deep(outline, last, piece)
    return _between(outline, piece, lines)


def _tight_dash(lines: Sequence[str], line: int) -> Misfit | None:
    found = _TIGHT_DASH.match(lines[line])
    if found is None:
        return None
    return Misfit(line, found.end() - 1, "a list item has no space after its '-'", "put a space after '-'")


def _moved(outline: _Outline, last: _Piece, piece: _Piece, lines: Sequence[str]) -> Misfit | None:
    """Return the misfit of the line above, when it was moved left, out of its neighbours' block."""
    if last.is_item:
        return None
    for block in outline.closed:
        if (block.column, block.is_list) == (piece.column, piece.is_item) and (
            last.column > 0 or _goes_on(lines, piece)
        ):
            return _misplaced(last, block.column, _like(block.last))
    block = outline.blocks[-1]
    if _is_alone(block, piece) and _goes_on(lines, piece):
        return _misplaced(last, piece.column, _like(piece))
    return _moved_first(block, piece)


def _moved_first(block: _Block, piece: _Piece) -> Misfit | None:
    """Return the misfit of the last line of a block when it belongs below the one above it."""
    if block.empty is None or piece.is_item:
        return None
    where = f"below '{block.empty.label}' on line {block.empty.line + 1}"
    return _misplaced(block.last, piece.column, where)


def _is_alone(block: _Block, piece: _Piece) -> bool:
    """Tell whether a block inside another is one key, so that its column may be the wrong one."""
    return block.first is block.last and not block.is_list and not piece.is_item and block.is_movable


def _goes_on(lines: Sequence[str], piece: _Piece) -> bool:
    """Tell whether the next line that is not below the piece stands in its column too."""
    below = (_indentation(text) for text in lines[piece.line + 1 :] if not _NO_CONTENT.fullmatch(text))
    return next((depth for depth in below if depth <= piece.column), None) == piece.column


def _misplaced(piece: _Piece, column: int, where: str) -> Misfit:
    message = f"this line is {_indented(piece)}, unlike its neighbours"
    return Misfit(piece.line, piece.column, message, _indent(column, where))


def _too_deep(outline: _Outline, last: _Piece, piece: _Piece) -> Misfit:
    message = f"nothing can stand below {_called(last)} on line {last.line + 1}, which has a value already"
    return Misfit(piece.line, piece.column, message, _where(outline.blocks, piece))


def _between(outline: _Outline, piece: _Piece, lines: Sequence[str]) -> Misfit:
    around = [block for block in outline.blocks if block.column <= piece.column]
    below = outline.blocks[len(around) :]
    if around and around[-1].column < piece.column:
        moved = _moved_around(around, below, piece, lines)
        if moved is not None:
            return moved
    if not around and not piece.is_item:
        return _misplaced(below[0].first, piece.column, _like(piece))
    message = f"this line is {_indented(piece)}, unlike any line above that it could follow"
    if any(block.column == piece.column for block in outline.blocks):
        among = ("a list item", "keys") if piece.is_item else ("a key", "list items")
        message = f"{among[0]} can't stand among {among[1]}"
    return Misfit(piece.line, piece.column, message, _where([*outline.blocks, *outline.closed], piece))


def _moved_around(
    around: list[_Block], below: list[_Block], piece: _Piece, lines: Sequence[str]
) -> Misfit | None:
    """Return the misfit of a line that was moved, above a piece whose column is right."""
    beside = around[-1]
    for block in beside.closed:
        if (block.column, block.is_list) == (piece.column, piece.is_item):
            return _misplaced(beside.last, block.column, _like(block.last))
    moved = _moved_first(beside, piece)
    if moved is not None:
        return moved
    for block in sorted((*below[:1], beside), key=lambda block: abs(block.column - piece.column)):
        if _is_alone(block, piece) and _goes_on(lines, piece):
            return _misplaced(block.last, piece.column, _like(piece))
    if piece.is_item and below and not below[0].is_list and not any(block.is_list for block in around):
        first = below[0].first
        message = f"a list item is expected here, as on line {piece.line + 1}"
        return Misfit(first.line, first.column, message, "begin the line with '- '")
    return None


def _where(blocks: Sequence[_Block], piece: _Piece) -> str:
    """Return the hint that leads a piece to the nearest block of its kind, to the deeper one of two."""
    fitting = [block for block in blocks if block.is_list == piece.is_item and block.column != piece.column]
    if not fitting:
        return _CHECK
    block = min(fitting, key=lambda b: (abs(b.column - piece.column), -b.column))
    return _indent(block.column, _like(block.last))


def _indent(column: int, where: str) -> str:
    return f"indent it by {_spaces(column)}, {where}" if column else f"do not indent it, {where}"


def _like(piece: _Piece) -> str:
    return f"like {_called(piece)} on line {piece.line + 1}"


def _called(piece: _Piece) -> str:
    return "the item" if piece.is_item else f"'{piece.label}'"


def _indentation(text: str) -> int:
    return len(text) - len(text.lstrip(" "))


def _indented(piece: _Piece) -> str:
    return f"indented by {_spaces(piece.column)}" if piece.column else "not indented"


def _spaces(count: int) -> str:
    return f"{count} space{'' if count == 1 else 's'}"
