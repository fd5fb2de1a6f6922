"""What reading YAML makes: nodes that know their place, and faults of the text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from paichart.problems import Severity


class Mark(Protocol):
    """A place as the YAML parser tells it: line and column count from 0."""

    @property
    def line(self) -> int:
        """Line, from 0."""

    @property
    def column(self) -> int:
        """Column in characters, from 0."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place that no parser told; line and column count from 0."""

    line: int
    column: int


@dataclass(slots=True)
class Node:
    """One YAML value: its data, where it starts and ends, and its parts.

    `values` is None for a scalar; `keys` is None for all but mappings and runs parallel to `values`.
    `size` counts the values in it with aliases expanded. `text` is a scalar as written, without its quotes.
    """

    start: Mark
    end: Mark
    data: Any = None
    text: str = ""
    style: str | None = None
    keys: list[Node] | None = None
    values: list[Node] | None = None
    size: int = 1
    open: bool = False
    index: dict[str, int] | None = None

    def position(self, key: str) -> int | None:
        """Return where key stands among `keys`, None when it is not there."""
        if self.index is None:
            self.index = {}
            for i, node in enumerate(self.keys or ()):
                if isinstance(node.data, str):
                    self.index.setdefault(node.data, i)
        return self.index.get(key)


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong with the text itself, placed by the parser's marks."""

    start: Mark
    end: Mark
    code: str
    message: str
    hint: str = ""
    severity: Severity = Severity.ERROR
    first: Node | None = None
    """The one that a repeated thing repeats."""
