"""The node-label Job's own program as its service account on a real API server."""

from __future__ import annotations

import json
import re
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.chart.charts import merged, scenario_values, subchart
from tests.rig.cluster import Cluster, Machine
from tests.rig.jobs import JobRun, run_label_job

pytestmark = pytest.mark.cluster

RELEASE = "openpai"
NAMESPACE = "pai-system"
ACCOUNT = f"system:serviceaccount:{NAMESPACE}:{RELEASE}-cluster-configuration"
ROLE = f"{NAMESPACE}-{RELEASE}-cluster-configuration"
NODES = ("master", "worker-1", "worker-2")
MEMORY = "paichart.io/labels"
MASTER = {"labels": {"pai-master": "true"}, "nodes": ["master"]}
WORKER_1 = {"labels": {"pai-worker": "true"}, "nodes": ["worker-1"]}
WORKERS = {"labels": {"pai-worker": "true"}, "nodes": ["worker-1", "worker-2"]}

Group = Mapping[str, Any]


class Site:
    """A cluster with the chart cluster-configuration installed in it."""

    def __init__(self, cluster: Cluster, folder: Path) -> None:
        self.cluster, self._values = cluster, folder / "values.json"

    def label(self, *groups: Group) -> JobRun:
        """Install or upgrade with these groups and run the Job that comes of it."""
        values = scenario_values("cluster-configuration", "quick-start")
        values = merged(values, {"nodeLabels": {"groups": groups}})
        self._values.write_text(json.dumps(values), encoding="utf-8")
        chart = subchart("cluster-configuration")
        place = ("--namespace", NAMESPACE, "--create-namespace")
        self.cluster.helm("upgrade", "--install", RELEASE, chart, "--values", self._values, *place)
        return run_label_job(self.cluster, NAMESPACE, RELEASE)

    def labels(self, node: str) -> dict[str, str]:
        """Labels of a node other than those that Kubernetes sets."""
        found = self.cluster.api.get(f"/api/v1/nodes/{node}")["metadata"]["labels"]
        return {key: value for key, value in found.items() if "kubernetes.io/" not in key}

    def version(self, node: str) -> str:
        """Changes whenever somebody writes to the node's labels or annotations."""
        metadata = self.cluster.api.get(f"/api/v1/nodes/{node}")["metadata"]
        return json.dumps([metadata["labels"], metadata["annotations"], _writers(metadata)], sort_keys=True)


def _writers(metadata: Mapping[str, Any]) -> list[Any]:
    """Who wrote which metadata when; a node's status changes all the time."""
    entries = (entry for entry in metadata["managedFields"] if "subresource" not in entry)
    return [entry for entry in entries if "f:metadata" in entry["fieldsV1"]]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """A control plane of this module's own, for it writes to all nodes."""
    with Cluster() as made:
        made.add_nodes([Machine(name, f"10.0.0.{number}") for number, name in enumerate(NODES, 1)])
        yield made


@pytest.fixture
def site(cluster: Cluster, tmp_path: Path) -> Site:
    """Fresh nodes without labels of ours."""
    for name in NODES:
        removed = [f"{label}-" for label in ("pai-master", "pai-worker", "no-jobexporter")]
        cluster.kubectl("label", "node", name, *removed)
        cluster.kubectl("annotate", "node", name, f"{MEMORY}-")
    return Site(cluster, tmp_path)


def test_labels_land(site: Site) -> None:
    run = site.label(MASTER, WORKERS)
    assert (run.exit_code, run.output.splitlines()[-1]) == (0, "3 nodes, 3 changed, 0 errors")
    assert site.labels("master") == {"pai-master": "true"}
    assert site.labels("worker-1") == site.labels("worker-2") == {"pai-worker": "true"}


def test_second_run_changes_nothing(site: Site) -> None:
    site.label(MASTER, WORKERS)
    before = [site.version(name) for name in NODES]
    run = site.label(MASTER, WORKERS)
    assert (run.exit_code, run.output) == (0, "3 nodes, 0 changed, 0 errors\n")
    assert [site.version(name) for name in NODES] == before


def test_machine_that_left_the_layout_loses_its_role(site: Site) -> None:
    first = site.label(MASTER, WORKERS)
    second = site.label(MASTER, WORKER_1)
    assert second.job != first.job
    assert "worker-2: pai-worker-" in second.output
    assert site.labels("worker-2") == {}
    assert site.labels("worker-1") == {"pai-worker": "true"}


def test_labels_set_by_hand_stay(site: Site) -> None:
    site.cluster.kubectl("label", "node", "worker-1", "no-jobexporter=true")
    site.label(MASTER, WORKERS)
    site.label(MASTER)
    assert site.labels("worker-1") == {"no-jobexporter": "true"}


def test_opt_out_of_the_layout_is_taken_off_again(site: Site) -> None:
    site.label({"labels": {"pai-worker": "true", "no-jobexporter": "true"}, "nodes": ["worker-1"]})
    assert site.labels("worker-1") == {"pai-worker": "true", "no-jobexporter": "true"}
    site.label(WORKER_1)
    assert site.labels("worker-1") == {"pai-worker": "true"}


def test_foreign_machine_fails_by_name_after_the_others_were_labelled(site: Site) -> None:
    run = site.label(MASTER, {"labels": {"pai-worker": "true"}, "nodes": ["worker-1", "worker-22"]})
    assert run.exit_code == 1
    assert "error: machine 'worker-22' of the layout is no node of this cluster; did you mean" in run.output
    assert site.labels("worker-1") == {"pai-worker": "true"}


def test_more_nodes_than_a_page_are_labelled(site: Site) -> None:
    names = [f"gpu-{number:04d}" for number in range(620)]
    site.cluster.add_nodes([Machine(name, "10.0.1.1", labels={"many": "true"}) for name in names])
    try:
        run = site.label({"labels": {"pai-worker": "true"}, "nodes": names})
        assert (run.exit_code, run.output.splitlines()[-1]) == (0, "623 nodes, 620 changed, 0 errors")
        labelled = site.cluster.api.get("/api/v1/nodes?labelSelector=pai-worker%3Dtrue")["items"]
        assert len(labelled) == len(names)
    finally:
        site.cluster.kubectl("delete", "nodes", "--selector=many=true", "--wait=false")


def test_rights_are_those_on_nodes_and_no_others(site: Site) -> None:
    site.label(MASTER, WORKERS)
    without_role = _rights(site.cluster, f"system:serviceaccount:{NAMESPACE}:default")
    extra = _rights(site.cluster, ACCOUNT) - without_role
    assert extra == {("nodes", verb) for verb in ("get", "list", "patch")}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("DELETE", "/api/v1/nodes/worker-2"),
        ("PATCH", "/api/v1/nodes/worker-2/status"),
        ("GET", "/api/v1/nodes/worker-2/proxy/configz"),
        ("GET", "/api/v1/secrets"),
        ("GET", f"/api/v1/namespaces/{NAMESPACE}/secrets/openpai-credentials"),
        ("GET", "/api/v1/pods"),
        (
            "PATCH",
            f"/apis/rbac.authorization.k8s.io/v1/clusterroles/{ROLE}",
        ),
    ],
)
def test_token_is_refused_elsewhere(site: Site, method: str, path: str) -> None:
    site.label(MASTER)
    token = site.cluster.token(NAMESPACE, f"{RELEASE}-cluster-configuration")
    request = urllib.request.Request(f"{site.cluster.server_url}{path}", method=method)  # noqa: S310
    request.add_header("Authorization", f"Bearer {token}")
    if method == "PATCH":
        request.add_header("Content-Type", "application/merge-patch+json")
        request.data = b'{"metadata":{"labels":{"a":"b"}}}'
    tls = ssl.create_default_context(cafile=str(site.cluster.ca_file))
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(request, context=tls, timeout=30)  # noqa: S310


def _rights(cluster: Cluster, user: str) -> set[tuple[str, str]]:
    """(resource, verb) of all that a user may do anywhere; kubectl prints a table with the verbs last."""
    table = cluster.kubectl("auth", "can-i", "--list", f"--as={user}", "--namespace", NAMESPACE)
    rows = [re.fullmatch(r"(\S*).*\[([^]]*)\]\s*", line) for line in table.splitlines()[1:]]
    return {(row[1], verb) for row in rows if row for verb in row[2].split()}
