"""job-info on a real API server, as its own account: it follows the pods of jobs, and may do nothing else."""

from __future__ import annotations

import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from tests.chart.charts import CHARTS, subchart
from tests.chart.render import Object
from tests.cluster.accounts import environment_of, may
from tests.cluster.conftest import ClusterFactory
from tests.rig.cluster import Cluster
from tests.rig.machines import Machine
from tests.rig.processes import free_ports

pytestmark = pytest.mark.cluster

NAMESPACE, ACCOUNT = "pai-system", "openpai-job-info"
PODS = "/api/v1/namespaces/default/pods"
ISOLATION = "hivedscheduler.microsoft.com/pod-leaf-cell-isolation"
NODES = [Machine("w1", "10.0.0.2")]


@pytest.fixture(scope="module")
def cluster(cluster_factory: ClusterFactory) -> Cluster:
    """A worker, and the chart in kubelet mode."""
    cluster = cluster_factory()
    cluster.add_nodes(NODES)
    cluster.kubectl("create", "namespace", NAMESPACE)
    cluster.kubectl("create", "priorityclass", "pai-daemon-priority", "--value=1000000")
    cluster.kubectl("create", "serviceaccount", "runtime-account", "--namespace=default")
    mode = "--set=global.monitoring.jobMetrics=kubelet"
    cluster.helm("install", "openpai", subchart("job-exporter"), mode, f"--namespace={NAMESPACE}")
    return cluster


@pytest.fixture(scope="module")
def address(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where job-info answers. One job's pod runs before it starts."""
    create(cluster, job_pod("a" * 32 + "-worker-0", "alice~train", gpus="0,3"))
    (port,) = free_ports(1)
    script = CHARTS / "job-exporter/files/job_info.py"
    environment = environment_of(cluster, NAMESPACE, ACCOUNT, tmp_path_factory.mktemp("account"))
    program = subprocess.Popen([sys.executable, str(script), f"--port={port}"], env=environment)
    try:
        url = f"http://127.0.0.1:{port}"
        cluster.wait(lambda: status(f"{url}/readyz") == 200, 30, "job-info knows the pods")
        yield url
        assert program.poll() is None
    finally:
        program.terminate()
        program.wait(10)


def job_pod(name: str, job: str, *, gpus: str = "", **metadata: Any) -> Object:
    """A pod as rest-server v1.8.0 describes it and frameworkcontroller makes it, shortened."""

    def annotation(key: str) -> Object:
        return {"fieldRef": {"fieldPath": f"metadata.annotations['{key}']"}}

    env: list[Object] = [
        {"name": "FC_TASK_INDEX", "value": "0"},
        {"name": "FC_FRAMEWORK_ATTEMPT_INSTANCE_UID", "value": "0_5f1c"},
        {"name": "PAI_JOB_NAME", "value": job},
        {"name": "PAI_USER_NAME", "value": job.partition("~")[0]},
        {"name": "PAI_VIRTUAL_CLUSTER", "value": "default"},
        {"name": "PAI_CURRENT_TASK_ROLE_NAME", "value": "worker"},
        {"name": "PAI_TASK_INDEX", "valueFrom": annotation("FC_TASK_INDEX")},
    ]
    if gpus:
        env.append({"name": "NVIDIA_VISIBLE_DEVICES", "valueFrom": annotation(ISOLATION)})
    return {
        "metadata": {
            "name": name,
            "labels": {"type": "kube-launcher-task"},
            "annotations": {
                "FC_TASK_INDEX": "0",
                "paichart.test/keep-running": "true",
                **({ISOLATION: gpus} if gpus else {}),
            },
            **metadata,
        },
        "spec": {
            "restartPolicy": "Never",
            "serviceAccountName": "runtime-account",
            "nodeName": "w1",
            "hostNetwork": True,
            "initContainers": [{"name": "init", "image": "openpai-runtime:v1.8.0", "env": env}],
            "containers": [{"name": "app", "image": "ubuntu", "env": env}],
        },
    }


def create(cluster: Cluster, pod: Object) -> None:
    """Make a pod and wait until it runs."""
    cluster.api.post(PODS, pod)
    path = f"{PODS}/{pod['metadata']['name']}"
    cluster.wait(lambda: cluster.api.get(path)["status"]["phase"] == "Running", 30, f"{path} runs")


def status(url: str) -> int:
    """The code of an answer; 0 when there is none."""
    try:
        return int(urllib.request.urlopen(url, timeout=5).status)  # noqa: S310 # it is ours
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def series(address: str) -> list[str]:
    """What Prometheus would read, without comments."""
    text = urllib.request.urlopen(f"{address}/metrics", timeout=5).read().decode()  # noqa: S310 # it is ours
    return [line for line in text.splitlines() if not line.startswith("#")]


def test_a_running_pod_is_told_with_its_task_and_gpus(address: str) -> None:
    pod = f'namespace="default",pod="{"a" * 32}-worker-0",node="w1"'
    task = 'username="alice",job_name="alice~train",role_name="worker",task_index="0"'
    assert series(address) == [
        f'pai_job_pod_info{{{pod},{task},job_instance_id="0_5f1c",virtual_cluster="default"}} 1',
        f'pai_job_pod_gpu_info{{{pod},minor_number="0"}} 1',
        f'pai_job_pod_gpu_info{{{pod},minor_number="3"}} 1',
    ]


def test_pods_come_and_go(cluster: Cluster, address: str) -> None:
    def told() -> bool:
        return any("bob~eval" in line for line in series(address))

    create(cluster, job_pod("b" * 32 + "-worker-0", "bob~eval"))
    cluster.wait(told, 10, "a new pod is told")
    cluster.api.delete(f"{PODS}/{'b' * 32}-worker-0")
    cluster.wait(lambda: not told(), 60, "a pod that went is told no more")


def test_a_pod_that_has_ended_is_told_no_more(cluster: Cluster, address: str) -> None:
    name = "c" * 32 + "-worker-0"
    create(cluster, job_pod(name, "carol~short"))
    cluster.wait(lambda: any("carol~short" in line for line in series(address)), 10, "it is told")
    cluster.kubectl(
        "patch",
        "pod",
        name,
        "--subresource=status",
        "--type=merge",
        '--patch={"status":{"phase":"Succeeded"}}',
    )
    cluster.wait(lambda: not any("carol~short" in line for line in series(address)), 10, "it is told no more")


def test_other_pods_are_not_told(cluster: Cluster, address: str) -> None:
    create(cluster, job_pod("d" * 32 + "-worker-0", "dave~other", labels={"type": "other"}))
    time.sleep(1)
    assert not any("dave~other" in line for line in series(address))


def test_it_may_list_and_watch_pods_of_jobs_and_nothing_else(cluster: Cluster) -> None:
    for verb in ("list", "watch"):
        assert may(cluster, NAMESPACE, ACCOUNT, verb, "pods", "--namespace=default")
        assert not may(cluster, NAMESPACE, ACCOUNT, verb, "pods", f"--namespace={NAMESPACE}")
    assert not may(cluster, NAMESPACE, ACCOUNT, "delete", "pods", "--namespace=default")
    assert not may(cluster, NAMESPACE, ACCOUNT, "list", "secrets", "--namespace=default")
