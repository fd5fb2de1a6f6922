"""Values of the internal-storage subchart: the disk image that limits how much the database may fill."""

from __future__ import annotations

from paichart.derive.json import Json
from paichart.model import Cluster

SECTION = "internal-storage"


def is_loop_disk_on(cluster: Cluster) -> bool:
    """Tell whether the disk image is asked for: `internal-storage.enable` of services-configuration.yaml."""
    return cluster.services.flag(SECTION, "enable")


def root_path(cluster: Cluster) -> str:
    """Return the folder on the master that holds disk image and mount point, without a slash at its end."""
    return cluster.services.text(SECTION, "root-path").rstrip("/")


def values(cluster: Cluster) -> dict[str, Json]:
    """Return the subchart's values."""
    return {"rootPath": root_path(cluster), "quotaGb": cluster.services.integer(SECTION, "quota-gb")}
