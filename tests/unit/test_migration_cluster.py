"""A legacy configuration read from a cluster: which objects are asked for, and what counts.

Objects and names are those of OpenPAI v1.8.0's templates (`src/*/deploy/*.yaml.template`), namespace default.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import pytest
import yaml

from paichart.kube import ClusterError
from paichart.migration.cluster import from_cluster
from paichart.migration.legacy import Legacy
from tests.unit.checking import LAYOUT

CORE = "/api/v1/namespaces/default"
APPS = "/apis/apps/v1/namespaces/default"
CONFIGURATION = f"{CORE}/configmaps/pai-configuration"
TEXTS = {"config.yaml": "docker_image_tag: v1.8.0\n", "layout.yaml": LAYOUT, "PAI.VERSION": "v1.8.0"}


class Cloud:
    """The objects of a cluster by path, and the paths that the account may not read."""

    def __init__(self, objects: Mapping[str, Any], refused: tuple[str, ...] = (), status: int = 403) -> None:
        self._objects, self._refused, self._status = objects, refused, status
        self.asked: list[str] = []

    def get(self, path: str) -> Any:
        self.asked.append(path)
        if path in self._refused:
            raise ClusterError(f"the cluster refuses {path}", "hint", self._status)
        return self._objects.get(path)


def daemon(env: Mapping[str, str]) -> dict[str, Any]:
    """Return a workload whose second container has these variables."""
    variables: list[dict[str, Any]] = [{"name": name, "value": value} for name, value in env.items()]
    variables.append({"name": "POD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}})
    containers = [{"name": "cleaner"}, {"name": "main", "env": variables}]
    return {"spec": {"template": {"spec": {"containers": containers}}}}


def secret(**texts: str | bytes) -> dict[str, Any]:
    """Return a Secret; `_` in a key stands for a hyphen."""
    return {
        "data": {
            key.replace("_", "-"): base64.b64encode(
                text if isinstance(text, bytes) else text.encode()
            ).decode()
            for key, text in texts.items()
        }
    }


def read(objects: Mapping[str, Any], services: str = "") -> Legacy:
    texts = {**TEXTS, **({"services-configuration.yaml": services} if services else {})}
    cloud = Cloud({CONFIGURATION: {"data": texts}, **objects})
    return from_cluster(cloud)  # type: ignore[arg-type] # all that is called


def test_the_files_are_those_of_the_config_map() -> None:
    legacy = read({})
    assert {name: file.text for name, file in legacy.files.items()} == {
        "config": TEXTS["config.yaml"],
        "layout": LAYOUT,
    }
    assert legacy.files["layout"].document.name == "pai-configuration/layout.yaml"
    assert legacy.others == ("PAI.VERSION",)


# path, object, what is kept of it
CREDENTIALS: list[tuple[str, dict[str, Any], dict[str, str]]] = [
    (f"{APPS}/daemonsets/postgresql-ds", daemon({"POSTGRES_PASSWORD": "a"}), {"database-password": "a"}),
    (
        f"{APPS}/daemonsets/rest-server-ds",
        daemon({"JWT_SECRET": "a", "DEFAULT_PAI_ADMIN_PASSWORD": "b"}),
        {"jwt-secret": "a", "admin-password": "b"},
    ),
    (
        f"{APPS}/daemonsets/log-manager-ds",
        daemon({"ADMIN_PASSWORD": "a", "JWT_SECRET": "b"}),
        {"log-manager-password": "a", "log-manager-jwt-secret": "b"},
    ),
    (
        f"{APPS}/daemonsets/marketplace-db-ds",
        daemon({"POSTGRES_PASSWORD": "a"}),
        {"marketplace-database-password": "a"},
    ),
    (f"{APPS}/daemonsets/storage-manager-ds", daemon({"PAISMBPWD": "a"}), {"storage-manager-password": "a"}),
    (
        f"{CORE}/secrets/job-ssh-secret",
        secret(ssh_privatekey="-----\nk\n", ssh_publickey="ssh-rsa k\n"),
        {"job-ssh-private-key": "-----\nk\n", "job-ssh-public-key": "ssh-rsa k\n"},
    ),
    (f"{CORE}/secrets/job-ssh-secret", secret(ssh_privatekey="-----\nk\n"), {}),
    (f"{CORE}/secrets/job-ssh-secret", secret(ssh_privatekey=b"\xff", ssh_publickey="k"), {}),
    (f"{APPS}/daemonsets/postgresql-ds", daemon({}), {}),
]


@pytest.mark.parametrize(("path", "item", "expected"), CREDENTIALS, ids=[row[0] for row in CREDENTIALS])
def test_credentials_are_those_that_run(path: str, item: dict[str, Any], expected: dict[str, str]) -> None:
    running = read({path: item}).running
    assert running is not None
    assert dict(running.credentials) == expected
    name = path.rsplit("/", 1)[1]
    assert (name in running.services) is ("daemonsets" in path)
    assert "-----" not in repr(running)


ALERTS = "receivers:\n- name: a\n  webhook_configs:\n  - {http_config: {bearer_token: sesame}}\n"
MAIL = "alert-manager: {alert-handler: {email-configs: {smtp-host: h}}}\n"
LOGIN = base64.b64encode(b"u:hash\n").decode()
TOKEN_PATH = ("alert-manager", "pai-bearer-token")
MAIL_PATH = ("alert-manager", "alert-handler", "email-configs", "smtp-auth-password")
CACHE_PATH = ("docker-cache", "registry-htpasswd")

# id, services-configuration.yaml, path, object, what is kept of it
SETTINGS: list[tuple[str, str, str, dict[str, Any], dict[tuple[str, ...], str]]] = [
    (
        "token",
        "",
        f"{CORE}/configmaps/alertmanager-configmap",
        {"data": {"alertmanager.yml": ALERTS}},
        {TOKEN_PATH: "sesame"},
    ),
    (
        "token-in-its-old-place",
        "alert-manager: {alert-handler: {pai-bearer-token: other}}\n",
        f"{CORE}/configmaps/alertmanager-configmap",
        {"data": {"alertmanager.yml": ALERTS}},
        {("alert-manager", "alert-handler", "pai-bearer-token"): "sesame"},
    ),
    (
        "mail",
        MAIL,
        f"{APPS}/deployments/alertmanager",
        daemon({"EMAIL_CONFIGS_SMTP_AUTH_PASSWORD": "sesame"}),
        {MAIL_PATH: "sesame"},
    ),
    (
        "mail-that-is-not-configured",
        "",
        f"{APPS}/deployments/alertmanager",
        daemon({"EMAIL_CONFIGS_SMTP_AUTH_PASSWORD": "sesame"}),
        {},
    ),
    (
        "login",
        "docker-cache: {enabled: true}\n",
        f"{CORE}/secrets/registry-htpasswd",
        secret(htpasswd="u:hash\n"),
        {CACHE_PATH: LOGIN},
    ),
    (
        "login-as-configured",
        f"docker-cache: {{registry-htpasswd: {LOGIN}}}\n",
        f"{CORE}/secrets/registry-htpasswd",
        secret(htpasswd="u:hash\n"),
        {},
    ),
    ("login-without-cache", "", f"{CORE}/secrets/registry-htpasswd", secret(htpasswd="u:hash\n"), {}),
]


@pytest.mark.parametrize(
    ("services", "path", "item", "expected"), [pytest.param(*row[1:], id=row[0]) for row in SETTINGS]
)
def test_other_secrets_go_where_services_configuration_has_them(
    services: str, path: str, item: dict[str, Any], expected: dict[tuple[str, ...], str]
) -> None:
    running = read({path: item}, services).running
    assert running is not None
    assert dict(running.settings) == expected


def test_the_pull_secret_is_found_by_its_configured_name() -> None:
    services = "cluster: {docker-registry: {secret-name: mine}}\n"
    login = {"data": {".dockerconfigjson": base64.b64encode(b'{"auths": {"r.example.com": {}}}').decode()}}
    running = read({f"{CORE}/secrets/mine": login}, services).running
    assert running is not None
    assert running.registries == ("r.example.com",)


def failure(objects: Mapping[str, Any], refused: tuple[str, ...] = (), status: int = 403) -> ClusterError:
    with pytest.raises(ClusterError) as caught:
        from_cluster(Cloud(objects, refused, status))  # type: ignore[arg-type] # all that is called
    return caught.value


def test_all_that_may_not_be_read_is_told_at_once() -> None:
    refused = (f"{CORE}/secrets/job-ssh-secret", f"{APPS}/daemonsets/postgresql-ds")
    error = failure({CONFIGURATION: {"data": TEXTS}}, refused)
    assert error.is_refusal
    assert "secrets/job-ssh-secret" in error.hint
    assert "daemonsets/postgresql-ds" in error.hint


def test_a_failing_cluster_is_no_missing_right() -> None:
    assert not failure({}, (CONFIGURATION,), 500).is_refusal


def test_a_cluster_without_the_config_map_was_not_made_by_paictl() -> None:
    assert "no ConfigMap pai-configuration" in failure({}).message


def test_a_broken_configuration_is_left_for_validation_to_tell() -> None:
    legacy = read({}, "cluster: {common: [\n")
    assert [problem.code for problem in legacy.files["services-configuration"].document.problems] == [
        "PAI108"
    ]
    assert yaml.safe_load(legacy.files["layout"].text)["machine-list"]
