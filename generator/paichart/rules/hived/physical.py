"""Physical cells: each follows its cell type down to the nodes, and its addresses are what HiveD can use."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from paichart.hived import HivedSpec, Path, PhysicalCell
from paichart.problems import Problem, Related
from paichart.rules.hived.chains import Chain
from paichart.rules.hived.shape import INT32_MAX
from paichart.source import Marks

_DEVICE = re.compile("[0-9]{1,10}")

Position = tuple[int, ...]
"""Where a cell is: index among physicalCells, then index among the children, level by level."""


@dataclass(frozen=True, slots=True)
class NodeCell:
    """A node in one chain: its name, and the numbers of its devices as ranges, each with its place."""

    name: str
    chain: Chain
    devices: tuple[tuple[range, Path], ...]
    path: Path


@dataclass(frozen=True, slots=True)
class Pin:
    """A physical cell that carries a pinnedCellId."""

    id: str
    chain: Chain
    position: Position
    path: Path


@dataclass(slots=True)
class Survey:
    """What physicalCells hold: nodes, pins, number of tops by chain, and chains with a wrong child count.

    It is not complete when the chain of some cell could not be built.
    """

    nodes: list[NodeCell] = field(default_factory=list)
    pins: list[Pin] = field(default_factory=list)
    tops: dict[str, int] = field(default_factory=dict)
    uneven: set[str] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)
    is_complete: bool = True


def survey_physical_cells(marks: Marks, spec: HivedSpec, chains: Mapping[str, Chain]) -> Survey:
    """Return what the physical cells hold; its problems are PAI162 to PAI164, PAI167 and PAI168."""
    survey = Survey()
    addresses: dict[str, dict[str, Path]] = {}
    for i, cell in enumerate(spec.physical_cells):
        chain = chains.get(cell.cell_type)
        if chain is None or chain.node_depth is None:
            survey.is_complete = False
            continue
        survey.tops[chain.name] = survey.tops.get(chain.name, 0) + 1
        walker = _Walker(marks, chain, chain.node_depth, survey)
        if chain.node_depth > 0:
            walker.check_address(cell, cell.address or str(i), addresses.setdefault(chain.name, {}))
        walker.walk(cell, (i,), i, [])
    return survey


@dataclass(frozen=True, slots=True)
class _Walker:
    """Goes down one top cell as HiveD's `inferPhysicalCellSpec` and `buildChildCell` do."""

    marks: Marks
    chain: Chain
    node_depth: int
    survey: Survey

    def walk(
        self, cell: PhysicalCell, position: Position, index: int, devices: list[tuple[range, Path]]
    ) -> None:
        """Check a cell and what is in it; index is HiveD's number for it, devices gathers its node's."""
        depth = len(position) - 1
        if cell.pinned_cell_id:
            self.survey.pins.append(Pin(cell.pinned_cell_id, self.chain, position, cell.path))
        self._check_type(cell, depth)
        if depth == self.node_depth:
            index, devices = 0, []
            self._check_node_name(cell)
        if cell.children:
            self._walk_children(cell, position, index, devices)
        elif depth < self.node_depth:
            names = f"{self.chain.levels[depth].number} of '{self.chain.names[depth + 1]}'"
            self._report(
                cell.path,
                "PAI164",
                f"the cells in this '{self.chain.names[depth]}' are missing: {names}",
                "list its nodes by name under cellChildren",
            )
        else:
            devices.append((self._devices(cell, depth, index), (*cell.path, "cellAddress")))
        if depth == self.node_depth and cell.address:
            self.survey.nodes.append(NodeCell(cell.address, self.chain, tuple(devices), cell.path))

    def check_address(self, cell: PhysicalCell, address: str, siblings: dict[str, Path]) -> None:
        """PAI167, PAI168: an address has no slash, and no other cell beside this one has it."""
        if "/" in address:
            message = (
                f"the address '{address}' has a slash, which HiveD takes for the border of two addresses"
            )
            self._report(
                (*cell.path, "cellAddress"), "PAI167", message, "give only the cell's own name or number"
            )
        if address in siblings:
            other = self.marks.at(*siblings[address], "cellAddress")
            message = (
                f"the cell on line {other.line} has the address '{address}' too; "
                "HiveD would take both for one"
            )
            by_default = "this cell gets it by default, from its place in the list"
            hint = "give each an address of its own" if cell.address else by_default
            related = (Related(other, "the other cell is here"),)
            self._report((*cell.path, "cellAddress"), "PAI168", message, hint, related)
        siblings.setdefault(address, cell.path)

    def _walk_children(
        self, cell: PhysicalCell, position: Position, index: int, devices: list[tuple[range, Path]]
    ) -> None:
        depth = len(position) - 1
        if depth == len(self.chain.levels):
            self._report(
                (*cell.path, "cellChildren"),
                "PAI163",
                f"a '{self.chain.leaf}' is a leaf cell: it has no cells in it",
            )
            return
        number = self.chain.levels[depth].number
        if number != len(cell.children):
            self.survey.uneven.add(self.chain.name)
            kind = self.chain.names[depth]
            message = f"this '{kind}' has {len(cell.children)} children, its cell type says {number}"
            self._report(
                (*cell.path, "cellChildren"),
                "PAI163",
                message,
                f"list them all, or change childCellNumber of '{kind}'",
            )
        siblings: dict[str, Path] = {}
        for i, child in enumerate(cell.children):
            below = index * number + i
            if depth + 1 != self.node_depth:
                self.check_address(child, child.address or str(below), siblings)
            self.walk(child, (*position, i), below, devices)

    def _check_type(self, cell: PhysicalCell, depth: int) -> None:
        expected = self.chain.names[depth]
        if cell.cell_type and cell.cell_type != expected:
            message = (
                f"a cell in a '{self.chain.names[depth - 1]}' is a '{expected}', not a '{cell.cell_type}'"
            )
            self._report(
                (*cell.path, "cellType"),
                "PAI162",
                message,
                "remove the key: HiveD takes the type from cellTypes",
            )

    def _check_node_name(self, cell: PhysicalCell) -> None:
        if not cell.address:
            message = f"this '{self.chain.names[self.node_depth]}' is a node, but has no name"
            self._report(cell.path, "PAI164", message, "write cellAddress: the Kubernetes node's name")

    def _devices(self, cell: PhysicalCell, depth: int, index: int) -> range:
        """Return the device numbers of a cell without listed children, as HiveD numbers them."""
        if depth < len(self.chain.levels):
            leaves = self.chain.leaves(depth)
            return range(index * leaves, (index + 1) * leaves)
        if not cell.address:
            return range(index, index + 1)
        if not _DEVICE.fullmatch(cell.address) or int(cell.address) > INT32_MAX:
            message = f"the address of a leaf cell is its device's number on the node, not '{cell.address}'"
            self._report((*cell.path, "cellAddress"), "PAI167", message, "devices count from 0")
            return range(0)
        return range(int(cell.address), int(cell.address) + 1)

    def _report(
        self, path: Path, code: str, message: str, hint: str = "", related: tuple[Related, ...] = ()
    ) -> None:
        self.survey.problems.append(Problem(self.marks.at(*path), code, message, hint, related=related))
