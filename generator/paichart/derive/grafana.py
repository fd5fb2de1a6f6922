"""Values of the grafana subchart: whether a server runs, whom it asks, and where it keeps its data."""

from __future__ import annotations

from paichart.derive import common, monitoring
from paichart.derive.json import Json
from paichart.model import Cluster


def is_wanted(cluster: Cluster) -> bool:
    """Tell whether the subchart makes anything: a server, or dashboards for a Grafana of the admin's."""
    return has_server(cluster) or monitoring.is_operator_on(cluster)


def has_server(cluster: Cluster) -> bool:
    """Tell whether the release runs a Grafana, to which pylon leads."""
    return not monitoring.grafana_url(cluster)


def values(cluster: Cluster) -> dict[str, Json]:
    """Return the subchart's values; the port is among `global.servicePorts`, the password a credential."""
    return {
        "server": {"enabled": has_server(cluster)},
        "prometheus": {
            "url": monitoring.prometheus_url(cluster),
            "scrapeIntervalSeconds": cluster.services.integer("prometheus", "scrape_interval"),
        },
        "persistence": common.persistence(cluster, common.data_path(cluster, "grafana")),
    }
