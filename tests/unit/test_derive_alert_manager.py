"""Values of alert-manager, by the conditions of legacy's parser and templates (src/alert-manager, v1.8.0)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from paichart.derive import alert_manager
from tests.unit.derived import satisfies_schema, site

EMAIL = {
    "admin-receiver": "admins@example.com",
    "smtp-host": "smtp.example.com",
    "smtp-port": 587,
    "smtp-from": "pai@example.com",
    "smtp-auth-username": "sender",
    "smtp-auth-password": "example-only",
}
WITH_EMAIL = {"alert-handler": {"email-configs": EMAIL}}
WITH_TOKEN = {"pai-bearer-token": "example-only"}


def derived(own: Mapping[str, Any] | None = None, paichart: Mapping[str, Any] | None = None) -> Any:
    return alert_manager.values(site({"alert-manager": dict(own or {})}, paichart))


def test_defaults() -> None:
    assert derived() == {
        # config/alert-manager.yaml
        "repeatInterval": "24h",
        "email": {"enabled": False},
        "bearerToken": {"enabled": False},
        # The list began with cordon-nodes and fix-nvidia-gpu-low-perf; nothing uses the second.
        "actions": {"cordonNodes": True, "fixNvidiaGpuLowPerf": False},
        "routes": [],
        "receivers": [],
        "alertHandler": {"logLevel": "info"},
        "jobStatusChangeNotification": {
            "enabled": False,
            "logLevel": "info",
            "pollIntervalSeconds": 120,
            "maxDbConnections": 10,
        },
        "clusterUtilization": {"enabled": False},
        "certExpirationChecker": {"enabled": False},
        "persistence": {"hostPath": "/datastorage/alert-manager", "node": "pai-master"},
    }


def test_mails_are_described_without_their_password() -> None:
    assert derived(WITH_EMAIL)["email"] == {
        "enabled": True,
        "adminReceiver": "admins@example.com",
        "from": "pai@example.com",
        "smtpHost": "smtp.example.com",
        "smtpPort": 587,
        "username": "sender",
    }
    assert "example-only" not in str(derived({**WITH_EMAIL, **WITH_TOKEN}))


@pytest.mark.parametrize(
    "own", [WITH_TOKEN, {"alert-handler": WITH_TOKEN}], ids=["as of 1.6", "as before 1.6"]
)
def test_a_token_is_found_in_both_places(own: Mapping[str, Any]) -> None:
    assert derived(own)["bearerToken"] == {"enabled": True}


@pytest.mark.parametrize(
    ("listed", "cordons"),
    [(["webportal-notification"], False), (["cordon-nodes"], True), ([], False)],
)
def test_a_list_of_actions_may_leave_cordoning_out(listed: list[str], cordons: bool) -> None:
    assert derived({"actions-available": listed})["actions"]["cordonNodes"] is cordons


@pytest.mark.parametrize(
    ("listed", "is_on"), [(None, True), (["fix-nvidia-gpu-low-perf"], True), (["cordon-nodes"], False)]
)
def test_gpus_are_reset_where_a_receiver_asks_for_it(listed: list[str] | None, is_on: bool) -> None:
    own: dict[str, Any] = {
        "customized-receivers": [{"name": "a", "actions": {"fix-nvidia-gpu-low-perf": None}}]
    }
    if listed is not None:
        own["actions-available"] = listed
    assert derived(own)["actions"]["fixNvidiaGpuLowPerf"] is is_on


def test_an_action_without_settings_is_on() -> None:
    actions = {"email-admin": None, "email-user": {"template": "mine"}, "tag-jobs": {"tags": ["a"]}}
    own = {"customized-receivers": [{"name": "a", "actions": actions}]}
    expected = {"email-admin": {}, "email-user": {"template": "mine"}, "tag-jobs": {"tags": ["a"]}}
    assert derived(own)["receivers"] == [{"name": "a", "actions": expected}]


def test_labels_of_routes_are_texts_at_every_depth() -> None:
    inner = {"match_re": {"minor_number": 0}, "receiver": "b"}
    routes = [
        {"receiver": "a", "match": {"alertname": "X", "is_up": True}, "continue": True, "routes": [inner]}
    ]
    assert derived({"customized-routes": {"routes": routes}})["routes"] == [
        {
            "receiver": "a",
            "match": {"alertname": "X", "is_up": "true"},
            "continue": True,
            "routes": [{"match_re": {"minor_number": "0"}, "receiver": "b"}],
        }
    ]


@pytest.mark.parametrize(("given", "is_on"), [(True, True), ("true", True), (False, False), ("false", False)])
def test_news_of_jobs_are_sent_where_asked_for(given: Any, is_on: bool) -> None:
    news = {"enable": given, "db-poller-interval-second": 60, "log-level": "debug"}
    assert derived({"job-status-change-notification": news})["jobStatusChangeNotification"] == {
        "enabled": is_on,
        "logLevel": "debug",
        "pollIntervalSeconds": 60,
        "maxDbConnections": 10,
    }


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        ({}, {"enabled": False}),
        (WITH_TOKEN, {"enabled": True, "schedule": "0 8 * * 1", "scrapeIntervalSeconds": 15}),
    ],
    ids=["without a token", "with one"],
)
def test_usage_is_reported_with_a_token(own: Mapping[str, Any], expected: Mapping[str, Any]) -> None:
    services = {
        "alert-manager": {**own, "cluster-utilization": {"schedule": "0 8 * * 1"}},
        "prometheus": {"scrape_interval": 15},
    }
    assert alert_manager.values(site(services))["clusterUtilization"] == expected


def test_a_token_alone_reports_nothing() -> None:
    assert derived(WITH_TOKEN)["clusterUtilization"] == {"enabled": False}


def test_the_certificate_is_looked_at_where_a_folder_is_given() -> None:
    checker = {"cert-path": "/etc/kubernetes/pki", "alert-residual-days": 14}
    assert derived({"cert-expiration-checker": checker})["certExpirationChecker"] == {
        "enabled": True,
        "schedule": "0 0 * * *",
        "residualDays": 14,
        "certPath": "/etc/kubernetes/pki",
    }


def test_silences_lie_below_the_data_folder_or_in_a_volume() -> None:
    services = {"cluster": {"common": {"data-path": "/mnt/pai"}}}
    assert alert_manager.values(site(services))["persistence"] == {
        "hostPath": "/mnt/pai/alert-manager",
        "node": "pai-master",
    }
    assert derived(paichart={"storage": {"class": "fast"}})["persistence"] == {"storageClass": "fast"}


@pytest.mark.parametrize(
    "own",
    [
        {},
        {**WITH_EMAIL, **WITH_TOKEN, "cluster-utilization": {"schedule": "@weekly"}},
        {
            "customized-receivers": [
                {"name": "a", "actions": {"stop-jobs": None, "tag-jobs": {"tags": ["x"]}}}
            ],
            "customized-routes": {"routes": [{"receiver": "a", "match": {"severity": 1}}]},
            "cert-expiration-checker": {"cert-path": "/etc/kubernetes/ssl"},
        },
    ],
)
def test_values_satisfy_the_charts_schema(own: Mapping[str, Any]) -> None:
    satisfies_schema("alert-manager", derived(own))


def test_a_schedule_has_one_blank_between_its_fields() -> None:
    # The API server splits at any blanks (robfig/cron, strings.Fields); the chart's schema wants one.
    made = derived({"cert-expiration-checker": {"cert-path": "/a", "schedule": " 0  8\t* * 1 "}})
    assert made["certExpirationChecker"]["schedule"] == "0 8 * * 1"
