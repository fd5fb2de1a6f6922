"""Values of the alert-manager subchart: which of its parts run, and what alerts do.

What switches a part on is legacy's (src/alert-manager/config/alert_manager.py, and the templates in deploy),
but for the certificate checker, which always ran. The chart makes Alertmanager's configuration of it, since
only Helm knows under which names the parts answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from paichart.alert_actions import CORDON, EMAIL, FIX_GPU, SERVICE, has_email, has_token, lacks
from paichart.derive.common import data_path, persistence
from paichart.derive.json import Json
from paichart.model import Cluster, Settings

NOTIFIER = "job-status-change-notification"
"""Tells users of their jobs; it reads the database."""

_HANDLER = (SERVICE, "alert-handler")
_USAGE = (SERVICE, "cluster-utilization")
_NEWS = (SERVICE, NOTIFIER)
_CHECKER = (SERVICE, "cert-expiration-checker")


def values(cluster: Cluster) -> dict[str, Json]:
    """Return the subchart's values; ports are among the shared values, password and token are credentials."""
    services = cluster.services
    return {
        "repeatInterval": services.text(SERVICE, "repeat-interval"),
        "email": _email(services),
        "bearerToken": {"enabled": has_token(services)},
        "actions": {
            "cordonNodes": not lacks(services, CORDON),
            "fixNvidiaGpuLowPerf": _is_used(services, FIX_GPU) and not lacks(services, FIX_GPU),
        },
        "routes": [_route(route) for route in services.items(SERVICE, "customized-routes", "routes")],
        "receivers": [_receiver(given) for given in services.items(SERVICE, "customized-receivers")],
        "alertHandler": {"logLevel": services.text(*_HANDLER, "log-level")},
        "jobStatusChangeNotification": {"enabled": has_notifier(cluster), **_notifier(services)},
        "clusterUtilization": _usage_report(services),
        "certExpirationChecker": _certificate_checker(services),
        "persistence": persistence(cluster, data_path(cluster, SERVICE)),
    }


def has_notifier(cluster: Cluster) -> bool:
    """Tell whether users get mails about their jobs."""
    return cluster.services.flag(*_NEWS, "enable")


def _is_used(services: Settings, action: str) -> bool:
    receivers = services.items(SERVICE, "customized-receivers")
    return any(action in receiver["actions"] for receiver in receivers)


def _email(services: Settings) -> dict[str, Json]:
    if not has_email(services):
        return {"enabled": False}
    return {
        "enabled": True,
        "adminReceiver": services.text(*EMAIL, "admin-receiver"),
        "from": services.text(*EMAIL, "smtp-from"),
        "smtpHost": services.text(*EMAIL, "smtp-host"),
        "smtpPort": services.integer(*EMAIL, "smtp-port"),
        "username": services.text(*EMAIL, "smtp-auth-username"),
    }


def _route(given: Mapping[str, Any]) -> dict[str, Json]:
    """Return a route; Alertmanager wants values of labels as texts."""
    route: dict[str, Json] = dict(given)
    for key in ("match", "match_re"):
        if key in given:
            route[key] = {str(label): _text(value) for label, value in given[key].items()}
    if "routes" in given:
        route["routes"] = [_route(inner) for inner in given["routes"]]
    return route


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _receiver(given: Mapping[str, Any]) -> dict[str, Json]:
    """Return a receiver; an action that is named without settings is on."""
    actions: dict[str, Json] = {name: dict(settings or {}) for name, settings in given["actions"].items()}
    return {"name": str(given["name"]), "actions": actions}


def _notifier(services: Settings) -> dict[str, Json]:
    return {
        "logLevel": services.text(*_NEWS, "log-level"),
        "pollIntervalSeconds": services.integer(*_NEWS, "db-poller-interval-second"),
        "maxDbConnections": services.integer(*_NEWS, "db-poller-max-db-connection"),
    }


def reports_usage(services: Settings) -> bool:
    """Tell whether a job reports the cluster's usage: it has a schedule, and a token to ask with."""
    return bool(services.text(*_USAGE, "schedule")) and has_token(services)


def _usage_report(services: Settings) -> dict[str, Json]:
    if not reports_usage(services):
        return {"enabled": False}
    interval = services.integer("prometheus", "scrape_interval")
    return {"enabled": True, "schedule": _schedule(services, *_USAGE), "scrapeIntervalSeconds": interval}


def _schedule(services: Settings, *path: str) -> str:
    """Return a part's schedule with one blank between fields; Kubernetes reads any number."""
    return " ".join(services.text(*path, "schedule").split())


def _certificate_checker(services: Settings) -> dict[str, Json]:
    folder = services.text(*_CHECKER, "cert-path")
    if not folder:
        return {"enabled": False}
    return {
        "enabled": True,
        "schedule": _schedule(services, *_CHECKER),
        "residualDays": services.integer(*_CHECKER, "alert-residual-days"),
        "certPath": folder,
    }
