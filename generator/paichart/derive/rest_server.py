"""Values of the rest-server subchart: sign-in and groups, what jobs are given, limits, where logs are.

Legacy names and rules: src/rest-server, src/authentication. Credentials are in :mod:`paichart.credentials`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from paichart.derive import cluster_configuration
from paichart.derive.exit_spec import exit_spec, rest_server_spec
from paichart.derive.fingerprint import fingerprint
from paichart.derive.hived import default_device_type
from paichart.derive.hived_config import as_config
from paichart.derive.hived_spec import derive_hived_spec
from paichart.derive.json import Json
from paichart.model import Cluster, Settings, is_true

API_SERVER_PORT = 6443
CALLERS = {
    "pylon": "pylon",
    "alert-manager": "alert-handler",
    "marketplace-restserver": "marketplace-restserver",
}
"""Services that call this one, and which of their pods; what comes from outside comes through pylon."""


def values(cluster: Cluster) -> dict[str, Json]:
    """Return the subchart's values, without credentials and without its neighbours."""
    settings = cluster.services
    return {
        "authentication": {"method": sign_in_method(cluster), "groups": groups(settings)},
        "tokens": {"expireTime": settings.text("rest-server", "jwt-expire-time")},
        "jobs": _jobs(cluster),
        "rateLimits": {
            "apiPerMinute": settings.integer("rest-server", "rate-limit-api-per-min"),
            "listJobsPerMinute": settings.integer("rest-server", "rate-limit-list-job-per-min"),
            "submitJobsPerHour": settings.integer("rest-server", "rate-limit-submit-job-per-hour"),
        },
        "database": {"maxConnections": settings.integer("rest-server", "sql-max-connection")},
        "logs": {
            "server": settings.text("rest-server", "log-server"),
            "managerUser": settings.text("log-manager", "admin_name"),
            "azureStorage": {
                "account": settings.text("rest-server", "log_azure_storage_account"),
                "container": settings.text("rest-server", "log_azure_storage_container_name"),
            },
        },
        "apiServer": {"url": api_server_url(cluster)},
        "revisions": _revisions(cluster),
    }


def neighbours(services: Collection[str]) -> dict[str, Json]:
    """Return which of a release's services may call this one, and whether there are alerts to ask for."""
    return {
        "alertManager": {"enabled": "alert-manager" in services},
        "callers": [component for service, component in CALLERS.items() if service in services],
    }


def sign_in_method(cluster: Cluster) -> str:
    """Return how users sign in, as the images call it."""
    return "OIDC" if cluster.services.flag("authentication", "OIDC") else "basic"


def groups(settings: Settings) -> dict[str, Json]:
    """Return rest-server's group.yaml; rights that a group does not state are filled in as legacy did."""
    manager = ("authentication", "group-manager")
    return {
        "groupDataSource": settings.text(*manager, "group-data-source"),
        "winbindServerUrl": settings.text(*manager, "winbind-server-address"),
        "adminGroup": _group(settings.mapping(*manager, "admin-group"), is_admin=True),
        "defaultGroup": _group(settings.mapping(*manager, "default-group"), virtual_clusters=("default",)),
        "grouplist": [_group(group) for group in settings.items(*manager, "grouplist")],
    }


def _group(
    given: Mapping[str, Any], *, is_admin: bool = False, virtual_clusters: tuple[str, ...] = ()
) -> dict[str, Json]:
    extension = given.get("extension") or {}
    acls = {"admin": is_admin, "virtualClusters": list(virtual_clusters), **(extension.get("acls") or {})}
    return {
        "groupname": str(given["groupname"]),
        "description": str(given.get("description") or ""),
        "externalName": str(given.get("externalName") or ""),
        "extension": {**extension, "acls": {**acls, "admin": is_true(acls["admin"])}},
    }


def api_server_url(cluster: Cluster) -> str:
    """Return the API server's address where the image can't work it out, with IPv6 addresses; else nothing.

    It is the one that layout.yaml gives, or legacy's default: the master's own.
    """
    address = cluster.master.address
    if ":" not in address:
        return ""
    return cluster.api_server_url.rstrip("/") or f"https://[{address}]:{API_SERVER_PORT}"


def _jobs(cluster: Cluster) -> dict[str, Json]:
    settings = cluster.services
    return {
        "history": settings.flag("cluster", "common", "job-history"),
        "computingDeviceType": default_device_type(cluster),
        "hivedComputingDeviceEnvs": [*settings.text("rest-server", "hived-computing-device-envs").split(",")],
        "priorityClasses": settings.flag("rest-server", "enable-priority-class"),
        "debuggingReservationSeconds": settings.integer("rest-server", "debugging-reservation-seconds"),
        "ports": {
            "start": settings.integer("rest-server", "schedule-port-start"),
            "end": settings.integer("rest-server", "schedule-port-end"),
        },
        "exitSpec": rest_server_spec(exit_spec(cluster)),
    }


def _revisions(cluster: Cluster) -> dict[str, Json]:
    """Return fingerprints of the files that cluster-configuration and hivedscheduler place."""
    spec, _ = derive_hived_spec(cluster)
    return {
        "layout": fingerprint(cluster_configuration.layout(cluster)),
        "hived": fingerprint(as_config(spec)) if spec else "",
    }
