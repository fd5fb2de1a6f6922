"""Secrets of a legacy installation: what was in effect is kept, in a file of its own, and shown nowhere.

Defaults: `src/*/config/*.yaml` of OpenPAI; rest-server's admin password is the one of its quick start.
"""

from __future__ import annotations

import pytest

from paichart.migration import report
from paichart.migration.entries import Action
from paichart.migration.legacy import Running
from tests.unit.checking import LAYOUT
from tests.unit.importing import CONFIG, body, changes, credentials, imported, running, told

DEFAULTS = {"admin-password": "admin-password", "database-password": "rootpass", "jwt-secret": "pai-secret"}
"""What the old services used when nobody said anything, and others than our release hold too."""
STORAGE = LAYOUT.replace('pai-master: "true"', 'pai-master: "true", pai-storage: "true"')

# id, layout, services-configuration.yaml, what runs, what differs from DEFAULTS in credentials.yaml
SECRETS: list[tuple[str, str, str, Running | None, dict[str, str]]] = [
    ("defaults", LAYOUT, "", None, {}),
    ("given", LAYOUT, "postgresql: {passwd: a}\n", None, {"database-password": "a"}),
    ("a-number", LAYOUT, "postgresql: {passwd: 4711}\n", None, {"database-password": "4711"}),
    # What Python's YAML 1.1 makes of them, and Jinja2 writes: the old deployer's way.
    ("octal", LAYOUT, "postgresql: {passwd: 012345}\n", None, {"database-password": "5349"}),
    ("digits-in-quotes", LAYOUT, "postgresql: {passwd: '012345'}\n", None, {"database-password": "012345"}),
    (
        "a-word-for-true",
        LAYOUT,
        "storage-manager: {smbpwd: yes}\n",
        None,
        {"storage-manager-password": "True"},
    ),
    ("empty", LAYOUT, 'postgresql: {passwd: ""}\n', None, {}),
    ("log-manager", LAYOUT, "log-manager: {admin_password: a}\n", None, {"log-manager-password": "a"}),
    ("log-managers-default", LAYOUT, "log-manager: {admin_password: admin}\n", None, {}),
    ("storage", STORAGE, "", None, {"storage-manager-password": "smbpwd"}),
    (
        "marketplace",
        LAYOUT,
        "cluster: {common: {marketplace: 'true'}}\n",
        None,
        {"marketplace-database-password": "passwd"},
    ),
    (
        "marketplaces-server-wins",
        LAYOUT,
        "marketplace-db: {passwd: a}\nmarketplace-restserver: {db_password: b}\n",
        None,
        {"marketplace-database-password": "b"},
    ),
    (
        "running-wins",
        LAYOUT,
        "postgresql: {passwd: a}\nrest-server: {jwt-secret: b}\n",
        running({"database-password": "c"}),
        {"database-password": "c", "jwt-secret": "b"},
    ),
    (
        "ssh",
        LAYOUT,
        "",
        running({"job-ssh-private-key": "-----BEGIN\nk\n", "job-ssh-public-key": "ssh-rsa k\n"}),
        {"job-ssh-private-key": "-----BEGIN\nk\n", "job-ssh-public-key": "ssh-rsa k\n"},
    ),
    ("half-a-key-pair", LAYOUT, "", running({"job-ssh-private-key": "k"}), {}),
    (
        "marketplace-runs",
        LAYOUT,
        "",
        running(services=("marketplace-db-ds",)),
        {"marketplace-database-password": "passwd"},
    ),
    ("marketplace-never-ran", LAYOUT, "cluster: {common: {marketplace: 'true'}}\n", running(), {}),
]


@pytest.mark.parametrize(
    ("layout", "services", "what_runs", "expected"), [pytest.param(*row[1:], id=row[0]) for row in SECRETS]
)
def test_secrets_that_others_hold_too_are_kept_as_they_were_in_effect(
    layout: str, services: str, what_runs: Running | None, expected: dict[str, str]
) -> None:
    result = imported(layout=layout, services=services, running=what_runs)
    assert credentials(result) == {**DEFAULTS, **expected}
    left = result.files.get("services-configuration.yaml", "")
    assert "passw" not in left.replace("yaml-language-server", "")
    known = {"rootpass", "pai-secret", "admin-password", "passwd", "smbpwd"}
    to_change = {key for key, value in credentials(result).items() if value in known}
    assert to_change == {
        key
        for entry in result.entries
        if entry.file == "credentials.yaml"
        for key in entry.keys
        if entry.action is Action.DECISION and "default" in entry.reason
    }


def test_secrets_of_services_configuration_are_as_the_running_services_have_them() -> None:
    services = """\
alert-manager:
  pai-bearer-token: sesame-old # of Bob
  alert-handler:
    port: 9095
"""
    live = running(settings={("alert-manager", "pai-bearer-token"): 'sesame "new"'})
    result = imported(services=services, running=live)
    assert body(result, "services-configuration").startswith(
        'alert-manager:\n  pai-bearer-token: "sesame \\"new\\"" # of Bob\n  alert-handler:\n    port: 9095\n'
    )
    assert ("alert-manager.pai-bearer-token", "", "***") in changes(result)
    assert "sesame" not in report.as_text(result.entries)


def test_logins_that_only_the_cluster_has_are_a_decision() -> None:
    live = running(registries=("registry.example.com",))
    assert "registry.example.com" in told(imported(running=live), Action.DECISION)["pull secret"]
    login = "docker_registry_username: bob\ndocker_registry_password: sesame\n"
    assert "pull secret" not in told(imported(CONFIG + login, running=live), Action.DECISION)


def test_only_files_with_secrets_are_private() -> None:
    assert set(imported(services="grafana: {port: 3001}\n").private) == {"credentials.yaml"}


def test_secrets_of_services_that_do_not_run_are_to_be_checked() -> None:
    result = imported(running=running({"jwt-secret": "a"}))
    (entry,) = [e for e in result.entries if e.reason.startswith("check them")]
    assert entry.keys == ("admin-password", "database-password")
