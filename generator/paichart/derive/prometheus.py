"""Values of the prometheus subchart: how often it reads, what it keeps where, and the admin's own alerts."""

from __future__ import annotations

from collections.abc import Collection

from paichart import quantity
from paichart.derive import monitoring
from paichart.derive.common import data_path, persistence
from paichart.derive.json import Json
from paichart.model import GPU_DEFAULT_TYPE, Cluster

CALLERS = ("pylon", "grafana")
"""Services that call this one; whatever comes from outside the release comes through pylon."""

READINGS_OF_A_RATE = 4
"""Readings that a rate looks at, so that it outlives a lost one."""

_SHARE_OF_VOLUME = (85, 100)
"""What metrics may take of their volume; the rest is for the log written first, and for compaction."""


def values(cluster: Cluster) -> dict[str, Json]:
    """Return the subchart's values, without its neighbours; the port is among the shared values."""
    interval = cluster.services.integer("prometheus", "scrape_interval")
    return {
        "server": {"enabled": has_server(cluster)},
        "scrapeInterval": f"{interval}s",
        "rateWindow": f"{READINGS_OF_A_RATE * interval}s",
        "scrape": {"dcgm": {"enabled": _has_nvidia(cluster)}},
        "retention": {"size": retention_size(cluster)},
        "customizedAlerts": cluster.services.text("prometheus", "customized-alerts"),
        "persistence": persistence(cluster, data_path(cluster, "prometheus", "data"), "metrics-size"),
    }


def neighbours(services: Collection[str]) -> dict[str, Json]:
    """Return which of a release's services may call this one, and whether one takes its alerts."""
    return {
        "alertManager": {"enabled": "alert-manager" in services},
        "callers": [caller for caller in CALLERS if caller in services],
    }


def has_server(cluster: Cluster) -> bool:
    """Tell whether a Prometheus is installed: not where the admin names one."""
    return not monitoring.prometheus_url(cluster)


def is_needed(cluster: Cluster) -> bool:
    """Tell whether the release has this subchart: for a Prometheus, or to configure the admin's."""
    return has_server(cluster) or monitoring.is_operator_on(cluster)


def retention_size(cluster: Cluster) -> str:
    """Return the size at which the oldest metrics go, in Prometheus' units; empty for a folder on a node.

    They are powers of two: 1MB is 1 MiB.
    """
    if not cluster.config.text("paichart", "storage", "class"):
        return ""
    part, whole = _SHARE_OF_VOLUME
    size = quantity.mebibytes(cluster.config.text("paichart", "storage", "metrics-size"))
    return f"{max(1, size * part // whole)}MB"


def _has_nvidia(cluster: Cluster) -> bool:
    return any(sku.device and sku.device.type == GPU_DEFAULT_TYPE for sku in cluster.skus.values())
