"""What jobs leave behind is removed on a real API server, with the CronJob's own rights and nothing more."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.chart.charts import CHARTS, scenario_values, subchart
from tests.chart.render import render
from tests.cluster.accounts import environment_of, may
from tests.cluster.conftest import ClusterFactory
from tests.cluster.test_framework_crd import CRD, FRAMEWORK
from tests.rig.cluster import Cluster

pytestmark = pytest.mark.cluster

NAMESPACE, ACCOUNT, WATCHDOG = "pai-system", "openpai-watchdog-leftovers", "openpai-watchdog"
SECRETS = "/api/v1/namespaces/default/secrets"
CLASSES = "/apis/scheduling.k8s.io/v1/priorityclasses"
FRAMEWORKS = "/apis/frameworkcontroller.microsoft.com/v1/namespaces/default/frameworks"
LIVING, GONE = "a" * 32, "b" * 32
# What the database controller makes for a job: src/database-controller/src/common/framework.js, AddOns.
SUFFIXES = ("configcred", "regcred", "tokencred", "usercred")
Run = Callable[..., str]


@pytest.fixture(scope="module")
def cluster(cluster_factory: ClusterFactory) -> Cluster:
    """The chart, a job that exists with all that belongs to it, and what one that is gone has left."""
    cluster = cluster_factory()
    definition = render("frameworkcontroller", scenario_values("frameworkcontroller", "quick-start"))
    cluster.kubectl("create", "-f", "-", input=json.dumps(definition.find("CustomResourceDefinition")))
    cluster.kubectl("wait", "crd", CRD, "--for=condition=Established", "--timeout=30s")
    cluster.kubectl("create", "namespace", NAMESPACE)
    cluster.kubectl("create", "priorityclass", "pai-daemon-priority", "--value=1000000")
    cluster.helm("install", "openpai", subchart("watchdog"), f"--namespace={NAMESPACE}")
    cluster.api.post(FRAMEWORKS, dict(FRAMEWORK))
    for framework in (LIVING, GONE):
        cluster.api.post(CLASSES, {"metadata": {"name": f"{framework}-priority"}, "value": 1})
        for suffix in SUFFIXES:
            cluster.api.post(SECRETS, {"metadata": {"name": f"{framework}-{suffix}"}})
    for name in ("job-ssh-secret", "my-regcred", f"{GONE}-regcred-of-mine"):
        cluster.api.post(SECRETS, {"metadata": {"name": name}})
    return cluster


@pytest.fixture
def run(cluster: Cluster, tmp_path: Path) -> Run:
    """Runs the script as the CronJob's account; it must succeed."""
    environment = environment_of(cluster, NAMESPACE, ACCOUNT, tmp_path)
    script = CHARTS / "watchdog/files/remove_leftovers.py"

    def run_script(*words: str) -> str:
        result = cluster.run([sys.executable, str(script), *words], env=environment, timeout_s=60)
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout

    return run_script


def names(cluster: Cluster, path: str) -> set[str]:
    return {item["metadata"]["name"] for item in cluster.api.get(path)["items"]}


def test_young_objects_stay(cluster: Cluster, run: Run) -> None:
    before = names(cluster, SECRETS)
    assert run().endswith("0 objects of jobs, 1 Frameworks, 0 removed\n")
    assert names(cluster, SECRETS) == before


def test_a_dry_run_removes_nothing(cluster: Cluster, run: Run) -> None:
    before = names(cluster, SECRETS)
    assert f"{GONE}-usercred would be removed" in run("--older-than=-1", "--dry-run")
    assert names(cluster, SECRETS) == before


def test_what_a_job_left_goes_and_all_else_stays(cluster: Cluster, run: Run) -> None:
    secrets, classes = names(cluster, SECRETS), names(cluster, CLASSES)
    assert run("--older-than=-1").endswith("10 objects of jobs, 1 Frameworks, 5 removed\n")
    assert secrets - names(cluster, SECRETS) == {f"{GONE}-{suffix}" for suffix in SUFFIXES}
    assert classes - names(cluster, CLASSES) == {f"{GONE}-priority"}


@pytest.mark.parametrize(
    ("account", "what", "is_allowed"),
    [
        (WATCHDOG, ("list", "pods", "--all-namespaces"), True),
        (WATCHDOG, ("list", "nodes"), True),
        (WATCHDOG, ("get", "/healthz"), True),
        (WATCHDOG, ("list", "secrets", "--namespace=default"), False),
        (WATCHDOG, ("delete", "priorityclasses"), False),
        (ACCOUNT, ("list", "secrets", "--namespace=default"), True),
        (ACCOUNT, ("delete", "secrets", "--namespace=default"), True),
        (ACCOUNT, ("get", "secrets", "--namespace=default"), False),
        (ACCOUNT, ("list", "secrets", f"--namespace={NAMESPACE}"), False),
        (ACCOUNT, ("delete", "priorityclasses"), True),
        (ACCOUNT, ("create", "priorityclasses"), False),
        (ACCOUNT, ("delete", "frameworks.frameworkcontroller.microsoft.com", "--namespace=default"), False),
        (ACCOUNT, ("list", "pods", "--namespace=default"), False),
    ],
)
def test_account_may(cluster: Cluster, account: str, what: tuple[str, ...], is_allowed: bool) -> None:
    assert may(cluster, NAMESPACE, account, *what) == is_allowed
