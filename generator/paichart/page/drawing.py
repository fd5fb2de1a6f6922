"""The services' graph as a drawing: boxes in columns and lines between them, in the units of an SVG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from paichart.catalog import Need
from paichart.graph import Graph
from paichart.page.columns import Columns, Edge, Slot, arrange
from paichart.report.graph import verbs

BOX_WIDTH = 160
BOX_HEIGHT = 32
_GAP_X = 52
_GAP_BOX = 12
_GAP_LINE = 9
_MARGIN = 6
_PORT_SPAN = 22
"""Height of a box's side along which lines start and end."""

_SETTLING = 40
_SHARED_BY = 0.5
"""A service that needs none and that more than this part of the others needs is told beside the drawing."""


@dataclass(frozen=True, slots=True)
class Box:
    """One service; x and y are its upper left corner."""

    name: str
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Line:
    """One need: `path` is an SVG path's data from left to right; the arrow is at its start if `is_back`."""

    start: str
    end: str
    need: Need
    path: str
    is_back: bool

    @property
    def text(self) -> str:
        """The need in words."""
        return f"{self.start} {verbs(self.need)} {self.end}: {self.need.purpose}"


@dataclass(frozen=True, slots=True)
class Drawing:
    """A graph in columns, below it services without a line; `shared` are needed by most and have no lines."""

    width: int
    height: int
    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]
    shared: tuple[str, ...]


def draw(graph: Graph) -> Drawing:
    """Return the drawing of a graph; the same graph is always drawn the same way."""
    shared = _shared(graph)
    needs = {
        (name, need.service): need
        for name in graph.services
        for need in graph.needs[name]
        if need.service not in shared
    }
    linked = {name for edge in needs for name in edge}
    columns = arrange([name for name in graph.services if name in linked], tuple(needs))
    tops, height = _tops(columns)
    left = {
        slot: _MARGIN + i * (BOX_WIDTH + _GAP_X)
        for i, column in enumerate(columns.columns)
        for slot in column
    }
    width = max(len(columns.columns), 1) * (BOX_WIDTH + _GAP_X) - _GAP_X + 2 * _MARGIN
    boxes = [Box(slot, left[slot], tops[slot]) for slot in tops if isinstance(slot, str)]
    alone = [name for name in graph.services if name not in linked and name not in shared]
    rows, height = _rows(alone, width, height)
    lines = (
        Line(*edge, need, _path(columns.routes, edge, left, tops), columns.routes[edge][0] != edge[0])
        for edge, need in needs.items()
    )
    return Drawing(width, height, (*boxes, *rows), tuple(lines), shared)


def _shared(graph: Graph) -> tuple[str, ...]:
    others = len(graph.services) - 1
    return tuple(
        name
        for name in graph.services
        if not graph.needs[name] and len(graph.callers(name)) > _SHARED_BY * others
    )


def _rows(names: Sequence[str], width: int, top: int) -> tuple[list[Box], int]:
    """Return boxes of services without a line in rows below top, and the height of all."""
    a_row = max(1, (width - 2 * _MARGIN + _GAP_BOX) // (BOX_WIDTH + _GAP_BOX))
    first = top + BOX_HEIGHT if top and names else top
    step = BOX_HEIGHT + _GAP_BOX
    boxes = [
        Box(name, _MARGIN + i % a_row * (BOX_WIDTH + _GAP_BOX), first + i // a_row * step)
        for i, name in enumerate(names)
    ]
    return boxes, boxes[-1].y + BOX_HEIGHT + _MARGIN if boxes else top


def _tops(columns: Columns) -> tuple[dict[Slot, int], int]:
    """Return the upper edge of every slot, close to the slots that it is linked with, and the lowest edge."""
    beside: dict[Slot, list[Slot]] = {}
    for slots in columns.routes.values():
        for a, b in pairwise(slots):
            beside.setdefault(a, []).append(b)
            beside.setdefault(b, []).append(a)
    middle: dict[Slot, float] = {}
    for column in columns.columns:
        middle.update(_pushed(column, dict.fromkeys(column, 0.0)))
    for _ in range(_SETTLING):
        for column in columns.columns:
            wanted = {
                slot: sum(middle[other] for other in beside[slot]) / len(beside[slot]) for slot in column
            }
            middle.update(_pushed(column, wanted))
    if not middle:
        return {}, 0
    top = min(middle[slot] - _height(slot) / 2 for slot in middle) - _MARGIN
    tops = {slot: round(centre - _height(slot) / 2 - top) for slot, centre in middle.items()}
    return tops, max(y + _height(slot) for slot, y in tops.items()) + _MARGIN


def _pushed(column: Sequence[Slot], wanted: Mapping[Slot, float]) -> dict[Slot, float]:
    """Return middles near the wanted ones, in order and with room between: the mean of two that have both."""
    down: list[float] = []
    for i, slot in enumerate(column):
        down.append(max(wanted[slot], down[-1] + _room(column[i - 1], slot)) if i else wanted[slot])
    up = list(down)
    for i in range(len(column) - 1, -1, -1):
        slot = column[i]
        up[i] = (
            min(wanted[slot], up[i + 1] - _room(slot, column[i + 1])) if i + 1 < len(column) else wanted[slot]
        )
    return {slot: (a + b) / 2 for slot, a, b in zip(column, down, up, strict=True)}


def _room(above: Slot, below: Slot) -> float:
    gap = _GAP_BOX if isinstance(above, str) and isinstance(below, str) else _GAP_LINE
    return (_height(above) + _height(below)) / 2 + gap


def _height(slot: Slot) -> int:
    return BOX_HEIGHT if isinstance(slot, str) else 0


def _path(
    routes: Mapping[Edge, Sequence[Slot]], edge: Edge, left: Mapping[Slot, int], tops: Mapping[Slot, int]
) -> str:
    """Return an SVG path along a route: flat through columns, in curves between them."""
    slots = routes[edge]
    heights = [
        _port(slots, 0, routes, tops),
        *(tops[slot] for slot in slots[1:-1]),
        _port(slots, -1, routes, tops),
    ]
    x = left[slots[0]] + BOX_WIDTH
    parts = [f"M{x} {heights[0]}"]
    for slot, height, before in zip(slots[1:], heights[1:], heights, strict=False):
        end = left[slot]
        parts.append(f"C{x + _GAP_X // 2} {before} {end - _GAP_X // 2} {height} {end} {height}")
        x = end + BOX_WIDTH
        if not isinstance(slot, str):
            parts.append(f"H{x}")
    return "".join(parts)


def _port(
    slots: Sequence[Slot], end: int, routes: Mapping[Edge, Sequence[Slot]], tops: Mapping[Slot, int]
) -> int:
    """Return where on a box's side a route starts (end 0) or ends (-1): by the height of where it leads."""
    box, beyond = slots[end], 1 if end == 0 else -2
    ends = sorted(
        {r[beyond] for r in routes.values() if r[end] == box}, key=lambda s: tops[s] + _height(s) / 2
    )
    step = min(6.0, _PORT_SPAN / max(1, len(ends) - 1))
    offset = (ends.index(slots[beyond]) - (len(ends) - 1) / 2) * step
    return round(tops[box] + BOX_HEIGHT / 2 + offset)
