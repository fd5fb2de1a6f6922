"""Values of the portal. Expected ones are legacy's: src/webportal/config/webportal.yaml and webportal.py,
src/webportal/deploy/webportal.yaml.template (tag v1.8.0)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from paichart.derive import webportal
from tests.unit.test_derive_rest_server import cases, cluster

ON = {"enable_marketplace": "true"}
ON_TOO = {"enable_marketplace": True}
MARKETPLACE = {"id": "marketplace", "title": "Marketplace", "uri": "/marketplace/plugin.js"}


def derived(services: Mapping[str, Any] | None = None, config: Mapping[str, Any] | None = None) -> Any:
    site = cluster(services, config)
    return {**webportal.values(site), **webportal.neighbours(site, ["marketplace-webportal"])}


def test_defaults_are_legacys() -> None:
    assert derived() == {
        "urls": {"marketplaceApi": "/marketplace/api", "kubernetesDashboard": ""},
        "authenticationMethod": "basic",
        # prometheus.yaml: scrape_interval 30, and the template takes ten of them.
        "metricsWindowSeconds": 300,
        "saveTemplates": False,
        "jobTransfer": False,
        "plugins": [],
    }


def test_settings_arrive() -> None:
    values = derived(
        {
            "prometheus": {"scrape_interval": 15},
            "authentication": {"OIDC": "true"},
            "webportal": {"enable-job-transfer": "true"},
            "marketplace-webportal": {"marketplace_api_uri": "https://market.example.com/api/"},
        }
    )
    assert values["metricsWindowSeconds"] == 150
    assert values["authenticationMethod"] == "OIDC"
    assert values["jobTransfer"] is True
    assert values["urls"]["marketplaceApi"] == "https://market.example.com/api"


SERVICES_ON = {"cluster": {"common": {"marketplace": "true"}}}
SERVICES_OFF = {"cluster": {"common": {"marketplace": "false"}}}
SWITCHES = [
    # id                 services-configuration                      config.yaml    plug-in  save
    ("off",              {},                                         {},            False,   False),
    ("on",               {},                                         ON,            True,    True),
    ("as-a-boolean",     {},                                         ON_TOO,        True,    True),
    ("no-menu-entry",    {"webportal": {"marketplace": False}},      ON,            False,   True),
    ("no-templates",     {"webportal": {"save-template": "false"}},  ON,            True,    False),
    ("services-say-no",  SERVICES_OFF,                               ON,            False,   False),
    ("services-say-yes", SERVICES_ON,                                {},            True,    True),
]  # fmt: skip


@pytest.mark.parametrize(("services", "config", "entry", "save"), cases(SWITCHES))
def test_marketplace_shows_when_there_is_one(
    services: Mapping[str, Any], config: Mapping[str, Any], entry: bool, save: bool
) -> None:
    values = derived(services, config)
    assert values["plugins"] == ([MARKETPLACE] if entry else [])
    assert values["saveTemplates"] is save


def test_dashboard_of_the_layout_is_reached_through_pylon() -> None:
    given = replace(cluster(), dashboard_url="https://dashboard.example:9090")
    assert webportal.values(given)["urls"]["kubernetesDashboard"] == "/kubernetes-dashboard"


def test_plugins_follow_the_marketplace_and_have_ids() -> None:
    plugins = [
        {"title": "Hand Book!", "uri": "/a.js"},
        {"title": "Hand-book", "uri": "/b.js"},
        {"title": "Other", "uri": "/c.js", "id": "hand-book-2"},
        {"title": "手册", "uri": "/d.js"},
    ]
    found = derived({"webportal": {"plugins": plugins}}, ON)["plugins"]
    assert found[0] == MARKETPLACE
    assert [plugin["title"] for plugin in found[1:]] == [plugin["title"] for plugin in plugins]
    assert [plugin["id"] for plugin in found[1:]] == ["hand-book", "hand-book-3", "hand-book-2", "plugin"]


QUERIES = [
    # id            uri                 config                     expected
    ("none",        "/a.js",            {},                        "/a.js"),
    ("documented",  "/a.js",            {"repo": "Microsoft/pai"}, "/a.js?repo=Microsoft%2Fpai"),
    ("space",       "/a.js",            {"a b": "c d"},            "/a.js?a%20b=c%20d"),
    ("boolean",     "/a.js",            {"x": False, "y": 1.5},    "/a.js?x=false&y=1.5"),
    ("more-query",  "/a.js?v=1",        {"x": "&"},                "/a.js?v=1&x=%26"),
    ("fragment",    "https://h/a.js#f", {"x": "é"},                "https://h/a.js?x=%C3%A9#f"),
]  # fmt: skip


@pytest.mark.parametrize(("uri", "config", "expected"), cases(QUERIES))
def test_settings_of_a_plugin_go_into_its_address(uri: str, config: Mapping[str, Any], expected: str) -> None:
    # webportal.py: urlencode(config).replace('+', '%20'), joined to the uri; a query that is there stays.
    assert webportal.with_query(uri, config) == expected


def test_a_release_without_the_marketplace_shows_no_entry_that_leads_nowhere() -> None:
    site = cluster({}, ON)
    assert webportal.neighbours(site, ["rest-server", "pylon"]) == {"saveTemplates": False, "plugins": []}
