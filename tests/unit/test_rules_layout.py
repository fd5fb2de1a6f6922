"""Rules of layout.yaml: names, addresses, kinds and roles of machines, told at their line and column."""

from __future__ import annotations

import pytest

from tests.unit.checking import CONFIG, LAYOUT, places, problems


def test_nothing_is_wrong_with_a_right_layout():
    assert places() == []


# The third machine's hostname is at 12:13, its address at 13:11, its SKU at 14:17, its role at 15:15.
NAMES = [
    # id                what the node is called          code      hint
    ("capital", "W2", "PAI001", "did you mean 'w2'?"),
    ("underscore", "gpu_2", "PAI001", "did you mean 'gpu-2'?"),
    ("blank", "gpu 2", "PAI001", "did you mean 'gpu-2'?"),
    ("hyphen-first", "-w2", "PAI001", "did you mean 'w2'?"),
    ("hyphen-last", "w2-", "PAI001", "did you mean 'w2'?"),
    ("dot-last", "w2.", "PAI001", "did you mean 'w2'?"),
    ("two-dots", "w2..lab", "PAI001", "use lower case letters, digits, '-' and '.'"),
    ("umlaut", "wörker", "PAI001", "did you mean 'w-rker'?"),
    ("wide-digit", "w\uff12", "PAI001", "did you mean 'w'?"),
    ("empty", '""', "PAI001", "write it as `kubectl get nodes` shows it"),
    ("line-break", '"w2\\n"', "PAI001", "did you mean 'w2'?"),
    ("long-label", "w" * 64, "PAI002", "node names have dots between shorter parts, or are shorter"),
    ("long-name", ".".join(["w" * 50] * 5), "PAI002", "shorten it"),
]


@pytest.mark.parametrize(("name", "code", "hint"), [pytest.param(*row[1:], id=row[0]) for row in NAMES])
def test_a_name_that_no_node_can_have(name, code, hint):
    (problem,) = problems(layout=LAYOUT.replace("hostname: w2", f"hostname: {name}"))
    assert (str(problem.span), problem.code, problem.hint) == ("layout.yaml:12:13", code, hint)


@pytest.mark.parametrize("name", ["w", '"2"', "w-2.lab.example.com", "w" * 63, '"10"'])
def test_a_name_that_a_node_can_have(name):
    assert places(layout=LAYOUT.replace("hostname: w2", f"hostname: {name}")) == []


def test_a_machine_of_a_kind_without_a_name_is_told():
    layout = LAYOUT.replace("  machine-type: gpu", '  machine-type: ""')
    assert places(layout=layout) == ["layout.yaml:14:17 error PAI012"]


def test_a_name_longer_than_a_label_value_is_doubted():
    name = f"{'w' * 40}.{'x' * 40}"
    assert places(layout=LAYOUT.replace("hostname: w2", f"hostname: {name}")) == [
        "layout.yaml:12:13 warning PAI002"
    ]


ADDRESSES = [
    ("10.0.0.256", "PAI003", "write an address such as 10.0.0.2; the machine's name belongs into hostname"),
    ("gpu-2.lab", "PAI003", "write an address such as 10.0.0.2; the machine's name belongs into hostname"),
    ('""', "PAI003", "write an address such as 10.0.0.2; the machine's name belongs into hostname"),
    ("10.0.0.3/24", "PAI003", "leave out the prefix length: 10.0.0.3"),
    ("10.0.0.3:22", "PAI003", "leave out the port: 10.0.0.3"),
    ("10.0.0.03", "PAI003", "leave out leading zeros: 10.0.0.3"),
    ('" 10.0.0.3"', "PAI003", "leave out blanks: 10.0.0.3"),
    ('"[fd00::3]"', "PAI003", "leave out the brackets: fd00::3"),
    ("fe80::3%eth0", "PAI003", "leave out the interface: fe80::3"),
    ("127.0.0.1", "PAI004", "give the machine's address in the cluster's network"),
    ("0.0.0.0", "PAI004", "give the machine's address in the cluster's network"),  # noqa: S104
    ("169.254.1.1", "PAI004", "give the machine's address in the cluster's network"),
    ("224.0.0.1", "PAI004", "give the machine's address in the cluster's network"),
    ('"::1"', "PAI004", "give the machine's address in the cluster's network"),
]


@pytest.mark.parametrize(("address", "code", "hint"), ADDRESSES)
def test_an_address_that_is_none_or_leads_nowhere(address, code, hint):
    (problem,) = problems(layout=LAYOUT.replace("10.0.0.3", address))
    assert (str(problem.span), problem.code, problem.hint) == ("layout.yaml:13:11", code, hint)


@pytest.mark.parametrize("address", ["fd00::3", "2001:db8::10", "192.168.1.1"])
def test_an_address_of_either_kind_is_right(address):
    assert places(layout=LAYOUT.replace("10.0.0.3", address)) == []


def test_one_name_for_two_machines():
    (problem,) = problems(layout=LAYOUT.replace("w2", "w1"))
    assert (str(problem.span), problem.code) == ("layout.yaml:12:13", "PAI007")
    assert problem.message == "node name 'w1' is used twice; the first is on line 11"


@pytest.mark.parametrize(
    ("first", "second"),
    [("10.0.0.2", "10.0.0.2"), ("fd00::1", "fd00:0::0001"), ("10.0.0.2", '"::ffff:10.0.0.2"')],
)
def test_one_address_for_two_machines_however_it_is_written(first, second):
    layout = LAYOUT.replace("10.0.0.2", first).replace("10.0.0.3", second)
    (problem,) = problems(layout=layout)
    assert (str(problem.span), problem.code) == ("layout.yaml:13:11", "PAI008")
    written = "" if first == second else f" as '{first}'"
    assert problem.message == f"'w1' on line 11 has this address too{written}"


def test_a_machine_of_no_known_kind():
    (problem,) = problems(layout=LAYOUT.replace("machine-type: gpu\n", "machine-type: gpux\n"))
    assert (str(problem.span), problem.code) == ("layout.yaml:14:17", "PAI012")
    assert (problem.message, problem.hint) == ("no machine SKU named 'gpux'", "did you mean 'gpu'?")


def test_a_kind_that_breaks_the_schema_is_not_unknown_too():
    layout = LAYOUT.replace("  cpu:\n    mem: 60Gi\n    cpu: {vcore: 24}\n", "  cpu: 24\n")
    assert places(layout=layout) == ["layout.yaml:2:8 error PAI203"]


def test_a_kind_that_no_machine_has_is_noted():
    layout = LAYOUT.replace("machine-list:", "  old: {mem: 4Gi, cpu: {vcore: 4}}\nmachine-list:")
    assert places(layout=layout) == ["layout.yaml:9:3 note PAI013"]


def test_more_devices_than_cores():
    layout = LAYOUT.replace("220Gi\n    cpu: {vcore: 24}", "220Gi\n    cpu: {vcore: 3.5}")
    (problem,) = problems(layout=layout)
    assert (str(problem.span), problem.code) == ("layout.yaml:7:18", "PAI018")
    assert problem.message == "4 devices share 3.5 cores; HiveD gives each at least one"


@pytest.mark.parametrize(("memory", "hint"), [("60", "did you mean '60Gi'?"), ("900Mi", None), ("60k", None)])
def test_hardly_any_memory_is_doubted(memory, hint):
    (problem,) = problems(layout=LAYOUT.replace("60Gi", memory))
    assert (str(problem.span), problem.code, problem.severity.value) == (
        "layout.yaml:3:10",
        "PAI020",
        "warning",
    )
    assert hint in (None, problem.hint)


MASTER = ', pai-master: "true"'


def test_no_master():
    assert places(layout=LAYOUT.replace(MASTER, ', pai-storage: "true"')) == ["layout.yaml:9:1 error PAI014"]


def test_three_masters():
    layout = LAYOUT.replace("10.0.0.2, machine-type: gpu", f"10.0.0.2, machine-type: gpu{MASTER}")
    layout = layout.replace("machine-type: gpu\n", "machine-type: gpu\n  pai-master: true\n")
    found = [(str(p.span), p.code) for p in problems(layout=layout) if p.code == "PAI014"]
    assert found == [("layout.yaml:11:67", "PAI014"), ("layout.yaml:15:15", "PAI014")]


def test_no_worker():
    assert "layout.yaml:9:1 error PAI015" in places(layout=LAYOUT.replace("pai-worker", "pai-storage"))


def test_a_role_that_can_not_be_read_is_told_once():
    assert places(layout=LAYOUT.replace(MASTER, ', pai-master: "yes"')) == ["layout.yaml:10:71 error PAI205"]


def test_a_master_that_is_a_worker_too():
    layout = LAYOUT.replace(MASTER, f'{MASTER}, pai-worker: "true"')
    assert places(layout=layout) == ["layout.yaml:10:91 error PAI016"]
    assert places(CONFIG + "  shared-master: true\n", layout) == []


def test_two_kinds_of_devices_need_hived():
    other = LAYOUT.replace("machine-type: gpu\n", "machine-type: amd\n").replace(
        "machine-list:",
        "  amd:\n    mem: 220Gi\n    cpu: {vcore: 24}\n"
        "    computing-device: {type: amd.com/gpu, model: MI100, count: 4}\nmachine-list:",
    )
    assert places(layout=other) == []
    (problem,) = problems("enable_hived_scheduler: false\n" + CONFIG, other)
    assert (str(problem.span), problem.code) == ("layout.yaml:12:30", "PAI017")
    assert (
        problem.message
        == "workers have devices of type 'amd.com/gpu' and 'nvidia.com/gpu', which needs HiveD"
    )


def test_a_kind_of_device_that_no_worker_has_needs_no_hived():
    layout = LAYOUT.replace(
        "60Gi\n    cpu: {vcore: 24}",
        "60Gi\n    cpu: {vcore: 24}\n    computing-device: {type: amd.com/gpu, model: MI100, count: 1}",
    )
    assert places("enable_hived_scheduler: false\n" + CONFIG, layout) == []


def test_without_hived_a_worker_may_have_no_device():
    layout = LAYOUT.replace("machine-type: gpu\n", "machine-type: cpu\n")
    assert places("enable_hived_scheduler: false\n" + CONFIG, layout) == []


def test_machines_without_a_role_are_noted_once():
    layout = LAYOUT + "- {hostname: x, hostip: 10.0.0.8, machine-type: cpu}\n"
    layout += "- {hostname: y, hostip: 10.0.0.9, machine-type: cpu}\n"
    (problem,) = problems(layout=layout)
    assert (str(problem.span), problem.code, problem.severity.value) == (
        "layout.yaml:16:14",
        "PAI021",
        "note",
    )
    assert problem.message == "'x' and 1 more has no role, so no job runs there"


def test_everything_wrong_is_told_in_one_go():
    layout = LAYOUT.replace("w2", "W2").replace("10.0.0.3", "10.0.0.300").replace(MASTER, "")
    layout = layout.replace("machine-type: gpu\n", "machine-type: gpus\n").replace("60Gi", "60GB")
    assert places(layout=layout) == [
        "layout.yaml:3:10 error PAI205",
        "layout.yaml:9:1 error PAI014",
        "layout.yaml:10:14 note PAI021",
        "layout.yaml:12:13 error PAI001",
        "layout.yaml:13:11 error PAI003",
        "layout.yaml:14:17 error PAI012",
    ]
