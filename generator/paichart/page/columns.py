"""Puts the services of a graph into columns: who needs is left of what it needs, with few lines that cross.

The usual way for layered drawings (Sugiyama, Tagawa, Toda 1981), deterministic: orient, layer, bridge, order.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

Edge = tuple[str, str]
Slot = str | tuple[str, str, int]
"""A service, or where the line of an edge passes a column: (from, to, column)."""

_SWEEPS = 12


@dataclass(frozen=True, slots=True)
class Columns:
    """Columns from left to right, each from top to bottom; `routes` has the slots that each edge passes.

    A route leads from left to right whichever way its edge points.
    """

    columns: tuple[tuple[Slot, ...], ...]
    routes: Mapping[Edge, tuple[Slot, ...]]


def arrange(names: Sequence[str], edges: Sequence[Edge]) -> Columns:
    """Return the columns of names, which all have an edge; edges are distinct, none leads to its start."""
    if not names:
        return Columns((), {})
    rank = {name: place for place, name in enumerate(_orientation(names, edges))}
    arrows = {edge: edge if rank[edge[0]] < rank[edge[1]] else edge[::-1] for edge in edges}
    layer = _layers(sorted(names, key=rank.__getitem__), set(arrows.values()))
    routes = {edge: _route(start, end, layer) for edge, (start, end) in arrows.items()}
    columns: list[list[Slot]] = [[] for _ in range(max(layer.values()) + 1)]
    for name in names:
        columns[layer[name]].append(name)
    for slots in dict.fromkeys(routes.values()):
        for slot in slots[1:-1]:
            columns[slot[2] if isinstance(slot, tuple) else 0].append(slot)
    return Columns(_fewest_crossings(columns, _links(routes)), routes)


def _orientation(names: Sequence[str], edges: Sequence[Edge]) -> list[str]:
    """Return an order against which few edges point (Eades, Lin, Smyth 1993)."""
    left, right, rest = list[str](), list[str](), list(names)
    while rest:
        out = {name: sum(a == name and b in rest for a, b in edges) for name in rest}
        into = {name: sum(b == name and a in rest for a, b in edges) for name in rest}
        sink = next((name for name in rest if not out[name]), None)
        source = next((name for name in rest if not into[name]), None)
        if sink is not None:
            right.insert(0, sink)
        else:
            left.append(source or max(rest, key=lambda name: out[name] - into[name]))
        rest.remove(sink if sink is not None else left[-1])
    return [*left, *right]


def _layers(ordered: Sequence[str], arrows: Collection[Edge]) -> dict[str, int]:
    """Return each name's column: right of all that need it, and what nobody needs close to what it needs."""
    layer: dict[str, int] = {}
    for name in ordered:
        layer[name] = 1 + max((layer[a] for a, b in arrows if b == name), default=-1)
    for name in reversed(ordered):
        needed = [layer[b] for a, b in arrows if a == name]
        if needed and not any(b == name for _, b in arrows):
            layer[name] = min(needed) - 1
    return layer


def _route(start: str, end: str, layer: Mapping[str, int]) -> tuple[Slot, ...]:
    between = ((start, end, column) for column in range(layer[start] + 1, layer[end]))
    return (start, *between, end)


def _links(routes: Mapping[Edge, tuple[Slot, ...]]) -> tuple[tuple[Slot, Slot], ...]:
    """Return the pieces of all routes from one column to the next, each once."""
    return tuple(dict.fromkeys(piece for slots in routes.values() for piece in pairwise(slots)))


def _fewest_crossings(
    columns: list[list[Slot]], links: Sequence[tuple[Slot, Slot]]
) -> tuple[tuple[Slot, ...], ...]:
    """Return the columns in the best order that sweeps to and fro come by."""
    best, fewest = [list(column) for column in columns], _crossings(columns, links)
    before: dict[Slot, list[Slot]] = {}
    after: dict[Slot, list[Slot]] = {}
    for a, b in links:
        after.setdefault(a, []).append(b)
        before.setdefault(b, []).append(a)
    for sweep in range(_SWEEPS):
        indexes = range(1, len(columns)) if sweep % 2 == 0 else range(len(columns) - 2, -1, -1)
        for index in indexes:
            beside = columns[index - 1 if sweep % 2 == 0 else index + 1]
            _by_barycentre(columns[index], beside, before if sweep % 2 == 0 else after)
        count = _crossings(columns, links)
        if count < fewest:
            best, fewest = [list(column) for column in columns], count
    return tuple(tuple(column) for column in best)


def _by_barycentre(column: list[Slot], beside: Sequence[Slot], linked: Mapping[Slot, Sequence[Slot]]) -> None:
    """Sort a column by where each slot's neighbours stand in the column beside it; others stay."""
    place = {slot: index for index, slot in enumerate(beside)}
    scale = max(1, len(beside) - 1) / max(1, len(column) - 1)

    def centre(item: tuple[int, Slot]) -> float:
        found = [place[other] for other in linked.get(item[1], ())]
        return sum(found) / len(found) if found else item[0] * scale

    column[:] = [slot for _, slot in sorted(enumerate(column), key=centre)]


def _crossings(columns: Sequence[Sequence[Slot]], links: Sequence[tuple[Slot, Slot]]) -> int:
    place = {slot: index for column in columns for index, slot in enumerate(column)}
    number = {slot: index for index, column in enumerate(columns) for slot in column}
    gaps: dict[int, list[tuple[int, int]]] = {}
    for a, b in links:
        gaps.setdefault(number[a], []).append((place[a], place[b]))
    return sum(
        (a < c) != (b < d)
        for pieces in gaps.values()
        for i, (a, b) in enumerate(pieces)
        for c, d in pieces[i + 1 :]
        if a != c and b != d
    )
