"""A HiveD specification in the structure of hivedscheduler.yaml."""

from __future__ import annotations

from paichart.derive.json import Json
from paichart.hived import CellType, HivedSpec, PhysicalCell, SkuType, VirtualCluster


def as_config(spec: HivedSpec) -> dict[str, Json]:
    """Return spec in the structure of hivedscheduler.yaml, without what the chart adds."""
    return {
        **dict(spec.tuning),
        "physicalCluster": {
            "skuTypes": {sku.name: _sku_config(sku) for sku in spec.sku_types},
            "cellTypes": {cell.name: _cell_type_config(cell) for cell in spec.cell_types},
            "physicalCells": [_physical_config(cell) for cell in spec.physical_cells],
        },
        "virtualClusters": {vc.name: _virtual_config(vc) for vc in spec.virtual_clusters},
    }


def _sku_config(sku: SkuType) -> dict[str, Json]:
    config: dict[str, Json] = {"gpu": sku.gpu} if sku.gpu else {}
    return {**config, "cpu": sku.cpu, "memory": f"{sku.memory}Mi"}


def _cell_type_config(cell: CellType) -> dict[str, Json]:
    config: dict[str, Json] = {"childCellType": cell.child, "childCellNumber": cell.number}
    return {**config, "isNodeLevel": True} if cell.is_node else config


def _physical_config(cell: PhysicalCell) -> dict[str, Json]:
    config: dict[str, Json] = {}
    if cell.cell_type:
        config["cellType"] = cell.cell_type
    if cell.address:
        config["cellAddress"] = cell.address
    if cell.pinned_cell_id:
        config["pinnedCellId"] = cell.pinned_cell_id
    if cell.children:
        config["cellChildren"] = [_physical_config(child) for child in cell.children]
    return config


def _virtual_config(vc: VirtualCluster) -> dict[str, Json]:
    config: dict[str, Json] = {}
    if vc.cells:
        config["virtualCells"] = [
            {"cellType": cell.cell_type, "cellNumber": cell.number} for cell in vc.cells
        ]
    if vc.pinned_cells:
        config["pinnedCells"] = [{"pinnedCellId": cell.id} for cell in vc.pinned_cells]
    return config
