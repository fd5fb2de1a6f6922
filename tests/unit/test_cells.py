"""HiveD's cells as people ask for them: what a virtual cluster has of a chain, pins, and what is left."""

from __future__ import annotations

import yaml

from paichart.cells import Branch, Tree, trees
from paichart.hived import read_config

# Two pools of 3 nodes with 4 devices each: 24 leaf cells. One node of the second pool is pinned, and one
# device of another.
CONFIG = """
physicalCluster:
  skuTypes:
    v100: {gpu: 1, cpu: 5, memory: 51200Mi}
    cpu: {cpu: 1, memory: 512Mi}
  cellTypes:
    v100-node: {childCellType: v100, childCellNumber: 4, isNodeLevel: true}
    v100-pool: {childCellType: v100-node, childCellNumber: 3}
    cpu-node: {childCellType: cpu, childCellNumber: 16, isNodeLevel: true}
  physicalCells:
  - cellType: v100-pool
    cellChildren: [{cellAddress: a1}, {cellAddress: a2}, {cellAddress: a3}]
  - cellType: v100-pool
    cellChildren:
    - {cellAddress: b1, pinnedCellId: demo}
    - {cellAddress: b2, cellChildren: [{}, {}, {pinnedCellId: one-device}, {}]}
    - {cellAddress: b3}
  - {cellType: cpu-node, cellAddress: c1}
virtualClusters:
  default:
    virtualCells:
    - {cellType: v100-pool, cellNumber: 1}
    - {cellType: cpu-node, cellNumber: 1}
  vision:
    virtualCells: [{cellType: v100-pool.v100-node.v100, cellNumber: 2}]
    pinnedCells: [{pinnedCellId: demo}, {pinnedCellId: one-device}]
"""


def chains() -> tuple[Tree, ...]:
    return trees(read_config(yaml.safe_load(CONFIG)))


def test_leaf_cells_are_counted_over_all_physical_cells_of_a_chain():
    assert [(tree.name, tree.cells) for tree in chains()] == [("v100-pool", 24), ("cpu-node", 16)]


def test_shares_add_up_with_what_is_unassigned():
    v100 = chains()[0]
    # default: one pool, 12; vision: 2 devices, a pinned node of 4, a pinned device; left: 24 - 19
    assert [(share.name, share.cells, share.percent) for share in v100.shares] == [
        ("default", 12, 50.0),
        ("vision", 7, 29.2),
    ]
    assert (v100.unassigned.cells, v100.unassigned.percent) == (5, 20.8)


def test_quotas_tell_cell_types_and_pins():
    vision = chains()[0].shares[1]
    assert [(quota.number, quota.cell_type, quota.pin) for quota in vision.quotas] == [
        (2, "v100", ""),
        (1, "v100-node", "demo"),
        (1, "v100", "one-device"),
    ]


def test_a_virtual_cluster_without_a_part_of_a_chain_is_not_told_there():
    assert [share.name for share in chains()[1].shares] == ["default"]
    assert chains()[1].unassigned.cells == 0


def test_the_makeup_multiplies_up_to_the_leaf_cells():
    v100, cpu = chains()
    assert v100.makeup == "2 v100-pool × 3 v100-node × 4 v100"  # noqa: RUF001
    assert v100.leaf == "1 device, 5 cpu, 50 GiB"
    assert cpu.leaf == "1 cpu, 512 MiB"


def test_physical_cells_end_at_machines_but_where_something_below_is_pinned():
    first, second = chains()[0].branches
    assert first.is_flat
    assert [branch.address for branch in first.inner] == ["a1", "a2", "a3"]
    assert second.inner == (
        Branch("v100-node", "b1", "demo"),
        Branch("v100-node", "b2", "", (Branch("v100", "", "one-device"),)),
        Branch("v100-node", "b3", ""),
    )
