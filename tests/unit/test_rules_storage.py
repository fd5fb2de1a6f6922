"""Rules for the storage manager, told at their line and column."""

from __future__ import annotations

import pytest

from tests.unit.checking import CONFIG, LAYOUT, places, problems

SERVICES = "services-configuration.yaml"
STORAGE = '- {hostname: s%d, hostip: 10.0.1.%d, machine-type: cpu, pai-storage: "true"}\n'
WITH_STORAGE = LAYOUT + STORAGE % (1, 1)
DOMAIN = "storage-manager:\n  security-type: ADS\n"
WHOLE = "  default_realm: EXAMPLE.COM\n  domainuser: joiner\n"


def test_a_domain_of_which_nothing_is_known():
    (problem,) = problems(layout=WITH_STORAGE, services=DOMAIN)
    assert (str(problem.span), problem.code) == (f"{SERVICES}:2:18", "PAI237")
    assert problem.message == (
        "the storage manager joins a Windows domain, but default_realm, domainuser and domainpwd are missing"
    )


def test_a_domain_without_the_joiners_password():
    (problem,) = problems(layout=WITH_STORAGE, services=DOMAIN + WHOLE)
    assert problem.message == "the storage manager joins a Windows domain, but domainpwd is missing"


def test_a_password_that_the_admins_own_secret_holds():
    config = CONFIG + "  credentials: external\n"
    assert places(config, WITH_STORAGE, DOMAIN + WHOLE) == []
    assert places(config, WITH_STORAGE, DOMAIN) == [f"{SERVICES}:2:18 error PAI237"]


@pytest.mark.parametrize(
    "services", [DOMAIN + WHOLE + "  domainpwd: a-good-secret\n", "storage-manager: {security-type: AUTO}\n"]
)
def test_a_storage_manager_that_has_what_it_needs(services):
    assert places(layout=WITH_STORAGE, services=services) == []


def test_several_machines_share_files_of_their_own():
    layout = WITH_STORAGE + STORAGE % (2, 2) + STORAGE % (3, 3)
    found = problems(layout=layout)
    assert [(p.span.line, p.code, p.severity.value) for p in found] == [
        (17, "PAI238", "note"),
        (18, "PAI238", "note"),
    ]
    assert found[0].message == "'s2' shares files of its own, not those of 's1'"


def test_a_storage_manager_without_a_machine():
    services = "storage-manager:\n  localpath: /data\n"
    assert places(services=services) == [f"{SERVICES}:1:1 note PAI239"]
    assert places(layout=WITH_STORAGE, services=services) == []


@pytest.mark.parametrize("password", ["two words", "a*b", "why?", "a[b", "-n"])
def test_a_password_that_the_images_shell_would_change(password):
    services = f'storage-manager: {{smbpwd: "{password}"}}\n'
    assert places(layout=WITH_STORAGE, services=services) == [f"{SERVICES}:1:27 error PAI205"]


def test_what_is_written_wrong_is_not_missing():
    services = DOMAIN + "  default_realm: 'A B'\n  domainuser: joiner\n  domainpwd: a-good-secret\n"
    assert places(layout=WITH_STORAGE, services=services) == [f"{SERVICES}:3:18 error PAI205"]


def test_a_realm_is_told_what_its_name_may_have():
    services = "storage-manager:\n  krb5_realms:\n    'A{B': {kdc: a}\n"
    (problem,) = problems(layout=WITH_STORAGE, services=services)
    assert problem.hint == "names have letters, digits, '.' and '-'"


@pytest.mark.parametrize("path", ["/a/../b", "/..", "/a/.."])
def test_a_folder_that_kubernetes_refuses(path):
    services = f"storage-manager:\n  localpath: {path}\n"
    assert places(layout=WITH_STORAGE, services=services) == [f"{SERVICES}:2:14 error PAI205"]


@pytest.mark.parametrize("path", ["/a", "//a//b/", "/./.a/..b/c...", "/a b:c"])
def test_a_folder_that_kubernetes_takes(path):
    assert places(layout=WITH_STORAGE, services=f"storage-manager:\n  localpath: '{path}'\n") == []


def test_a_disk_image_beside_a_storage_class():
    config = CONFIG + "  storage: {class: fast}\n"
    assert places(config, services="internal-storage:\n  enable: true\n") == [
        f"{SERVICES}:2:3 warning PAI229"
    ]
    assert places(config, services="internal-storage:\n  enable: false\n") == []
    assert places(services="internal-storage:\n  enable: true\n") == []


@pytest.mark.parametrize(("path", "is_refused"), [("/", True), ("//", True), ("/./", True), ("/mnt", False)])
def test_the_root_of_the_masters_disk(path, is_refused):
    expected = [f"{SERVICES}:2:14 error PAI233"] if is_refused else []
    assert places(services=f"internal-storage:\n  root-path: {path}\n") == expected
