"""values.yaml as text: which paths there are, and which of them a `# --` comment explains."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import yaml

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Value:
    """One key of a values file. is_leaf: it holds no mapping, or an empty one."""

    path: Path
    is_leaf: bool
    is_documented: bool


def values_of(text: str) -> Iterator[Value]:
    """Every key of a values file.

    A `# --` comment explains the key below it, all keys in that, and those that follow without a blank line.
    """
    node = yaml.compose(text, Loader=yaml.CSafeLoader)
    if node is not None:
        yield from _walk(node, (), text.splitlines(), is_above_documented=False)


def _walk(node: yaml.Node, path: Path, lines: list[str], *, is_above_documented: bool) -> Iterator[Value]:
    is_documented = False
    for key, value in node.value:
        line = key.start_mark.line
        if _has_comment(lines, line):
            is_documented = True
        elif line > 0 and not lines[line - 1].strip():
            is_documented = False
        is_mapping = isinstance(value, yaml.MappingNode) and bool(value.value)
        below = (*path, key.value)
        yield Value(below, not is_mapping, is_documented or is_above_documented)
        if is_mapping:
            yield from _walk(value, below, lines, is_above_documented=is_documented or is_above_documented)


def _has_comment(lines: list[str], line: int) -> bool:
    """Whether the comment right above a line starts with `# --`."""
    first = line
    while first > 0 and lines[first - 1].lstrip().startswith("#"):
        first -= 1
    return first < line and lines[first].lstrip().startswith("# -- ")
