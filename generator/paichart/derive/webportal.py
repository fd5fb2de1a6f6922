"""Values of the webportal subchart: what the pages call, and what they offer."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

from paichart.derive import k8s_dashboard
from paichart.derive.json import Json
from paichart.derive.marketplace import PLUGIN_PATH, api_url, is_marketplace_on
from paichart.derive.rest_server import sign_in_method
from paichart.model import Cluster

WINDOW_IN_SCRAPES = 10
"""The hardware page averages over so many readings of Prometheus (legacy's PROM_SCRAPE_TIME)."""
MARKETPLACE: Mapping[str, str] = {"id": "marketplace", "title": "Marketplace", "uri": PLUGIN_PATH}


def values(cluster: Cluster) -> dict[str, Json]:
    """Return the subchart's values, but for what follows from its neighbours."""
    settings = cluster.services
    return {
        "urls": {
            "marketplaceApi": api_url(cluster),
            "kubernetesDashboard": k8s_dashboard.PATH if k8s_dashboard.outside_url(cluster) else "",
        },
        "authenticationMethod": sign_in_method(cluster),
        "metricsWindowSeconds": WINDOW_IN_SCRAPES * settings.integer("prometheus", "scrape_interval"),
        "jobTransfer": settings.flag("webportal", "enable-job-transfer"),
    }


def neighbours(cluster: Cluster, services: Collection[str]) -> dict[str, Json]:
    """Return what a dashboard and a marketplace bring: their menu entries, and saving job templates."""
    has_marketplace = is_marketplace_on(cluster) and "marketplace-webportal" in services
    dashboard: dict[str, Json] = {"urls": {"kubernetesDashboard": k8s_dashboard.PATH}}
    return {
        **(dashboard if "k8s-dashboard" in services else {}),
        "saveTemplates": has_marketplace and cluster.services.flag("webportal", "save-template"),
        "plugins": _plugins(cluster, has_marketplace),
    }


def _plugins(cluster: Cluster, has_marketplace: bool) -> list[Json]:
    """Return the pages added to the menu: the marketplace first, then those that the admin gives."""
    given: list[Mapping[str, Any]] = []
    if has_marketplace and cluster.services.flag("webportal", "marketplace"):
        given.append(MARKETPLACE)
    given.extend(cluster.services.items("webportal", "plugins"))
    taken: list[str] = [str(plugin["id"]) for plugin in given if plugin.get("id")]
    plugins: list[Json] = []
    for plugin in given:
        identity = plugin.get("id") or _free_id(plugin["title"], taken)
        taken.append(str(identity))
        uri = with_query(str(plugin["uri"]), plugin.get("config") or {})
        plugins.append({"id": str(identity), "title": str(plugin["title"]), "uri": uri})
    return plugins


def _free_id(title: str, taken: Sequence[str]) -> str:
    """Return a short name made from a title and not yet taken."""
    stem = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-") or "plugin"
    names = (stem, *(f"{stem}-{number}" for number in range(2, len(taken) + 3)))
    return next(name for name in names if name not in taken)


def with_query(uri: str, config: Mapping[str, Any]) -> str:
    """Return uri with settings in its query, behind what it has; truth in lower case, as scripts have it."""
    if not config:
        return uri
    address, mark, fragment = uri.partition("#")
    pairs = {key: str(value).lower() if isinstance(value, bool) else value for key, value in config.items()}
    joint = "&" if "?" in address else "?"
    return f"{address}{joint}{urlencode(pairs, quote_via=quote)}{mark}{fragment}"
