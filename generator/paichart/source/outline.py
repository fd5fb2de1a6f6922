"""Which line of a YAML text breaks its blocks, and what to say about it.

A parser tells where it stopped, which is often behind the slip, and in words of its grammar. This looks for
the line that a person would put right.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from paichart.source.blocks import NO_CONTENT, Block, Outline, Piece, indentation, walk

_READ_AT_MOST = 2_000_000
_LINE_AT_MOST = 10_000
_CHECK = "check its indentation, and that of the lines above"
_TIGHT_DASH = re.compile(r" *(?:- +)*-(?![\s-])")


@dataclass(frozen=True, slots=True)
class Misfit:
    """A place that breaks the blocks, line and column from 0, and what to say about it."""

    line: int
    column: int
    message: str
    hint: str


def find_misfit(lines: Sequence[str], stop: int) -> Misfit | None:
    """Return what is wrong at the line `stop`, from 0, where a parser stopped; None when that can't be said.

    What is told may stand above it: an opening that is never closed, or a line that was moved to the left.
    """
    read = lines[: stop + 1]
    if sum(map(len, read)) > _READ_AT_MOST or max(map(len, read), default=0) > _LINE_AT_MOST:
        return None
    outline = Outline()
    for number, pieces, unclosed in walk(lines, stop):
        if unclosed is not None:
            return _unclosed(lines, *unclosed)
        if not pieces and outline.last is not None:
            outline.last = replace(outline.last, has_value=True)
            outline.loose_line = number
        for piece in pieces:
            if not outline.place(piece):
                return _blame(outline, piece, lines) if number == stop else None
    return _tight_dash(lines, stop)


def _unclosed(lines: Sequence[str], line: int, column: int) -> Misfit:
    opening = lines[line][column]
    if opening in "\"'":
        return Misfit(line, column, "the quote that begins here is never closed", "close it")
    what, end = ("list", "]") if opening == "[" else ("mapping", "}")
    return Misfit(line, column, f"the {what} that begins here is never closed", f"put '{end}' at its end")


def _blame(outline: Outline, piece: Piece, lines: Sequence[str]) -> Misfit | None:
    """Return what to say about a piece that fits nowhere; the line above may be the one that was moved."""
    last = outline.last
    if last is None:
        return None
    tight = _tight_dash(lines, last.line) or _tight_dash(lines, piece.line)
    if tight is not None:
        return tight
    if outline.loose_line is not None and piece.column > outline.blocks[-1].column:
        column = indentation(lines[outline.loose_line])
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


def _moved(outline: Outline, last: Piece, piece: Piece, lines: Sequence[str]) -> Misfit | None:
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


def _moved_first(block: Block, piece: Piece) -> Misfit | None:
    """Return the misfit of the last line of a block when it belongs below the one above it."""
    if block.empty is None or piece.is_item:
        return None
    where = f"below '{block.empty.label}' on line {block.empty.line + 1}"
    return _misplaced(block.last, piece.column, where)


def _is_alone(block: Block, piece: Piece) -> bool:
    """Tell whether a block inside another is one key, so that its column may be the wrong one."""
    return block.first is block.last and not block.is_list and not piece.is_item and block.is_movable


def _goes_on(lines: Sequence[str], piece: Piece) -> bool:
    """Tell whether the next line that is not below the piece stands in its column too."""
    below = (indentation(text) for text in lines[piece.line + 1 :] if not NO_CONTENT.fullmatch(text))
    return next((depth for depth in below if depth <= piece.column), None) == piece.column


def _misplaced(piece: Piece, column: int, where: str) -> Misfit:
    message = f"this line is {_indented(piece)}, unlike its neighbours"
    return Misfit(piece.line, piece.column, message, _indent(column, where))


def _too_deep(outline: Outline, last: Piece, piece: Piece) -> Misfit:
    message = f"nothing can stand below {_called(last)} on line {last.line + 1}, which has a value already"
    return Misfit(piece.line, piece.column, message, _where(outline.blocks, piece))


def _between(outline: Outline, piece: Piece, lines: Sequence[str]) -> Misfit:
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
    around: list[Block], below: list[Block], piece: Piece, lines: Sequence[str]
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


def _where(blocks: Sequence[Block], piece: Piece) -> str:
    """Return the hint that leads a piece to the nearest block of its kind, to the deeper one of two."""
    fitting = [block for block in blocks if block.is_list == piece.is_item and block.column != piece.column]
    if not fitting:
        return _CHECK
    block = min(fitting, key=lambda b: (abs(b.column - piece.column), -b.column))
    return _indent(block.column, _like(block.last))


def _indent(column: int, where: str) -> str:
    return f"indent it by {_spaces(column)}, {where}" if column else f"do not indent it, {where}"


def _like(piece: Piece) -> str:
    return f"like {_called(piece)} on line {piece.line + 1}"


def _called(piece: Piece) -> str:
    return "the item" if piece.is_item else f"'{piece.label}'"


def _indented(piece: Piece) -> str:
    return f"indented by {_spaces(piece.column)}" if piece.column else "not indented"


def _spaces(count: int) -> str:
    return f"{count} space{'' if count == 1 else 's'}"
