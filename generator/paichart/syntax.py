"""What the YAML parser complains about, in words that say what to change in the text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import yaml

_KEY = re.compile(r"[ -]*[^\s#][^#]*?:(?=\s|$)")
_INDENTATION = re.compile(r"[ \t]*")
_INDENTATION_HINT = "align it with the lines above and below, with spaces only"
_COLON_HINT = "check the indentation here and the line above; quote a value that contains ': '"
_ESCAPE_HINT = "write '\\\\' for a backslash, or use single quotes"

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
    problem, context = error.problem or "", error.context or ""
    line, column = _inside(error.problem_mark, lines)
    tab = _indenting_tab(lines[line])
    if "tab character" in problem or tab is not None:
        return SyntaxFault(line, tab or 0, "PAI109", "a tab is used for indentation", "indent with spaces")
    if error.context_mark is not None and ("expected ':'" in problem or "quoted scalar" in context):
        return _from_start(problem, _inside(error.context_mark, lines), lines)
    if "mapping values" in problem and (culprit := _keyless_line_above(line, column, lines)) is not None:
        return _from_start("expected ':'", culprit, lines)
    if "expected key" in problem or ("<block end>" in problem and "mapping" in context):
        return _unexpected(line, column, lines[line])
    return SyntaxFault(line, column, "PAI108", *_worded(problem, lines[line][column : column + 1]))


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
    if line == 0 or not _KEY.fullmatch(lines[line][: column + 1]):
        return None
    above = lines[line - 1]
    if not above.strip() or above.lstrip().startswith(("#", "- ")) or _KEY.match(above):
        return None
    return line - 1, len(above) - len(above.lstrip())


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
