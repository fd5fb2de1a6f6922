"""Values of the log-manager subchart: who may ask for logs, and for how long an answer's address works."""

from __future__ import annotations

from paichart.derive.json import Json
from paichart.model import Cluster


def values(cluster: Cluster) -> dict[str, Json]:
    """Return the subchart's values; the port is among `global.servicePorts`, the password a credential."""
    return {
        "adminName": cluster.services.text("log-manager", "admin_name"),
        "tokenExpirySeconds": cluster.services.integer("log-manager", "token_expired_second"),
    }
