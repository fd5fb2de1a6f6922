"""What the job exporter believes to be Docker, on nodes of every kind.

The formats are those that the image parses: docker_stats.py, docker_inspect.py and collector.py in
src/job-exporter/src of v1.8.0.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.unit.job_exporter_scripts import CONNECTED, SCRIPTS, Node, load

JOB, OTHER, OWN, TWIN, SANDBOX = ("a" * 64, "b" * 64, "c" * 64, "d" * 64, "e" * 64)
ENV = {
    "PAI_JOB_NAME": "alice~train",
    "PAI_USER_NAME": "alice",
    "PAI_CURRENT_TASK_ROLE_NAME": "worker",
    "FC_TASK_INDEX": "3",
    "FC_FRAMEWORK_ATTEMPT_INSTANCE_UID": "0_5f1c",
    "PAI_VIRTUAL_CLUSTER": "default",
    "NVIDIA_VISIBLE_DEVICES": "0,1",
    "PASSWORD": "sesame",
}
JOB_POD = "0123456789abcdef0123456789abcdef-worker-3"
# Where runtimes and drivers put a container's cgroup.
# Sources: kubelet's cgroup manager, containerd's and CRI-O's cgroup drivers.
POD = "kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1_2.slice"
PLACES = {
    "containerd, systemd": f"{POD}/cri-containerd-{JOB}.scope",
    "containerd, cgroupfs": f"kubepods/burstable/pod1-2/{JOB}",
    "containerd, drivers mixed": f"system.slice/containerd.service/kubepods-pod1.slice:cri-containerd:{JOB}",
    "CRI-O, systemd": f"{POD}/crio-{JOB}.scope",
    "CRI-O, cgroupfs": f"kubepods/burstable/pod1-2/crio-{JOB}",
    "cri-dockerd, systemd": f"{POD}/docker-{JOB}.scope",
    "a cgroup above": f"kubelet.slice/kubelet-kubepods.slice/pod1.slice/cri-containerd-{JOB}.scope",
}
SOCKETS = {"containerd": "containerd.sock", "CRI-O": "crio.sock", "cri-dockerd": "cri-dockerd.sock"}
Start = Callable[[Node], ModuleType]


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Start:
    """Loads the script as if it ran on a node, in the pod of a release `openpai` in `pai-system`."""

    def load_for(node: Node) -> ModuleType:
        monkeypatch.setenv("PAICHART_PROC", str(node.proc))
        monkeypatch.setenv("PAICHART_CGROUPS", str(node.cgroups))
        monkeypatch.setenv("PAICHART_LOGS", str(node.logs))
        monkeypatch.setenv("PAICHART_FINDINGS", str(tmp_path / "findings.json"))
        monkeypatch.setenv("PAICHART_NAMESPACE", "pai-system")
        monkeypatch.setenv("PAICHART_POD_PREFIX", "openpai-")
        script = load("docker")
        vars(script)["SAMPLE_S"] = 0.01
        return script

    return load_for


@pytest.fixture(params=[1, 2], ids=["cgroup v1", "cgroup v2"])
def node(request: pytest.FixtureRequest, tmp_path: Path) -> Node:
    return Node(tmp_path / "node", version=request.param)


def with_job(node: Node, place: str = PLACES["containerd, systemd"], **usage: Any) -> Node:
    node.process(4711, ENV)
    node.container(place, [4711], **usage)
    node.log(JOB_POD, "default", "app", JOB)
    return node


def rows(script: ModuleType, capsys: pytest.CaptureFixture[str]) -> list[list[str]]:
    """The table that `docker stats` prints, cut into columns, without its first line."""
    assert script.main(["stats", "--no-stream", "--format", "table {{.ID}}"]) == 0
    return [line.split(",") for line in capsys.readouterr().out.splitlines()[1:]]


def inspected(script: ModuleType, capsys: pytest.CaptureFixture[str], short: str) -> Any:
    assert script.main(["inspect", short]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    return found


@pytest.mark.parametrize("name", ["docker", "nvidia-smi", "start.py", "job_info.py"])
def test_scripts_are_python_3_7(name: str) -> None:
    ast.parse((SCRIPTS / name).read_text(encoding="utf-8"), feature_version=(3, 7))


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_a_job_is_seen_wherever_its_cgroup_lies(
    node: Node, start: Start, capsys: pytest.CaptureFixture[str], place: str
) -> None:
    (row,) = rows(start(with_job(node, place)), capsys)
    assert row == [
        "a" * 12,
        f"k8s_app_{JOB_POD}_default",
        "0.00%",
        "2000B / 8192B",
        "0B / 0B",
        "10B / 20B",
        "24.41%",
    ]


def test_cpu_is_percent_of_one_processor(
    node: Node, start: Start, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    script = start(with_job(node))
    clock = iter((100.0, 102.0))
    monkeypatch.setattr(script.time, "monotonic", lambda: next(clock))
    monkeypatch.setattr(
        script.time,
        "sleep",
        lambda _: node.container(PLACES["containerd, systemd"], [4711], cpu_us=8_000_000),
    )
    # 3 s of CPU time in 2 s
    assert [row[2] for row in rows(script, capsys)] == ["150.00%"]


def test_without_a_limit_the_nodes_memory_is_it(
    node: Node, start: Start, capsys: pytest.CaptureFixture[str]
) -> None:
    (row,) = rows(start(with_job(node, limit=None)), capsys)
    assert row[3] == f"2000B / {16777216 * 1024}B"


def test_without_an_io_controller_nothing_was_read(
    node: Node, start: Start, capsys: pytest.CaptureFixture[str]
) -> None:
    with_job(node)
    for name in ("io.stat", "blkio.throttle.io_service_bytes"):
        for file in node.cgroups.rglob(name):
            file.unlink()
    assert [row[5] for row in rows(start(node), capsys)] == ["0B / 0B"]


def test_inspect_tells_what_the_exporter_reads_and_no_more(
    node: Node, start: Start, capsys: pytest.CaptureFixture[str]
) -> None:
    found = inspected(start(with_job(node)), capsys, "a" * 12)
    assert found["State"]["Pid"] == 4711
    assert dict(entry.split("=", 1) for entry in found["Config"]["Env"]) == {
        name: value for name, value in ENV.items() if name != "PASSWORD"
    }


def test_inspect_knows_from_the_last_stats(
    node: Node, start: Start, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    script = start(with_job(node))
    rows(script, capsys)
    monkeypatch.setattr(script, "findings", lambda: pytest.fail("looked again"))
    assert inspected(script, capsys, "a" * 12)["State"]["Pid"] == 4711


def test_a_container_that_has_ended_is_not_inspected(
    node: Node, start: Start, capsys: pytest.CaptureFixture[str]
) -> None:
    script = start(with_job(node))
    rows(script, capsys)
    for file in (node.proc / "4711").iterdir():
        file.unlink()
    (node.proc / "4711").rmdir()
    assert script.main(["inspect", "a" * 12]) == 1
    assert "No such object" in capsys.readouterr().err


def test_the_oldest_process_is_the_containers(
    node: Node, start: Start, capsys: pytest.CaptureFixture[str]
) -> None:
    with_job(node)
    node.process(4000, {}, started=200)  # numbers wrap around
    node.container(PLACES["containerd, systemd"], [4000, 4711])
    assert inspected(start(node), capsys, "a" * 12)["State"]["Pid"] == 4711


def test_an_environment_that_the_first_process_cleared_is_found_with_the_next(
    node: Node, start: Start, capsys: pytest.CaptureFixture[str]
) -> None:
    with_job(node)
    node.process(4700, {"PATH": "/bin"}, started=50)
    node.container(PLACES["containerd, systemd"], [4700, 4711])
    found = inspected(start(node), capsys, "a" * 12)
    assert found["State"]["Pid"] == 4700
    assert "PAI_JOB_NAME=alice~train" in found["Config"]["Env"]


def test_processes_of_cgroups_below_are_the_containers(
    node: Node, start: Start, capsys: pytest.CaptureFixture[str]
) -> None:
    # crun puts them into `container`; a nested engine into cgroups named by ids of its own.
    with_job(node)
    node.container(PLACES["containerd, systemd"], [])
    node.container(f"{PLACES['containerd, systemd']}/docker/{OTHER}", [4711])
    assert [row[0] for row in rows(start(node), capsys)] == ["a" * 12]


def test_conmon_is_no_container(node: Node, start: Start, capsys: pytest.CaptureFixture[str]) -> None:
    with_job(node, PLACES["CRI-O, systemd"])
    node.process(4600, ENV)
    node.container(f"{POD}/crio-conmon-{JOB}.scope", [4600])
    (row,) = rows(start(node), capsys)
    assert inspected(start(node), capsys, row[0])["State"]["Pid"] == 4711


def test_others_and_sandboxes_are_left_out(
    node: Node, start: Start, capsys: pytest.CaptureFixture[str]
) -> None:
    with_job(node)
    for pid, container_id in ((5001, OTHER), (5002, SANDBOX)):
        node.process(pid, {"PATH": "/bin"})
        node.container(f"{POD}/cri-containerd-{container_id}.scope", [pid])
    node.log("coredns-x", "kube-system", "coredns", OTHER)
    assert [row[0] for row in rows(start(node), capsys)] == ["a" * 12]


@pytest.mark.parametrize(
    ("pod", "namespace", "container", "name"),
    [
        # The exporter knows these two by container and pod: src/job-exporter/src/collector.py, pai_services.
        ("openpai-postgresql-0", "pai-system", "postgresql", "k8s_postgresql_postgresql-0_pai-system"),
        (
            "openpai-database-controller-0",
            "pai-system",
            "poller",
            "k8s_poller_database-controller-0_pai-system",
        ),
        (
            "nvidia-x",
            "kube-system",
            "nvidia-device-plugin-ctr",
            "k8s_nvidia-device-plugin-ctr_nvidia-x_kube-system",
        ),
    ],
)
def test_services_have_the_names_that_the_exporter_knows(
    node: Node,
    start: Start,
    capsys: pytest.CaptureFixture[str],
    pod: str,
    namespace: str,
    container: str,
    name: str,
) -> None:
    node.process(5000)
    node.container(f"{POD}/cri-containerd-{OWN}.scope", [5000])
    node.log(pod, namespace, container, OWN)
    assert [row[1] for row in rows(start(node), capsys)] == [name]


def test_a_grafana_of_others_is_not_ours(
    node: Node, start: Start, capsys: pytest.CaptureFixture[str]
) -> None:
    node.process(5000)
    node.container(f"{POD}/cri-containerd-{OWN}.scope", [5000])
    node.log("openpai-grafana-0", "monitoring", "grafana", OWN)
    assert rows(start(node), capsys) == []


def test_copies_of_a_service_are_one_series(
    node: Node, start: Start, capsys: pytest.CaptureFixture[str]
) -> None:
    for pid, container_id in ((5000, OWN), (5001, TWIN)):
        node.process(pid)
        node.container(f"{POD}/cri-containerd-{container_id}.scope", [pid])
        node.log(f"openpai-webportal-{pid}", "pai-system", "webportal", container_id)
    (row,) = rows(start(node), capsys)
    assert row[3:] == ["4000B / 16384B", "0B / 0B", "20B / 40B", "24.41%"]


def test_a_job_without_a_log_is_seen(node: Node, start: Start, capsys: pytest.CaptureFixture[str]) -> None:
    with_job(node)
    for link in node.logs.iterdir():
        link.unlink()
    node.logs.rmdir()
    assert [row[0] for row in rows(start(node), capsys)] == ["a" * 12]


@pytest.mark.parametrize("told", ["void", ""])
def test_gpus_are_found_by_their_devices_when_the_runtime_is_told_otherwise(
    node: Node, start: Start, capsys: pytest.CaptureFixture[str], told: str
) -> None:
    # A device plugin with CDI sets `void`. The driver's files: /proc/driver/nvidia/gpus/<bus>/information.
    with_job(node)
    node.process(4711, {**ENV, "NVIDIA_VISIBLE_DEVICES": told})
    for minor in range(3):
        text = f"Model: \t\t NVIDIA L4\nGPU UUID: \t GPU-{minor}\nDevice Minor: \t {minor}\n"
        node.write(node.proc / f"driver/nvidia/gpus/0000:0{minor}:00.0/information", text)
    for name in ("nvidia0", "nvidia2", "nvidiactl", "nvidia-uvm", "null"):
        node.write(node.proc / "4711/root/dev" / name, "")
    found = inspected(start(node), capsys, "a" * 12)
    assert "NVIDIA_VISIBLE_DEVICES=GPU-0,GPU-2" in found["Config"]["Env"]


@pytest.mark.parametrize("value", ["none", "0", "GPU-9"])
def test_what_the_environment_says_of_gpus_stands(
    node: Node, start: Start, capsys: pytest.CaptureFixture[str], value: str
) -> None:
    with_job(node)
    node.process(4711, {**ENV, "NVIDIA_VISIBLE_DEVICES": value})
    node.write(node.proc / "driver/nvidia/gpus/a/information", "GPU UUID: GPU-0\nDevice Minor: 0\n")
    node.write(node.proc / "4711/root/dev/nvidia0", "")
    found = inspected(start(node), capsys, "a" * 12)
    assert f"NVIDIA_VISIBLE_DEVICES={value}" in found["Config"]["Env"]


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_info_wants_the_runtime_of_these_containers_to_listen(
    node: Node,
    start: Start,
    capsys: pytest.CaptureFixture[str],
    place: str,
    request: pytest.FixtureRequest,
) -> None:
    script = start(with_job(node, place))
    own = next((file for name, file in SOCKETS.items() if name in request.node.name), "containerd.sock")
    node.sockets(f"/run/{own}")
    assert script.main(["info"]) == 0
    node.sockets("/run/systemd/private")
    assert script.main(["info"]) == 1
    assert own in capsys.readouterr().err


def test_info_is_not_content_with_a_docker_that_nobody_uses(node: Node, start: Start) -> None:
    script = start(with_job(node))
    node.sockets("/run/docker.sock")
    assert script.main(["info"]) == 1


def test_info_is_not_content_with_connections(node: Node, start: Start) -> None:
    script = start(with_job(node))
    node.sockets("/run/containerd/containerd.sock", line=CONNECTED)
    assert script.main(["info"]) == 1


def test_info_complains_when_no_container_is_to_be_seen(
    node: Node, start: Start, capsys: pytest.CaptureFixture[str]
) -> None:
    assert start(node).main(["info"]) == 1
    assert "no container" in capsys.readouterr().err


def test_logs_of_jobs_are_not_read(node: Node, start: Start, capsys: pytest.CaptureFixture[str]) -> None:
    assert start(with_job(node)).main(["logs", "--tail", "50", "a" * 12]) == 0
    assert capsys.readouterr().out == ""


def test_other_calls_are_refused(node: Node, start: Start) -> None:
    assert start(node).main(["run", "ubuntu"]) == 64


def test_a_container_that_ends_meanwhile_is_left_out(
    node: Node, start: Start, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    script = start(with_job(node))

    def end(_: float) -> None:
        for name in ("cpu.stat", "cpuacct.usage"):
            for file in node.cgroups.rglob(name):
                file.unlink()

    monkeypatch.setattr(script.time, "sleep", end)
    assert rows(script, capsys) == []
