"""Changes of a YAML text by path: what is not changed stays as it is, comments and order too."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import yaml

from paichart.migration.changes import Change, Edited, line_starts, without_nested
from paichart.source.nodes import Composer
from paichart.source.tree import Node
from paichart.validator import Path

_COMMA = re.compile(r"\s*,")
_Tree: TypeAlias = "dict[str, str | _Tree]"
"""New keys and their values as written, in the mappings that they stand in."""


@dataclass(slots=True)
class Editor:
    """Collects changes of one YAML text and makes them all at once.

    Paths are those of the text as it is, whatever other changes are asked for. A path that is not there is
    left alone.
    """

    text: str
    _removed: set[Path] = field(default_factory=set)
    _replaced: dict[Path, str] = field(default_factory=dict)
    _renamed: dict[Path, str] = field(default_factory=dict)
    _added: dict[Path, str] = field(default_factory=dict)

    def remove(self, *path: str | int) -> None:
        """Take out a key and its value, and a mapping that nothing is left of. Items of lists stay."""
        self._removed.add(path)

    def replace(self, path: Path, written: str) -> None:
        """Write another value behind a key; `written` is one line of YAML."""
        self._replaced[path] = written

    def rename(self, path: Path, key: str) -> None:
        """Call a key otherwise."""
        self._renamed[path] = key

    def add(self, path: Path, written: str) -> None:
        """Write a key, and the mappings above it if need be; `written` is one line of YAML."""
        self._added[path] = written

    def result(self) -> Edited:
        """Return the changed text."""
        asked = (self._removed, self._replaced, self._renamed, self._added)
        if not any(asked):
            return Edited(self.text, self.text)
        text = _without_aliases(self.text)
        changes = _Changes(text, frozenset(self._removed), frozenset(self._renamed), self._added)
        found = [
            *changes.removals(),
            *changes.replacements(self._replaced),
            *changes.renamings(self._renamed),
            *changes.additions(),
        ]
        ordered = without_nested(found)
        parts, position = [], 0
        for change in ordered:
            parts += [text[position : change.start], change.text]
            position = change.end
        result = "".join([*parts, text[position:]])
        if text is not self.text:
            return Edited(self.text, result, (Change(0, len(self.text), result),), is_rewritten=True)
        return Edited(self.text, result, ordered)


class _Changes:
    """Works out which characters of a text stand for what lies at a path."""

    def __init__(
        self, text: str, removed: frozenset[Path], renamed: frozenset[Path], added: Mapping[Path, str]
    ) -> None:
        composer = Composer()
        composer.compose(text)
        self._text = text
        self._root = composer.root
        self._starts = line_starts(text)
        self._break = "\r\n" if "\r\n" in text else "\n"
        self._added = added
        self._renamed = renamed
        self._grown = {path[:i] for path in added for i in range(len(path))}
        self._removed = self._with_emptied(removed)

    def removals(self) -> Iterable[Change]:
        for path in sorted(self._removed, key=str):
            parent, position = self._find(path)
            if parent is not None:
                yield self._removal(parent, path, position)

    def replacements(self, replaced: Mapping[Path, str]) -> Iterable[Change]:
        for path, written in replaced.items():
            parent, position = self._find(path)
            if parent is not None and parent.values is not None:
                yield self._replacement(parent.values[position], written)

    def _replacement(self, value: Node, written: str) -> Change:
        start = self._start(value)
        gap = "" if start and self._text[start - 1] in " -" else " "
        return Change(start, self._end(value), gap + written)

    def renamings(self, renamed: Mapping[Path, str]) -> Iterable[Change]:
        for path, key in renamed.items():
            parent, position = self._find(path)
            if parent is not None and parent.keys is not None:
                node = parent.keys[position]
                yield Change(self._start(node), self._offset(node.end.line, node.end.column), key)

    def additions(self) -> Iterable[Change]:
        tree: _Tree = {}
        for path, written in self._added.items():
            branch = tree
            for step in path[:-1]:
                branch = branch.setdefault(str(step), {})  # type: ignore[assignment] # a leaf is no one's parent
            branch[str(path[-1])] = written
        return self._grafts((), tree)

    def _grafts(self, path: Path, tree: _Tree) -> Iterable[Change]:
        """Yield the changes that put new keys below path, into mappings that exist as deep as there are."""
        new: _Tree = {}
        for key, part in tree.items():
            parent, position = self._find((*path, key))
            if parent is None or not parent.keys or not parent.values or self._is_free((*path, key), part):
                new[key] = part
            elif isinstance(part, str):
                yield self._replacement(parent.values[position], part)
            elif parent.values[position].keys:
                yield from self._grafts((*path, key), part)
            else:
                yield self._replacement(parent.values[position], f"{{{_inline(part)}}}")
        if new:
            yield self._graft(self._node(path), path, new)

    def _is_free(self, path: Path, part: str | _Tree) -> bool:
        """Tell whether what stands at path makes room for a new key."""
        return path in self._removed or (isinstance(part, str) and path in self._renamed)

    def _graft(self, node: Node | None, path: Path, new: _Tree) -> Change:
        if node is not None and node.keys is not None and self._is_flow(node):
            if not node.keys:
                return Change(self._start(node), self._end(node), f"{{{_inline(new)}}}")
            first = self._start(node.keys[0])
            return Change(first, first, f"{_inline(new)}, ")
        indent, end = 0, len(self._text)
        if node is not None and node.keys:
            indent, end = self._indent(node.keys[0]), self._line_end(self._last_line(node))
        gap = "" if not end or self._text[:end].endswith(("\n", "\r")) else self._break
        return Change(end, end, gap + self._lines(new, indent))

    def _lines(self, tree: _Tree, indent: int) -> str:
        text = ""
        for key, part in tree.items():
            if isinstance(part, str):
                text += f"{' ' * indent}{key}: {part}{self._break}"
            else:
                text += f"{' ' * indent}{key}:{self._break}{self._lines(part, indent + 2)}"
        return text

    def _removal(self, parent: Node, path: Path, position: int) -> Change:
        assert parent.keys is not None  # noqa: S101 - lists are not shortened
        assert parent.values is not None  # noqa: S101
        key, value = parent.keys[position], parent.values[position]
        start, end = self._start(key), self._end(value)
        is_last = position + 1 == len(parent.keys)
        if self._is_flow(parent):
            earlier = [k for k in parent.keys[:position] if (*path[:-1], k.data) not in self._removed]
            if earlier:
                return Change(self._end(parent.values[position - 1]), end)
            after = _COMMA.match(self._text, end)
            end_of_last = after.end() if after else end
            return Change(start, end_of_last if is_last else self._start(parent.keys[position + 1]))
        line_start = self._starts[key.start.line]
        if self._text[line_start:start].strip(" ?"):  # `- key: value`: the next key takes its place
            return Change(start, end if is_last else self._start(parent.keys[position + 1]))
        return Change(line_start, self._line_end(max(self._last_line(key), self._last_line(value))))

    def _indent(self, key: Node) -> int:
        """Return the column of a key, or of the `?` that may announce it."""
        before = self._text[self._starts[key.start.line] : self._start(key)].rstrip()
        return len(before) - 1 if before.endswith("?") else key.start.column

    def _with_emptied(self, removed: frozenset[Path]) -> frozenset[Path]:
        """Return the paths to remove, with those of mappings that would be left empty."""
        found = {path for path in removed if isinstance(path[-1], str) and self._find(path)[0] is not None}
        for depth in range(max(map(len, found), default=0), 1, -1):
            for path in {path[:-1] for path in found if len(path) == depth}:
                node = self._node(path)
                if node is None or not node.keys or path in self._grown or isinstance(path[-1], int):
                    continue
                if all((*path, key.data) in found for key in node.keys):
                    found.add(path)
        return frozenset(path for path in found if not any(path[:i] in found for i in range(1, len(path))))

    def _find(self, path: Path) -> tuple[Node | None, int]:
        """Return the mapping or list that holds path, and where in it; None when it is not there."""
        node = self._node(path[:-1])
        if node is None or node.values is None or not path:
            return None, 0
        step = path[-1]
        if node.keys is None:
            return (node, step) if isinstance(step, int) and step < len(node.values) else (None, 0)
        position = node.position(str(step))
        return (node, position) if position is not None else (None, 0)

    def _node(self, path: Path) -> Node | None:
        node = self._root
        for step in path:
            values = node.values if node is not None else None
            if node is None or values is None:
                return None
            if node.keys is None:
                node = values[step] if isinstance(step, int) and step < len(values) else None
            else:
                position = node.position(str(step))
                node = values[position] if position is not None else None
        return node

    def _start(self, node: Node) -> int:
        return self._offset(node.start.line, node.start.column)

    def _end(self, node: Node) -> int:
        """Return where a value ends; of a block the end of its last line, without the line break."""
        if node.style in ("|", ">") or (node.values is not None and not self._is_flow(node)):
            return self._line_end(self._last_line(node), with_break=False)
        return self._offset(node.end.line, node.end.column)

    def _offset(self, line: int, column: int) -> int:
        return (
            min(self._starts[line] + column, len(self._text)) if line < len(self._starts) else len(self._text)
        )

    def _line_end(self, line: int, *, with_break: bool = True) -> int:
        after = self._starts[line + 1] if line + 1 < len(self._starts) else len(self._text)
        return after if with_break else len(self._text[:after].rstrip("\r\n"))

    def _last_line(self, node: Node) -> int:
        """Return the last line that belongs to a value, from 0; blank lines and comments below it do not."""
        if node.values and not self._is_flow(node):
            return max(self._last_line(child) for child in (*(node.keys or [])[-1:], node.values[-1]))
        last = node.end.line
        if node.style in ("|", ">"):
            last -= node.end.column == 0
            while last > node.start.line and not self._line(last).strip():
                last -= 1
        return last

    def _line(self, number: int) -> str:
        return self._text[self._starts[number] : self._line_end(number)]

    def _is_flow(self, node: Node) -> bool:
        return self._text[self._start(node) : self._start(node) + 1] in ("{", "[")


def _inline(tree: _Tree) -> str:
    return ", ".join(
        f"{key}: {part}" if isinstance(part, str) else f"{key}: {{{_inline(part)}}}"
        for key, part in tree.items()
    )


def _without_aliases(text: str) -> str:
    """Return text as it is, or written anew when parts of it stand for others: those can't be cut apart."""
    if "&" not in text or not any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text)):
        return text
    composer = Composer()
    composer.compose(text)
    data: Any = composer.root.data if composer.root is not None else {}
    return yaml.dump(data, Dumper=_Plain, sort_keys=False, allow_unicode=True, width=1000)


class _Plain(yaml.SafeDumper):
    """Writes what is repeated out in full."""

    def ignore_aliases(self, data: Any) -> bool:
        return True
