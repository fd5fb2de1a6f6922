"""`paichart init --from-cluster` on a real API server with 500 nodes: what it writes is accepted as it is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from tests.cluster.conftest import ClusterFactory
from tests.cluster.test_capacity import kubeconfig_of_account
from tests.rig.cluster import Cluster, Machine

pytestmark = pytest.mark.cluster

CHECKOUT = Path(__file__).parents[2]
PLAIN_HTTP = "PAI044"
DGX = {"nvidia.com/gpu.product": "NVIDIA-A100-SXM4-80GB"}
T4 = {"nvidia.com/gpu.product": "Tesla-T4"}


def machines() -> list[Machine]:
    """A master, 300 machines of one kind that differ by some KiB, 120 of another, 70 plain ones, 9 unfit."""
    dgx = [
        Machine(
            f"dgx-{i}",
            f"10.1.{i // 250}.{i % 250 + 1}",
            "255500m",
            f"{1055946000 + i * 16}Ki",
            {"nvidia.com/gpu": "8"},
            DGX,
        )
        for i in range(300)
    ]
    t4 = [
        Machine(f"t4-{i}", f"10.2.0.{i + 1}", "7910m", "26625332Ki", {"nvidia.com/gpu": "1"}, T4)
        for i in range(120)
    ]
    plain = [Machine(f"cpu-{i}", f"10.3.0.{i + 1}", "31850m", "129800000Ki") for i in range(70)]
    arm = [Machine(f"arm-{i}", f"10.4.0.{i + 1}", labels={"kubernetes.io/arch": "arm64"}) for i in range(4)]
    taint = {"key": "team", "value": "web", "effect": "NoSchedule"}
    tainted = [Machine(f"web-{i}", f"10.5.0.{i + 1}", taints=(taint,)) for i in range(5)]
    master = Machine("cp", "10.0.0.1", "16", "65759500Ki", is_master=True)
    return [master, *dgx, *t4, *plain, *arm, *tainted]


@pytest.fixture(scope="module")
def cluster(cluster_factory: ClusterFactory) -> Cluster:
    made = cluster_factory()
    made.add_nodes(machines(), master_taint=True)
    made.add_storage_class("standard", volumes=0, is_default=True)
    return made


def paichart(*arguments: object, kubeconfig: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "PYTHONPATH": str(CHECKOUT / "generator"),
        "KUBECONFIG": str(kubeconfig),
        "NO_COLOR": "1",
    }
    command = [sys.executable, "-m", "paichart.cli", *map(str, arguments)]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300, check=False
    )


def test_what_is_written_validates_builds_and_fits_the_cluster(cluster: Cluster, tmp_path: Path) -> None:
    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        return paichart(*arguments, kubeconfig=cluster.kubeconfig, folder=tmp_path)

    start = time.monotonic()
    made = run("init", "my", "--from-cluster", "--output", "json")
    assert made.returncode == 0, made.stderr
    assert time.monotonic() - start < 60  # seconds on an idle machine

    found = json.loads(made.stdout)
    assert found["master"] == "cp"
    assert {name: sku["machines"] for name, sku in found["skus"].items()} == {
        "cpu-16c-64g": 1,
        "a100-sxm4-80gb-8": 300,
        "t4-1": 120,
    }
    assert len(found["left-out"]) == 79
    assert found["found"]["storage-class"] == "standard"
    layout = yaml.safe_load((tmp_path / "my/layout.yaml").read_text())
    names = [machine["hostname"] for machine in layout["machine-list"]]
    assert len(names) == len(set(names)) == 421

    valid = run("validate", "my", "--output", "json")
    assert valid.returncode == 0
    assert [problem["code"] for problem in json.loads(valid.stdout)["problems"]] == [PLAIN_HTTP]
    assert run("build", "my").returncode == 0
    ready = run("preflight", "my", "--output", "json")
    assert ready.returncode == 0, ready.stdout + ready.stderr


def test_reading_nodes_is_all_the_right_it_needs(cluster: Cluster, tmp_path: Path) -> None:
    kubeconfig = kubeconfig_of_account(cluster, tmp_path, "starter")
    refused = paichart("init", "my", "--from-cluster", kubeconfig=kubeconfig, folder=tmp_path)
    assert refused.returncode == 3
    assert "the cluster refuses to be read: 403 Forbidden; nothing was written" in refused.stderr
    assert not (tmp_path / "my").exists()
    cluster.kubectl("create", "clusterrole", "starter", "--verb=list", "--resource=nodes")
    cluster.kubectl(
        "create", "clusterrolebinding", "starter", "--clusterrole=starter", "--serviceaccount=default:starter"
    )
    allowed = paichart("init", "my", "--from-cluster", kubeconfig=kubeconfig, folder=tmp_path)
    assert allowed.returncode == 0, allowed.stderr
    assert "note: the account of the kubeconfig may not see storage classes" in allowed.stderr
