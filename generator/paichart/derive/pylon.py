"""Values of the pylon subchart: how users reach it, whether by https, and the machines that have job logs."""

from __future__ import annotations

from collections.abc import Collection
from ipaddress import ip_address

from paichart.derive import alert_manager, k8s_dashboard
from paichart.derive.json import Json
from paichart.derive.monitoring import grafana_url, prometheus_url
from paichart.derive.network import (
    PRIVATE_NETWORKS,
    PRIVATE_NETWORKS_6,
    exposure_type,
    external_url,
    host_ports,
    is_tls_on,
    node_ports,
    plain_url,
)
from paichart.model import Cluster

TLS_SECRET = "pylon-tls"  # noqa: S105 # its name
"""Name of the TLS Secret when only legacy's certificate files are given."""

_SERVICES_OF_BACKENDS = {
    "alert-manager": "alert-manager",
    "docker-cache": "docker-cache",
    "dshuttle": "dshuttle-master",
    "grafana": "grafana",
    "k8s-dashboard": "k8s-dashboard",
    "marketplace": "marketplace-webportal",
    "prometheus": "prometheus",
}


def values(cluster: Cluster) -> dict[str, Json]:
    """Return the subchart's values, but for its backends, which follow from the release's services."""
    hosts = log_manager_hosts(cluster)
    return {
        "exposure": exposure(cluster),
        "tls": tls(cluster),
        "logManager": {"hosts": dict(hosts)},
        **outside(cluster),
        "usageReports": alert_manager.reports_usage(cluster.services),
        "realIp": {"trustedProxies": list(trusted_proxies(cluster))},
        "ipv6": "[" in external_url(cluster) or any(":" in machine.address for machine in cluster.machines),
    }


def outside(cluster: Cluster) -> dict[str, Json]:
    """Return the addresses of the admin's own dashboard, Prometheus and Grafana, as far as there are any.

    A dashboard of the release is told where it serves, so its paths keep their prefix.
    """
    dashboard: dict[str, Json] = {"url": k8s_dashboard.outside_url(cluster)}
    if k8s_dashboard.is_installed(cluster):
        dashboard["stripPrefix"] = False
    found: dict[str, Json] = {"kubernetesDashboard": dashboard}
    for name, url in (("prometheus", prometheus_url(cluster)), ("grafana", grafana_url(cluster))):
        if url:
            found[name] = {"url": plain_url(url)}
    return found


def backends(services: Collection[str]) -> dict[str, Json]:
    """Return which of pylon's backends a release with these services has; nginx can't start without one."""
    return {backend: service in services for backend, service in _SERVICES_OF_BACKENDS.items()}


def exposure(cluster: Cluster) -> dict[str, Json]:
    """Return the exposure that `paichart.exposure` asks for, with the ports of that kind only."""
    path = ("paichart", "exposure")
    kind = exposure_type(cluster)
    class_name = cluster.config.text(*path, "class-name")
    gateway = cluster.config.mapping(*path, "gateway")
    http, https = node_ports(cluster) if kind == "nodePort" else host_ports(cluster)
    ports: Json = {"http": http, "https": https}
    own: dict[str, Json] = {
        "hostPort": ports,
        "nodePort": ports,
        "loadBalancer": {"className": class_name},
        "ingress": {"className": class_name},
        "gateway": {
            "name": str(gateway.get("name") or ""),
            "namespace": str(gateway.get("namespace") or ""),
            "sectionName": str(gateway.get("section-name") or ""),
        },
    }
    annotations = cluster.config.mapping(*path, "annotations")
    return {
        "type": kind,
        kind: own[kind],
        "annotations": {str(key): str(value) for key, value in annotations.items()},
    }


def tls(cluster: Cluster) -> dict[str, Json]:
    """Return whether pylon (or its Ingress) serves https, and with which Secret; a Gateway does it itself."""
    if not is_tls_on(cluster) or exposure_type(cluster) == "gateway":
        return {"enabled": False}
    return {"enabled": True, "secretName": tls_secret(cluster)}


def tls_secret(cluster: Cluster) -> str:
    """Return the name of the TLS Secret; the admin makes it."""
    return cluster.config.text("paichart", "tls", "secret-name") or TLS_SECRET


def tls_secret_command(cluster: Cluster, namespace: str = "default") -> str:
    """Return the command that makes the TLS Secret from legacy's `pylon.ssl` files; empty without them.

    The key stays out of values and releases: legacy kept it in a ConfigMap.
    """
    path = ("pylon", "ssl")
    certificate = cluster.services.text(*path, "crt_path")
    key = cluster.services.text(*path, "key_path")
    if not certificate or not key or exposure_type(cluster) == "gateway":
        return ""
    return (
        f"kubectl --namespace {namespace} create secret tls {tls_secret(cluster)}"
        f" --cert={certificate} --key={key}"
    )


def log_manager_hosts(cluster: Cluster) -> dict[str, str]:
    """Return {name: address} of the machines that run a log manager; addresses as Kubernetes writes them.

    A machine without one is left out: whatever a job there listens with must not be reached through pylon.
    """
    return {
        machine.name: str(ip_address(machine.address)) if ":" in machine.address else machine.address
        for machine in cluster.machines
        if not machine.no_log_manager
    }


def trusted_proxies(cluster: Cluster) -> tuple[str, ...]:
    """Return the proxies whose word on the user's address counts: those of an Ingress or a Gateway.

    Without them all users would share the proxy's address, and rest-server's rate limit.
    """
    if exposure_type(cluster) in ("ingress", "gateway"):
        return (*PRIVATE_NETWORKS, *PRIVATE_NETWORKS_6)
    return ()
