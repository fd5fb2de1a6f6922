"""HiveD's cells from SKU figures. Expected numbers are legacy's, worked by hand from its arithmetic:

available = allocatable - requests - min(1 %, 0.5 cores or 1024 MiB) - daemons; each SKU's least is divided.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import pytest

from paichart.derive.hived import default_device_type, is_hived_on, scheduler_name
from paichart.derive.hived_config import as_config
from paichart.derive.hived_spec import derive_hived_spec
from paichart.hived import HivedSpec
from paichart.model import Capacity, Cluster, Device, Machine, Settings, Sku
from paichart.problems import Problem, Severity, Span

GI = 1024
NO_RESERVATION = {"node-reservation": {"cpu": "0", "memory": "0"}}
DEFAULT_RESERVATION = {"node-reservation": {"cpu": "500m", "memory": "1Gi"}}


def sku(name: str, cpu: float, memory_gi: float, devices: int = 0, kind: str = "nvidia.com/gpu") -> Sku:
    device = Device(kind, "model", devices) if devices else None
    return Sku(name, Fraction(str(cpu)), Fraction(str(memory_gi)) * GI, device)


def workers(of: Sku, count: int, prefix: str = "") -> list[Machine]:
    names = [f"{prefix or of.name}-{i}" for i in range(count)]
    return [Machine(name, "10.0.0.1", of, is_worker=True, span=Span("layout.yaml", 9)) for name in names]


def cluster(
    machines: Sequence[Machine],
    config: Mapping[str, Any] | None = None,
    *,
    services: Mapping[str, Any] | None = None,
    capacity: Mapping[str, Capacity] | None = None,
    reservation: Mapping[str, Any] = NO_RESERVATION,
) -> Cluster:
    settings = {"paichart": dict(reservation), **(config or {})}
    skus = {machine.sku.name: machine.sku for machine in machines}
    return Cluster(tuple(machines), skus, Settings(settings), Settings(services or {}), capacity)


def derived(of: Cluster) -> HivedSpec:
    spec, problems = derive_hived_spec(of)
    assert spec is not None
    assert problems == ()
    return spec


def problem_of(of: Cluster) -> Problem:
    (problem,) = derive_hived_spec(of)[1]
    return problem


# id, SKU, workers, qos-switch, (cells a node, cpu, MiB). Sources: HIVED.md's worked cases, CONFIG.md 3.6.
WORKED = [
    ("seed", sku("k80", 24, 220, 4), 2, "false", (4, 5, 56064)),
    ("seed-qos", sku("k80", 24, 220, 4), 2, "true", (4, 5, 55872)),
    ("cpu-64", sku("cpu", 64, 100), 1, "false", (63, 1, 1596)),
    ("cpu-64-qos", sku("cpu", 64, 100), 1, "true", (63, 1, 1584)),
    ("cpu-8", sku("cpu", 8, 32), 3, "false", (7, 1, 4096)),
    ("v100-qos", sku("v100", 40, 448, 8), 1, "true", (8, 4, 57120)),
    ("t4-qos", sku("t4", 6, 55, 1), 1, "true", (1, 5, 54988)),
    ("amd", sku("mi50", 64, 512, 8, "amd.com/gpu"), 1, "false", (8, 7, 65408)),
]


@pytest.mark.parametrize(
    ("of", "count", "qos", "expected"), [pytest.param(*row[1:], id=row[0]) for row in WORKED]
)
def test_cells_are_as_large_as_legacy_made_them(
    of: Sku, count: int, qos: str, expected: tuple[int, int, int]
) -> None:
    spec = derived(cluster(workers(of, count), {"qos-switch": qos}))
    node = next(cell_type for cell_type in spec.cell_types if cell_type.is_node)
    assert (node.number, spec.sku_types[0].cpu, spec.sku_types[0].memory) == expected


# With 500m and 1Gi kept free: seed (24 - 0.24 - 0.5) / 4 = 5.8 → 5, (225280 - 1024 - 1024) / 4 = 55808;
# 64 cores: 64 - 0.5 - 0.5 = 63, (102400 - 1024 - 1024) / 63 = 1592.9.
@pytest.mark.parametrize(
    ("of", "expected"), [(sku("k80", 24, 220, 4), (4, 5, 55808)), (sku("cpu", 64, 100), (63, 1, 1592))]
)
def test_the_default_reservation_is_taken_from_every_worker(of: Sku, expected: tuple[int, int, int]) -> None:
    spec = derived(cluster(workers(of, 2), reservation=DEFAULT_RESERVATION))
    assert (spec.cell_types[0].number, spec.sku_types[0].cpu, spec.sku_types[0].memory) == expected


# dshuttle.md: the worker asks for 2G, the job worker for 1G, the CSI daemon for 4G: 7 * 10^9
# bytes are 6675.7 MiB. Seed: (225280 - 1024 - 6675.7) / 4 = 54395.07; with qos-switch 768 MiB less: 54203.07.
# With 1Gi for the CSI daemon: 3 * 10^9 bytes are 2861.02 MiB; (225280 - 1024 - 2861.02 - 1024) / 4 = 55092.7.
@pytest.mark.parametrize(
    ("qos", "settings", "memory"),
    [("false", {}, 54395), ("true", {}, 54203), ("false", {"csi_daemon_request_mem": "1Gi"}, 55092)],
)
def test_what_dshuttle_takes_of_a_worker_is_no_jobs(qos: str, settings: dict[str, Any], memory: int) -> None:
    asked = {"worker_request_mem": "2G", "job_worker_request_mem": "1G", "csi_daemon_request_mem": "4G"}
    services = {"cluster": {"common": {"dshuttle": "true"}}, "dshuttle": {**asked, **settings}}
    given = cluster(workers(sku("k80", 24, 220, 4), 2), {"qos-switch": qos}, services=services)
    assert derived(given).sku_types[0].memory == memory
    without = cluster(workers(sku("k80", 24, 220, 4), 2), services={"dshuttle": services["dshuttle"]})
    assert derived(without).sku_types[0].memory == 56064


def test_the_seed_gives_legacys_configuration() -> None:
    machines = [
        Machine("pai-master", "10.0.0.1", sku("master-machine", 24, 60), is_master=True),
        *workers(sku("gpu-machine", 24, 220, 4), 2, "pai-worker"),
    ]
    assert as_config(derived(cluster(machines))) == {
        "physicalCluster": {
            "skuTypes": {"gpu-machine": {"gpu": 1, "cpu": 5, "memory": "56064Mi"}},
            "cellTypes": {
                "gpu-machine-NODE": {
                    "childCellType": "gpu-machine",
                    "childCellNumber": 4,
                    "isNodeLevel": True,
                },
                "gpu-machine-NODE-POOL": {"childCellType": "gpu-machine-NODE", "childCellNumber": 2},
            },
            "physicalCells": [
                {
                    "cellType": "gpu-machine-NODE-POOL",
                    "cellChildren": [{"cellAddress": "pai-worker-0"}, {"cellAddress": "pai-worker-1"}],
                }
            ],
        },
        "virtualClusters": {
            "default": {
                "virtualCells": [{"cellType": "gpu-machine-NODE-POOL.gpu-machine-NODE", "cellNumber": 2}]
            }
        },
    }


def test_skus_and_virtual_clusters_follow_the_first_worker_of_each_sku() -> None:
    cpu, gpu, amd = sku("cpu", 8, 32), sku("gpu", 24, 220, 4), sku("amd", 64, 512, 8)
    first, second = workers(cpu, 2)
    spec = derived(cluster([first, *workers(gpu, 1), *workers(amd, 3), second]))
    assert [of.name for of in spec.sku_types] == ["cpu", "gpu", "amd"]
    assert spec.virtual_cluster_names == ("default", "vc1", "vc2")
    assert [cell.number for vc in spec.virtual_clusters for cell in vc.cells] == [2, 1, 3]
    assert [child.address for child in spec.physical_cells[0].children] == ["cpu-0", "cpu-1"]


def test_the_least_of_a_sku_is_taken_for_each_resource_on_its_own() -> None:
    machines = workers(sku("cpu", 8, 32), 3)
    full = Capacity(Fraction(8), Fraction(32 * GI))
    capacity = {
        "cpu-0": full,
        "cpu-1": Capacity(full.cpu, full.memory, cpu_requested=Fraction(4)),
        "cpu-2": Capacity(full.cpu, full.memory, memory_requested=Fraction(16 * GI)),
    }
    # 8 - 4 - 0.08 = 3.92 cores; 32768 - 16384 - 327.68 = 16056.32 MiB; 16056.32 / 3.92 = 4096
    spec, _ = derive_hived_spec(cluster(machines, capacity=capacity))
    assert spec is not None
    assert (spec.cell_types[0].number, spec.sku_types[0].memory) == (3, 4096)


def test_recorded_figures_replace_those_of_the_layout_and_the_node_reservation() -> None:
    machines = workers(sku("gpu", 96, 900, 4), 1)
    capacity = {"gpu-0": Capacity(Fraction(24), Fraction(220 * GI))}
    spec = derived(cluster(machines, capacity=capacity, reservation=DEFAULT_RESERVATION))
    assert (spec.sku_types[0].cpu, spec.sku_types[0].memory) == (5, 56064)


def test_a_shared_master_keeps_the_master_reservation() -> None:
    shared = Machine("box", "10.0.0.1", sku("box", 16, 64, 1), is_master=True, is_worker=True)
    reservation = {**NO_RESERVATION, "master-reservation": {"cpu": 2, "memory": "8Gi"}}
    spec = derived(cluster([shared], reservation=reservation))
    # 16 - 0.16 - 2 = 13.84; 65536 - 655.36 - 8192 = 56688.64
    assert (spec.sku_types[0].cpu, spec.sku_types[0].memory) == (13, 56688)


def test_a_master_that_is_no_worker_has_no_cell() -> None:
    master = Machine("m", "10.0.0.9", sku("cpu", 8, 32), is_master=True)
    spec = derived(cluster([master, *workers(sku("cpu", 8, 32), 1)]))
    assert [child.address for child in spec.physical_cells[0].children] == ["cpu-0"]


# id, cluster, code, part of the message
FAULTS = [
    (
        "no-capacity",
        cluster(workers(sku("cpu", 1, 1), 1), reservation=DEFAULT_RESERVATION),
        "PAI190",
        "'cpu-0'",
    ),
    ("no-cell", cluster(workers(sku("cpu", 1, 32), 1)), "PAI191", "makes no cell"),
    ("no-core-a-device", cluster(workers(sku("gpu", 3, 64, 4), 1)), "PAI191", "4 devices"),
    ("no-memory-a-core", cluster(workers(sku("cpu", 64, 0.04), 1)), "PAI191", "SKU 'cpu'"),
    ("unrecorded", cluster(workers(sku("cpu", 8, 32), 7), capacity={}), "PAI192", "'cpu-4' and 2 more"),
    ("dot-in-name", cluster(workers(sku("v100.8x", 8, 32), 1)), "PAI194", "has a dot"),
    (
        "name-of-a-made-type",
        cluster([*workers(sku("a", 8, 32), 1), *workers(sku("a-NODE", 8, 32), 1)]),
        "PAI194",
        "made for 'a'",
    ),
]


@pytest.mark.parametrize(("of", "code", "words"), [pytest.param(*row[1:], id=row[0]) for row in FAULTS])
def test_a_layout_without_usable_cells_is_an_error(of: Cluster, code: str, words: str) -> None:
    problem = problem_of(of)
    assert (problem.code, problem.severity, problem.span.line) == (code, Severity.ERROR, 9)
    assert words in problem.message


def test_workers_that_cost_their_sku_are_named_with_the_cost() -> None:
    machines = workers(sku("gpu", 24, 220, 4), 4)
    capacity = {machine.name: Capacity(Fraction(24), Fraction(220 * GI)) for machine in machines}
    capacity["gpu-2"] = Capacity(Fraction(16), Fraction(220 * GI))
    problem = problem_of(cluster(machines, capacity=capacity))
    assert (problem.code, problem.severity) == ("PAI193", Severity.WARNING)
    assert "'gpu-2'" in problem.message
    assert "4 cells of 3 cpu and 56064Mi instead of 4 cells of 5 cpu and 56064Mi" in problem.message


def test_a_few_mebibytes_less_are_not_worth_a_warning() -> None:
    machines = workers(sku("gpu", 24, 220, 4), 4)
    capacity = {
        machine.name: Capacity(Fraction(24), Fraction(220 * GI - 7 * i)) for i, machine in enumerate(machines)
    }
    assert derive_hived_spec(cluster(machines, capacity=capacity))[1] == ()


def test_a_sku_with_a_fault_does_not_hide_the_faults_of_others() -> None:
    machines = [*workers(sku("cpu", 1, 32), 1), *workers(sku("gpu", 3, 64, 4), 1)]
    spec, problems = derive_hived_spec(cluster(machines))
    assert [problem.code for problem in problems] == ["PAI191", "PAI191"]
    assert spec == HivedSpec()


@pytest.mark.parametrize(
    ("written", "expected"),
    [({}, True), *(({"enable_hived_scheduler": value}, True) for value in (True, "true", "True", None)),
     *(({"enable_hived_scheduler": value}, False) for value in (False, "false", "FALSE"))],
)  # fmt: skip
def test_hived_is_on_unless_it_is_switched_off(written: Mapping[str, Any], expected: bool) -> None:
    of = cluster(workers(sku("cpu", 8, 32), 1), written)
    assert is_hived_on(of) is expected
    assert (derive_hived_spec(of)[0] is not None) is expected


def test_a_given_configuration_is_used_as_it_is() -> None:
    config = (
        "forcePodBindThreshold: 5\n"
        "physicalCluster:\n"
        "  skuTypes: {T4: {gpu: 1, cpu: 4, memory: 20Gi}, CPU: {cpu: 1, memory: 1048576Ki}}\n"
        "  cellTypes: {T4-NODE: {childCellType: T4, childCellNumber: 2, isNodeLevel: true}}\n"
        "  physicalCells:\n"
        "  - cellType: T4-NODE\n"
        "    cellAddress: w\n"
        "    cellChildren: [{cellAddress: 8, pinnedCellId: p}, {cellAddress: 9}]\n"
        "virtualClusters:\n"
        "  default:\n"
        "    virtualCells: [{cellType: T4-NODE.T4, cellNumber: 1}]\n"
        "    pinnedCells: [{pinnedCellId: p}]\n"
        "  idle:\n"
    )
    of = cluster(workers(sku("cpu", 8, 32), 1), services={"hivedscheduler": {"config": config}})
    spec = derived(of)
    assert spec.virtual_cluster_names == ("default", "idle")
    assert as_config(spec) == {
        "forcePodBindThreshold": 5,
        "physicalCluster": {
            "skuTypes": {
                "T4": {"gpu": 1, "cpu": 4, "memory": "20480Mi"},
                "CPU": {"cpu": 1, "memory": "1024Mi"},
            },
            "cellTypes": {"T4-NODE": {"childCellType": "T4", "childCellNumber": 2, "isNodeLevel": True}},
            "physicalCells": [
                {
                    "cellType": "T4-NODE",
                    "cellAddress": "w",
                    "cellChildren": [{"cellAddress": "8", "pinnedCellId": "p"}, {"cellAddress": "9"}],
                }
            ],
        },
        "virtualClusters": {
            "default": {
                "virtualCells": [{"cellType": "T4-NODE.T4", "cellNumber": 1}],
                "pinnedCells": [{"pinnedCellId": "p"}],
            },
            "idle": {},
        },
    }


def test_schedulers_are_named_as_rest_server_expects() -> None:
    assert scheduler_name("vc1") == "hivedscheduler-ds-vc1"


def test_the_default_device_is_the_first_that_a_worker_has() -> None:
    cpu, amd = sku("cpu", 8, 32), sku("amd", 64, 512, 8, "amd.com/gpu")
    master = Machine("m", "10.0.0.9", sku("dtu", 8, 32, 1, "enflame.com/dtu"), is_master=True)
    assert default_device_type(cluster([master, *workers(cpu, 1), *workers(amd, 1)])) == "amd.com/gpu"
    assert default_device_type(cluster(workers(cpu, 1))) == "nvidia.com/gpu"


def test_ten_thousand_machines_derive_within_a_second() -> None:
    of = cluster(workers(sku("gpu", 24, 220, 4), 10_000), reservation=DEFAULT_RESERVATION)
    begin = time.process_time()
    as_config(derived(of))
    assert time.process_time() - begin < 1
