"""Rules for the marketplace's database, told at their line and column."""

from __future__ import annotations

import pytest

from tests.unit.checking import CONFIG, places, problems

SERVICES = "services-configuration.yaml"
ON = 'cluster: {common: {marketplace: "true"}}\n'
API = "marketplace-restserver:\n  "


@pytest.mark.parametrize(
    ("asked", "has"),
    [
        ("db_user: templates", "user: owner"),
        ("db: other", "db: own"),
        ("db_password: one-secret", "passwd: another-secret"),
        ("db_port: 5432", "port: 9999"),
    ],
)
def test_the_api_asks_its_own_database_for_something_else(asked, has):
    services = f"{ON}marketplace-db: {{{has}}}\n{API}{asked}\n"
    column = 3 + len(asked.split(":")[0]) + 2
    assert places(services=services) == [f"{SERVICES}:4:{column} warning PAI235"]


def test_a_user_that_only_the_api_names_is_not_the_databases_default():
    (problem,) = problems(services=f"{ON}{API}db_user: templates\n")
    assert problem.message == "'db_user' is not the 'user' of marketplace-db, which the API asks here"


@pytest.mark.parametrize(
    "services",
    [
        f"{ON}{API}db_user: user\n",
        f"{ON}{API}db_password: a-good-secret\n",
        f"{API}db_user: templates\n",  # there is no marketplace
        f"{ON}{API}db_user: templates\n  db_password: a-good-secret\n  db_host: db.example.com\n",
    ],
)
def test_a_database_that_has_what_it_is_asked_for(services):
    assert places(services=services) == []


def test_the_masters_address_is_the_own_database_as_it_was():
    services = f"{ON}{API}db_host: 10.0.0.1\n  db_user: templates\n"
    assert places(services=services) == [f"{SERVICES}:4:12 warning PAI235"]


def test_another_port_of_the_master_is_another_server():
    services = f"{ON}{API}db_host: 10.0.0.1\n  db_port: 5432\n"
    assert places(services=services) == [f"{SERVICES}:3:12 warning PAI236"]


def test_a_database_elsewhere_without_its_password():
    services = f"{API}db_host: db.example.com\n"
    assert places('enable_marketplace: "true"\n' + CONFIG, services=services) == [
        f"{SERVICES}:2:12 warning PAI236"
    ]
    assert places(services=services) == []


@pytest.mark.parametrize(
    ("config", "more"),
    [
        (CONFIG, "  db_password: a-good-secret\n"),
        (CONFIG, "marketplace-db: {passwd: a-good-secret}\n"),
        (CONFIG + "  credentials: external\n", ""),
    ],
)
def test_a_database_elsewhere_whose_password_is_known(config, more):
    assert places(config, services=f"{ON}{API}db_host: db.example.com\n{more}") == []


@pytest.mark.parametrize(
    "line", ["db_host: postgres://db/x", "db_host: 'db:5432/'", "db_user: a b", "db: 'x;y'"]
)
def test_a_database_that_the_chart_cannot_name(line):
    key = line.split(":")[0]
    services = f"marketplace-restserver:\n  {line}\n"
    assert [place.split()[-1] for place in places(services=services)] == ["PAI205"], key
