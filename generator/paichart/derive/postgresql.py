"""Values of the postgresql subchart: how many connections, and where the data lies."""

from __future__ import annotations

from paichart.derive import alert_manager
from paichart.derive.internal_storage import is_loop_disk_on, root_path
from paichart.derive.json import Json
from paichart.model import Cluster


def values(cluster: Cluster) -> dict[str, Json]:
    """Return the subchart's values; user, database and port are among the shared values."""
    callers: dict[str, Json] = (
        {"callers": [alert_manager.NOTIFIER]} if alert_manager.has_notifier(cluster) else {}
    )
    return {
        **callers,
        "maxConnections": cluster.services.integer("postgresql", "max-connection"),
        "persistence": persistence(cluster),
    }


def persistence(cluster: Cluster) -> dict[str, Json]:
    """Return where the data lies: a volume of the storage class, or the old installation's folder."""
    size = cluster.config.text("paichart", "storage", "database-size")
    storage_class = cluster.config.text("paichart", "storage", "class")
    if storage_class:
        return {"storageClass": storage_class, "size": size}
    return {
        "size": size,
        "hostPath": f"{root_path(cluster)}/storage",
        "node": cluster.master.name,
        "loopDisk": is_loop_disk_on(cluster),
    }
