"""The whole values tree: what is shared, each subchart's own, credentials, the admin's values last."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from paichart.credentials import Credentials
from paichart.derive import (
    alert_manager,
    cluster_configuration,
    common,
    database_controller,
    device_plugin,
    docker_cache,
    dshuttle_csi,
    dshuttle_master,
    dshuttle_worker,
    fluentd,
    frameworkcontroller,
    grafana,
    hivedscheduler,
    internal_storage,
    job_exporter,
    k8s_dashboard,
    log_manager,
    marketplace_db,
    marketplace_restserver,
    marketplace_webportal,
    node_exporter,
    openpai_runtime,
    postgresql,
    prometheus,
    prometheus_pushgateway,
    pylon,
    rest_server,
    storage_manager,
    watchdog,
    webportal,
)
from paichart.derive.json import Json
from paichart.model import Cluster
from paichart.release import Service, enabled_services

DERIVATIONS: Mapping[str, Callable[[Cluster], dict[str, Json]]] = {
    "alert-manager": alert_manager.values,
    "cluster-configuration": cluster_configuration.values,
    "database-controller": database_controller.values,
    "device-plugin": device_plugin.values,
    "docker-cache": docker_cache.values,
    "dshuttle-csi": dshuttle_csi.values,
    "dshuttle-master": dshuttle_master.values,
    "dshuttle-worker": dshuttle_worker.values,
    "fluentd": fluentd.values,
    "frameworkcontroller": frameworkcontroller.values,
    "grafana": grafana.values,
    "hivedscheduler": hivedscheduler.values,
    "internal-storage": internal_storage.values,
    "job-exporter": job_exporter.values,
    "k8s-dashboard": k8s_dashboard.values,
    "log-manager": log_manager.values,
    "marketplace-db": marketplace_db.values,
    "marketplace-restserver": marketplace_restserver.values,
    "marketplace-webportal": marketplace_webportal.values,
    "node-exporter": node_exporter.values,
    "openpai-runtime": openpai_runtime.values,
    "postgresql": postgresql.values,
    "prometheus": prometheus.values,
    "prometheus-pushgateway": prometheus_pushgateway.values,
    "pylon": pylon.values,
    "rest-server": rest_server.values,
    "storage-manager": storage_manager.values,
    "watchdog": watchdog.values,
    "webportal": webportal.values,
}
"""What each subchart gets, by its name."""


def derive_values(cluster: Cluster, credentials: Credentials | None) -> dict[str, Json]:
    """Return the umbrella's values; without credentials they refer to a Secret that the admin makes."""
    values: dict[str, Json] = {"global": common.values(cluster)}
    services = enabled_services(cluster)
    for service in services:
        values[service.name] = {"enabled": True, **DERIVATIONS[service.name](cluster)}
    values = merge(values, _neighbour_values(cluster, services))
    values = merge(values, _credential_values(cluster, credentials))
    return merge(values, dict(cluster.config.mapping("paichart", "values")))


def _neighbour_values(cluster: Cluster, services: Collection[Service]) -> dict[str, Json]:
    """Return what subcharts must know of which other services the release has."""
    names = [service.name for service in services]
    answering = [service.name for service in services if service.has_server(cluster)]
    values: dict[str, Json] = {
        "pylon": {"backends": pylon.backends(answering)},
        "rest-server": rest_server.neighbours(names),
        "webportal": webportal.neighbours(cluster, names),
    }
    if "prometheus" in names:
        values["prometheus"] = prometheus.neighbours(names)
    return values


def _credential_values(cluster: Cluster, credentials: Credentials | None) -> dict[str, Json]:
    if credentials is None:
        return {
            "global": {
                "credentials": {"existingSecret": cluster.config.text("paichart", "credentials-secret")}
            }
        }
    return {
        "global": {"credentials": {"existingSecret": "", "revision": credentials.revision}},
        "cluster-configuration": {
            "credentials": {
                "data": {key: str(value) for key, value in credentials.data.items()},
                "jobSshKey": {
                    "privateKey": str(credentials.ssh_private_key),
                    "publicKey": credentials.ssh_public_key,
                },
                "dockerConfigJson": str(credentials.docker_config_json),
            }
        },
    }


def merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Return base with over laid on it: mappings are merged key by key, everything else is replaced."""
    merged = dict(base)
    for key, value in over.items():
        mine = merged.get(key)
        merged[key] = (
            merge(mine, value) if isinstance(mine, Mapping) and isinstance(value, Mapping) else value
        )
    return merged
