"""Values of the marketplace-restserver subchart: its database, and who checks tokens for it."""

from __future__ import annotations

from paichart.derive.json import Json
from paichart.derive.marketplace import has_own_database
from paichart.model import Cluster

SECTION = "marketplace-restserver"


def values(cluster: Cluster) -> dict[str, Json]:
    """Return the subchart's values; password and Azure account are credentials."""
    return {
        "database": database(cluster),
        "identityUrl": cluster.services.text(SECTION, "idp_url").rstrip("/"),
    }


def database(cluster: Cluster) -> dict[str, Json]:
    """Return where the templates are; what this section does not say is as in marketplace-db."""
    services = cluster.services
    named: dict[str, Json] = {
        "user": services.text(SECTION, "db_user") or services.text("marketplace-db", "user"),
        "name": services.text(SECTION, "db") or services.text("marketplace-db", "db"),
    }
    if has_own_database(cluster):
        return named
    port = ("marketplace-db", "port") if not services.has(SECTION, "db_port") else (SECTION, "db_port")
    return {"host": services.text(SECTION, "db_host"), "port": services.integer(*port), **named}
