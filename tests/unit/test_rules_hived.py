"""HiveD's own configuration: each mistake is found where it stands, and what HiveD can run is let through.

Which inputs end HiveD is from its source (v0.3.4, `pkg/api/config.go`, `pkg/algorithm/config.go`,
`hived_algorithm.go`); mutated configurations were once compared with what its real `NewHivedAlgorithm` does.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from fractions import Fraction

import pytest

from paichart.problems import Problem, Severity, has_errors, in_order
from paichart.rules.hived import check_hived_config
from paichart.rules.hived.nodes import Host
from paichart.rules.subject import Row, SkuRow
from paichart.source import parse, parse_embedded
from tests.unit.checking import CONFIG, places

GPU = SkuRow("gpu", Fraction(24), Fraction(220 * 1024), "nvidia.com/gpu", 4)
CPU = SkuRow("cpu", Fraction(16), Fraction(160 * 1024), "", None)


def host(name: str, sku: SkuRow | None, *, is_worker: bool = True) -> Host:
    return Host(Row(0, name, "10.0.0.1", sku.name if sku else "?", not is_worker, is_worker, False), sku)


LAYOUT = {
    "master": host("master", CPU, is_worker=False),
    "node1": host("node1", GPU),
    "node2": host("node2", GPU),
    "node3": host("node3", CPU),
}

BASE = """\
hivedscheduler:
  config: |
    physicalCluster:
      skuTypes:
        GPU: {gpu: 1, cpu: 4, memory: 40960Mi}
        CPU: {cpu: 1, memory: 10240Mi}
      cellTypes:
        GPU-SOCKET: {childCellType: GPU, childCellNumber: 2}
        GPU-NODE: {childCellType: GPU-SOCKET, childCellNumber: 2, isNodeLevel: true}
        GPU-POOL: {childCellType: GPU-NODE, childCellNumber: 2}
        CPU-NODE: {childCellType: CPU, childCellNumber: 12, isNodeLevel: true}
      physicalCells:
      - cellType: GPU-POOL
        cellChildren:
        - cellAddress: node1
        - cellAddress: node2
          pinnedCellId: pin
      - cellType: CPU-NODE
        cellAddress: node3
    virtualClusters:
      default:
        virtualCells:
        - {cellType: GPU-POOL.GPU-NODE.GPU-SOCKET, cellNumber: 2}
        pinnedCells:
        - pinnedCellId: pin
      cpu:
        virtualCells:
        - {cellType: CPU-NODE, cellNumber: 1}
"""


def check(text: str, hosts: Mapping[str, Host] | None = None) -> tuple[Problem, ...]:
    """Return the problems of a services-configuration.yaml."""
    outer = parse(text.encode(), "services-configuration.yaml")
    config = parse_embedded(outer, "hivedscheduler", "config")
    assert outer.problems == config.problems == ()
    return in_order(check_hived_config(config, LAYOUT if hosts is None else hosts))


def edited(lines: Mapping[int, str]) -> str:
    """Return BASE with lines replaced, by number; indentation stays, and nothing at all removes the line."""
    edited_lines = []
    for number, line in enumerate(BASE.splitlines(), start=1):
        indent = line[: len(line) - len(line.lstrip())]
        new = lines.get(number, line.strip())
        edited_lines += [indent + part for part in new.split("\n")] if new else []
    return "\n".join([*edited_lines, ""])


CPU_NODE = "CPU-NODE: {childCellType: CPU, childCellNumber: 12, isNodeLevel: true}"
GPU_NODE = "GPU-NODE: {childCellType: GPU-SOCKET, childCellNumber: 2, isNodeLevel: true}"
SHARE = "- {cellType: GPU-POOL.GPU-NODE.GPU-SOCKET, cellNumber: 2}"
NODE1 = "- cellAddress: node1\n  "
PIN = "pinnedCellId: pin"

# id, lines of BASE that change, code, (line, column)
MISTAKES: list[tuple[str, dict[int, str], str, tuple[int, int]]] = [
    ("list-for-mapping", {5: "GPU: [4]"}, "PAI151", (5, 14)),
    ("mapping-for-list", {14: "cellChildren: {}", 15: "", 16: "", 17: ""}, "PAI151", (14, 23)),
    ("text-for-number", {11: CPU_NODE.replace("12", "many")}, "PAI151", (11, 57)),
    ("half-a-cell", {11: CPU_NODE.replace("12", "1.5")}, "PAI151", (11, 57)),
    ("number-for-flag", {11: CPU_NODE.replace("true", "1")}, "PAI151", (11, 74)),
    ("number-that-reads-otherwise", {19: "cellAddress: 0x10"}, "PAI151", (19, 22)),
    ("decimal-address", {19: "cellAddress: 1.10"}, "PAI151", (19, 22)),
    ("unknown-key", {9: GPU_NODE.replace("isNodeLevel", "isNodeLeve")}, "PAI152", (9, 67)),
    ("unknown-top-key", {20: "virtualCluster: {}\nvirtualClusters:"}, "PAI152", (20, 5)),
    ("no-child-number", {11: "CPU-NODE: {childCellType: CPU, isNodeLevel: true}"}, "PAI153", (11, 9)),
    ("no-child-type", {11: "CPU-NODE: {childCellNumber: 12, isNodeLevel: true}"}, "PAI153", (11, 9)),
    ("no-top-type", {18: "- cellAddress: node3", 19: ""}, "PAI153", (18, 9)),
    ("no-number-of-cells", {28: "- {cellType: CPU-NODE}"}, "PAI153", (28, 11)),
    ("no-sku-types", {4: "skuTypes: {}", 5: "", 6: ""}, "PAI153", (4, 7)),
    ("address-of-the-server", {20: "webServerAddress: ':9096'\nvirtualClusters:"}, "PAI154", (20, 5)),
    ("no-children", {11: CPU_NODE.replace("12", "0")}, "PAI155", (11, 57)),
    ("too-many-children", {11: CPU_NODE.replace("12", "2147483648")}, "PAI155", (11, 57)),
    ("negative-share", {28: "- {cellType: CPU-NODE, cellNumber: -1}"}, "PAI155", (28, 44)),
    ("circle", {11: f"A: {{childCellType: A, childCellNumber: 2}}\n{CPU_NODE}"}, "PAI157", (11, 28)),
    ("no-node-level", {11: CPU_NODE.replace(", isNodeLevel: true", "")}, "PAI159", (18, 19)),
    (
        "two-node-levels",
        {10: "GPU-POOL: {childCellType: GPU-NODE, childCellNumber: 2, isNodeLevel: true}"},
        "PAI160",
        (10, 78),
    ),
    ("unknown-top-type", {13: "- cellType: GPU-POL"}, "PAI161", (13, 19)),
    ("wrong-child-type", {15: NODE1 + "cellType: GPU-NOD"}, "PAI162", (16, 21)),
    ("child-missing", {10: "GPU-POOL: {childCellType: GPU-NODE, childCellNumber: 3}"}, "PAI163", (15, 9)),
    ("child-too-many", {15: NODE1 + "cellChildren: [{}, {}, {}]"}, "PAI163", (16, 25)),
    (
        "cells-in-a-leaf",
        {15: NODE1 + "cellChildren: [{cellChildren: [{cellChildren: [{}]}, {}]}, {}]"},
        "PAI163",
        (16, 57),
    ),
    ("nodes-not-listed", {14: "", 15: "", 16: "", 17: "", 24: "", 25: ""}, "PAI164", (13, 9)),
    ("node-without-name", {19: ""}, "PAI164", (18, 9)),
    ("node-not-in-layout", {19: "cellAddress: node4"}, "PAI165", (19, 22)),
    ("master-that-is-no-worker", {19: "cellAddress: master"}, "PAI165", (19, 22)),
    ("node-twice", {16: "- cellAddress: node1"}, "PAI166", (16, 24)),
    (
        "device-twice",
        {15: NODE1 + "cellChildren: [{cellChildren: [{}, {}]}, {cellChildren: [{cellAddress: 1}, {}]}]"},
        "PAI166",
        (16, 82),
    ),
    (
        "device-by-name",
        {15: NODE1 + "cellChildren: [{cellChildren: [{cellAddress: gpu0}, {}]}, {}]"},
        "PAI167",
        (16, 56),
    ),
    ("slash", {15: NODE1 + "cellChildren: [{cellAddress: a/0}, {}]"}, "PAI167", (16, 40)),
    ("same-address", {15: NODE1 + "cellChildren: [{cellAddress: 1}, {}]"}, "PAI168", (16, 44)),
    (
        "device-that-is-not-there",
        {5: "GPU: {gpu: 1, cpu: 1, memory: 4Gi}", 8: "GPU-SOCKET: {childCellType: GPU, childCellNumber: 4}"},
        "PAI169",
        (15, 24),
    ),
    ("pin-id-twice", {15: NODE1 + PIN}, "PAI170", (18, 25)),
    ("pin-of-nobody", {15: NODE1 + "pinnedCellId: own"}, "PAI171", (16, 25)),
    ("pin-that-is-not-there", {25: f"- {PIN}\n- pinnedCellId: pim"}, "PAI172", (26, 25)),
    ("pin-claimed-twice", {26: f"cpu:\n  pinnedCells: [{{{PIN}}}]"}, "PAI173", (27, 38)),
    (
        "pin-in-a-pin",
        {17: f"{PIN}\ncellChildren: [{{pinnedCellId: part}}, {{}}]", 25: f"- {PIN}\n- pinnedCellId: part"},
        "PAI174",
        (18, 41),
    ),
    ("capital-vc", {26: "CPU:"}, "PAI175", (26, 7)),
    ("long-vc", {26: f"{'c' * 46}:"}, "PAI175", (26, 7)),
    ("vc-with-dash", {26: "cpu-only:"}, "PAI176", (26, 7)),
    ("no-default-vc", {21: "gpu:"}, "PAI177", (20, 5)),
    (
        "path-from-nowhere",
        {28: "- {cellType: CPU-NODE, cellNumber: 1}\n- {cellType: GPU-NODE, cellNumber: 0}"},
        "PAI178",
        (29, 22),
    ),
    ("path-to-nowhere", {23: "- {cellType: GPU-POOL.CPU-NODE, cellNumber: 0}"}, "PAI179", (23, 22)),
    (
        "path-upside-down",
        {23: "- {cellType: GPU-POOL.GPU-SOCKET.GPU-NODE, cellNumber: 0}"},
        "PAI179",
        (23, 22),
    ),
    ("path-with-a-gap", {23: "- {cellType: GPU-POOL.GPU-SOCKET, cellNumber: 2}"}, "PAI180", (23, 22)),
    ("oversold", {28: "- {cellType: CPU-NODE, cellNumber: 2}"}, "PAI181", (28, 44)),
    ("oversold-below-a-pin", {23: SHARE.replace("2}", "3}")}, "PAI181", (23, 64)),
    ("oversold-beside-a-pin", {23: "- {cellType: GPU-POOL, cellNumber: 1}"}, "PAI181", (23, 44)),
    ("chain-of-nobody", {28: "- {cellType: GPU-POOL, cellNumber: 0}"}, "PAI182", (18, 19)),
    ("vc-without-cells", {26: "idle: {}\ncpu:"}, "PAI183", (26, 7)),
    ("leaf-without-sku", {6: ""}, "PAI184", (10, 35)),
    ("half-a-core", {6: "CPU: {cpu: 500m, memory: 10240Mi}"}, "PAI185", (6, 20)),
    ("no-cpu", {6: "CPU: {memory: 10240Mi}"}, "PAI185", (6, 9)),
    ("memory-as-number", {6: "CPU: {cpu: 1, memory: 10240}"}, "PAI185", (6, 31)),
    ("memory-in-gb", {6: "CPU: {cpu: 1, memory: 10GB}"}, "PAI185", (6, 31)),
    ("memory-with-a-point", {6: "CPU: {cpu: 1, memory: 1.5Gi}"}, "PAI185", (6, 31)),
    ("half-a-device", {5: "GPU: {gpu: 0.5, cpu: 4, memory: 40960Mi}"}, "PAI185", (5, 20)),
    ("sku-without-cells", {6: "TPU: {cpu: 1, memory: 1Gi}\nCPU: {cpu: 1, memory: 1Gi}"}, "PAI186", (6, 9)),
    ("cells-larger-than-the-node", {6: "CPU: {cpu: 1, memory: 20480Mi}"}, "PAI187", (19, 22)),
    (
        "worker-in-no-cell",
        {6: "", 18: "", 19: "", 28: "- {cellType: GPU-POOL.GPU-NODE, cellNumber: 0}"},
        "PAI188",
        (11, 7),
    ),
    (
        "dot-in-a-type",
        {
            11: f"C.X: {{childCellType: CPU-NODE, childCellNumber: 1}}\n{CPU_NODE}",
            18: "- cellType: C.X",
            19: "cellChildren: [{cellAddress: node3, pinnedCellId: own}]",
            28: "- {cellType: GPU-POOL, cellNumber: 0}\npinnedCells: [{pinnedCellId: own}]",
        },
        "PAI158",
        (11, 9),
    ),
]  # fmt: skip
WARNINGS = {
    "PAI154",
    "PAI158",
    "PAI169",
    "PAI176",
    "PAI177",
    "PAI180",
    "PAI183",
    "PAI186",
    "PAI187",
    "PAI188",
}


@pytest.mark.parametrize(("lines", "code", "at"), [pytest.param(*row[1:], id=row[0]) for row in MISTAKES])
def test_a_mistake_is_reported_where_it_stands(lines: dict[int, str], code: str, at: tuple[int, int]) -> None:
    problems = check(edited(lines))
    found = [(p.code, p.span.line, p.span.column, p.severity) for p in problems]
    severity = Severity.WARNING if code in WARNINGS else Severity.ERROR
    assert (code, *at, severity) in found
    assert {p.code for p in problems if p.code != code and p.code not in WARNINGS} == set(), found


def test_the_unchanged_configuration_is_fine() -> None:
    assert check(BASE) == ()


# Our own small clusters, each showing one thing that HiveD's documents allow.
ACCEPTED = {
    "numbers-of-devices-given": """
        skuTypes: {V: {gpu: 1, cpu: 1, memory: 1Gi}}
        cellTypes:
          V-SWITCH: {childCellType: V, childCellNumber: 2}
          V-NODE: {childCellType: V-SWITCH, childCellNumber: 2, isNodeLevel: true}
        physicalCells:
        - cellType: V-NODE
          cellAddress: node1
          cellChildren:
          - {cellAddress: 7, cellChildren: [{cellAddress: 3}, {cellAddress: 0}]}
          - {cellAddress: 0, cellChildren: [{cellAddress: 1}, {cellAddress: 2, pinnedCellId: p}]}
        - {cellType: V-NODE, cellAddress: node2, cellChildren: null}
        -
        default: {virtualCells: [{cellType: V-NODE, cellNumber: 1}], pinnedCells: [{pinnedCellId: p}]}
        """,
    "cores-and-devices-of-one-node": """
        skuTypes: {V: {gpu: 1, cpu: 4, memory: 40Gi}, C: {gpu: 0, cpu: 1, memory: 7Gi}}
        cellTypes:
          V-NODE: {childCellType: V, childCellNumber: 4, isNodeLevel: true}
          C-NODE: {childCellType: C, childCellNumber: 8, isNodeLevel: true}
        physicalCells:
        - {cellType: V-NODE, cellAddress: node1}
        - {cellType: C-NODE, cellAddress: node1}
        - {cellType: V-NODE, cellAddress: node2}
        -
        default: {virtualCells: [{cellType: V-NODE, cellNumber: 2}]}
        cpu: {virtualCells: [{cellType: C-NODE.C, cellNumber: 8}]}
        """,
    "two-kinds-of-devices-in-one-node": """
        skuTypes: {A: {gpu: 1, cpu: 1, memory: 1Gi}, B: {gpu: 1, cpu: 1, memory: 1Gi}}
        cellTypes:
          A-NODE: {childCellType: A, childCellNumber: 2, isNodeLevel: true}
          B-NODE: {childCellType: B, childCellNumber: 2, isNodeLevel: true}
        physicalCells:
        - {cellType: A-NODE, cellAddress: node1}
        - {cellType: B-NODE, cellAddress: node1, cellChildren: [{cellAddress: 2}, {cellAddress: 3}]}
        - {cellType: A-NODE, cellAddress: node2}
        -
        default: {virtualCells: [{cellType: A-NODE, cellNumber: 2}, {cellType: B-NODE.B, cellNumber: 1}]}
        """,
    "racks-of-one-kind-shared-at-every-level": """
        skuTypes: {V: {gpu: 1, cpu: 1, memory: 1Gi}}
        cellTypes:
          V-NODE: {childCellType: V, childCellNumber: 4, isNodeLevel: true}
          RACK: {childCellType: V-NODE, childCellNumber: 1}
          ROW: {childCellType: RACK, childCellNumber: 2}
          UNUSED: {childCellType: V, childCellNumber: 9}
        physicalCells:
        - cellType: ROW
          cellChildren: [{cellChildren: [{cellAddress: node1}]}, {cellChildren: [{cellAddress: node2}]}]
        -
        default:
          virtualCells:
          - {cellType: ROW.RACK, cellNumber: 1}
          - {cellType: ROW.RACK.V-NODE.V, cellNumber: 3}
        small: {virtualCells: [{cellType: ROW.RACK.V-NODE.V, cellNumber: 1}, {cellType: ROW, cellNumber: 0}]}
        """,
}  # fmt: skip


@pytest.mark.parametrize("name", ACCEPTED)
def test_what_hived_can_run_is_let_through(name: str) -> None:
    physical, virtual = ACCEPTED[name].split("        -\n")
    lines = ["hivedscheduler:", "  config: |", "    physicalCluster:", *physical.split("\n")[1:]]
    text = "\n".join([*lines, "    virtualClusters:", *virtual.rstrip().split("\n"), ""])
    hosts = {name: LAYOUT[name] for name in ("master", "node1", "node2")}
    assert check(text, hosts) == ()


@pytest.mark.parametrize(
    ("line", "written", "hint"),
    [
        (13, "- cellType: GPU-POL", "did you mean 'GPU-POOL'?"),
        (19, "cellAddress: nod3", "did you mean 'node3'?"),
        (28, "- {cellType: CPU-NOD, cellNumber: 1}", "did you mean 'CPU-NODE'?"),
        (23, "- {cellType: GPU-SOCKET, cellNumber: 1}", "did you mean 'GPU-POOL.GPU-NODE.GPU-SOCKET'?"),
        (23, "- {cellType: GPU-POOL.GPU-NOD, cellNumber: 1}", "did you mean 'GPU-NODE'?"),
        (23, "- {cellType: GPU-POOL.GPU-SOCKET, cellNumber: 1}", "write 'GPU-POOL.GPU-NODE.GPU-SOCKET'"),
        (11, CPU_NODE.replace("CPU,", "CPO,"), "did you mean 'CPU'?"),
        (20, "virtualCluster:", "did you mean 'virtualClusters'?"),
        (28, "- {cellType: CPU-NODE, cellNumbr: 1}", "did you mean 'cellNumber'?"),
        (25, "- pinnedCellId: pun", "did you mean 'pin'?"),
    ],
)
def test_a_slip_of_the_pen_is_met_with_the_word_that_was_meant(line: int, written: str, hint: str) -> None:
    assert hint in [problem.hint for problem in check(edited({line: written}))]


def test_mistakes_in_different_parts_are_all_told_at_once() -> None:
    lines = {
        6: "CPU: {cpu: 1, memory: 10GB}",
        17: "pinnedCellId: pen",
        19: "cellAddress: node9",
        26: "CPU:",
        28: "- {cellType: CPU-NODE, cellNumber: 2}",
    }
    errors = [problem.code for problem in check(edited(lines)) if problem.severity is Severity.ERROR]
    assert errors == ["PAI185", "PAI165", "PAI172", "PAI175", "PAI181"]


def test_a_part_of_wrong_form_is_reported_without_echoes() -> None:
    problems = check(edited({10: "GPU-POOL: {chldCellType: GPU-NODE, childCellNumber: 2}"}))
    assert [problem.code for problem in problems] == ["PAI152"]


def test_without_a_usable_layout_cells_are_checked_but_not_nodes() -> None:
    outer = parse(edited({19: "cellAddress: node9"}).encode(), "services.yaml")
    assert list(check_hived_config(parse_embedded(outer, "hivedscheduler", "config"), None)) == []


def test_a_configuration_that_is_not_used_is_named_and_not_checked() -> None:
    services = "hivedscheduler:\n  config: |\n    physicalCluster: 5\n"
    assert places(CONFIG + "enable_hived_scheduler: false\n", services=services) == [
        "services-configuration.yaml:2:3 warning PAI156"
    ]


def test_the_layout_says_which_nodes_there_are() -> None:
    services = edited({15: "- cellAddress: w1", 16: "- cellAddress: w2", 19: "cellAddress: master"})
    assert places(services=services) == ["services-configuration.yaml:19:22 error PAI165"]


def test_text_that_is_no_yaml_is_reported_in_its_place() -> None:
    services = "hivedscheduler:\n  config: |\n    physicalCluster:\n      skuTypes: {a: [}\n"
    (place,) = places(services=services)
    assert place.startswith("services-configuration.yaml:4:")


def test_ten_thousand_nodes_are_checked_within_seconds() -> None:
    names = [f"gpu-{i:05}" for i in range(10_000)]
    lines = {
        10: "GPU-POOL: {childCellType: GPU-NODE, childCellNumber: 10000}",
        15: "\n".join(f"- cellAddress: {name}" for name in names),
        **dict.fromkeys((16, 17, 24, 25), ""),
    }
    hosts = {name: host(name, GPU) for name in names} | {"node3": LAYOUT["node3"]}
    outer = parse(edited(lines).encode(), "services.yaml")
    begin = time.process_time()
    problems = list(check_hived_config(parse_embedded(outer, "hivedscheduler", "config"), hosts))
    assert time.process_time() - begin < 3
    assert not has_errors(problems)
