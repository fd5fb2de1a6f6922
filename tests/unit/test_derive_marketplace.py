"""Values of the marketplace. Source of the expected ones: src/marketplace-*/config and deploy of v1.8.0."""

from __future__ import annotations

from typing import Any

import pytest

from paichart.derive import common, marketplace, marketplace_db, marketplace_restserver, marketplace_webportal
from tests.unit.derived import satisfies_schema, site

ELSEWHERE = {"db_host": "db.example.com", "db_port": 5432, "db_user": "market", "db": "templates"}
CHARTS = {
    "marketplace-db": marketplace_db.values,
    "marketplace-restserver": marketplace_restserver.values,
    "marketplace-webportal": marketplace_webportal.values,
}


def test_database_lies_in_the_folder_of_an_old_installation() -> None:
    assert marketplace_db.values(site()) == {
        "user": "user",
        "database": "marketplace",
        "maxConnections": 1000,
        "persistence": {"hostPath": "/mnt/marketplace", "node": "pai-master", "size": "10Gi"},
    }


def test_database_follows_its_settings() -> None:
    section = {"user": "owner", "db": "market", "max-connection": 50, "data-path": "/data/market/"}
    assert marketplace_db.values(site({"marketplace-db": section})) == {
        "user": "owner",
        "database": "market",
        "maxConnections": 50,
        "persistence": {"hostPath": "/data/market", "node": "pai-master", "size": "10Gi"},
    }


def test_storage_class_replaces_the_folder() -> None:
    storage = {"class": "ceph-block", "marketplace-size": "50Gi"}
    values = marketplace_db.values(site(paichart={"storage": storage}))
    assert values["persistence"] == {"storageClass": "ceph-block", "size": "50Gi"}


def test_api_asks_the_releases_own_database() -> None:
    section = {"user": "owner", "db": "market", "port": 9999}
    assert marketplace_restserver.values(site({"marketplace-db": section})) == {
        "database": {"user": "owner", "name": "market"},
        "identityUrl": "",
    }


def test_api_asks_a_database_elsewhere() -> None:
    values = marketplace_restserver.values(site({"marketplace-restserver": ELSEWHERE}))
    assert values["database"] == {
        "host": "db.example.com",
        "port": 5432,
        "user": "market",
        "name": "templates",
    }


def test_what_is_not_said_of_a_database_elsewhere_is_as_in_marketplace_db() -> None:
    # marketplace-restserver.yaml.template: each key falls back to marketplace-db's on its own.
    services = {"marketplace-restserver": {"db_host": "db.example.com"}, "marketplace-db": {"port": 9999}}
    assert marketplace_restserver.values(site(services))["database"] == {
        "host": "db.example.com",
        "port": 9999,
        "user": "user",
        "name": "marketplace",
    }


@pytest.mark.parametrize(
    ("section", "is_own"),
    [
        ({}, True),
        ({"db_port": 5432}, True),
        ({"db_host": "10.0.0.1"}, True),
        ({"db_host": "pai-master", "db_port": 9291}, True),
        ({"db_host": "10.0.0.1", "db_port": 5432}, False),
        ({"db_host": "10.0.0.2"}, False),
        (ELSEWHERE, False),
    ],
)
def test_own_database_is_the_one_that_was_on_the_master(section: dict[str, Any], is_own: bool) -> None:
    assert marketplace.has_own_database(site({"marketplace-restserver": section})) is is_own


def test_tokens_are_checked_where_the_admin_says() -> None:
    section = {"idp_url": "https://pai.example.com/rest-server/"}
    values = marketplace_restserver.values(site({"marketplace-restserver": section}))
    assert values["identityUrl"] == "https://pai.example.com/rest-server"


@pytest.mark.parametrize(
    ("section", "url"),
    [
        ({}, "/marketplace/api"),
        ({"marketplace_api_uri": "https://m.example.com/api/"}, "https://m.example.com/api"),
    ],
)
def test_pages_find_the_api(section: dict[str, str], url: str) -> None:
    assert marketplace_webportal.values(site({"marketplace-webportal": section})) == {"apiUrl": url}


def test_ports_are_shared_by_those_who_call() -> None:
    ports = common.values(site({"marketplace-restserver": {"server-port": 19292}}))["servicePorts"]
    assert isinstance(ports, dict)
    assert {name: port for name, port in ports.items() if name.startswith("marketplace")} == {
        "marketplace-db": 9291,
        "marketplace-restserver": 19292,
        "marketplace-webportal": 9293,
    }


@pytest.mark.parametrize("chart", CHARTS)
@pytest.mark.parametrize("section", [{}, ELSEWHERE])
@pytest.mark.parametrize("storage", [{}, {"class": "fast"}])
def test_values_satisfy_the_charts_schema(
    chart: str, section: dict[str, Any], storage: dict[str, str]
) -> None:
    cluster = site({"marketplace-restserver": section}, {"storage": storage})
    satisfies_schema(chart, CHARTS[chart](cluster))
