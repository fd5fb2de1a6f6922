"""How OpenPAI's monitoring lives beside what the cluster has: `paichart.monitoring` of config.yaml."""

from __future__ import annotations

from urllib.parse import urlsplit

from paichart.derive.json import Json
from paichart.model import Cluster

_PATH = ("paichart", "monitoring")


def prometheus_url(cluster: Cluster) -> str:
    """Return the address of the admin's own Prometheus as pods reach it, or nothing; no slash at its end."""
    return cluster.config.text(*_PATH, "prometheus-url").rstrip("/")


def grafana_url(cluster: Cluster) -> str:
    """Return the address of the admin's own Grafana as browsers reach it, or nothing; no slash at its end."""
    return cluster.config.text(*_PATH, "grafana-url").rstrip("/")


def is_operator_on(cluster: Cluster) -> bool:
    """Tell whether objects for the Prometheus operator and Grafana's sidecar are written."""
    return cluster.config.flag(*_PATH, "operator")


def has_job_exporter(cluster: Cluster) -> bool:
    """Tell whether metrics of jobs come from the job exporter's daemon, not from the kubelets."""
    return cluster.config.text(*_PATH, "job-metrics") == "exporter"


def has_node_exporter(cluster: Cluster) -> bool:
    """Tell whether the release brings the node exporter."""
    return cluster.config.flag(*_PATH, "node-exporter")


def namespace_of_prometheus(cluster: Cluster) -> str:
    """Return the namespace of the admin's own Prometheus: as given, or as its address says; or nothing."""
    given = cluster.config.text(*_PATH, "namespace")
    labels = (urlsplit(prometheus_url(cluster)).hostname or "").split(".")
    if given or "svc" not in labels[2:]:
        return given
    return labels[labels.index("svc", 2) - 1]


def shared_values(cluster: Cluster) -> dict[str, Json]:
    """Return the chart's `global.monitoring`."""
    namespace = namespace_of_prometheus(cluster)
    labels = cluster.config.mapping(*_PATH, "operator-labels")
    return {
        "jobMetrics": cluster.config.text(*_PATH, "job-metrics"),
        "namespaces": [namespace] if namespace else [],
        "operator": {
            "enabled": is_operator_on(cluster),
            "labels": {str(name): str(value) for name, value in labels.items()},
        },
    }
