"""HiveD's cells as people ask for them: chains, the shares of virtual clusters, and what is left."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from paichart.hived import HivedSpec, PhysicalCell, SkuType, VirtualCluster
from paichart.rules.hived.chains import Chain, build_chains

TIMES = "\N{MULTIPLICATION SIGN}"


@dataclass(frozen=True, slots=True)
class Quota:
    """Cells of one type that a virtual cluster has; `cells` counts leaf cells, `pin` is the pinned id."""

    number: int
    cell_type: str
    cells: int
    pin: str = ""


@dataclass(frozen=True, slots=True)
class Share:
    """What one virtual cluster has of a chain: its quotas, and their leaf cells of all the chain has."""

    name: str
    quotas: tuple[Quota, ...]
    of: int

    @property
    def cells(self) -> int:
        """Leaf cells of all quotas."""
        return sum(quota.cells for quota in self.quotas)

    @property
    def percent(self) -> float:
        """Part of the chain, from 0 to 100, with one digit behind the point."""
        return round(100 * self.cells / self.of, 1) if self.of else 0.0


@dataclass(frozen=True, slots=True)
class Branch:
    """One physical cell: type, address, pinned id, and the cells in it down to machines or pins."""

    cell_type: str
    address: str
    pin: str
    inner: tuple[Branch, ...] = ()

    @property
    def is_flat(self) -> bool:
        """Tell whether the cells in it have nothing to tell but where they are."""
        return not any(branch.inner or branch.pin for branch in self.inner)


@dataclass(frozen=True, slots=True)
class Tree:
    """One cell chain; `makeup` says how its leaf cells come about, `leaf` what a job gets with one."""

    name: str
    makeup: str
    leaf: str
    cells: int
    shares: tuple[Share, ...]
    branches: tuple[Branch, ...]

    @property
    def unassigned(self) -> Share:
        """What no virtual cluster has; jobs get it only as opportunistic ones."""
        left = self.cells - sum(share.cells for share in self.shares)
        return Share("", (Quota(left, "", left),), self.cells)


def trees(spec: HivedSpec) -> tuple[Tree, ...]:
    """Return every chain that has physical cells, in the order of the configuration."""
    skus = {sku.name: sku for sku in spec.sku_types}
    return tuple(_tree(spec, chain, skus) for chain in build_chains(spec).values())


def memory(mib: Fraction | int) -> str:
    """Return an amount of MiB in GiB, or below one GiB in MiB, with at most four digits."""
    return f"{float(mib / Fraction(1024)):.4g} GiB" if mib >= 1024 else f"{float(mib):.4g} MiB"


def _tree(spec: HivedSpec, chain: Chain, skus: Mapping[str, SkuType]) -> Tree:
    tops = [cell for cell in spec.physical_cells if cell.cell_type == chain.name]
    total = len(tops) * chain.leaves(0)
    pins = {id_: depth for top in tops for id_, depth in _pins(top, 0)}
    shares = (Share(vc.name, tuple(_quotas(vc, chain, pins)), total) for vc in spec.virtual_clusters)
    return Tree(
        chain.name,
        _makeup(len(tops), chain),
        _leaf(chain.leaf, skus),
        total,
        tuple(share for share in shares if share.quotas),
        tuple(_branch(top, chain, 0) for top in tops),
    )


def _quotas(vc: VirtualCluster, chain: Chain, pins: Mapping[str, int]) -> Iterator[Quota]:
    for cell in vc.cells:
        names = cell.cell_type.split(".")
        if names[0] == chain.name and names[-1] in chain.names:
            depth = chain.names.index(names[-1])
            yield Quota(cell.number, names[-1], cell.number * chain.leaves(depth))
    for pinned in vc.pinned_cells:
        if pinned.id in pins:
            depth = pins[pinned.id]
            yield Quota(1, chain.names[depth], chain.leaves(depth), pinned.id)


def _pins(cell: PhysicalCell, depth: int) -> Iterator[tuple[str, int]]:
    """Yield each pinned id at or below a cell, with its depth."""
    if cell.pinned_cell_id:
        yield cell.pinned_cell_id, depth
    for child in cell.children:
        yield from _pins(child, depth + 1)


def _branch(cell: PhysicalCell, chain: Chain, depth: int) -> Branch:
    """Return a cell as the page shows it: below machines only what leads to a pinned cell."""
    deepest = chain.node_depth if chain.node_depth is not None else len(chain.levels)
    shown = cell.children if depth < deepest else [child for child in cell.children if any(_pins(child, 0))]
    return Branch(
        chain.names[min(depth, len(chain.levels))],
        cell.address,
        cell.pinned_cell_id,
        tuple(_branch(child, chain, depth + 1) for child in shown),
    )


def _makeup(tops: int, chain: Chain) -> str:
    """Return how a chain is built, as a product: 2 pools times 4 v100-node times 8 v100."""
    numbers: Sequence[tuple[int, str]] = [
        (tops, chain.name),
        *((level.number, below) for level, below in zip(chain.levels, chain.names[1:], strict=True)),
    ]
    return f" {TIMES} ".join(f"{number:,} {name}" for number, name in numbers)


def _leaf(name: str, skus: Mapping[str, SkuType]) -> str:
    sku = skus.get(name)
    if sku is None:
        return ""
    device = f"{sku.gpu} device{'s' if sku.gpu > 1 else ''}, " if sku.gpu else ""
    return f"{device}{sku.cpu} cpu, {memory(sku.memory)}"
