"""Values of the prometheus-pushgateway subchart: how long what was pushed stays."""

from __future__ import annotations

from paichart.derive.json import Json
from paichart.model import Cluster

_CLEANER = ("prometheus-pushgateway", "metrics-cleaner")


def values(cluster: Cluster) -> dict[str, Json]:
    """Return the subchart's values; the port is among the shared values."""
    return {
        "cleaner": {
            "timeToLiveSeconds": cluster.services.integer(*_CLEANER, "job-time-to-live"),
            "intervalSeconds": cluster.services.integer(*_CLEANER, "clean-interval"),
        },
    }


def is_on(cluster: Cluster) -> bool:
    """Tell whether the pushgateway is installed: `cluster.common.prometheus-pushgateway`, true or "true"."""
    return cluster.services.flag("cluster", "common", "prometheus-pushgateway")
