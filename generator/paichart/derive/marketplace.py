"""The marketplace as other services see it: whether there is one, and where users' browsers find it."""

from __future__ import annotations

from paichart.model import Cluster

API_PATH = "/marketplace/api"
PLUGIN_PATH = "/marketplace/plugin.js"
"""Where pylon serves the API and the script of the portal's page."""


def is_marketplace_on(cluster: Cluster) -> bool:
    """Tell whether there is one: `cluster.common.marketplace`, else config.yaml's `enable_marketplace`."""
    if cluster.services.has("cluster", "common", "marketplace"):
        return cluster.services.flag("cluster", "common", "marketplace")
    return cluster.config.flag("enable_marketplace")


def api_url(cluster: Cluster) -> str:
    """Return where browsers find the API: the address that is given, else a path on the portal's own."""
    return cluster.services.text("marketplace-webportal", "marketplace_api_uri").rstrip("/") or API_PATH


def has_own_database(cluster: Cluster) -> bool:
    """Tell whether the templates are in the release's marketplace-db.

    They are not when `marketplace-restserver.db_host` names another server than the one that marketplace-db
    was in the old installation: the master, at marketplace-db's port.
    """
    host = cluster.services.text("marketplace-restserver", "db_host")
    port = cluster.services.text("marketplace-restserver", "db_port")
    own_port = cluster.services.text("marketplace-db", "port")
    own_hosts = ("", cluster.master.address, cluster.master.name)
    return host in own_hosts and (not host or port in ("", own_port))
