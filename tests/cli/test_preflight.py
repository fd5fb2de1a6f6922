"""`paichart preflight`: what it prints, its exit codes, and that it stops at faulty inputs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.starter_nodes import (
    aks_a100,
    aks_windows,
    cluster,
    control_plane,
    dgx,
    eks_cpu,
    eks_p4d,
    gke_t4,
    k3s,
    kubeconfig_of,
    mi300x,
    node,
)
from tests.unit.test_preflight_reading import Guarded

GPUS = {"nvidia.com/gpu": "4"}
KEYS = "severity code kind name message detail cure file line column"


def machine(name: str, address: str, memory: str, **extended: str) -> dict[str, object]:
    found = node(name, address, "24", memory, extended=extended, kubelet="v1.33.4")
    found["metadata"]["labels"]["kubernetes.io/hostname"] = name
    return found


@pytest.fixture
def double() -> Guarded:
    """The cluster of the quick-start layout."""
    nodes = [
        machine("pai-master", "10.0.0.1", "60Gi"),
        machine("pai-worker1", "10.0.0.2", "220Gi", **GPUS),
        machine("pai-worker2", "10.0.0.3", "220Gi", **GPUS),
    ]
    default = {"metadata": {"name": "default"}}
    return Guarded(
        lists={"/api/v1/nodes": nodes},
        objects={"/version": {"gitVersion": "v1.33.4"}, "/api/v1/namespaces/default": default},
    )


@pytest.fixture
def kubeconfig(double: Guarded, tmp_path: Path) -> Iterator[Path]:
    with kubeconfig_of(double, tmp_path / "cluster") as path:
        yield path


def test_a_cluster_that_fits_is_named_and_ready(site, run, kubeconfig):
    result = run("preflight", "site", "--kubeconfig", kubeconfig)
    assert result.exit_code == 0, result.output
    first, *rest = result.stdout.splitlines()
    assert first.startswith("cluster   lab at https://127.0.0.1:")
    assert first.endswith(": Kubernetes v1.33.4, 3 nodes")
    assert rest == [
        "account   may do everything",
        "release   openpai in namespace default, 3 machines in layout.yaml",
        "",
        "no problems: ready to install",
    ]
    assert result.stderr == ""


def test_a_finding_has_its_place_and_its_cure_below(site, run, kubeconfig, double):
    for broken in double.lists["/api/v1/nodes"][1:]:
        broken["spec"]["unschedulable"] = True
    result = run("preflight", "site", "--kubeconfig", kubeconfig)
    assert result.exit_code == 0
    assert result.stdout.splitlines()[4:] == [
        "SEVERITY  CODE    WHERE                   WHAT",
        "warning   PAI303  site/layout.yaml:26:15  2 nodes: 'pai-worker1', 'pai-worker2'",
        "          each is cordoned: no service or job starts there",
        f"          > kubectl --kubeconfig {kubeconfig} uncordon pai-worker1 pai-worker2",
        "",
        "2 warnings: ready to install",
        "`paichart explain PAI303` says more",
    ]


def test_commands_reach_the_cluster_and_the_inputs_that_were_looked_at(site, run, kubeconfig, double):
    moved = kubeconfig.rename(kubeconfig.parent / "my cluster")
    with (site / "config.yaml").open("a", encoding="utf-8") as file:
        file.write("paichart: {credentials: external}\n")
    names = ("--kubeconfig", moved, "--context", "lab", "--namespace", "pai")
    result = run("preflight", "site", *names)
    reach = f"--kubeconfig '{moved}'"
    release = "upgrade --install openpai ./out --namespace pai --create-namespace"
    assert f"> helm {reach} --kube-context lab {release}\n" in result.stdout
    apply = f"kubectl {reach} --context lab apply -f -"
    assert f"> paichart credentials site --namespace pai | {apply}\n" in result.stdout
    double.lists["/api/v1/nodes"][1]["status"]["allocatable"]["cpu"] = "8"
    document = json.loads(run("preflight", "site", *names, "--output", "json").stdout)
    (few,) = (one for one in document["findings"] if one["code"] == "PAI306")
    record = f"or record what nodes offer: paichart capacity site {reach} --context lab --from-cluster"
    assert few["cure"].split("\n")[1] == record


def test_a_command_has_twenty_names_at_most_and_says_how_many_are_left(site, run, kubeconfig, double):
    rows = ""
    for number in range(30):
        name, address = f"w{number:02}", f"10.0.1.{number}"
        double.lists["/api/v1/nodes"].append(machine(name, address, "220Gi", **GPUS))
        rows += (
            f"\n  - {{hostname: {name}, hostip: {address}, machine-type: gpu-machine, pai-worker: 'true'}}"
        )
    for broken in double.lists["/api/v1/nodes"][3:]:
        broken["spec"]["unschedulable"] = True
    layout = site / "layout.yaml"
    layout.write_text(layout.read_text().replace("machine-list:", f"machine-list:{rows}"))
    lines = run("preflight", "site", "--kubeconfig", kubeconfig).stdout.splitlines()
    (command,) = (number for number, line in enumerate(lines) if " uncordon " in line)
    assert lines[command].split(" uncordon ")[1].split() == [f"w{number:02}" for number in range(20)]
    assert lines[command + 1] == "          > and so for the other 10: --output json has them"


def test_an_error_is_exit_code_1(site, run, kubeconfig, double):
    double.lists["/api/v1/nodes"][0]["spec"]["unschedulable"] = True
    result = run("preflight", "site", "--kubeconfig", kubeconfig)
    assert result.exit_code == 1
    assert result.stdout.endswith(
        "\n1 error: cure the errors before you install\n`paichart explain PAI303` says more\n"
    )


def test_json_lists_every_finding_alone(site, run, kubeconfig, double):
    double.lists["/api/v1/nodes"][1:] = []
    result = run("preflight", "site", "--kubeconfig", kubeconfig, "--output", "json")
    assert result.exit_code == 1
    document = json.loads(result.stdout)
    assert list(document) == ["cluster", "release", "account", "findings", "summary"]
    assert document["cluster"]["context"] == "lab"
    assert document["release"] == {"name": "openpai", "namespace": "default"}
    assert document["account"] == {"administrator": True}
    assert document["summary"] == {"errors": 2, "warnings": 0, "notes": 0}
    first, second = document["findings"]
    assert list(first) == KEYS.split()
    assert (first["code"], first["name"], second["name"]) == ("PAI300", "pai-worker1", "pai-worker2")
    assert (first["file"], first["line"], first["column"]) == ("site/layout.yaml", 26, 15)


def test_namespace_and_release_are_those_of_the_installation(site, run, kubeconfig, double):
    double.objects["/api/v1/namespaces/pai"] = {
        "metadata": {"name": "pai", "labels": {"pod-security.kubernetes.io/enforce": "baseline"}}
    }
    result = run("preflight", "site", "--kubeconfig", kubeconfig, "--namespace", "pai", "--release", "ai")
    assert result.exit_code == 1
    assert "release   ai in namespace pai" in result.stdout
    assert (
        f"> kubectl --kubeconfig {kubeconfig} label --overwrite namespace pai pod-security" in result.stdout
    )


@pytest.mark.parametrize(
    ("option", "name", "is_taken"),
    [
        ("--namespace", "Pai System", False),
        ("--namespace", "-pai", False),
        ("--namespace", "", False),
        ("--namespace", "p" * 63, True),
        ("--namespace", "p" * 64, False),
        ("--release", "my_release", False),
        ("--release", "r" * 53, True),
        ("--release", "r" * 54, False),
    ],
)
def test_a_name_that_kubernetes_or_helm_would_refuse_is_wrong_usage(
    site, run, kubeconfig, option, name, is_taken
):
    result = run("preflight", "site", "--kubeconfig", kubeconfig, option, name)
    assert result.exit_code == (0 if is_taken else 2)
    assert is_taken or "can't be the name of one" in " ".join(result.stderr.replace("│", "").split())


def test_faulty_inputs_are_told_as_validate_does_and_no_cluster_is_asked(site, run, kubeconfig, double):
    layout = site / "layout.yaml"
    layout.write_text(layout.read_text().replace("machine-type: gpu-machine", "machine-type: gpu-machin", 1))
    validated = run("validate", "site")
    result = run("preflight", "site", "--kubeconfig", kubeconfig)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == validated.stderr
    assert "PAI012" in result.stderr
    assert double.requests == []


def test_without_a_cluster_it_is_the_machines_fault(site, run, tmp_path):
    result = run("preflight", "site", "--kubeconfig", tmp_path / "none")
    assert (result.exit_code, result.stdout) == (3, "")
    assert result.stderr.startswith("error: no usable kubeconfig")


def test_a_context_that_is_not_there_is_told(site, run, kubeconfig):
    result = run("preflight", "site", "--kubeconfig", kubeconfig, "--context", "production")
    assert result.exit_code == 3
    assert "production" in result.stderr


def test_what_a_cluster_says_of_itself_does_not_steer_the_terminal(site, run, kubeconfig, double):
    status = double.lists["/api/v1/nodes"][0]["status"]
    status["conditions"] = [{"type": "Ready", "status": "False", "message": "down\x1b[2J\x07now"}]
    result = run("preflight", "site", "--kubeconfig", kubeconfig)
    assert not {"\x1b", "\x07"} & set(result.stdout)
    assert "down" in result.stdout


def test_ten_rows_of_a_code_are_enough(site, run, kubeconfig, double):
    double.lists["/api/v1/services"] = []
    pods = [
        {
            "metadata": {
                "name": f"p{number}",
                "namespace": f"team{number}",
            },
            "spec": {
                "nodeName": "pai-worker1",
                "containers": [{"ports": [{"containerPort": 9100, "hostPort": 9100}]}],
            },
        }
        for number in range(12)
    ]
    double.lists["/api/v1/pods"] = pods
    result = run("preflight", "site", "--kubeconfig", kubeconfig)
    assert result.stdout.count("error     PAI337") == 10
    assert "… and 2 more rows of PAI337: --output json lists all" in result.stdout


CLUSTERS = {
    "kubeadm": [control_plane("cp", "10.0.0.1"), dgx("dgx-1", "10.0.0.2"), dgx("dgx-2", "10.0.0.3")],
    "unequal": [
        control_plane("cp", "10.0.0.1"),
        dgx("dgx-1", "10.0.0.2", memory="1055945000Ki"),
        dgx("dgx-2", "10.0.0.3"),
    ],
    "eks": [eks_cpu(1), eks_p4d(2), eks_p4d(3, memory="1157100000Ki")],
    "aks": [node("aks-system", "10.0.9.1"), aks_a100(2), aks_windows()],
    "k3s": [k3s(extended={"nvidia.com/gpu": "1"})],
    "amd": [control_plane("cp", "10.0.0.1"), mi300x(1), mi300x(2)],
}


@pytest.mark.parametrize("maker", CLUSTERS)
def test_what_init_writes_from_a_cluster_fits_it(run, tmp_path, monkeypatch, maker):
    monkeypatch.chdir(tmp_path)
    found = cluster(*CLUSTERS[maker])
    for item in found.lists["/api/v1/nodes"]:
        item["metadata"]["labels"]["kubernetes.io/hostname"] = item["metadata"]["name"]
    with kubeconfig_of(Guarded(lists=found.lists, objects=found.objects), tmp_path / "k") as kubeconfig:
        more = (
            ()
            if maker in ("kubeadm", "unequal", "k3s", "amd")
            else ("--master", CLUSTERS[maker][0]["metadata"]["name"])
        )
        made = run("init", "site", "--from-cluster", "--kubeconfig", kubeconfig, *more)
        assert made.exit_code == 0, made.output
        result = run("preflight", "site", "--kubeconfig", kubeconfig, "--output", "json")
    findings = json.loads(result.stdout)["findings"]
    assert [
        (one["code"], one["name"], one["message"]) for one in findings if one["severity"] == "error"
    ] == []


def test_a_worker_that_init_was_told_to_take_in_spite_of_its_taint_is_told(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = cluster(control_plane("cp", "10.0.0.1"), gke_t4(2))
    found.lists["/api/v1/nodes"][0]["metadata"]["labels"]["kubernetes.io/hostname"] = "cp"
    worker = found.lists["/api/v1/nodes"][1]["metadata"]["name"]
    with kubeconfig_of(Guarded(lists=found.lists, objects=found.objects), tmp_path / "k") as kubeconfig:
        made = run("init", "site", "--from-cluster", "--worker", worker, "--kubeconfig", kubeconfig)
        assert made.exit_code == 0, made.output
        result = run("preflight", "site", "--kubeconfig", kubeconfig, "--output", "json")
    errors = [one for one in json.loads(result.stdout)["findings"] if one["severity"] == "error"]
    assert [(one["code"], one["name"]) for one in errors] == [("PAI318", worker)]
    command, alternative = errors[0]["cure"].split("\n")
    assert command == f"kubectl --kubeconfig {kubeconfig} taint node {worker} nvidia.com/gpu:NoSchedule-"
    assert alternative.startswith("or let them: ")


def test_lines_fit_a_narrow_terminal(site, run, kubeconfig, double, monkeypatch):
    double.lists["/api/v1/nodes"][1:] = []
    monkeypatch.setattr("paichart.cli.print.columns_of", lambda _: 40)
    told = run("preflight", "site", "--kubeconfig", kubeconfig).stdout.splitlines()
    wrapped = [line for line in told if line.startswith(" " * 10) and ">" not in line]
    assert 30 <= max(map(len, wrapped)) <= 40
