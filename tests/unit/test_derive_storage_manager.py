"""Values of storage-manager. Source of the expected ones: src/storage-manager of OpenPAI v1.8.0."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from paichart.derive import storage_manager
from paichart.model import Cluster, Machine
from tests.unit.derived import SKU, satisfies_schema, site

PRIVATE = ["10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16"]
DOMAIN = {
    "security-type": "ADS",
    "workgroup": "EXAMPLE",
    "default_realm": "EXAMPLE.COM",
    "domainuser": "joiner",
    "domainpwd": "not-in-values",
    "krb5_realms": {"EXAMPLE.COM": {"kdc": ["dc1", "dc2"], "default_domain": "example.com"}},
    "domain_realm": {".example.com": "EXAMPLE.COM"},
    "idmap": ["idmap config * : range = 1000-9999"],
}


def cluster(section: dict[str, Any] | None = None, *addresses: str) -> Cluster:
    """The usual site with a storage machine for each address (10.0.0.3 when none is given)."""
    made = site({"storage-manager": section or {}})
    storage = tuple(
        Machine(f"storage{number}", address, SKU, is_storage=True)
        for number, address in enumerate(addresses or ("10.0.0.3",))
    )
    return replace(made, machines=(*made.machines, *storage))


def test_shares_are_those_of_an_old_installation() -> None:
    assert storage_manager.values(cluster()) == {
        "hostPath": "/share",
        "user": "smbuser",
        "workgroup": "WORKGROUP",
        "security": "AUTO",
        "allowedNetworks": PRIVATE,
        "service": {"enabled": True},
    }


def test_domain_is_passed_on_without_its_password() -> None:
    values = storage_manager.values(cluster(DOMAIN))
    assert values["domain"] == {
        "realm": "EXAMPLE.COM",
        "user": "joiner",
        "realms": {"EXAMPLE.COM": {"kdc": ["dc1", "dc2"], "default_domain": "example.com"}},
        "domainRealm": {".example.com": "EXAMPLE.COM"},
        "idmap": ["idmap config * : range = 1000-9999"],
    }
    assert "not-in-values" not in str(values)


def test_numbers_of_domain_users_are_the_charts_when_none_are_given() -> None:
    values = storage_manager.values(cluster({**DOMAIN, "idmap": []}))
    assert isinstance(values["domain"], dict)
    assert "idmap" not in values["domain"]


@pytest.mark.parametrize(
    ("address", "networks"),
    [
        ("192.168.7.7", PRIVATE),
        ("198.51.100.7", [*PRIVATE, "198.51.100.7"]),
        ("fd00::7", [*PRIVATE, "fc00::/7"]),
        ("2001:db8::7", [*PRIVATE, "fc00::/7", "2001:db8::7"]),
    ],
)
def test_machines_with_public_addresses_may_mount_too(address: str, networks: list[str]) -> None:
    assert storage_manager.values(cluster(None, address))["allowedNetworks"] == networks


def test_several_machines_have_no_service_in_common() -> None:
    values = storage_manager.values(cluster(None, "10.0.0.3", "10.0.0.4"))
    assert values["service"] == {"enabled": False}


def test_storage_manager_needs_a_machine() -> None:
    assert not storage_manager.has_storage_machine(site())
    assert storage_manager.has_storage_machine(cluster())


@pytest.mark.parametrize("section", [{}, DOMAIN, {"security-type": "ADS"}, {"localpath": "/data/share/"}])
def test_values_satisfy_the_charts_schema(section: dict[str, Any]) -> None:
    satisfies_schema("storage-manager", storage_manager.values(cluster(section, "2001:db8::7")))
