"""What pylon gets. Legacy's keys: src/pylon/config/pylon.md; the machines: docs of quick start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from paichart.derive import pylon
from paichart.model import Cluster, Machine, Settings, Sku
from tests.unit.derived import satisfies_schema

SKU = Sku("gpu-machine", Fraction(24), Fraction(225280))
# pylon.ssl as docs/manual/cluster-admin/basic-management-operations.md has it.
SSL = {
    "port": 443,
    "crt_name": "pai.crt",
    "crt_path": "/pai/certs/pai.crt",
    "key_name": "pai.key",
    "key_path": "/pai/certs/pai.key",
}
MACHINES = (
    Machine("pai-master", "10.0.0.1", SKU, is_master=True),
    Machine("pai-worker1", "10.0.0.2", SKU, is_worker=True),
    Machine("pai-worker2", "10.0.0.3", SKU, is_worker=True, no_log_manager=True),
)


def cluster(
    paichart: Mapping[str, Any] | None = None,
    pylon_: Mapping[str, Any] | None = None,
    machines: tuple[Machine, ...] = MACHINES,
    dashboard_url: str = "",
) -> Cluster:
    """A cluster with these settings under `paichart` and `pylon`."""
    return Cluster(
        machines=machines,
        skus={SKU.name: SKU},
        config=Settings({"paichart": paichart or {}}),
        services=Settings({"pylon": pylon_ or {}}),
        dashboard_url=dashboard_url,
    )


def test_quick_start_gets_legacys_host_port_and_no_tls() -> None:
    assert pylon.values(cluster(pylon_={"port": 80})) == {
        "exposure": {"type": "hostPort", "hostPort": {"http": 80, "https": 443}, "annotations": {}},
        "tls": {"enabled": False},
        "logManager": {"hosts": {"pai-master": "10.0.0.1", "pai-worker1": "10.0.0.2"}},
        "kubernetesDashboard": {"url": ""},
        "usageReports": False,
        "realIp": {"trustedProxies": []},
        "ipv6": False,
    }


EXPOSURES = [
    (
        "host-ports",
        {},
        {"port": 8080, "ssl": {**SSL, "port": 8443}},
        {"type": "hostPort", "hostPort": {"http": 8080, "https": 8443}},
    ),
    (
        "node-ports",
        {"type": "nodePort", "node-port": 31080, "https-node-port": 31443},
        {"port": 8080},
        {"type": "nodePort", "nodePort": {"http": 31080, "https": 31443}},
    ),
    (
        "load-balancer",
        {"type": "loadBalancer", "class-name": "example.org/lb"},
        {},
        {"type": "loadBalancer", "loadBalancer": {"className": "example.org/lb"}},
    ),
    (
        "ingress",
        {"type": "ingress", "class-name": "haproxy"},
        {},
        {"type": "ingress", "ingress": {"className": "haproxy"}},
    ),
    (
        "gateway",
        {"type": "gateway", "gateway": {"name": "public", "namespace": "net", "section-name": "https"}},
        {},
        {"type": "gateway", "gateway": {"name": "public", "namespace": "net", "sectionName": "https"}},
    ),
    (
        "gateway-by-name-only",
        {"type": "gateway", "gateway": {"name": "public"}},
        {},
        {"type": "gateway", "gateway": {"name": "public", "namespace": "", "sectionName": ""}},
    ),
]


@pytest.mark.parametrize(
    ("asked", "pylon_", "expected"), [pytest.param(*row[1:], id=row[0]) for row in EXPOSURES]
)
def test_exposure(asked: dict[str, Any], pylon_: dict[str, Any], expected: dict[str, Any]) -> None:
    given = {**asked, "annotations": {"example.org/scheme": "internal"}}
    expected = {**expected, "annotations": {"example.org/scheme": "internal"}}
    assert pylon.exposure(cluster({"exposure": given}, pylon_)) == expected


GATEWAY = {"exposure": {"type": "gateway", "gateway": {"name": "public"}}}
TLS = [
    ("none", {}, {"ssl": {"port": 443}}, {"enabled": False}, ""),
    (
        "legacy-files",
        {},
        {"ssl": SSL},
        {"enabled": True, "secretName": "pylon-tls"},
        "kubectl --namespace pai create secret tls pylon-tls"
        " --cert=/pai/certs/pai.crt --key=/pai/certs/pai.key",
    ),
    ("own-secret", {"tls": {"secret-name": "mine"}}, {}, {"enabled": True, "secretName": "mine"}, ""),
    (
        "own-secret-from-legacy-files",
        {"tls": {"secret-name": "mine"}},
        {"ssl": SSL},
        {"enabled": True, "secretName": "mine"},
        "kubectl --namespace pai create secret tls mine --cert=/pai/certs/pai.crt --key=/pai/certs/pai.key",
    ),
    ("gateway-has-the-certificate", GATEWAY, {"ssl": SSL}, {"enabled": False}, ""),
]


@pytest.mark.parametrize(
    ("paichart", "pylon_", "expected", "command"), [pytest.param(*row[1:], id=row[0]) for row in TLS]
)
def test_tls(
    paichart: dict[str, Any], pylon_: dict[str, Any], expected: dict[str, Any], command: str
) -> None:
    given = cluster(paichart, pylon_)
    assert pylon.tls(given) == expected
    assert pylon.tls_secret_command(given, "pai") == command


def test_addresses_are_written_as_kubernetes_does() -> None:
    machines = (Machine("pai-master", "FD00:0:0::0001", SKU, is_master=True),)
    values = pylon.values(cluster(machines=machines))
    assert values["logManager"] == {"hosts": {"pai-master": "fd00::1"}}
    assert values["ipv6"] is True


def test_an_ipv6_external_address_is_listened_to() -> None:
    assert pylon.values(cluster({"external-url": "http://[2001:db8::1]"}))["ipv6"] is True


@pytest.mark.parametrize(("kind", "trusts"), [("hostPort", False), ("ingress", True), ("gateway", True)])
def test_only_proxies_in_the_cluster_are_trusted(kind: str, trusts: bool) -> None:
    proxies = pylon.trusted_proxies(cluster({"exposure": {"type": kind}}))
    assert ("10.0.0.0/8" in proxies) is trusts


def test_the_layouts_dashboard_is_led_to() -> None:
    values = pylon.values(cluster(dashboard_url="https://10.0.0.1:9090/"))
    assert values["kubernetesDashboard"] == {"url": "https://10.0.0.1:9090"}


def test_monitoring_that_the_cluster_had_already_is_led_to() -> None:
    monitoring = {
        "prometheus-url": "HTTP://Prometheus.monitoring.svc:9090/",
        "grafana-url": "https://grafana.example.com/graphs/",
    }
    values = pylon.values(cluster({"monitoring": monitoring}))
    assert values["prometheus"] == {"url": "http://prometheus.monitoring.svc:9090"}
    assert values["grafana"] == {"url": "https://grafana.example.com/graphs"}
    satisfies_schema("pylon", values)


def test_backends_are_the_services_of_the_release() -> None:
    core = ("rest-server", "webportal", "pylon", "marketplace-db")
    assert not any(pylon.backends(core).values())
    on = pylon.backends((*core, "grafana", "dshuttle-master", "marketplace-webportal"))
    assert sorted(name for name, is_on in on.items() if is_on) == ["dshuttle", "grafana", "marketplace"]


def test_the_job_that_reports_usage_is_served_only_where_it_runs() -> None:
    settings = {"pai-bearer-token": "x", "cluster-utilization": {"schedule": "0 0 * * 1"}}
    assert is_served(settings)
    assert not is_served({"cluster-utilization": settings["cluster-utilization"]})
    assert not is_served({"pai-bearer-token": "x", "cluster-utilization": {}})


def is_served(settings: Mapping[str, Any]) -> bool:
    """Whether pylon has its internal port with these settings of alert-manager."""
    given = replace(cluster(), services=Settings({"alert-manager": settings}))
    return bool(pylon.values(given)["usageReports"])
