"""Values of the device-plugin subchart: the FUSE devices of a worker, and where its kubelet lives."""

from __future__ import annotations

from paichart.derive.json import Json
from paichart.model import Cluster


def values(cluster: Cluster) -> dict[str, Json]:
    """Return the subchart's values.

    Plugins of GPUs are the cluster's own: what legacy fetched for `device-plugin.devices` is not installed.
    """
    return {
        "kubeletRoot": cluster.config.text("paichart", "kubelet-root").rstrip("/"),
        "fuse": {"numDevices": cluster.config.integer("paichart", "fuse-device-count")},
    }
