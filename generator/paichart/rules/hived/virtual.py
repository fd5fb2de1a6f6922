"""Virtual clusters: usable names, cells that exist, and quotas that fit into the physical cells."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from paichart.hived import SCHEDULER_PREFIX, HivedSpec, VirtualCell, VirtualCluster
from paichart.problems import Problem, Severity, suggest
from paichart.rules.hived.chains import Chain
from paichart.rules.hived.physical import Pin, Survey
from paichart.rules.hived.pinned import free_cells
from paichart.source import Marks

DEFAULT = "default"
LONGEST_NAME = 63 - len(SCHEDULER_PREFIX)

_LABEL = re.compile("[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_GROUP_NAME = re.compile("[A-Za-z0-9_]+")


@dataclass(frozen=True, slots=True)
class _Share:
    """Cells at one depth of a chain that a virtual cluster is guaranteed."""

    vc: str
    cell: VirtualCell
    chain: Chain
    depth: int


def check_virtual_clusters(
    marks: Marks, spec: HivedSpec, chains: Mapping[str, Chain], survey: Survey
) -> Iterator[Problem]:
    """PAI178 to PAI183: paths lead through a chain; every chain is shared and none oversold.

    The survey is complete: each chain has its node level and a top cell.
    """
    shares: list[_Share] = []
    for vc in spec.virtual_clusters:
        for cell in vc.cells:
            if not cell.cell_type:
                continue
            found = _share(marks, vc, cell, chains)
            if isinstance(found, Problem):
                yield found
                continue
            shares.append(found)
            yield from _check_skipped(marks, found)
        if not vc.pinned_cells and not any(cell.number for cell in vc.cells):
            message = f"virtual cluster '{vc.name}' has no cells, so only opportunistic jobs run in it"
            yield Problem(
                marks.key(*vc.path),
                "PAI183",
                message,
                "give it virtualCells or pinnedCells",
                Severity.WARNING,
            )
    claimed = {cell.id for vc in spec.virtual_clusters for cell in vc.pinned_cells}
    pins = [pin for pin in survey.pins if pin.id in claimed]
    yield from _check_unshared(marks, spec, chains, pins)
    uses = Counter(pin.id for pin in pins)
    doubtful = survey.uneven | {pin.chain.name for pin in pins if uses[pin.id] > 1}
    for chain in chains.values():
        if chain.name not in doubtful:
            free = free_cells(chain, survey.tops[chain.name], [pin for pin in pins if pin.chain is chain])
            yield from _check_quota(marks, chain, free, [share for share in shares if share.chain is chain])


def check_names(marks: Marks, clusters: Sequence[VirtualCluster]) -> Iterator[Problem]:
    """PAI175 to PAI177: a scheduler and a group can be named after each cluster; one is the default."""
    for vc in clusters:
        if not _LABEL.fullmatch(vc.name) or len(vc.name) > LONGEST_NAME:
            message = (
                f"'{vc.name}' can't name a virtual cluster: its scheduler is '{SCHEDULER_PREFIX}{vc.name}'"
            )
            hint = f"use at most {LONGEST_NAME} lower-case letters, digits and '-', with no '-' at an end"
            yield Problem(marks.key(*vc.path), "PAI175", message, hint)
        elif not _GROUP_NAME.fullmatch(vc.name):
            message = (
                f"rest-server can't make the group of virtual cluster '{vc.name}': group names have no '-'"
            )
            hint = "use lower-case letters and digits only"
            yield Problem(marks.key(*vc.path), "PAI176", message, hint, Severity.WARNING)
    if clusters and DEFAULT not in (vc.name for vc in clusters):
        message = "there is no virtual cluster 'default', which every user has and jobs that name none go to"
        yield Problem(
            marks.key("virtualClusters"), "PAI177", message, "name one of them 'default'", Severity.WARNING
        )


def _share(
    marks: Marks, vc: VirtualCluster, cell: VirtualCell, chains: Mapping[str, Chain]
) -> _Share | Problem:
    """Return which cells a virtual cell's path (`A.B`) stands for, or what is wrong with the path."""
    place = marks.at(*cell.path, "cellType")
    first, *rest = cell.cell_type.split(".")
    chain = chains.get(first)
    if chain is None:
        starts = [path for path in _paths(chains) if path.split(".")[-1] == cell.cell_type.split(".")[-1]]
        message = f"no cell of physicalCells is a '{first}', so '{cell.cell_type}' leads nowhere"
        hint = f"did you mean '{starts[0]}'?" if starts else suggest(first, chains)
        return Problem(place, "PAI178", message, hint)
    depth = 0
    for name in rest:
        below = chain.names[depth + 1 :]
        if name not in below:
            message = f"no '{name}' is inside a '{chain.names[depth]}' of the chain '{chain.name}'"
            hint = suggest(name, below) or f"inside are {' > '.join(below)}" if below else "it is a leaf cell"
            return Problem(place, "PAI179", message, hint)
        depth += 1 + below.index(name)
    return _Share(vc.name, cell, chain, depth)


def _paths(chains: Mapping[str, Chain]) -> Iterator[str]:
    """Yield every full path through the chains."""
    for chain in chains.values():
        for depth in range(len(chain.names)):
            yield ".".join(chain.names[: depth + 1])


def _check_skipped(marks: Marks, share: _Share) -> Iterator[Problem]:
    full = ".".join(share.chain.names[: share.depth + 1])
    if share.cell.cell_type != full:
        message = f"'{share.cell.cell_type}' leaves out cell types in between"
        yield Problem(
            marks.at(*share.cell.path, "cellType"), "PAI180", message, f"write '{full}'", Severity.WARNING
        )


def _check_unshared(
    marks: Marks, spec: HivedSpec, chains: Mapping[str, Chain], pins: Iterable[Pin]
) -> Iterator[Problem]:
    """PAI182: some virtual cluster has cells of every chain; without, HiveD v0.3.4 ends at start."""
    named = {cell.cell_type.split(".")[0] for vc in spec.virtual_clusters for cell in vc.cells}
    shared = named | {pin.chain.name for pin in pins}
    for name in chains:
        if name not in shared:
            cell = next(cell for cell in spec.physical_cells if cell.cell_type == name)
            message = f"no virtual cluster has cells of '{name}'; HiveD would end at start"
            hint = f"give a virtual cluster a share, if only with cellType: {name} and cellNumber: 0"
            yield Problem(marks.at(*cell.path, "cellType"), "PAI182", message, hint)


def _check_quota(
    marks: Marks, chain: Chain, free: Sequence[int], shares: Sequence[_Share]
) -> Iterator[Problem]:
    """PAI181: the cells that virtual clusters are guaranteed are there, level by level from the top.

    free holds by depth how many cells are whole and not pinned. HiveD itself (`initCellNums`) does not see
    that pinned cells split larger ones, and breaks later.
    """
    available = 0
    for depth, kind in enumerate(chain.names):
        available += free[depth]
        asked = [share for share in shares if share.depth == depth and share.cell.number > 0]
        needed = sum(share.cell.number for share in asked)
        if asked and needed > available:
            who = ", ".join(f"'{share.vc}' {share.cell.number}" for share in asked)
            message = f"{needed} cells of '{kind}' are given out ({who}); {available} are free"
            hint = "lower cellNumber; pinned cells and cells of larger types are taken out first"
            yield Problem(marks.at(*asked[-1].cell.path, "cellNumber"), "PAI181", message, hint)
            return
        available -= needed
        if depth < len(chain.levels):
            available *= chain.levels[depth].number
