"""HiveD's configuration as typed facts: SKU types, cell types, physical cells and virtual clusters.

The same types hold what is derived from a layout and what an admin wrote; `path` leads to its place there.
Format: HiveD v0.3.4, `pkg/api/config.go` and `pkg/api/types.go`; `skuTypes` is read by rest-server alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from paichart.model import is_true

Path = tuple[str | int, ...]

SCHEDULER_PREFIX = "hivedscheduler-ds-"
"""rest-server puts this and the virtual cluster's name into `schedulerName` of job pods."""

TUNING_KEYS = ("forcePodBindThreshold", "waitingPodSchedulingBlockMilliSec")
"""HiveD's top-level settings that an admin may give; addresses and credentials belong to the chart."""

_MEMORY = re.compile(r"([0-9]+)(Ki|Mi|Gi|Ti|)")
_BYTES_PER_UNIT = {"": 1, "Ki": 1 << 10, "Mi": 1 << 20, "Gi": 1 << 30, "Ti": 1 << 40}


@dataclass(frozen=True, slots=True)
class SkuType:
    """What a job gets with one leaf cell: devices, whole cores, memory in MiB (0: the figure is unusable)."""

    name: str
    cpu: int
    memory: int
    gpu: int = 0
    path: Path = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class CellType:
    """One way to build a cell: of how many children of which type, and whether it is a whole node."""

    name: str
    child: str
    number: int
    is_node: bool = False
    path: Path = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class PhysicalCell:
    """One real cell. Type and address are empty where HiveD infers them; no children means all of them."""

    cell_type: str = ""
    address: str = ""
    pinned_cell_id: str = ""
    children: tuple[PhysicalCell, ...] = ()
    path: Path = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class VirtualCell:
    """A share of a virtual cluster: cells of a type, named by its path from the top of its chain (`A.B`)."""

    cell_type: str
    number: int
    path: Path = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class PinnedCell:
    """A physical cell that a virtual cluster holds by its id."""

    id: str
    path: Path = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class VirtualCluster:
    """A tenant: its name and the cells it is guaranteed."""

    name: str
    cells: tuple[VirtualCell, ...] = ()
    pinned_cells: tuple[PinnedCell, ...] = ()
    path: Path = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class HivedSpec:
    """A whole HiveD configuration, everything in the order it was written or derived."""

    sku_types: tuple[SkuType, ...] = ()
    cell_types: tuple[CellType, ...] = ()
    physical_cells: tuple[PhysicalCell, ...] = ()
    virtual_clusters: tuple[VirtualCluster, ...] = ()
    tuning: tuple[tuple[str, int], ...] = ()

    @property
    def virtual_cluster_names(self) -> tuple[str, ...]:
        """Names of the virtual clusters, in order."""
        return tuple(vc.name for vc in self.virtual_clusters)


def read_config(config: Mapping[str, Any]) -> HivedSpec:
    """Return the spec in a parsed configuration, without what has the wrong shape (rules.hived tells)."""
    cluster = _mapping(config.get("physicalCluster"))
    here: Path = ("physicalCluster",)
    return HivedSpec(
        sku_types=tuple(
            SkuType(name, _whole(sku.get("cpu")), memory_mib(sku.get("memory")), _whole(sku.get("gpu")), path)
            for name, sku, path in _named(cluster.get("skuTypes"), (*here, "skuTypes"))
        ),
        cell_types=tuple(
            CellType(
                name,
                _text(cell.get("childCellType")),
                _whole(cell.get("childCellNumber")),
                is_true(cell.get("isNodeLevel")),
                path,
            )
            for name, cell, path in _named(cluster.get("cellTypes"), (*here, "cellTypes"))
        ),
        physical_cells=_physical_cells(cluster.get("physicalCells"), (*here, "physicalCells")),
        virtual_clusters=tuple(
            _virtual_cluster(name, vc, path)
            for name, vc, path in _named(config.get("virtualClusters"), ("virtualClusters",))
        ),
        tuning=tuple((key, _whole(config[key])) for key in TUNING_KEYS if config.get(key) is not None),
    )


def memory_mib(value: object) -> int:
    """Return a SKU's memory in whole MiB as rest-server reads it; 0 for what it can't read.

    It takes text alone: digits with Ki, Mi, Gi or Ti, or bytes without a unit (`src/utils/k8sUtils.js`).
    """
    match = _MEMORY.fullmatch(value) if isinstance(value, str) else None
    return int(match[1]) * _BYTES_PER_UNIT[match[2]] // _BYTES_PER_UNIT["Mi"] if match else 0


def _physical_cells(items: object, path: Path) -> tuple[PhysicalCell, ...]:
    return tuple(
        PhysicalCell(
            _text(cell.get("cellType")),
            _text(cell.get("cellAddress")),
            _text(cell.get("pinnedCellId")),
            _physical_cells(cell.get("cellChildren"), (*here, "cellChildren")),
            here,
        )
        for cell, here in _listed(items, path)
    )


def _virtual_cluster(name: str, vc: Mapping[str, Any], path: Path) -> VirtualCluster:
    return VirtualCluster(
        name,
        tuple(
            VirtualCell(_text(cell.get("cellType")), _whole(cell.get("cellNumber")), here)
            for cell, here in _listed(vc.get("virtualCells"), (*path, "virtualCells"))
        ),
        tuple(
            PinnedCell(_text(cell.get("pinnedCellId")), here)
            for cell, here in _listed(vc.get("pinnedCells"), (*path, "pinnedCells"))
        ),
        path,
    )


def _named(value: object, path: Path) -> Iterator[tuple[str, Mapping[str, Any], Path]]:
    """Yield name, content and path of each entry of a mapping of mappings."""
    for name, content in _mapping(value).items():
        yield name, _mapping(content), (*path, name)


def _listed(value: object, path: Path) -> Iterator[tuple[Mapping[str, Any], Path]]:
    """Yield content and path of each mapping in a list."""
    for i, content in enumerate(value if isinstance(value, list) else ()):
        if isinstance(content, Mapping):
            yield content, (*path, i)


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _text(value: object) -> str:
    """Return a name or address as text: device addresses are often written as bare numbers."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""


def _whole(value: object) -> int:
    """Return a whole number, also one written as text; 0 for anything else."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return int(value) if isinstance(value, str) and re.fullmatch("[0-9]{1,18}", value) else 0
