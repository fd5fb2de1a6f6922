"""YAML text → plain data, and beside it the place of every key and value.

The data is made of dict, list, str, int, float, bool and None only. A file that can't be read, or isn't YAML,
is a problem with a place like any other; nothing here raises for what a user wrote.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from paichart.problems import Problem, Related, Span
from paichart.source.nodes import Composer
from paichart.source.reading import MAX_BYTES, Unread, read
from paichart.source.syntax import explain
from paichart.source.tree import Fault, Mark, Node

_BREAK = re.compile(r"\r\n|[\n\r\x85\u2028\u2029]")
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_BOM = "\ufeff"
_KINDS = (
    (b"\xff\xfe\0\0", "UTF-32"),
    (b"\0\0\xfe\xff", "UTF-32"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"PK\x03\x04", "a zip archive"),
)
"""How files begin that are no UTF-8 text, and what messages call them."""

_EMBEDDED = "the text"
"""What messages call a document that stands as text in another one."""


@dataclass(frozen=True, slots=True)
class _Placement:
    """How places in a text relate to the file: shifted by lines and columns, or all at one fixed span.

    what is the word of messages for the text.
    """

    file: str
    lines: int = 0
    columns: int = 0
    fixed: Span | None = None
    what: str = "the file"

    def span(self, line: int, column: int, width: int) -> Span:
        """Return the file's span for a place in the text, counted from 0."""
        if self.fixed is not None:
            return self.fixed
        return Span(self.file, line + self.lines + 1, column + self.columns + 1, max(width, 1))


class Marks:
    """Where the keys and values of one document stand; looked up by the same keys and indexes as the data."""

    def __init__(self, text: str, root: Node | None, placement: _Placement) -> None:
        self._text = text
        self._root = root
        self._placement = placement

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """Lines of the text, without their line breaks."""
        return tuple(_BREAK.split(self._text))

    def at(self, *path: str | int) -> Span:
        """Return the place of the value at path; of its nearest parent that exists, when there is none."""
        key, node = self._find(path)
        if node is None:
            return self._placement.span(0, 0, 1)
        if key is not None and _is_empty(node):
            node = key
        return self.span_between(node.start, node.end)

    def key(self, *path: str | int) -> Span:
        """Return the place of the key at path; of the value where there is no key, as in a list."""
        key, node = self._find(path)
        if key is None or node is None:
            return self.at(*path)
        return self.span_between(key.start, key.end)

    def text(self, *path: str | int) -> str:
        """Return the scalar at path as written, without quotes: `1.10` stays `1.10`; empty without one."""
        _, node = self._find(path)
        return "" if node is None else node.text

    def has(self, *path: str | int) -> bool:
        """Tell whether something is written at path."""
        return self._walk(path) is not None

    def block(self, *path: str | int) -> _Placement:
        """Return how places inside the text at path relate to the file: exact for a literal block (`|`)."""
        _, node = self._find(path)
        if node is None or node.style != "|" or self._placement.fixed is not None:
            return _Placement(self._placement.file, fixed=self.at(*path), what=_EMBEDDED)
        first = node.start.line + 1
        columns = 0
        for i, line in enumerate(_BREAK.split(node.text)):
            if line and first + i < len(self.lines):
                columns = len(self.lines[first + i]) - len(line)
                break
        outer = self._placement
        return _Placement(outer.file, outer.lines + first, outer.columns + columns, what=_EMBEDDED)

    def span_between(self, start: Mark, end: Mark) -> Span:
        """Return the span from start to end; of what goes over several lines only the first character."""
        width = end.column - start.column if end.line == start.line else 1
        return self._placement.span(start.line, start.column, width)

    def _find(self, path: tuple[str | int, ...]) -> tuple[Node | None, Node | None]:
        """Return key and value at path, or at the longest part of it that exists."""
        while True:
            found = self._walk(path)
            if found is not None:
                return found
            if not path:
                return None, None
            path = path[:-1]

    def _walk(self, path: tuple[str | int, ...]) -> tuple[Node | None, Node] | None:
        key, node = None, self._root
        for step in path:
            if node is None or node.values is None:
                return None
            if node.keys is None:
                position = step if isinstance(step, int) and step in range(len(node.values)) else None
            else:
                position = node.position(step) if isinstance(step, str) else None
            if position is None:
                return None
            key, node = node.keys[position] if node.keys else None, node.values[position]
        return None if node is None else (key, node)


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML document: its name for messages, its data, the places in it, and what is wrong with the text.

    `data` is the top-level mapping, or None when the text holds none that can be used; `problems` say why.
    """

    name: str
    data: Any = field(repr=False)  # passwords are among it
    marks: Marks = field(compare=False, repr=False)
    problems: tuple[Problem, ...] = ()


def load(path: Path, name: str | None = None) -> Document:
    """Read the file at path; messages call it name, by default the path itself."""
    name = str(path) if name is None else name
    content = read(path)
    if isinstance(content, Unread):
        place = name if content.place == path else str(content.place)
        return _unread(name, content.code, content.message, content.hint, place)
    return parse(content, name)


def absent(name: str) -> Document:
    """Return the document of a file that need not be there and isn't: an empty mapping, without a problem."""
    return Document(name, {}, Marks("", None, _Placement(name)))


def parse(raw: bytes, name: str) -> Document:
    """Return the document in raw, which must be UTF-8 (a byte order mark is fine) and hold one mapping."""
    if len(raw) > MAX_BYTES:
        limit = MAX_BYTES // (1024 * 1024)
        return _unread(name, "PAI104", f"the file is larger than {limit} MiB", "is it the right file?")
    kind = _other_kind(raw)
    if kind:
        return _unread(name, "PAI105", f"the file is {kind}, not UTF-8 text", "save it as UTF-8")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        return _undecodable(raw, error.start, name)
    return _document(text.removeprefix(_BOM), _Placement(name))


def parse_embedded(document: Document, *path: str | int) -> Document:
    """Return the YAML document that stands as text at path in another one, with places in the outer file.

    Places are exact in a literal block (`|`); in other kinds of text they are the place of the whole text.
    Data is None, without a problem, when nothing but blanks stands there.
    """
    value: Any = document.data
    for step in path:
        value = value[step]
    placement = document.marks.block(*path)
    if not isinstance(value, str) or not value.strip():
        return Document(document.name, None, Marks("", None, placement))
    return _document(value, placement)


def _document(text: str, placement: _Placement) -> Document:
    bad = _UNPRINTABLE.search(text)
    if bad is not None:
        marks = Marks(text, None, placement)
        return Document(placement.file, None, marks, (_unprintable(text, bad.start(), placement),))
    composer, syntax = _compose(text, placement)
    marks = Marks(text, composer.root, placement)
    problems = [_as_problem(fault, marks) for fault in composer.faults]
    if syntax is not None:
        broken = _syntax_problem(syntax, marks, placement)
        problems = [*(problem for problem in problems if problem.span.line != broken.span.line), broken]
    data = None
    if syntax is None and composer.root is not None and isinstance(composer.root.data, dict):
        data = composer.root.data
    elif syntax is None and (composer.root is not None or not problems):
        problems.append(_not_a_mapping(composer.root, marks, placement))
    return Document(placement.file, data, marks, tuple(problems))


def _compose(text: str, placement: _Placement) -> tuple[Composer, yaml.YAMLError | None]:
    """Return what a text holds, and the error that ended it.

    libyaml since 0.2.6 looks ahead and gives up by itself on deep nesting, before our own limit is met and at
    another place; Python's parser then reads up to that.
    """
    composer, error = _composed(text, placement)
    if error is not None and "maximum nesting depth" in str(getattr(error, "problem", "")):
        return _composed(text, placement, yaml.SafeLoader)
    return composer, error


def _composed(text: str, placement: _Placement, loader: Any = None) -> tuple[Composer, yaml.YAMLError | None]:
    composer = Composer(placement.lines)
    try:
        composer.compose(text, loader)
    except yaml.YAMLError as error:
        return composer, error
    return composer, None


def _as_problem(fault: Fault, marks: Marks) -> Problem:
    span = marks.span_between(fault.start, fault.end)
    first = fault.first
    related = (Related(marks.span_between(first.start, first.end), "the first is here"),) if first else ()
    return Problem(span, fault.code, fault.message, fault.hint, fault.severity, related)


def _syntax_problem(error: yaml.YAMLError, marks: Marks, placement: _Placement) -> Problem:
    fault = explain(error, marks.lines)
    return Problem(
        placement.span(fault.line, fault.column, fault.width), fault.code, fault.message, fault.hint
    )


def _not_a_mapping(root: Node | None, marks: Marks, placement: _Placement) -> Problem:
    if root is None or root.data is None:
        is_part = placement.what == _EMBEDDED
        hint = "remove its key" if is_part else "write its keys, or begin anew with `paichart init`"
        return Problem(placement.span(0, 0, 1), "PAI107", f"{placement.what} is empty", hint)
    kind = "a list" if root.values is not None else "a single value"
    return Problem(
        marks.at(),
        "PAI122",
        f"{placement.what} holds {kind}",
        "its top level must be made of 'key: value' lines",
    )


def _unprintable(text: str, offset: int, placement: _Placement) -> Problem:
    line, column = _line_and_column(text, offset)
    span = placement.span(line, column, 1)
    message = f"the character U+{ord(text[offset]):04X} can't stand in YAML"
    return Problem(span, "PAI106", message, "remove it; is this a text file?")


def _undecodable(raw: bytes, offset: int, name: str) -> Document:
    before = raw[:offset].decode("utf-8", "replace").removeprefix(_BOM)
    line, column = _line_and_column(before, len(before))
    message = f"the file is not UTF-8: byte 0x{raw[offset]:02x} can't be read"
    likely = raw[offset : offset + 1].decode("cp1252", "ignore")
    hint = (
        f"save the file as UTF-8; if this is '{likely}', it is Windows-1252" if likely.isprintable() else ""
    )
    problem = Problem(Span(name, line + 1, column + 1), "PAI105", message, hint or "save the file as UTF-8")
    text = raw.decode("utf-8", "replace").removeprefix(_BOM)
    return Document(name, None, Marks(text, None, _Placement(name)), (problem,))


def _other_kind(raw: bytes) -> str:
    """Return what a file is that is surely no UTF-8 text; an empty string for one that may be."""
    for start, kind in _KINDS:
        if raw.startswith(start):
            return kind
    has_wide_letters = len(raw) >= 4 and (raw[1:4:2] == b"\0\0") != (raw[0:3:2] == b"\0\0")
    return "UTF-16" if has_wide_letters else ""


def _line_and_column(text: str, offset: int) -> tuple[int, int]:
    lines = _BREAK.split(text[:offset])
    return len(lines) - 1, len(lines[-1])


def _unread(name: str, code: str, message: str, hint: str, place: str | None = None) -> Document:
    problem = Problem(Span(name if place is None else place), code, message, hint)
    return Document(name, None, Marks("", None, _Placement(name)), (problem,))


def _is_empty(node: Node) -> bool:
    return node.data is None and not node.text and node.values is None
