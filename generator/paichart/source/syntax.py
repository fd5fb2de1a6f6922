"""What the YAML parser complains about, in words that say what to change in the text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from paichart.source.characters import WIDE_COMMA, cure, in_structure, named
from paichart.source.outline import find_misfit

_KEY = re.compile(r"[ -]*[^\s#][^#]*?:(?=\s|$)")
_CONTENT = re.compile(r"[ \t]*[^\s#]")
_INDENTATION = re.compile(r"[ \t]*")
_WORD = re.compile(r"(?<=\s)([\w.-]+)\s*$")
_INDENTATION_HINT = "align it with the lines above and below, with spaces only"
_COLON_HINT = "check the indentation here and the line above; quote a value that contains ': '"
_ESCAPE_HINT = "write '\\\\' for a backslash, or use single quotes"

_CONFLICT = re.compile(r"(<{7}|\|{7}|>{7}) |={7}\s*$")
"""A line with which git marks that two people changed the same lines."""

_OF_BLOCKS = (
    "mapping values are not allowed",
    "sequence entries are not allowed",
    "expected '-' indicator",
    "expected <block end>",
    "expected key",
    "expected ',' or",
    "<document start>",
    "unexpected end of stream",
    "unexpected document separator",
)
"""What the parser says when blocks, quotes or brackets are wrong."""

# What the parser says (libyaml, or its likeness in Python) → how it is told. The first fragment found wins.
_WORDINGS = (
    (
        "sequence entries are not allowed",
        "a list can't begin on the line of its key",
        "begin it on the next line",
    ),
    ("mapping values are not allowed", "a ':' stands where no key can be", _COLON_HINT),
    ("expected '-' indicator", "a list item is expected here", "begin the line with '- ', or indent it"),
    ("expected <block end>", "a list item is expected here", "begin the line with '- ', or indent it"),
    ("expected ',' or ']'", "the list is not closed", "put ',' between items and ']' at the end"),
    ("expected ',' or '}'", "the mapping is not closed", "put ',' between entries and '}' at the end"),
    ("node content", "a value is expected here", "quote it if it begins with a special character"),
    (
        "alphabetic or numeric character",
        "'*' and '&' begin an alias or anchor, not a value",
        "quote the value",
    ),
    ("undefined tag handle", "this tag can't be used here", "remove the tag, or quote the value"),
    (
        "incompatible YAML",
        "the file asks for another version of YAML",
        "remove the line that begins with %YAML",
    ),
    ("<document start>", "text stands after the end of the document", "check its indentation, or remove it"),
)


@dataclass(frozen=True, slots=True)
class SyntaxFault:
    """Why a text is not YAML; line and column count from 0."""

    line: int
    column: int
    code: str
    message: str
    hint: str = ""
    width: int = 1


def explain(error: yaml.YAMLError, lines: Sequence[str]) -> SyntaxFault:
    """Return what error means, placed inside lines."""
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return SyntaxFault(0, 0, "PAI108", "this is not YAML")
    problem = error.problem or ""
    line, column = _inside(error.problem_mark, lines)
    return (
        _conflict(lines)
        or _disguised(line, lines)
        or _tabbed(problem, line, column, lines)
        or _broken_blocks(problem, line, column, lines)
        or _broken_text(error, problem, lines)
        or _broken_line(error, problem, (line, column), lines)
    )


def _tabbed(problem: str, line: int, column: int, lines: Sequence[str]) -> SyntaxFault | None:
    tab = _indenting_tab(lines[line])
    if "cannot start any token" in problem and lines[line][column : column + 1] == "\t":
        tab = column
    if "tab character" in problem or tab is not None:
        return SyntaxFault(line, tab or 0, "PAI109", "a tab is used for indentation", "indent with spaces")
    return None


def _broken_blocks(problem: str, line: int, column: int, lines: Sequence[str]) -> SyntaxFault | None:
    """Return the fault of a line that is moved, or of an opening without an end."""
    if "mapping values" in problem and (culprit := _keyless_line_above(line, column, lines)) is not None:
        return _from_start("expected ':'", culprit, lines)
    if not any(fragment in problem for fragment in _OF_BLOCKS):
        return None
    misfit = find_misfit(lines, line)
    if misfit is None:
        return None
    return SyntaxFault(misfit.line, misfit.column, "PAI108", misfit.message, misfit.hint)


def _broken_text(error: yaml.MarkedYAMLError, problem: str, lines: Sequence[str]) -> SyntaxFault | None:
    """Return the fault of a text that the parser began to read elsewhere than it stopped."""
    if error.context_mark is None:
        return None
    if "expected ':'" in problem or "quoted scalar" in (error.context or ""):
        return _from_start(problem, _inside(error.context_mark, lines), lines)
    return None


def _broken_line(
    error: yaml.MarkedYAMLError, problem: str, place: tuple[int, int], lines: Sequence[str]
) -> SyntaxFault:
    line, column = place
    text = lines[line]
    comma = text.rfind(WIDE_COMMA, 0, column)
    if "expected ',' or" in problem and comma >= 0:
        return SyntaxFault(line, comma, "PAI246", f"{named(WIDE_COMMA)} stands here", "write ','")
    if "expected ',' or" in problem and text[column : column + 1] in ("]", "}"):
        message = f"'{text[column]}' stands where '{'}' if text[column] == ']' else ']'}' must end this part"
        return SyntaxFault(line, column, "PAI108", message, "close each bracket with its own kind")
    if "expected ',' or" in problem and (word := _WORD.search(text[:column])) is not None:
        message = f"a ',' is missing before '{word[1]}'"
        return SyntaxFault(line, word.start(), "PAI108", message, "put ',' between entries", len(word[1]))
    is_at_head = not text[:column].strip()
    if "expected key" in problem or ("<block end>" in problem and "mapping" in (error.context or "")):
        return _unexpected(line, column, text)
    if not is_at_head and ("<block end>" in problem or "'-' indicator" in problem):
        return _unexpected(line, column, text)
    return SyntaxFault(line, column, "PAI108", *_worded(problem, text[column : column + 1]))


def _worded(problem: str, character: str) -> tuple[str, str]:
    """Return message and hint for what the parser said about the character at hand."""
    if "cannot start any token" in problem:
        return f"a value can't begin with '{character}'", "quote the value"
    for fragment, message, hint in _WORDINGS:
        if fragment in problem:
            return message, hint
    return f"this is not YAML: {problem}", ""


def _from_start(problem: str, start: tuple[int, int], lines: Sequence[str]) -> SyntaxFault:
    """Return faults that show late but are best told where the text in question begins."""
    line, column = start
    text = lines[line][column:].rstrip()
    if "expected ':'" in problem:
        hint = "put a space after ':'" if ":" in text else "write it as 'key: value', or indent it"
        return SyntaxFault(line, column, "PAI108", "this line has no 'key: value'", hint, len(text))
    if "unexpected" in problem:
        return SyntaxFault(line, column, "PAI108", "the quote that begins here is never closed", "close it")
    return SyntaxFault(
        line, column, "PAI108", "a '\\…' in this text means nothing in double quotes", _ESCAPE_HINT
    )


def _keyless_line_above(line: int, column: int, lines: Sequence[str]) -> tuple[int, int] | None:
    """Return the start of the text above a key that swallowed it, because it is no 'key: value' itself."""
    if not _KEY.fullmatch(lines[line][: column + 1]):
        return None
    number = next((i for i in range(line - 1, -1, -1) if _CONTENT.match(lines[i])), None)
    if number is None or lines[number].lstrip().startswith("- ") or _KEY.match(lines[number]):
        return None
    return number, len(lines[number]) - len(lines[number].lstrip())


def _unexpected(line: int, column: int, text: str) -> SyntaxFault:
    """Return the fault of a line in a mapping that is no further key of it."""
    indentation = _INDENTATION.match(text)
    if text[column : column + 1] == ":":
        return SyntaxFault(line, column, "PAI108", "a key is missing before ':'", "write the key")
    if indentation is not None and column <= indentation.end():
        message = "this line is not indented like its neighbours"
        return SyntaxFault(line, column, "PAI108", message, _INDENTATION_HINT)
    hint = "quote the whole value, or put what follows on its own line"
    return SyntaxFault(line, column, "PAI108", "unexpected text after the value", hint)


def _conflict(lines: Sequence[str]) -> SyntaxFault | None:
    """Tell that git's marks of a conflict were left in the text, at the first of them."""
    first = next((number for number, line in enumerate(lines) if _CONFLICT.match(line)), None)
    if first is None:
        return None
    hint = "keep what is right of both sides, and remove the lines of '<<<<<<<', '=======' and '>>>>>>>'"
    return SyntaxFault(
        first, 0, "PAI108", "a merge conflict was not resolved", hint, len(lines[first].rstrip())
    )


def _disguised(line: int, lines: Sequence[str]) -> SyntaxFault | None:
    """Return the fault of a character that only looks like a blank or colon, on a line or the one above."""
    above = next((i for i in range(line - 1, -1, -1) if lines[i].strip()), line)
    for number in (above, line):
        column = in_structure(lines[number])
        if column is not None:
            character = lines[number][column]
            message = f"{named(character)} stands here"
            return SyntaxFault(number, column, "PAI246", message, cure(character))
    return None


def _indenting_tab(text: str) -> int | None:
    indentation = _INDENTATION.match(text)
    position = indentation.group().find("\t") if indentation is not None else -1
    return None if position < 0 else position


def _inside(mark: Any, lines: Sequence[str]) -> tuple[int, int]:
    """Return the mark's line and column; a place behind the last line is moved to that line's end."""
    line, column = mark.line, mark.column
    while line > 0 and (line >= len(lines) or not lines[line].strip()):
        line -= 1
        column = len(lines[line])
    return line, column
