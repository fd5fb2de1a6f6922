"""A legacy configuration read from the cluster: what `paictl config push` keeps there, and running secrets.

Where they lie: the templates below `src/*/deploy` of OpenPAI, all in namespace default.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from paichart.credentials import SSH_PRIVATE_KEY, SSH_PUBLIC_KEY
from paichart.kube import Api, ClusterError
from paichart.migration.legacy import Legacy, Running, from_texts, read_as_old, value_at
from paichart.model import Secret

CONFIG_MAP = "pai-configuration"

_CORE = "/api/v1/namespaces/default"
_APPS = "/apis/apps/v1/namespaces/default"
_VARIABLES: tuple[tuple[str, str, str], ...] = (
    ("postgresql-ds", "POSTGRES_PASSWORD", "database-password"),
    ("rest-server-ds", "JWT_SECRET", "jwt-secret"),
    ("rest-server-ds", "DEFAULT_PAI_ADMIN_PASSWORD", "admin-password"),
    ("log-manager-ds", "ADMIN_PASSWORD", "log-manager-password"),
    ("log-manager-ds", "JWT_SECRET", "log-manager-jwt-secret"),
    ("marketplace-db-ds", "POSTGRES_PASSWORD", "marketplace-database-password"),
    ("storage-manager-ds", "PAISMBPWD", "storage-manager-password"),
)
"""DaemonSets, their variables, and the keys of credentials.yaml that these are."""

_OTHER_DAEMON_SETS = ("internal-storage-create-ds",)
_TOKEN = ("alert-manager", "pai-bearer-token")
_OLD_TOKEN = ("alert-manager", "alert-handler", "pai-bearer-token")
_MAIL = ("alert-manager", "alert-handler", "email-configs", "smtp-auth-password")
_LOGIN = ("docker-cache", "registry-htpasswd")


@dataclass(slots=True)
class _Reader:
    """Reads objects, and remembers those that the account may not read."""

    api: Api
    refused: list[str] = field(default_factory=list)

    def get(self, kind: str, name: str) -> Mapping[str, Any]:
        """Return the object, empty when there is none or it may not be read."""
        base = _APPS if kind in ("daemonsets", "deployments") else _CORE
        try:
            return self.api.get(f"{base}/{kind}/{name}") or {}
        except ClusterError as error:
            if not error.is_refusal:
                raise
            self.refused.append(f"{kind}/{name}")
            return {}


def from_cluster(api: Api) -> Legacy:
    """Read the configuration that the old deployer keeps in the cluster, and what its services run with.

    Raises ClusterError when something can't be read, for a secret that is missed is lost.
    """
    reader = _Reader(api)
    texts = reader.get("configmaps", CONFIG_MAP).get("data") or {}
    if not texts and not reader.refused:
        message = (
            f"namespace default has no ConfigMap {CONFIG_MAP}: paictl did not install OpenPAI on this cluster"
        )
        raise ClusterError(message, "check --context, or give the folder that `paictl config push` used")
    running = _running(reader, texts)
    if reader.refused:
        names = ", ".join(reader.refused)
        hint = f"use an account that may get these in namespace default: {names}"
        raise ClusterError("the account of the kubeconfig may not read all that must be kept", hint, 403)
    return from_texts(texts, CONFIG_MAP, running)


def _running(reader: _Reader, texts: Mapping[str, str]) -> Running:
    names = dict.fromkeys([name for name, _, _ in _VARIABLES] + list(_OTHER_DAEMON_SETS))
    daemons = {name: reader.get("daemonsets", name) for name in names}
    alerts = reader.get("deployments", "alertmanager")
    services = read_as_old(texts.get("services-configuration.yaml", ""))
    credentials = {
        key: Secret(value)
        for name, variable, key in _VARIABLES
        if (value := _variables(daemons[name]).get(variable, ""))
    }
    credentials.update(_ssh_keys(_secret(reader, "job-ssh-secret")))
    pull_secret = value_at(services, ("cluster", "docker-registry", "secret-name")) or "pai-secret"
    return Running(
        credentials,
        dict(_settings(reader, services, _variables(alerts))),
        frozenset(name for name, found in (*daemons.items(), ("alertmanager", alerts)) if found),
        _registries(_secret(reader, str(pull_secret)).get(".dockerconfigjson", "")),
    )


def _settings(
    reader: _Reader, services: Mapping[str, Any], alerts: Mapping[str, str]
) -> Iterator[tuple[tuple[str, ...], Secret]]:
    """Yield path and value of the secrets that stay in services-configuration.yaml."""
    token_path = _OLD_TOKEN if value_at(services, _OLD_TOKEN) is not None else _TOKEN
    data = reader.get("configmaps", "alertmanager-configmap").get("data") or {}
    token = next(
        (found for text in data.values() for found in _values(read_as_old(text), "bearer_token")), ""
    )
    if token:
        yield token_path, Secret(token)
    if alerts.get("EMAIL_CONFIGS_SMTP_AUTH_PASSWORD") and value_at(services, _MAIL[:-1]) is not None:
        yield _MAIL, Secret(alerts["EMAIL_CONFIGS_SMTP_AUTH_PASSWORD"])
    login = _secret(reader, "registry-htpasswd").get("htpasswd", "")
    given = value_at(services, _LOGIN)
    if login.strip() and value_at(services, ("docker-cache",)) is not None and not _same_base64(given, login):
        yield _LOGIN, Secret(base64.b64encode(login.encode()).decode())


def _same_base64(given: Any, text: str) -> bool:
    try:
        return base64.b64decode("".join(str(given).split()), validate=True).decode() == text
    except ValueError:
        return False


def _variables(workload: Mapping[str, Any]) -> dict[str, str]:
    """Return the environment of a workload's containers, of equal names the first that has a value."""
    found: dict[str, str] = {}
    for container in value_at(workload, ("spec", "template", "spec", "containers")) or ():
        for variable in container.get("env") or ():
            if variable.get("value"):
                found.setdefault(variable["name"], variable["value"])
    return found


def _secret(reader: _Reader, name: str) -> dict[str, str]:
    """Return the texts of a Secret by key; what is no text is left out."""
    found = {}
    for key, value in (reader.get("secrets", name).get("data") or {}).items():
        try:
            found[key] = base64.b64decode(value).decode()
        except ValueError:
            continue
    return found


def _ssh_keys(secret: Mapping[str, str]) -> dict[str, Secret]:
    private, public = secret.get("ssh-privatekey", ""), secret.get("ssh-publickey", "")
    return {SSH_PRIVATE_KEY: Secret(private), SSH_PUBLIC_KEY: Secret(public)} if private and public else {}


def _registries(docker_config: str) -> tuple[str, ...]:
    try:
        auths = value_at(json.loads(docker_config), ("auths",))
    except ValueError:
        return ()
    return tuple(sorted(auths)) if isinstance(auths, Mapping) else ()


def _values(data: Any, key: str) -> Iterator[str]:
    """Yield every text under a key, at any depth."""
    if isinstance(data, Mapping):
        for name, value in data.items():
            if name == key and isinstance(value, str):
                yield value
            else:
                yield from _values(value, key)
    elif isinstance(data, list):
        for item in data:
            yield from _values(item, key)
