"""Values of the database-controller subchart: the limits of its processes."""

from __future__ import annotations

from collections.abc import Mapping

from paichart.derive.json import Json
from paichart.model import Cluster

SECTION = "database-controller"
WATCH_TIMEOUT = "watchTimeoutSeconds"
LEGACY_WATCH_TIMEOUT_S = 86_400
"""The old default. A watch that a load balancer dropped hung for a day, so it counts as not given."""

PROCESSES: Mapping[str, Mapping[str, str]] = {
    "writeMerger": {
        "maxHeapMb": "write-merger-max-heap-mb",
        "maxDbConnections": "write-merger-max-db-connection",
    },
    "frameworkWatcher": {
        "maxHeapMb": "framework-watcher-max-heap-mb",
        "maxRpcConcurrency": "framework-watcher-max-rpc-concurrency",
        WATCH_TIMEOUT: "framework-watcher-watch-timeout-seconds",
    },
    "clusterEventWatcher": {
        "maxHeapMb": "cluster-event-watcher-max-heap-mb",
        "maxRpcConcurrency": "cluster-event-watcher-max-rpc-concurrency",
        "maxDbConnections": "cluster-event-max-db-connection",
        WATCH_TIMEOUT: "cluster-event-watcher-watch-timeout-seconds",
    },
    "poller": {
        "maxHeapMb": "db-poller-max-heap-mb",
        "intervalSeconds": "db-poller-interval-second",
        "maxDbConnections": "db-poller-max-db-connection",
        "maxRpcConcurrency": "db-poller-max-rpc-concurrency",
    },
}
"""Where services-configuration.yaml gives each number of a process.

`cluster-event-watcher-max-disk-usage-percent` goes nowhere: the pod no longer sits on the database's disk.
"""


def values(cluster: Cluster) -> dict[str, Json]:
    """Return the subchart's values; its port is among the shared values."""
    services = cluster.services
    return {
        "logLevel": services.text(SECTION, "log-level"),
        "retainMode": services.flag(SECTION, "retain-mode"),
        "kubernetesTimeoutSeconds": services.integer(SECTION, "k8s-connection-timeout-second"),
        "writeMergerTimeoutSeconds": services.integer(SECTION, "write-merger-connection-timeout-second"),
        **{process: _numbers(cluster, keys) for process, keys in PROCESSES.items()},
    }


def _numbers(cluster: Cluster, keys: Mapping[str, str]) -> dict[str, Json]:
    numbers = {name: cluster.services.integer(SECTION, key) for name, key in keys.items()}
    if numbers.get(WATCH_TIMEOUT) == LEGACY_WATCH_TIMEOUT_S:
        del numbers[WATCH_TIMEOUT]
    return dict(numbers)
