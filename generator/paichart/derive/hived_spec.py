"""HiveD's configuration from the layout: a pool of nodes and a virtual cluster a SKU, sized as in legacy.

Names, order and rounding are legacy's (`openpai_generator.py` and its services-configuration.yaml.template).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from paichart.derive.hived import is_hived_on
from paichart.derive.resources import Reserve, Resources, distinct, least, reserve_of, usual
from paichart.hived import (
    CellType,
    HivedSpec,
    PhysicalCell,
    SkuType,
    VirtualCell,
    VirtualCluster,
    read_config,
)
from paichart.model import Capacity, Cluster, Machine, Sku
from paichart.names import some_names
from paichart.problems import Problem, Severity
from paichart.source import parse

NOTICEABLE_MEMORY = Fraction(1, 100)
"""Nodes of one kind differ by a few MiB; a worker is named only when it lacks more than this share."""


@dataclass(frozen=True, slots=True)
class _Pool:
    """The workers of one SKU with what each has left for jobs; `k` counts SKUs by first appearance."""

    k: int
    sku: Sku
    workers: tuple[Machine, ...]
    left: tuple[Resources, ...]


@dataclass(frozen=True, slots=True)
class _Cells:
    """How a node of a SKU is cut: into so many cells, each of whole cores and whole MiB."""

    number: int
    cpu: int
    memory: int

    @property
    def is_usable(self) -> bool:
        """Tell whether a job can run in such a cell."""
        return min(self.number, self.cpu, self.memory) >= 1

    def __str__(self) -> str:
        return f"{self.number} cells of {self.cpu} cpu and {self.memory}Mi"


def derive_hived_spec(cluster: Cluster) -> tuple[HivedSpec | None, tuple[Problem, ...]]:
    """Return HiveD's specification and what is wrong with it; None when HiveD is off.

    One that services-configuration.yaml gives is taken as it is; :mod:`paichart.rules` has checked it.
    """
    if not is_hived_on(cluster):
        return None, ()
    given = cluster.services.text("hivedscheduler", "config").strip()
    if given:
        return _read(given), ()
    groups = cluster.workers_by_sku
    problems = list(_check_sku_names(groups))
    pools = []
    for k, (sku, workers) in enumerate(groups.items()):
        left, faults = _left_on(cluster, sku, workers)
        problems += faults
        if not faults:
            pools.append(_Pool(k, sku, workers, left))
    cut = [(pool, _cut(pool.sku, least(pool.left))) for pool in pools]
    for pool, cells in cut:
        problems += _check_cells(pool, cells)
        problems += _check_weakest(pool, cells)
    return _spec([(pool, cells) for pool, cells in cut if cells.is_usable]), tuple(problems)


@lru_cache(maxsize=2)
def _read(text: str) -> HivedSpec:
    """Return the specification in a text of YAML; several subcharts ask for it, and large ones take time."""
    return read_config(parse(text.encode(), "hivedscheduler.config").data or {})


def _cut(sku: Sku, left: Resources) -> _Cells:
    """Return how a node with so much left is cut: a cell a device, or a cell a core without devices."""
    if sku.device is None:
        number = int(left.cpu)
        return _Cells(number, 1, int(left.memory / left.cpu))
    parts = sku.device.count
    return _Cells(parts, int(left.cpu / parts), int(left.memory / parts))


def _left_on(
    cluster: Cluster, sku: Sku, workers: Sequence[Machine]
) -> tuple[tuple[Resources, ...], list[Problem]]:
    """Return what each worker of a SKU has left for jobs, or why that can't be told."""
    reserve = reserve_of(cluster)
    unknown = [
        worker for worker in workers if cluster.capacity is not None and worker.name not in cluster.capacity
    ]
    if unknown:
        return (), [_unrecorded(unknown)]
    if cluster.capacity is None:
        node = Capacity(sku.cpu, sku.memory)
        of_master, of_others = reserve.left(node, is_master=True), reserve.left(node, is_master=False)
        left = tuple(of_master if worker.is_master else of_others for worker in workers)
    else:
        left = tuple(reserve.left(cluster.capacity[worker.name], worker.is_master) for worker in workers)
    empty = {id(rest) for rest in distinct(left) if not rest.is_positive}
    full = [(worker, rest) for worker, rest in zip(workers, left, strict=True) if id(rest) in empty]
    return left, [_exhausted(sku, full, reserve)] if full else []


def _spec(cut: Sequence[tuple[_Pool, _Cells]]) -> HivedSpec:
    """Return the specification of pools that are cut into cells."""
    return HivedSpec(
        sku_types=tuple(
            SkuType(pool.sku.name, cells.cpu, cells.memory, gpu=1 if pool.sku.device else 0)
            for pool, cells in cut
        ),
        cell_types=tuple(cell_type for pool, cells in cut for cell_type in _cell_types(pool, cells)),
        physical_cells=tuple(
            PhysicalCell(
                _pool_type(pool.sku),
                children=tuple(PhysicalCell(address=worker.name) for worker in pool.workers),
            )
            for pool, _ in cut
        ),
        virtual_clusters=tuple(
            VirtualCluster(
                f"vc{pool.k}" if pool.k else "default",
                (VirtualCell(f"{_pool_type(pool.sku)}.{_node_type(pool.sku)}", len(pool.workers)),),
            )
            for pool, _ in cut
        ),
    )


def _cell_types(pool: _Pool, cells: _Cells) -> tuple[CellType, CellType]:
    node = CellType(_node_type(pool.sku), pool.sku.name, cells.number, is_node=True)
    return node, CellType(_pool_type(pool.sku), node.name, len(pool.workers))


def _node_type(sku: Sku) -> str:
    return f"{sku.name}-NODE"


def _pool_type(sku: Sku) -> str:
    return f"{sku.name}-NODE-POOL"


def _check_sku_names(groups: Mapping[Sku, Sequence[Machine]]) -> Iterator[Problem]:
    """PAI194: the name of a worker's SKU can be a HiveD cell type, and is none made for another SKU."""
    made = {make(sku): sku for sku in groups for make in (_node_type, _pool_type)}
    for sku, workers in groups.items():
        if "." in sku.name:
            message = (
                f"the SKU name '{sku.name}' has a dot, which separates cell types in a virtual cluster's path"
            )
        elif sku.name in made:
            message = (
                f"the SKU name '{sku.name}' is also the cell type that is made for '{made[sku.name].name}'"
            )
        else:
            continue
        yield Problem(workers[0].span, "PAI194", message, "rename the SKU in machine-sku and machine-list")


def _unrecorded(workers: Sequence[Machine]) -> Problem:
    message = f"capacity.yaml has no figures for {some_names([worker.name for worker in workers])}"
    hint = (
        "run `paichart capacity --from-cluster` again, or remove capacity.yaml to size cells from the layout"
    )
    return Problem(workers[0].span, "PAI192", message, hint)


def _exhausted(sku: Sku, full: Sequence[tuple[Machine, Resources]], reserve: Reserve) -> Problem:
    worker, rest = full[0]
    kept = reserve.worker + reserve.master if worker.is_master else reserve.worker
    message = (
        f"nothing is left for jobs on {some_names([worker.name for worker, _ in full])} (SKU '{sku.name}'): "
        f"{_amount(rest)} after requests, legacy's 1 % margin and reservations of {_amount(kept)}"
    )
    hint = "lower paichart.node-reservation or paichart.master-reservation, or free the node"
    return Problem(worker.span, "PAI190", message, hint)


def _check_cells(pool: _Pool, cells: _Cells) -> Iterator[Problem]:
    """PAI191: every cell of a SKU has at least one core and one MiB, and every node has a cell."""
    if cells.is_usable:
        return
    left = least(pool.left)
    if pool.sku.device:
        message = (
            f"SKU '{pool.sku.name}' has {_amount(left)} for {pool.sku.device.count} devices: "
            "a cell of one device would have no core or no memory"
        )
        hint = "lower paichart.node-reservation, or give the SKU a core and memory for each device"
    else:
        message = f"SKU '{pool.sku.name}' has {_amount(left)} left for jobs, which makes no cell of one core"
        hint = "a worker without devices needs more than one core beside what is reserved"
    yield Problem(pool.workers[0].span, "PAI191", message, hint)


def _check_weakest(pool: _Pool, cells: _Cells) -> Iterator[Problem]:
    """PAI193: no worker has noticeably less than most of its SKU: the least sets every cell's size."""
    most = usual(pool.left)
    parts = pool.sku.device.count if pool.sku.device else 1
    cpu, memory = int(most.cpu / parts) * parts, most.memory * (1 - NOTICEABLE_MEMORY)
    less = {id(rest) for rest in distinct(pool.left) if rest.cpu < cpu or rest.memory < memory}
    weak = [worker for worker, rest in zip(pool.workers, pool.left, strict=True) if id(rest) in less]
    if weak:
        names = some_names([worker.name for worker in weak])
        message = (
            f"most workers of SKU '{pool.sku.name}' have more left for jobs than {names}: "
            f"each node is cut into {cells} instead of {_cut(pool.sku, most)}"
        )
        hint = "give it a SKU of its own in machine-sku, or free what it runs"
        yield Problem(weak[0].span, "PAI193", message, hint, Severity.WARNING)


def _amount(amount: Resources) -> str:
    return f"{float(amount.cpu):g} cores and {float(amount.memory):g} MiB"
