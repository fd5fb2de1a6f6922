"""Values of the dshuttle-csi subchart: memory, and where kubelet lives."""

from __future__ import annotations

from paichart.derive import dshuttle
from paichart.derive.json import Json
from paichart.model import Cluster


def values(cluster: Cluster) -> dict[str, Json]:
    """Return the subchart's values."""
    return {
        "kubeletRoot": cluster.config.text("paichart", "kubelet-root").rstrip("/"),
        "memory": dshuttle.memory(cluster, "csi_daemon"),
    }
