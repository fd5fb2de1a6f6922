"""Watchdog as its image v1.8.0 expects it, with no right to delete; and the CronJob that deletes instead."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.chart.charts import merged, scenario_values
from tests.chart.render import Object, Objects, render


def rendered(scenario: str = "quick-start", values: Mapping[str, Any] | None = None) -> Objects:
    given = merged(scenario_values("watchdog", scenario), values or {})
    return render("watchdog", given, namespace="pai-system")


def pod(objects: Objects) -> Object:
    found: Object = objects.find("Deployment", "openpai-watchdog")["spec"]["template"]["spec"]
    return found


def flags(objects: Objects) -> dict[str, str]:
    (container,) = pod(objects)["containers"]
    return {name: value for name, _, value in (word.partition("=") for word in container["args"])}


@pytest.mark.parametrize(("scenario", "interval"), [("quick-start", "180"), ("no-leftovers", "300")])
def test_flags_are_those_of_the_image(scenario: str, interval: str) -> None:
    # src/watchdog/src/cmd/watchdog/main.go, and klog's own.
    objects = rendered(scenario)
    (container,) = pod(objects)["containers"]
    assert container["command"] == ["/opt/watchdog/watchdog"]
    assert flags(objects) == {
        "-collection-interval": interval,
        "-gc-interval": "5256000",
        "-port": "9101",
        "-logtostderr": "false",
        "-stderrthreshold": "ERROR",
        "-log_file": "/dev/null",
    }


def test_its_own_collector_never_runs() -> None:
    # A count of minutes that Go multiplies into nanoseconds of 64 bits; the first run is after one interval.
    minutes = int(flags(rendered())["-gc-interval"])
    assert minutes * 60 * 10**9 < 2**63
    assert minutes >= 10 * 365 * 24 * 60


def test_watchdog_only_lists() -> None:
    # k8s_client.go: lists nodes and pods, asks /healthz.
    role = rendered().find("ClusterRole", "pai-system-openpai-watchdog")
    assert role["rules"] == [
        {"apiGroups": [""], "resources": ["nodes", "pods"], "verbs": ["list"]},
        {"nonResourceURLs": ["/healthz"], "verbs": ["get"]},
    ]


def test_the_cron_job_may_delete_leftovers_and_no_more() -> None:
    objects = rendered()
    assert objects.find("Role", "pai-system-openpai-watchdog-leftovers", "default")["rules"] == [
        {"apiGroups": [""], "resources": ["secrets"], "verbs": ["list", "delete"]},
        {
            "apiGroups": ["frameworkcontroller.microsoft.com"],
            "resources": ["frameworks"],
            "verbs": ["get", "list"],
        },
    ]
    assert objects.find("ClusterRole", "pai-system-openpai-watchdog-leftovers")["rules"] == [
        {"apiGroups": ["scheduling.k8s.io"], "resources": ["priorityclasses"], "verbs": ["list", "delete"]}
    ]


def test_the_cron_job_runs_once_at_a_time_and_is_not_counted() -> None:
    spec = rendered(values={"leftovers": {"schedule": "5 4 * * *", "olderThanMinutes": 90}}).find("CronJob")[
        "spec"
    ]
    assert (spec["schedule"], spec["concurrencyPolicy"], spec["startingDeadlineSeconds"]) == (
        "5 4 * * *",
        "Forbid",
        600,
    )
    template = spec["jobTemplate"]["spec"]["template"]
    assert template["spec"]["containers"][0]["command"] == [
        *("python3", "/paichart/remove_leftovers.py", "--older-than=90")
    ]
    assert "app" not in template["metadata"]["labels"]


def test_leftovers_can_be_left() -> None:
    objects = rendered("no-leftovers")
    assert objects.all("CronJob", "ConfigMap", "Role") == ()
    assert [account["metadata"]["name"] for account in objects.all("ServiceAccount")] == ["openpai-watchdog"]


def test_it_runs_once_on_the_master_without_the_hosts_network() -> None:
    objects = rendered()
    deployment = objects.find("Deployment")
    assert (deployment["spec"]["replicas"], deployment["spec"]["strategy"]["type"]) == (1, "Recreate")
    assert "hostNetwork" not in pod(objects)
    # src/watchdog/deploy/service.yaml: in pai-master
    assert "pai-master" in str(pod(objects)["affinity"])


def test_prometheus_finds_it() -> None:
    metadata = rendered().find("Deployment")["spec"]["template"]["metadata"]
    assert metadata["labels"]["app"] == "watchdog"
    assert metadata["annotations"] == {
        "prometheus.io/scrape": "true",
        "prometheus.io/path": "/metrics",
        "prometheus.io/port": "9101",
    }


def test_qos_gives_legacys_memory() -> None:
    # src/watchdog/deploy/watchdog.yaml.template
    assert pod(rendered("no-leftovers"))["containers"][0]["resources"]["limits"] == {"memory": "1Gi"}
