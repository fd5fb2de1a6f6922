"""The rig itself: what it claims to be real is real, and it leaves nothing behind."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.cluster.conftest import ClusterFactory
from tests.rig import tools
from tests.rig.cluster import Cluster, Machine, RigError, nodes_from_layout
from tests.rig.jobs import run_label_job

pytestmark = pytest.mark.cluster

DATA = Path(__file__).parent / "rig"
CHECKOUT = Path(__file__).parents[2]
LAYOUT = """
machine-sku:
  big: {mem: 60Gi, cpu: {vcore: 24}}
  gpu: {mem: 220Gi, cpu: {vcore: 24}, computing-device: {type: nvidia.com/gpu, model: K80, count: 4}}
machine-list:
- {hostname: master, hostip: 10.0.0.1, machine-type: big, pai-master: "true"}
- {hostname: worker1, hostip: 10.0.0.2, machine-type: gpu, pai-worker: "true"}
- {hostname: worker2, hostip: 10.0.0.3, machine-type: gpu, pai-worker: true}
"""


@pytest.fixture(scope="module")
def cluster(cluster_factory: ClusterFactory, tmp_path_factory: pytest.TempPathFactory) -> Cluster:
    layout = tmp_path_factory.mktemp("layout") / "layout.yaml"
    layout.write_text(LAYOUT)
    return cluster_factory(layout, master_taint=True)


@pytest.fixture
def namespace(cluster: Cluster, request: pytest.FixtureRequest) -> str:
    """A namespace of the test's own."""
    name = re.sub(r"[^a-z0-9]+", "-", request.node.name.lower())[-60:].strip("-")
    cluster.kubectl("create", "namespace", name)
    return name


def test_api_server_and_kubectl_report_the_pinned_version(cluster: Cluster) -> None:
    versions = json.loads(cluster.kubectl("version", "--output=json"))
    reported = {versions[side]["gitVersion"] for side in ("clientVersion", "serverVersion")}
    assert reported == {"v1.37.2"}


@pytest.mark.parametrize(("major", "version"), [(3, "v3.22.0"), (4, "v4.3.1")])
def test_both_majors_of_helm_report_the_pinned_version(cluster: Cluster, major: int, version: str) -> None:
    assert cluster.helm("version", "--template={{.Version}}", version=major) == version


@pytest.mark.parametrize("major", [3, 4])
def test_helm_without_a_cluster_assumes_the_release_that_it_was_made_for(
    cluster: Cluster, tmp_path: Path, major: int
) -> None:
    (tmp_path / "templates").mkdir()
    (tmp_path / "Chart.yaml").write_text("{apiVersion: v2, name: probe, version: 1.0.0}")
    (tmp_path / "templates" / "all.yaml").write_text("kind: {{ .Capabilities.KubeVersion }}")
    assert "kind: v1.37.0" in cluster.helm("template", tmp_path, version=major)


def test_machines_of_the_layout_become_nodes(cluster: Cluster) -> None:
    nodes = {node["metadata"]["name"]: node for node in cluster.get("nodes")["items"]}
    worker = nodes["worker1"]["status"]
    assert set(nodes) == {"master", "worker1", "worker2"}
    assert worker["addresses"][0] == {"type": "InternalIP", "address": "10.0.0.2"}
    assert {k: worker["allocatable"][k] for k in ("cpu", "memory", "nvidia.com/gpu", "github.com/fuse")} == {
        "cpu": "24",
        "memory": "220Gi",
        "nvidia.com/gpu": "4",
        "github.com/fuse": "110",
    }


def test_only_the_master_has_the_control_plane_taint(cluster: Cluster) -> None:
    taints = {
        node["metadata"]["name"]: [taint["key"] for taint in node["spec"].get("taints", [])]
        for node in cluster.get("nodes")["items"]
    }
    assert taints == {"master": ["node-role.kubernetes.io/control-plane"], "worker1": [], "worker2": []}


def test_workloads_of_every_kind_become_ready(cluster: Cluster, namespace: str) -> None:
    cluster.kubectl("apply", "-n", namespace, "-f", DATA / "workloads.yaml")
    for kind in ("statefulset/state", "deployment/web", "daemonset/everywhere"):
        cluster.kubectl("rollout", "status", "-n", namespace, kind, "--timeout=60s")
    cluster.kubectl("wait", "-n", namespace, "job/once", "--for=condition=Complete", "--timeout=60s")
    pods = {pod["metadata"]["name"]: pod for pod in cluster.get("pods", namespace=namespace)["items"]}
    assert pods["state-0"]["spec"]["nodeName"] == "worker2"
    assert pods["state-0"]["status"]["hostIP"] == "10.0.0.3"
    hosts = sorted(pod["status"]["podIP"] for name, pod in pods.items() if name.startswith("everywhere"))
    assert hosts == ["10.0.0.2", "10.0.0.3"]


def test_deleted_namespace_goes_with_all_its_pods(cluster: Cluster, namespace: str) -> None:
    cluster.kubectl("create", "deployment", "web", "--image=a", "-n", namespace)
    cluster.kubectl("rollout", "status", "deployment/web", "-n", namespace, "--timeout=30s")
    cluster.kubectl("delete", "namespace", namespace, "--timeout=60s")
    assert cluster.get("pods", namespace=namespace)["items"] == []


def test_scheduler_leaves_a_pod_pending_that_fits_nowhere(cluster: Cluster, namespace: str) -> None:
    limits = {"limits": {"nvidia.com/gpu": "5"}}
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "greedy"},
        "spec": {"containers": [{"name": "main", "image": "a", "resources": limits}]},
    }
    cluster.kubectl("create", "-n", namespace, "-f", "-", input=json.dumps(pod))

    def reason() -> str:
        conditions = cluster.get("pod", "greedy", namespace)["status"].get("conditions", [])
        return str(conditions[0]["message"]) if conditions else ""

    assert "2 Insufficient nvidia.com/gpu" in cluster.wait(reason, 20, "the scheduler looked at the pod")


def test_claims_of_a_storage_class_bind(cluster: Cluster, namespace: str) -> None:
    cluster.add_storage_class("fast", volumes=1)
    spec = {
        "storageClassName": "fast",
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "9Gi"}},
    }
    claim = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "claim"},
        "spec": spec,
    }
    cluster.kubectl("create", "-n", namespace, "-f", "-", input=json.dumps(claim))
    cluster.kubectl(
        "wait", "-n", namespace, "pvc/claim", "--for=jsonpath={.status.phase}=Bound", "--timeout=30s"
    )


def test_token_acts_as_its_service_account(cluster: Cluster, namespace: str) -> None:
    token = cluster.token(namespace, "default")
    cluster.kubectl("create", "role", "reader", "--verb=get,list", "--resource=pods", "-n", namespace)
    cluster.kubectl(
        "create", "rolebinding", "reader", "--role=reader", f"--serviceaccount={namespace}:default"
        , "-n", namespace,
    )  # fmt: skip
    # Without the admin's client certificate, which would win over the token.
    anonymous = ["--kubeconfig=/dev/null", f"--server={cluster.server_url}"]
    anonymous += [f"--certificate-authority={cluster.ca_file}", f"--token={token}", "-n", namespace]
    assert cluster.kubectl("get", "pods", "--output=name", *anonymous) == ""
    with pytest.raises(RigError, match=f"system:serviceaccount:{namespace}:default.*cannot list.*secrets"):
        cluster.kubectl("get", "secrets", *anonymous)


@pytest.mark.parametrize("major", [3, 4])
def test_release_that_waits_for_its_label_job_gets_ready(
    cluster: Cluster, namespace: str, major: int
) -> None:
    release = f"probe{major}"
    with ThreadPoolExecutor(1) as pool:
        job = pool.submit(run_label_job, cluster, namespace, release)
        cluster.helm(
            "install", release, DATA / "probe", "-n", namespace, "--wait", "--timeout=60s", version=major
        )
    run = job.result()
    assert (run.exit_code, run.output) == (0, f"labelled in {namespace}\n")
    cluster.helm("uninstall", release, "-n", namespace, "--wait", version=major)


def test_failed_command_reports_what_the_program_said(cluster: Cluster) -> None:
    with pytest.raises(RigError, match='pods "nobody" not found'):
        cluster.get("pod", "nobody")


def test_removed_node_takes_its_pods_along(cluster_factory: ClusterFactory) -> None:
    own = cluster_factory()
    own.add_nodes([Machine("alone", "10.9.9.9")])
    own.kubectl("create", "deployment", "web", "--image=a")
    own.kubectl("rollout", "status", "deployment/web", "--timeout=30s")
    own.remove_node("alone")

    def phases() -> list[str]:
        return [pod["status"]["phase"] for pod in own.get("pods")["items"]]

    own.wait(lambda: phases() == ["Pending"], 120, "only the replacement is left, and it has no node")
    own.stop()


def test_two_clusters_run_side_by_side(cluster: Cluster, cluster_factory: ClusterFactory) -> None:
    other = cluster_factory()
    other.kubectl("create", "namespace", "only-here")
    names = {item["metadata"]["name"] for item in cluster.get("namespaces")["items"]}
    assert other.server_url != cluster.server_url
    assert "only-here" not in names
    other.stop()


def test_five_thousand_nodes_are_ready_within_two_minutes(cluster_factory: ClusterFactory) -> None:
    own = cluster_factory()
    machines = [Machine(f"node-{n}", f"10.{n // 62500}.{n // 250 % 250}.{n % 250}") for n in range(5000)]
    own.add_nodes(machines, timeout_s=120)
    assert len(own.get("nodes")["items"]) == 5000
    own.stop()


def _processes_in(folder: Path) -> list[str]:
    """Command lines of living processes that name the folder or work in it."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            if str(folder) in command or (entry / "cwd").readlink() == folder:
                found.append(command)
        except OSError:
            continue
    return found


def test_stop_leaves_no_process_and_no_file(cluster_factory: ClusterFactory) -> None:
    own = cluster_factory()
    assert len(_processes_in(own.folder)) >= 5
    own.stop()
    assert _processes_in(own.folder) == []
    assert not own.folder.exists()


def test_killed_test_run_leaves_no_process_and_no_file(tmp_path: Path) -> None:
    folder = tmp_path / "cluster"
    script = (
        "import sys, time, pathlib\nfrom tests.rig.cluster import Cluster\n"
        "Cluster(pathlib.Path(sys.argv[1])).start()\nprint('up', flush=True)\ntime.sleep(600)\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", script, folder],
        stdout=subprocess.PIPE,
        cwd=CHECKOUT,
        text=True,
    )
    assert parent.stdout is not None
    assert parent.stdout.readline() == "up\n"
    assert len(_processes_in(folder)) >= 5
    parent.send_signal(signal.SIGKILL)
    parent.communicate()
    deadline = time.monotonic() + 10
    while (_processes_in(folder) or folder.exists()) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert (_processes_in(folder), folder.exists()) == ([], False)


def test_detached_cluster_is_stopped_by_another_process(tmp_path: Path) -> None:
    folder = tmp_path / "cluster"
    script = (
        "import sys, pathlib\nfrom tests.rig.cluster import Cluster\n"
        "Cluster(pathlib.Path(sys.argv[1]), detached=True).start()\n"
    )
    subprocess.run([sys.executable, "-c", script, folder], check=True, cwd=CHECKOUT, timeout=120)
    ready = [str(tools.ensure("kubectl")), f"--kubeconfig={folder / 'kubeconfig'}", "get", "--raw=/readyz"]
    assert subprocess.run(ready, capture_output=True, check=True).stdout == b"ok"
    assert Cluster.stop_detached(folder)
    assert _processes_in(folder) == []
    assert not Cluster.stop_detached(folder)


def test_program_that_dies_is_reported_with_its_log(cluster_factory: ClusterFactory) -> None:
    own = cluster_factory()
    victim = next(
        entry
        for entry in Path("/proc").glob("[0-9]*")
        if (entry / "cmdline").read_bytes().startswith(str(tools.ensure("etcd")).encode())
        and (entry / "cwd").readlink() == own.folder
    )
    os.kill(int(victim.name), signal.SIGTERM)
    with pytest.raises(RigError, match=r"etcd ended with code (.|\n)*"):
        own.wait(lambda: False, 20, "etcd is seen to be gone")
    own.stop()


def test_tool_without_go_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(tools.ToolError, match="Go is needed to build etcd"):
        tools.ensure("etcd")


def test_built_tool_is_found_at_once() -> None:
    tools.ensure("kubectl")
    started = time.monotonic()
    tools.ensure("kubectl")
    assert time.monotonic() - started < 0.1


def test_layout_without_gpus_gives_nodes_without_gpus(tmp_path: Path) -> None:
    layout = tmp_path / "layout.yaml"
    layout.write_text(LAYOUT)
    master = nodes_from_layout(layout)[0]
    assert (master.is_master, master.cpu, master.memory, dict(master.resources)) == (True, "24", "60Gi", {})
