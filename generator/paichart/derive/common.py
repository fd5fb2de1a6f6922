"""Values that all subcharts share: the chart's `global`."""

from __future__ import annotations

from collections.abc import Mapping

from paichart.derive import monitoring
from paichart.derive.hived import is_hived_on
from paichart.derive.json import Json
from paichart.derive.network import external_url
from paichart.model import Cluster

SERVICE_PORTS: Mapping[str, tuple[str, ...]] = {
    "alert-handler": ("alert-manager", "alert-handler", "port"),
    "alert-manager": ("alert-manager", "port"),
    "database-controller": ("database-controller", "write-merger-port"),
    "docker-cache": ("docker-cache", "service_port"),
    "dshuttle": ("dshuttle", "master_web_port"),
    "grafana": ("grafana", "port"),
    "hivedscheduler": ("hivedscheduler", "webservice-port"),
    "job-exporter": ("job-exporter", "port"),
    "log-manager": ("log-manager", "port"),
    "marketplace-db": ("marketplace-db", "port"),
    "marketplace-restserver": ("marketplace-restserver", "server-port"),
    "marketplace-webportal": ("marketplace-webportal", "server-port"),
    "node-exporter": ("node-exporter", "port"),
    "postgresql": ("postgresql", "port"),
    "prometheus": ("prometheus", "port"),
    "prometheus-pushgateway": ("prometheus-pushgateway", "port"),
    "rest-server": ("rest-server", "server-port"),
    "webportal": ("webportal", "server-port"),
}
"""Where services-configuration.yaml gives a service's port."""


def registry_of_pai_images(cluster: Cluster) -> str:
    """Return the registry that config.yaml names for OpenPAI's own images; empty for Docker Hub."""
    domain = _registry_setting(cluster, "domain")
    return "" if domain in ("docker.io", "public") else domain


def pai_images(cluster: Cluster) -> dict[str, str]:
    """Return registry, namespace and tag of OpenPAI's own images."""
    return {
        "registry": registry_of_pai_images(cluster),
        "namespace": _registry_setting(cluster, "namespace") or "openpai",
        "tag": _registry_setting(cluster, "tag") or cluster.config.text("docker_image_tag"),
    }


def is_qos_on(cluster: Cluster) -> bool:
    """Tell whether containers get the legacy requests and limits (`qos-switch`)."""
    if cluster.services.has("cluster", "common", "qos-switch"):
        return cluster.services.flag("cluster", "common", "qos-switch")
    return cluster.config.flag("qos-switch")


def values(cluster: Cluster) -> dict[str, Json]:
    """Return the `global` values of a release, without credentials."""
    external = cluster.config.mapping("paichart", "external-database")
    port = int(external["port"]) if external.get("host") else None
    return {
        "clusterId": cluster.services.text("cluster", "common", "cluster-id") or "pai",
        "externalUrl": external_url(cluster),
        "imageRegistry": cluster.config.text("paichart", "image-registry"),
        "imagePullSecrets": [str(name) for name in cluster.config.items("paichart", "image-pull-secrets")],
        "paiImages": {**pai_images(cluster)},
        "jobPullSecret": cluster.services.text("cluster", "docker-registry", "secret-name") or "pai-secret",
        "qos": is_qos_on(cluster),
        "networkPolicy": {"enabled": cluster.config.flag("paichart", "network-policies")},
        "database": {
            "host": str(external.get("host") or ""),
            "name": str(external["name"])
            if external.get("host")
            else cluster.services.text("postgresql", "db"),
            "user": str(external["user"])
            if external.get("host")
            else cluster.services.text("postgresql", "user"),
        },
        "hived": {"enabled": is_hived_on(cluster)},
        "monitoring": monitoring.shared_values(cluster),
        "servicePorts": _service_ports(cluster) | ({"postgresql": port} if port else {}),
    }


def persistence(cluster: Cluster, folder: str, size: str = "") -> dict[str, Json]:
    """Return where a service keeps its data: a volume of the storage class, or a folder on the master.

    folder is the one that legacy used, so that its data is found again; size is a key of `paichart.storage`,
    without one the chart's own size is taken.
    """
    sized: dict[str, Json] = {"size": cluster.config.text("paichart", "storage", size)} if size else {}
    storage_class = cluster.config.text("paichart", "storage", "class")
    if storage_class:
        return {"storageClass": storage_class, **sized}
    return {"hostPath": folder, "node": cluster.master.name, **sized}


def data_path(cluster: Cluster, *parts: str) -> str:
    """Return a folder below legacy's `cluster.common.data-path`, where services kept their data."""
    base = cluster.services.text("cluster", "common", "data-path").rstrip("/")
    return "/".join((base, *parts))


def _registry_setting(cluster: Cluster, key: str) -> str:
    """Return a key of `cluster.docker-registry`, else what config.yaml says (as legacy's generator did)."""
    return cluster.services.text("cluster", "docker-registry", key) or cluster.config.text(
        f"docker_registry_{key}"
    )


def _service_ports(cluster: Cluster) -> dict[str, Json]:
    return {
        service: cluster.services.integer(*path)
        for service, path in SERVICE_PORTS.items()
        if cluster.services.has(*path)
    }
