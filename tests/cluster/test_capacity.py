"""`paichart capacity --from-cluster` against a real API server: what it reads, needs and leaves alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from paichart import capacity, kube
from tests.cluster.accounts import kubeconfig_of_account
from tests.cluster.conftest import ClusterFactory
from tests.rig.cluster import Cluster

pytestmark = pytest.mark.cluster

CHECKOUT = Path(__file__).parents[2]
LAYOUT = """
machine-sku:
  big: {mem: 60Gi, cpu: {vcore: 24}}
  gpu: {mem: 220Gi, cpu: {vcore: 24}, computing-device: {type: nvidia.com/gpu, model: K80, count: 4}}
machine-list:
- {hostname: master, hostip: 10.0.0.1, machine-type: big, pai-master: "true"}
- {hostname: worker1, hostip: 10.0.0.2, machine-type: gpu, pai-worker: "true"}
- {hostname: worker2, hostip: 10.0.0.3, machine-type: gpu, pai-worker: "true"}
"""
KEEP_RUNNING = {"paichart.test/keep-running": "true"}


def pod(name: str, cpu: str, *, labels: Mapping[str, str] | None = None, keep: bool = True) -> dict[str, Any]:
    """Return a pod on worker1 that asks for so much cpu, and 1Gi; it ends at once unless it is kept."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": labels or {}, "annotations": KEEP_RUNNING if keep else {}},
        "spec": {
            "nodeName": "worker1",
            "restartPolicy": "Never",
            "initContainers": [{"name": "i", "image": "a", "resources": {"requests": {"cpu": "7"}}}],
            "containers": [
                {"name": "c", "image": "a", "resources": {"requests": {"cpu": cpu, "memory": "1Gi"}}},
                {"name": "d", "image": "a"},
            ],
        },
    }


@pytest.fixture(scope="module")
def cluster(cluster_factory: ClusterFactory, tmp_path_factory: pytest.TempPathFactory) -> Cluster:
    """Three nodes; on worker1 two pods that count (1.25 cores, 2Gi), a job, and a pod that has ended."""
    layout = tmp_path_factory.mktemp("layout") / "layout.yaml"
    layout.write_text(LAYOUT)
    made = cluster_factory(layout)
    pods = [
        pod("daemon", "250m"),
        pod("agent", "1"),
        pod("job", "8", labels={"type": "kube-launcher-task"}),
        pod("ended", "4", keep=False),
    ]
    for body in pods:
        made.api.post("/api/v1/namespaces/default/pods", body)
    made.kubectl("wait", "pod/ended", "--for=jsonpath={.status.phase}=Succeeded", "--timeout=60s")
    return made


@pytest.fixture
def site(tmp_path: Path) -> Path:
    (tmp_path / "config.yaml").write_text("docker_image_tag: v1.8.0\n")
    (tmp_path / "layout.yaml").write_text(LAYOUT)
    return tmp_path


def paichart(site: Path, kubeconfig: Path, *args: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "paichart.cli", "capacity", str(site), "--from-cluster", *args]
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT / "generator"), "KUBECONFIG": str(kubeconfig)}
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120, check=False)


def test_what_nodes_offer_and_what_runs_there_is_recorded_once(cluster: Cluster, site: Path) -> None:
    first = paichart(site, cluster.kubeconfig)
    assert (first.returncode, first.stdout) == (0, f"wrote {site / 'capacity.yaml'}: 2 nodes\n"), first.stderr
    text = (site / "capacity.yaml").read_text()
    nothing = {"cpu": "24", "memory": "220Gi", "cpu-requested": "0", "memory-requested": "0"}
    assert yaml.safe_load(text)["nodes"] == {
        "worker1": {**nothing, "cpu-requested": "1250m", "memory-requested": "2Gi"},
        "worker2": nothing,
    }
    second = paichart(site, cluster.kubeconfig, "--output=json")
    report = {"file": str(site / "capacity.yaml"), "changed": False, "nodes": 2}
    assert (second.returncode, json.loads(second.stdout)) == (0, report)
    assert (site / "capacity.yaml").read_text() == text


def test_an_outdated_recording_does_not_hinder_a_new_one(cluster: Cluster, site: Path) -> None:
    outdated = capacity.as_text({})
    (site / "capacity.yaml").write_text(outdated)
    assert paichart(site, cluster.kubeconfig).returncode == 0
    assert (site / "capacity.yaml").read_text() != outdated


def test_a_foreign_file_is_left_alone(cluster: Cluster, site: Path) -> None:
    (site / "capacity.yaml").write_text("nodes: {}\n")
    result = paichart(site, cluster.kubeconfig)
    assert (result.returncode, result.stdout) == (2, "")
    assert "was not written by paichart; nothing was written" in result.stderr
    assert (site / "capacity.yaml").read_text() == "nodes: {}\n"


def test_a_worker_that_is_no_node_is_a_problem_in_its_place(cluster: Cluster, site: Path) -> None:
    (site / "layout.yaml").write_text(LAYOUT.replace("worker2", "worker3"))
    result = paichart(site, cluster.kubeconfig)
    assert result.returncode == 1
    assert "layout.yaml:8:14: error PAI195: no Kubernetes node is named 'worker3'" in result.stderr
    assert not (site / "capacity.yaml").exists()


def test_long_lists_are_read_in_pages(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    api = kube.connect(cluster.kubeconfig)
    whole = [node["metadata"]["name"] for node in api.nodes()]
    monkeypatch.setattr(kube, "PAGE_SIZE", 2)
    assert [node["metadata"]["name"] for node in api.nodes()] == whole == ["master", "worker1", "worker2"]


def test_listing_nodes_and_pods_is_all_the_right_it_needs(cluster: Cluster, site: Path) -> None:
    kubeconfig = kubeconfig_of_account(cluster, site, "reader")
    refused = paichart(site, kubeconfig)
    assert refused.returncode == 3
    assert refused.stderr.startswith(
        "error: the cluster refuses to be read: 403 Forbidden; nothing was written"
    )
    cluster.kubectl("create", "clusterrole", "reader", "--verb=list", "--resource=nodes,pods")
    cluster.kubectl(
        "create", "clusterrolebinding", "reader", "--clusterrole=reader", "--serviceaccount=default:reader"
    )
    allowed = paichart(site, kubeconfig, "--context=reader")
    assert allowed.returncode == 0, allowed.stderr


def test_a_cluster_that_does_not_answer_is_one_line(cluster: Cluster, site: Path, tmp_path: Path) -> None:
    config = cluster.kubeconfig.read_text().replace(cluster.server_url, "https://127.0.0.1:9")
    dead = tmp_path / "dead"
    dead.write_text(config)
    result = paichart(site, dead)
    assert (result.returncode, result.stdout) == (3, "")
    assert result.stderr.splitlines() == [
        "error: no answer from https://127.0.0.1:9: connection refused; nothing was written",
        "  try `kubectl get nodes` with the same --kubeconfig and --context",
    ]
    assert not (site / "capacity.yaml").exists()
