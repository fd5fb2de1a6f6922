"""Cell chains: the types that a top cell is built of, down to the leaf, and how they nest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import prod

from paichart.hived import CellType, HivedSpec, Path
from paichart.problems import Problem, Severity, suggest
from paichart.source import Marks


@dataclass(frozen=True, slots=True)
class Chain:
    """A top cell type with what it is built of; depth counts from 0 at the top, the leaf is deepest."""

    levels: tuple[CellType, ...]
    leaf: str

    @property
    def name(self) -> str:
        """The top cell type's name, by which HiveD knows the chain."""
        return self.levels[0].name

    @property
    def names(self) -> tuple[str, ...]:
        """Type names by depth, the leaf's last."""
        return (*(level.name for level in self.levels), self.leaf)

    @property
    def node_depth(self) -> int | None:
        """Depth of the cells that are nodes, the lowest level marked so as in HiveD, None without one."""
        marked = [depth for depth, level in enumerate(self.levels) if level.is_node]
        return marked[-1] if marked else None

    def leaves(self, depth: int) -> int:
        """Return how many leaf cells one cell at depth has."""
        return prod(level.number for level in self.levels[depth:])


def build_chains(spec: HivedSpec) -> dict[str, Chain]:
    """Return the chain of each type that an item of physicalCells has, by name, in order of appearance.

    Types that HiveD could not build (unknown, or in a circle) have none.
    """
    types = types_by_name(spec)
    circular = circular_types(types)
    chains: dict[str, Chain] = {}
    for name in dict.fromkeys(cell.cell_type for cell in spec.physical_cells):
        levels: list[CellType] = []
        below = name
        while below in types and below not in circular:
            levels.append(types[below])
            below = types[below].child
        if levels and below and below not in circular:
            chains[name] = Chain(tuple(levels), below)
    return chains


def types_by_name(spec: HivedSpec) -> dict[str, CellType]:
    """Return the cell types by name."""
    return {cell_type.name: cell_type for cell_type in spec.cell_types}


def circular_types(types: Mapping[str, CellType]) -> frozenset[str]:
    """Return the names of types that are part of a circle of children."""
    circular: set[str] = set()
    done: set[str] = set()
    for start in types:
        trail: dict[str, int] = {}
        name = start
        while name in types and name not in done and name not in trail:
            trail[name] = len(trail)
            name = types[name].child
        if name in trail:
            circular.update(list(trail)[trail[name] :])
        done.update(trail)
    return frozenset(circular)


def check_chains(marks: Marks, spec: HivedSpec, chains: Mapping[str, Chain]) -> Iterator[Problem]:
    """PAI157 to PAI161: cell types nest without a circle, and each chain has exactly one node level."""
    types = types_by_name(spec)
    circular = circular_types(types)
    for name in (name for name in types if name in circular):
        message = f"cell type '{name}' is inside itself: its child '{types[name].child}' leads back to it"
        yield Problem(
            marks.at(*types[name].path, "childCellType"), "PAI157", message, "name the type of a smaller cell"
        )
    seen: set[str] = set()
    for cell in spec.physical_cells:
        if cell.cell_type and cell.cell_type not in types:
            message = f"no cell type named '{cell.cell_type}' is defined under cellTypes"
            yield Problem(marks.at(*cell.path, "cellType"), "PAI161", message, suggest(cell.cell_type, types))
        elif cell.cell_type in chains and cell.cell_type not in seen:
            yield from _check_levels(marks, chains[cell.cell_type], (*cell.path, "cellType"))
        seen.add(cell.cell_type)


def _check_levels(marks: Marks, chain: Chain, top: Path) -> Iterator[Problem]:
    nodes = [level for level in chain.levels if level.is_node]
    if not nodes:
        message = f"no cell type from '{chain.name}' down to '{chain.leaf}' is a node"
        hint = "set isNodeLevel: true on the type that is one whole node"
        yield Problem(marks.at(*top), "PAI159", message, hint)
    for level in nodes[:-1]:
        message = f"'{level.name}' is marked as a node, and so is '{nodes[-1].name}' inside it"
        hint = "keep isNodeLevel: true on the one that is a Kubernetes node"
        yield Problem(marks.at(*level.path, "isNodeLevel"), "PAI160", message, hint)
    for level in chain.levels:
        if "." in level.name:
            message = (
                f"the cell type's name '{level.name}' has a dot, so no virtual cluster can have its cells"
            )
            hint = "a dot separates cell types in a virtual cluster's cellType; use '-'"
            yield Problem(marks.key(*level.path), "PAI158", message, hint, Severity.WARNING)
