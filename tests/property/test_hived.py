"""HiveD's cells of any layout: nothing is lost, doubled or oversold, and HiveD would run with them."""

from __future__ import annotations

import textwrap
from fractions import Fraction

import yaml
from hypothesis import given
from hypothesis import strategies as st

from paichart.derive.hived_config import as_config
from paichart.derive.hived_spec import derive_hived_spec
from paichart.hived import HivedSpec, read_config
from paichart.model import Capacity, Cluster, Device, Machine, Settings, Sku
from paichart.problems import has_errors
from paichart.rules.hived import check_hived_config
from paichart.rules.hived.nodes import Host
from paichart.rules.subject import Row, SkuRow
from paichart.source import parse, parse_embedded

NAMES = st.text("abcdefgh-019AZ_ ", min_size=1, max_size=12).map(str.strip).filter(bool)
DEVICES = st.builds(
    Device, st.sampled_from(["nvidia.com/gpu", "amd.com/gpu"]), st.just("m"), st.integers(1, 16)
)
SKUS = st.builds(
    Sku,
    NAMES,
    st.integers(1, 2560).map(lambda tenths: Fraction(tenths, 10)),
    st.integers(1024, 4 * 1024**2).map(Fraction),
    st.none() | DEVICES,
)


@st.composite
def clusters(draw: st.DrawFn) -> Cluster:
    """Draw a checked layout: some SKUs, one master, workers of mixed SKUs, perhaps recorded capacity."""
    skus = draw(st.lists(SKUS, min_size=1, max_size=4, unique_by=lambda sku: sku.name))
    kinds = draw(st.lists(st.sampled_from(skus), min_size=1, max_size=12))
    workers = [Machine(f"worker-{i}", f"10.0.0.{i}", sku, is_worker=True) for i, sku in enumerate(kinds)]
    master = Machine("master", "10.0.1.1", skus[0], is_master=True, is_worker=draw(st.booleans()))
    machines = draw(st.permutations([master, *workers]))
    reservation = {"cpu": draw(st.sampled_from(["0", "500m"])), "memory": draw(st.sampled_from(["0", "1Gi"]))}
    config = {
        "qos-switch": draw(st.booleans()),
        "paichart": {"node-reservation": reservation, "master-reservation": {"cpu": "2", "memory": "8Gi"}},
    }
    capacity = draw(st.none() | st.just({machine.name: draw(capacities(machine)) for machine in machines}))
    return Cluster(tuple(machines), {sku.name: sku for sku in skus}, Settings(config), Settings({}), capacity)


@st.composite
def capacities(draw: st.DrawFn, machine: Machine) -> Capacity:
    """Draw what a node offers and what runs there: at most what its SKU says, at most half of it in use."""
    cpu = machine.sku.cpu * draw(st.sampled_from([Fraction(1), Fraction(9, 10)]))
    memory = machine.sku.memory - draw(st.integers(0, 512))
    return Capacity(
        cpu, memory, cpu * Fraction(draw(st.integers(0, 50)), 100), Fraction(draw(st.integers(0, 256)))
    )


def host(machine: Machine) -> Host:
    device = machine.sku.device
    sku = SkuRow(
        machine.sku.name,
        machine.sku.cpu,
        machine.sku.memory,
        device.type if device else "",
        device.count if device else None,
    )
    return Host(
        Row(0, machine.name, machine.address, sku.name, machine.is_master, machine.is_worker, False), sku
    )


def derived(cluster: Cluster) -> HivedSpec | None:
    """Return the specification, None for a layout that leaves some SKU without a cell."""
    spec, problems = derive_hived_spec(cluster)
    return None if has_errors(problems) else spec


@given(clusters())
def test_every_worker_is_in_one_cell_and_every_cell_in_one_virtual_cluster(cluster: Cluster) -> None:
    spec = derived(cluster)
    if spec is None:
        return
    nodes = [child.address for cell in spec.physical_cells for child in cell.children]
    assert sorted(nodes) == sorted(worker.name for worker in cluster.workers)
    numbers = {cell_type.name: cell_type.number for cell_type in spec.cell_types}
    sizes = {cell.cell_type: len(cell.children) for cell in spec.physical_cells}
    quotas: dict[str, int] = {}
    for vc in spec.virtual_clusters:
        for share in vc.cells:
            pool = share.cell_type.split(".")[0]
            quotas[pool] = quotas.get(pool, 0) + share.number
    assert quotas == sizes == {pool: numbers[pool] for pool in sizes}


@given(clusters())
def test_the_cells_of_a_node_never_need_more_than_it_has(cluster: Cluster) -> None:
    spec = derived(cluster)
    if spec is None:
        return
    skus = {sku.name: sku for sku in spec.sku_types}
    numbers = {cell_type.child: cell_type.number for cell_type in spec.cell_types if cell_type.is_node}
    for worker in cluster.workers:
        sku, number = skus[worker.sku.name], numbers[worker.sku.name]
        node = cluster.capacity[worker.name] if cluster.capacity is not None else None
        cpu = node.cpu - node.cpu_requested if node else worker.sku.cpu
        memory = node.memory - node.memory_requested if node else worker.sku.memory
        assert number * sku.cpu <= cpu
        assert number * sku.memory <= memory
        assert min(number, sku.cpu, sku.memory) >= 1


@given(clusters())
def test_what_is_derived_passes_the_rules_for_what_is_given(cluster: Cluster) -> None:
    spec = derived(cluster)
    if spec is None:
        return
    text = yaml.safe_dump(as_config(spec), sort_keys=False)
    outer = parse(f"hivedscheduler:\n  config: |\n{textwrap.indent(text, '    ')}".encode(), "services.yaml")
    config = parse_embedded(outer, "hivedscheduler", "config")
    assert outer.problems == config.problems == ()
    assert read_config(config.data) == spec
    hosts = {machine.name: host(machine) for machine in cluster.machines}
    assert list(check_hived_config(config, hosts)) == []


@given(clusters())
def test_the_same_layout_gives_the_same_cells(cluster: Cluster) -> None:
    assert derive_hived_spec(cluster) == derive_hived_spec(cluster)
