"""Pinned cells: ids are unique, exist, and belong to one virtual cluster; and what they leave of a chain."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from paichart.hived import HivedSpec, Path
from paichart.problems import Problem, Related, closest_name, suggest
from paichart.rules.hived.chains import Chain
from paichart.rules.hived.physical import Pin, Position
from paichart.source import Marks


def check_pins(marks: Marks, spec: HivedSpec, pins: Sequence[Pin]) -> Iterator[Problem]:
    """PAI170 to PAI174: each pinned cell has its own id and one virtual cluster; none is inside another."""
    by_id: dict[str, Pin] = {}
    for pin in pins:
        if pin.id in by_id:
            other = marks.at(*by_id[pin.id].path, "pinnedCellId")
            yield Problem(
                marks.at(*pin.path, "pinnedCellId"),
                "PAI170",
                f"pinnedCellId '{pin.id}' is given to two cells; the other is on line {other.line}",
                "HiveD would forget one of them",
                related=(Related(other, "the other is here"),),
            )
        by_id.setdefault(pin.id, pin)
    claimed: dict[str, Path] = {}
    for vc in spec.virtual_clusters:
        for cell in vc.pinned_cells:
            place = (*cell.path, "pinnedCellId")
            if cell.id and cell.id not in by_id:
                message = f"no physical cell has the pinnedCellId '{cell.id}'"
                hint = suggest(cell.id, by_id) or "write pinnedCellId at that cell, or remove this one"
                yield Problem(marks.at(*place), "PAI172", message, hint)
            elif cell.id in claimed:
                first = marks.at(*claimed[cell.id])
                yield Problem(
                    marks.at(*place),
                    "PAI173",
                    f"pinned cell '{cell.id}' is given to a virtual cluster on line {first.line} already",
                    "a pinned cell can be given once",
                    related=(Related(first, "it is given here"),),
                )
            claimed.setdefault(cell.id, place)
    meant = {closest_name(id_, by_id) for id_ in claimed if id_ not in by_id}
    yield from _check_unclaimed(marks, [pin for pin in by_id.values() if pin.id not in meant], claimed)
    yield from _check_nested(marks, [pin for pin in by_id.values() if pin.id in claimed])


def _check_unclaimed(marks: Marks, pins: Iterable[Pin], claimed: dict[str, Path]) -> Iterator[Problem]:
    for pin in pins:
        if pin.id not in claimed:
            message = (
                f"pinned cell '{pin.id}' belongs to no virtual cluster; HiveD can end when its node fails"
            )
            hint = "add it under a virtual cluster's pinnedCells, or remove pinnedCellId"
            yield Problem(marks.at(*pin.path, "pinnedCellId"), "PAI171", message, hint)


def _check_nested(marks: Marks, pins: Sequence[Pin]) -> Iterator[Problem]:
    owners = {pin.position: pin for pin in pins}
    for pin in pins:
        outer = next((owners[above] for above in _ancestors(pin.position) if above in owners), None)
        if outer is not None:
            yield Problem(
                marks.at(*pin.path, "pinnedCellId"),
                "PAI174",
                f"pinned cell '{pin.id}' is inside pinned cell '{outer.id}'",
                "pin only one of the two",
                related=(Related(marks.at(*outer.path, "pinnedCellId"), "the outer one is here"),),
            )


def free_cells(chain: Chain, tops: int, pins: Iterable[Pin]) -> list[int]:
    """Return by depth how many cells of a chain are whole and free, not counting those inside a free one.

    A pinned cell splits each cell that it is in: the cells beside it are free one by one (buddy allocation).
    """
    taken = {pin.position for pin in pins}
    taken = {position for position in taken if not any(above in taken for above in _ancestors(position))}
    split = {above for position in taken for above in _ancestors(position)}
    free = [tops] + [0] * len(chain.levels)
    for position in split:
        free[len(position)] += chain.levels[len(position) - 1].number
    for position in split | taken:
        free[len(position) - 1] -= 1
    return free


def _ancestors(position: Position) -> Iterator[Position]:
    """Yield the positions of the cells that a cell is in, top first."""
    for depth in range(1, len(position)):
        yield position[:depth]
