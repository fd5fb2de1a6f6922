"""Values of database-controller. Expected ones are from src/database-controller/config of OpenPAI v1.8.0."""

from __future__ import annotations

from typing import Any

import pytest

from paichart.derive import database_controller
from tests.unit.derived import satisfies_schema, site


def test_database_controller_has_the_legacy_limits_but_short_watches() -> None:
    # src/database-controller/config/database-controller.yaml; without 86400 the chart's own 600 seconds hold.
    assert database_controller.values(site()) == {
        "logLevel": "info",
        "retainMode": False,
        "kubernetesTimeoutSeconds": 120,
        "writeMergerTimeoutSeconds": 120,
        "writeMerger": {"maxHeapMb": 2048, "maxDbConnections": 100},
        "frameworkWatcher": {"maxHeapMb": 8192, "maxRpcConcurrency": 150},
        "clusterEventWatcher": {"maxHeapMb": 2048, "maxRpcConcurrency": 40, "maxDbConnections": 40},
        "poller": {
            "maxHeapMb": 4096,
            "intervalSeconds": 120,
            "maxDbConnections": 10,
            "maxRpcConcurrency": 50,
        },
    }


# One row a key of the section: what is written, and where it lands.
SETTINGS = [
    ("log-level", "debug", ["logLevel"]),
    ("retain-mode", True, ["retainMode"]),
    ("retain-mode", "true", ["retainMode"]),
    ("k8s-connection-timeout-second", 7, ["kubernetesTimeoutSeconds"]),
    ("write-merger-connection-timeout-second", 7, ["writeMergerTimeoutSeconds"]),
    ("write-merger-max-db-connection", 7, ["writeMerger", "maxDbConnections"]),
    ("write-merger-max-heap-mb", 777, ["writeMerger", "maxHeapMb"]),
    ("db-poller-interval-second", 7, ["poller", "intervalSeconds"]),
    ("db-poller-max-db-connection", 7, ["poller", "maxDbConnections"]),
    ("db-poller-max-rpc-concurrency", 7, ["poller", "maxRpcConcurrency"]),
    ("db-poller-max-heap-mb", 777, ["poller", "maxHeapMb"]),
    ("framework-watcher-max-rpc-concurrency", 7, ["frameworkWatcher", "maxRpcConcurrency"]),
    ("framework-watcher-max-heap-mb", 777, ["frameworkWatcher", "maxHeapMb"]),
    ("framework-watcher-watch-timeout-seconds", 3600, ["frameworkWatcher", "watchTimeoutSeconds"]),
    ("cluster-event-watcher-max-rpc-concurrency", 7, ["clusterEventWatcher", "maxRpcConcurrency"]),
    ("cluster-event-watcher-max-heap-mb", 777, ["clusterEventWatcher", "maxHeapMb"]),
    # Legacy gave this container the poller's number instead.
    ("cluster-event-max-db-connection", 7, ["clusterEventWatcher", "maxDbConnections"]),
    ("cluster-event-watcher-watch-timeout-seconds", 60, ["clusterEventWatcher", "watchTimeoutSeconds"]),
]


@pytest.mark.parametrize(("key", "written", "place"), SETTINGS)
def test_each_setting_lands(key: str, written: Any, place: list[str]) -> None:
    node: Any = database_controller.values(site({"database-controller": {key: written}}))
    for name in place:
        node = node[name]
    assert node == (True if written == "true" else written)


def test_a_string_false_keeps_retain_mode_off() -> None:
    # Legacy took any non-empty text for true (CONFIG.md 2.1).
    services = {"database-controller": {"retain-mode": "false"}}
    assert database_controller.values(site(services))["retainMode"] is False


def test_values_satisfy_the_charts_schema() -> None:
    satisfies_schema("database-controller", database_controller.values(site()))
