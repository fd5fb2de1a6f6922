"""The Kubernetes dashboard that the portal shows: one of the release, or one that layout.yaml names.

Legacy installed one on the master when `cluster.common.k8s-rbac` was true, on the port of layout.yaml's
`dashboard-url` (src/k8s-dashboard/config). So a URL on the master is that of the installed one.
"""

from __future__ import annotations

from paichart.addresses import leads_to
from paichart.derive.json import Json
from paichart.derive.network import plain_url
from paichart.model import Cluster

PATH = "/kubernetes-dashboard"
"""Where pylon leads to the dashboard."""


def is_installed(cluster: Cluster) -> bool:
    """Tell whether the release brings a dashboard: it is asked for, and the layout names none elsewhere."""
    return _is_asked_for(cluster) and not outside_url(cluster)


def outside_url(cluster: Cluster) -> str:
    """Return the address of the admin's own dashboard; empty without one.

    Where none is asked for, a URL on the master counts too: whatever listens there is the admin's.
    """
    url = cluster.dashboard_url
    if not url or (_is_asked_for(cluster) and _is_on_master(cluster)):
        return ""
    return plain_url(url)


def values(_cluster: Cluster) -> dict[str, Json]:
    """Return the subchart's values: it knows of the cluster only that pylon leads to it."""
    return {"basePath": PATH}


def _is_asked_for(cluster: Cluster) -> bool:
    return cluster.services.flag("cluster", "common", "k8s-rbac")


def _is_on_master(cluster: Cluster) -> bool:
    return leads_to(cluster.dashboard_url, cluster.master.name, cluster.master.address)
