"""Values of the marketplace-db subchart: the marketplace's database, and where its data lies."""

from __future__ import annotations

from paichart.derive import common
from paichart.derive.json import Json
from paichart.model import Cluster

SECTION = "marketplace-db"


def values(cluster: Cluster) -> dict[str, Json]:
    """Return the subchart's values; the port is among `global.servicePorts`, the password a credential."""
    folder = cluster.services.text(SECTION, "data-path").rstrip("/")
    return {
        "user": cluster.services.text(SECTION, "user"),
        "database": cluster.services.text(SECTION, "db"),
        "maxConnections": cluster.services.integer(SECTION, "max-connection"),
        "persistence": common.persistence(cluster, folder, "marketplace-size"),
    }
