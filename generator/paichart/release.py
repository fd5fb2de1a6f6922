"""Which services a release is made of: one subchart each, and when it is switched on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from paichart.derive import (
    docker_cache,
    fluentd,
    grafana,
    k8s_dashboard,
    prometheus,
    prometheus_pushgateway,
    storage_manager,
)
from paichart.derive.dshuttle import is_dshuttle_on
from paichart.derive.hived import is_hived_on
from paichart.derive.internal_storage import is_loop_disk_on
from paichart.derive.marketplace import has_own_database, is_marketplace_on
from paichart.derive.monitoring import has_node_exporter
from paichart.model import Cluster

LIBRARY = "pai-common"
UMBRELLA = "openpai"


def _always(_cluster: Cluster) -> bool:
    return True


def _has_own_database(cluster: Cluster) -> bool:
    return not cluster.config.has("paichart", "external-database", "host")


def _has_marketplace_database(cluster: Cluster) -> bool:
    return is_marketplace_on(cluster) and has_own_database(cluster)


@dataclass(frozen=True, slots=True)
class Service:
    """One PAI service: its subchart's name, and whether a cluster gets it.

    Without a server the subchart is there for objects alone, such as rules for the admin's own Prometheus.
    """

    name: str
    is_enabled: Callable[[Cluster], bool] = _always
    has_server: Callable[[Cluster], bool] = _always


SERVICES = (
    Service("cluster-configuration"),
    Service("docker-cache", docker_cache.is_wanted),
    Service("internal-storage", is_loop_disk_on),
    Service("postgresql", _has_own_database),
    Service("device-plugin"),
    Service("frameworkcontroller"),
    Service("hivedscheduler", is_hived_on),
    Service("database-controller"),
    Service("log-manager"),
    Service("openpai-runtime"),
    Service("fluentd", fluentd.is_wanted),
    Service("rest-server"),
    Service("webportal"),
    Service("marketplace-db", _has_marketplace_database),
    Service("marketplace-restserver", is_marketplace_on),
    Service("marketplace-webportal", is_marketplace_on),
    Service("storage-manager", storage_manager.has_storage_machine),
    Service("dshuttle-master", is_dshuttle_on),
    Service("dshuttle-worker", is_dshuttle_on),
    Service("dshuttle-csi", is_dshuttle_on),
    Service("node-exporter", has_node_exporter),
    Service("job-exporter"),
    Service("watchdog"),
    Service("prometheus-pushgateway", prometheus_pushgateway.is_on),
    Service("prometheus", prometheus.is_needed, prometheus.has_server),
    Service("alert-manager"),
    Service("grafana", grafana.is_wanted, grafana.has_server),
    Service("k8s-dashboard", k8s_dashboard.is_installed),
    Service("pylon"),
)
"""All services, a service after those that it calls."""


def enabled_services(cluster: Cluster) -> tuple[Service, ...]:
    """Return the services that this cluster gets, in the order of :data:`SERVICES`."""
    return tuple(service for service in SERVICES if service.is_enabled(cluster))
