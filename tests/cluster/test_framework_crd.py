"""The API of jobs on a real API server: it takes Frameworks, refuses bad ones, and nobody fights over it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from tests.chart.charts import scenario_values, subchart
from tests.chart.render import render
from tests.cluster.conftest import ClusterFactory
from tests.rig.cluster import Cluster, RigError

pytestmark = pytest.mark.cluster

CRD = "frameworks.frameworkcontroller.microsoft.com"
API = "frameworkcontroller.microsoft.com/v1"
OWN_DEFINITION = Path(__file__).parents[1] / "chart" / "data" / "frameworkcontroller-v1.0.0-crd-spec.json"

# A job as rest-server v1.8.0 submits it, cut down. Source: src/rest-server/src/models/v2/job/k8s.js.
FRAMEWORK: Mapping[str, Any] = {
    "apiVersion": API,
    "kind": "Framework",
    "metadata": {"name": "a" * 32, "namespace": "default", "annotations": {"requestGeneration": "1"}},
    "spec": {
        "description": None,
        "executionType": "Start",
        "retryPolicy": {"fancyRetryPolicy": True, "maxRetryCount": 0},
        "taskRoles": [
            {
                "name": "worker",
                "taskNumber": 2,
                "task": {
                    "retryPolicy": {"fancyRetryPolicy": False, "maxRetryCount": 0},
                    "podGracefulDeletionTimeoutSec": 600,
                    "pod": {
                        "spec": {"containers": [{"name": "app", "image": "a"}], "unknownToAll": {"a": 1}}
                    },
                },
                "frameworkAttemptCompletionPolicy": {"minFailedTaskCount": 1, "minSucceededTaskCount": -1},
            }
        ],
    },
}
ROLE = ("spec", "taskRoles", 0)
BAD = [
    # id, where, what is written there, what the API server names
    ("name-with-a-dash", ("metadata", "name"), "my-job", "metadata.name"),
    ("name-of-64", ("metadata", "name"), "a" * 64, "metadata.name"),
    ("execution-type", ("spec", "executionType"), "Run", "spec.executionType"),
    ("retries-below-unlimited", ("spec", "retryPolicy", "maxRetryCount"), -3, "retryPolicy.maxRetryCount"),
    ("retries-as-text", ("spec", "retryPolicy", "maxRetryCount"), "0", "retryPolicy.maxRetryCount"),
    ("role-with-a-dash", (*ROLE, "name"), "my-role", "spec.taskRoles[0].name"),
    ("too-many-tasks", (*ROLE, "taskNumber"), 10001, "spec.taskRoles[0].taskNumber"),
    ("negative-tasks", (*ROLE, "taskNumber"), -1, "spec.taskRoles[0].taskNumber"),
    (
        "completion-below-unlimited",
        (*ROLE, "frameworkAttemptCompletionPolicy", "minFailedTaskCount"),
        -2,
        "minFailedTaskCount",
    ),
    ("pod-as-text", (*ROLE, "task", "pod"), "app", "spec.taskRoles[0].task.pod"),
    ("grace-period-as-text", (*ROLE, "task", "podGracefulDeletionTimeoutSec"), "600", "GracefulDeletion"),
]


@pytest.fixture(scope="module")
def cluster(cluster_factory: ClusterFactory) -> Cluster:
    """A cluster without nodes that knows Frameworks as the chart makes them."""
    cluster = cluster_factory()
    objects = render("frameworkcontroller", scenario_values("frameworkcontroller", "quick-start"))
    cluster.kubectl("create", "-f", "-", input=json.dumps(objects.find("CustomResourceDefinition")))
    cluster.kubectl("wait", "crd", CRD, "--for=condition=Established", "--timeout=30s")
    return cluster


def submit(cluster: Cluster, framework: Mapping[str, Any], *options: str) -> str:
    return cluster.kubectl("create", "-f", "-", "--validate=ignore", *options, input=json.dumps(framework))


def changed(path: tuple[str | int, ...], value: object) -> dict[str, Any]:
    framework = deepcopy(dict(FRAMEWORK))
    node: Any = framework
    for key in path[:-1]:
        node = node[key]
    node[path[-1]] = value
    return framework


def test_schema_is_structural_and_the_api_is_served(cluster: Cluster) -> None:
    conditions = {c["type"]: c["status"] for c in cluster.get("crd", CRD)["status"]["conditions"]}
    assert conditions["NamesAccepted"] == conditions["Established"] == "True"
    assert "NonStructuralSchema" not in conditions
    assert "frameworks" in cluster.kubectl("api-resources", "--api-group=frameworkcontroller.microsoft.com")


def test_framework_is_taken_and_its_pod_template_kept_whole(cluster: Cluster) -> None:
    submit(cluster, FRAMEWORK)
    try:
        stored = cluster.get("framework", FRAMEWORK["metadata"]["name"], namespace="default")
        assert stored["spec"] == FRAMEWORK["spec"]
    finally:
        cluster.kubectl("delete", "framework", FRAMEWORK["metadata"]["name"], "-n", "default")


@pytest.mark.parametrize(("path", "value", "named"), [pytest.param(*row[1:], id=row[0]) for row in BAD])
def test_bad_framework_is_refused_by_name_of_the_field(
    cluster: Cluster, path: tuple[str | int, ...], value: object, named: str
) -> None:
    with pytest.raises(RigError) as refusal:
        submit(cluster, changed(path, value), "--dry-run=server")
    assert named in str(refusal.value)


def test_status_is_written_with_the_object(cluster: Cluster) -> None:
    # The controller has no other way to write it; a status subresource would drop it silently.
    name = "b" * 32
    submit(cluster, changed(("metadata", "name"), name))
    try:
        status = {"state": "Completed", "taskRoleStatusesCompressed": "AAAA"}
        patch = json.dumps({"status": status})
        cluster.kubectl("patch", "framework", name, "-n", "default", "--type=merge", "-p", patch)
        assert cluster.get("framework", name, namespace="default")["status"] == status
    finally:
        cluster.kubectl("delete", "framework", name, "-n", "default")


def test_controllers_own_definition_changes_nothing(cluster: Cluster) -> None:
    """What the controller does at every start: it puts its own spec, without the server's defaults."""
    before = cluster.get("crd", CRD)
    own = {**before, "spec": json.loads(OWN_DEFINITION.read_text())}
    cluster.kubectl("replace", "-f", "-", input=json.dumps(own))
    after = cluster.get("crd", CRD)
    assert after["spec"] == before["spec"]
    assert after["metadata"]["generation"] == before["metadata"]["generation"]


@pytest.mark.parametrize("major", [3, 4])
def test_definition_survives_upgrade_and_uninstall(cluster_factory: ClusterFactory, major: int) -> None:
    fresh = cluster_factory()
    chart = subchart("frameworkcontroller")
    try:
        fresh.helm("install", "openpai", chart, "-n", "pai-system", "--create-namespace", version=major)
        fresh.kubectl("wait", "crd", CRD, "--for=condition=Established", "--timeout=30s")
        submit(fresh, FRAMEWORK)
        own = {**fresh.get("crd", CRD), "spec": json.loads(OWN_DEFINITION.read_text())}
        fresh.kubectl("replace", "-f", "-", input=json.dumps(own))
        fresh.helm(
            "upgrade", "openpai", chart, "-n", "pai-system", "--set", "config.workerNumber=9", version=major
        )
        assert fresh.get("crd", CRD)["metadata"]["generation"] == 1
        fresh.helm("uninstall", "openpai", "-n", "pai-system", version=major)
        assert fresh.get("framework", FRAMEWORK["metadata"]["name"], namespace="default")
        fresh.helm("install", "openpai", chart, "-n", "pai-system", version=major)
    finally:
        fresh.stop()
