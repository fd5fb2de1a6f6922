"""Which Kubernetes dashboard the portal shows. Legacy (v1.8.0): src/k8s-dashboard, config and start.sh."""

from __future__ import annotations

from typing import Any

import pytest

from paichart.derive import k8s_dashboard, pylon, webportal
from paichart.derive.json import Json
from paichart.model import Cluster
from tests.unit.derived import satisfies_schema, site

PATH = "/kubernetes-dashboard"


def asked(rbac: object, url: str = "") -> Cluster:
    """A site that asks for a dashboard or not; its master is pai-master, 10.0.0.1."""
    common: dict[str, Any] = {} if rbac is None else {"k8s-rbac": rbac}
    given = site({"cluster": {"common": common}})
    return Cluster(given.machines, given.skus, given.config, given.services, dashboard_url=url)


# id, k8s-rbac, dashboard-url, is installed, address of the admin's own
CASES = [
    ("nothing-said", None, "", False, ""),
    ("refused", "false", "", False, ""),
    ("asked", "true", "", True, ""),
    ("asked-as-a-boolean", True, "", True, ""),
    # Legacy took the port of its own dashboard from here.
    ("asked-on-the-master", "true", "https://10.0.0.1:9090", True, ""),
    ("asked-on-the-master-by-name", "true", "https://PAI-master:9090/", True, ""),
    ("elsewhere", None, "https://K8s.example.com/", False, "https://k8s.example.com"),
    ("elsewhere-wins", "true", "https://k8s.example.com", False, "https://k8s.example.com"),
    ("on-the-master-but-the-admins", None, "https://10.0.0.1:9090", False, "https://10.0.0.1:9090"),
    ("on-a-worker", "true", "https://10.0.0.2:9090", False, "https://10.0.0.2:9090"),
]


@pytest.mark.parametrize(
    ("rbac", "url", "is_installed", "outside"), [pytest.param(*row[1:], id=row[0]) for row in CASES]
)
def test_there_is_one_dashboard_and_portal_and_pylon_lead_to_it(
    rbac: object, url: str, is_installed: bool, outside: str
) -> None:
    cluster = asked(rbac, url)
    assert k8s_dashboard.is_installed(cluster) is is_installed
    assert k8s_dashboard.outside_url(cluster) == outside
    services = ("rest-server", *(["k8s-dashboard"] if is_installed else []))
    own: Json = {"url": outside, **({"stripPrefix": False} if is_installed else {})}
    assert pylon.values(cluster)["kubernetesDashboard"] == own
    assert pylon.backends(services)["k8s-dashboard"] is is_installed
    assert address_in_portal(cluster, services) == (PATH if is_installed or outside else "")


def address_in_portal(cluster: Cluster, services: tuple[str, ...]) -> str:
    urls: Any = webportal.values(cluster)["urls"]
    more: Any = webportal.neighbours(cluster, services).get("urls", {})
    return str({**urls, **more}["kubernetesDashboard"])


def test_the_dashboard_is_told_where_it_serves() -> None:
    values = k8s_dashboard.values(site())
    assert values == {"basePath": PATH}
    satisfies_schema("k8s-dashboard", values)
