"""The database controller: each process passes its own validation, and the pod has no right too many."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest

from tests.chart.charts import merged, scenario_values, scenarios
from tests.chart.render import Container, Objects, render

WHOLE = r"\d+"
URL = r"https?://\S+"
TEXT = r".+"
SWITCH = "true|false"
# Read by every process. Source: src/database-controller/src/common/config.js of v1.8.0.
COMMON = {
    "LOG_LEVEL": "error|warn|info|http|verbose|debug|silly",
    "K8S_CONNECTION_TIMEOUT_SECOND": WHOLE,
    "WRITE_MERGER_CONNECTION_TIMEOUT_SECOND": WHOLE,
    "RETAIN_MODE_ENABLED": SWITCH,
    "RBAC_IN_CLUSTER": "true",
}
# Source: config.js of each process beside its index.js; the initializer reads its connection string there.
PROCESSES: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "database-initializer": ("initializer/index.js", {"DB_CONNECTION_STR": TEXT}),
    "write-merger": (
        "write-merger/index.js",
        {"DB_CONNECTION_STR": TEXT, "MAX_DB_CONNECTION": WHOLE, "PORT": WHOLE},
    ),
    "framework-watcher": (
        "watcher/framework/index.js",
        {"WRITE_MERGER_URL": URL, "MAX_RPC_CONCURRENCY": WHOLE, "WATCH_TIMEOUT_SECONDS": WHOLE},
    ),
    "cluster-event-watcher": (
        "watcher/cluster-event/index.js",
        {
            "DB_CONNECTION_STR": TEXT,
            "MAX_DB_CONNECTION": WHOLE,
            "MAX_RPC_CONCURRENCY": WHOLE,
            "DISK_PATH": TEXT,
            "MAX_DISK_USAGE_PERCENT": WHOLE,
            "WATCH_TIMEOUT_SECONDS": WHOLE,
        },
    ),
    "poller": (
        "poller/index.js",
        {
            "DB_CONNECTION_STR": TEXT,
            "MAX_DB_CONNECTION": WHOLE,
            "INTERVAL_SECOND": WHOLE,
            "WRITE_MERGER_URL": URL,
            "MAX_RPC_CONCURRENCY": WHOLE,
        },
    ),
}


def rendered(values: Mapping[str, Any] | None = None, scenario: str = "quick-start") -> Objects:
    given = merged(scenario_values("database-controller", scenario), values or {})
    return render("database-controller", given, namespace="pai-system")


def containers(objects: Objects) -> dict[str, Container]:
    pods = next(pods for pods in objects.pod_specs() if pods.kind == "StatefulSet")
    return {container.name: container for container in pods.containers()}


def variables(container: Container) -> dict[str, str]:
    return {entry["name"]: entry.get("value", "") for entry in container.spec["env"]}


@pytest.mark.parametrize("scenario", scenarios("database-controller"))
@pytest.mark.parametrize("name", PROCESSES)
def test_process_passes_its_own_validation(scenario: str, name: str) -> None:
    container = containers(rendered(scenario=scenario))[name]
    script, own = PROCESSES[name]
    assert container.spec["command"][0] == "node"
    assert container.spec["command"][-1] == script
    found = variables(container)
    wrong = {
        key: found.get(key)
        for key, pattern in {**COMMON, **own}.items()
        if not re.fullmatch(pattern, found.get(key, ""))
    }
    assert wrong == {}


def test_there_are_these_processes_and_no_other() -> None:
    assert set(containers(rendered())) == {"wait-for-dependencies", *PROCESSES}


def test_each_setting_reaches_its_own_process() -> None:
    values = {
        "writeMerger": {"maxHeapMb": 1001, "maxDbConnections": 101},
        "frameworkWatcher": {"maxHeapMb": 1002, "maxRpcConcurrency": 102, "watchTimeoutSeconds": 103},
        "clusterEventWatcher": {
            "maxHeapMb": 1003,
            "maxRpcConcurrency": 104,
            "maxDbConnections": 105,
            "watchTimeoutSeconds": 106,
        },
        "poller": {
            "maxHeapMb": 1004,
            "intervalSeconds": 107,
            "maxDbConnections": 108,
            "maxRpcConcurrency": 109,
        },
        "initializer": {"maxHeapMb": 1005},
    }
    found = containers(rendered(values))
    numbers = ("MAX_DB_CONNECTION", "MAX_RPC_CONCURRENCY", "WATCH_TIMEOUT_SECONDS", "INTERVAL_SECOND")
    assert {
        name: (
            found[name].spec["command"][1],
            [variables(found[name])[key] for key in numbers if key in variables(found[name])],
        )
        for name in PROCESSES
    } == {
        "database-initializer": ("--max-old-space-size=1005", []),
        "write-merger": ("--max-old-space-size=1001", ["101"]),
        "framework-watcher": ("--max-old-space-size=1002", ["102", "103"]),
        "cluster-event-watcher": ("--max-old-space-size=1003", ["105", "104", "106"]),
        "poller": ("--max-old-space-size=1004", ["108", "109", "107"]),
    }


def test_watches_are_renewed_every_ten_minutes() -> None:
    found = containers(rendered())
    for name in ("framework-watcher", "cluster-event-watcher"):
        assert variables(found[name])["WATCH_TIMEOUT_SECONDS"] == "600"


def test_event_watcher_never_stops_because_of_a_full_disk() -> None:
    # It ends when usage is above the limit, so 100 percent is never too full; the path must exist.
    container = containers(rendered())["cluster-event-watcher"]
    found = variables(container)
    assert found["MAX_DISK_USAGE_PERCENT"] == "100"
    assert found["DISK_PATH"] in [mount["mountPath"] for mount in container.spec["volumeMounts"]]


def test_pod_waits_for_the_database_and_the_api() -> None:
    wait = containers(rendered())["wait-for-dependencies"]
    assert wait.spec["args"][1:] == [
        "tcp://openpai-postgresql.pai-system.svc:5432",
        "api://frameworkcontroller.microsoft.com/v1",
    ]


def test_external_database_is_used() -> None:
    found = containers(rendered(scenario="external-database"))
    assert variables(found["poller"])["DB_CONNECTION_STR"] == (
        "postgresql://pai%40example:$(DATABASE_PASSWORD_URLENCODED)@db.example.com:15432/pai_db"
    )
    assert "tcp://db.example.com:15432" in found["wait-for-dependencies"].spec["args"]


def test_password_comes_before_the_text_that_names_it() -> None:
    # Kubernetes resolves $(NAME) only if NAME stands earlier in the list.
    for name in ("database-initializer", "write-merger", "cluster-event-watcher", "poller"):
        names = [entry["name"] for entry in containers(rendered())[name].spec["env"]]
        assert names.index("DATABASE_PASSWORD_URLENCODED") < names.index("DB_CONNECTION_STR")


def test_port_of_the_write_merger_is_one_everywhere() -> None:
    objects = rendered(scenario="external-database")
    found = containers(objects)
    assert variables(found["write-merger"])["PORT"] == "19748"
    assert found["write-merger"].spec["ports"][0]["containerPort"] == 19748
    assert objects.find("Service")["spec"]["ports"][0]["port"] == 19748
    for name in ("framework-watcher", "poller"):
        assert variables(found[name])["WRITE_MERGER_URL"] == "http://127.0.0.1:19748"


def test_only_rest_server_reaches_the_write_merger() -> None:
    (ingress,) = rendered().find("NetworkPolicy")["spec"]["ingress"]
    components = {
        peer["podSelector"]["matchLabels"]["app.kubernetes.io/component"] for peer in ingress["from"]
    }
    assert components == {"rest-server", "helm-test"}


def test_rights_are_those_that_the_image_uses() -> None:
    # What callers of src/common/k8s.js use; getting Frameworks and deleting secrets or priority classes has
    # no caller in v1.8.0.
    objects = rendered()
    role, cluster_role = objects.find("Role"), objects.find("ClusterRole")
    assert role["metadata"]["namespace"] == "default"
    assert _rights(role) == {
        ("frameworkcontroller.microsoft.com", "frameworks"): {"list", "watch", "create", "patch", "delete"},
        ("frameworkcontroller.microsoft.com", "frameworks/finalizers"): {"update"},
        ("", "secrets"): {"create", "patch"},
        ("", "events"): {"list", "watch"},
    }
    assert _rights(cluster_role) == {("scheduling.k8s.io", "priorityclasses"): {"create"}}


def _rights(role: Mapping[str, Any]) -> dict[tuple[str, str], set[str]]:
    return {
        (group, resource): set(entry["verbs"])
        for entry in role["rules"]
        for group in entry["apiGroups"]
        for resource in entry["resources"]
    }


def test_memory_limit_leaves_room_beside_the_heap() -> None:
    for name, container in containers(rendered({"global": {"qos": True}})).items():
        if name in PROCESSES:
            heap = int(container.spec["command"][1].partition("=")[2])
            limit = int(container.spec["resources"]["limits"]["memory"].removesuffix("Mi"))
            assert heap + 256 <= limit <= 2 * heap


def test_own_resources_of_a_process_win() -> None:
    own = {"requests": {"memory": "1Gi"}}
    found = containers(rendered({"resources": {"requests": {"memory": "2Gi"}}, "poller": {"resources": own}}))
    assert found["poller"].spec["resources"] == own
    assert found["write-merger"].spec["resources"] == {"requests": {"memory": "2Gi"}}


def test_there_is_never_a_second_one() -> None:
    assert rendered().find("StatefulSet")["spec"]["replicas"] == 1
