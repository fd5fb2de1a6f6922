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
