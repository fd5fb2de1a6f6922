"""Alertmanager's configuration: what is called for which alert, and that Alertmanager can read it.

Expectations are those of src/alert-manager/deploy/alert-manager-configmap.yaml.template of openpai v1.8.0.
"""

from __future__ import annotations

import itertools
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.chart.charts import scenario_values
from tests.chart.render import RenderError, render
from tests.rig.debian import ensure

pytestmark = pytest.mark.programs

HANDLER = "http://openpai-alert-handler.default.svc:9095/alert-handler/"
TOKEN_FILE = "/etc/alertmanager-token/pai-bearer-token"  # noqa: S105 # where it is
EMAIL = {
    "enabled": True,
    "adminReceiver": "admins@example.com",
    "from": "pai@example.com",
    "smtpHost": "smtp.example.com",
    "username": "pai",
}
# What each action of a receiver calls: (path, also when alerts end, with the token).
ACTIONS: dict[str, tuple[Any, list[tuple[str, bool, bool]]]] = {
    "email-admin": ({"template": "mine"}, [("send-email-to-admin?template=mine", True, False)]),
    "email-user": ({}, [("send-email-to-user", False, True)]),
    "stop-jobs": ({}, [("stop-jobs", False, True)]),
    "tag-jobs": (
        {"tags": ["a", "b c/d+e"]},
        [("tag-jobs/a", False, True), ("tag-jobs/b%20c%2Fd%2Be", False, True)],
    ),
    "cordon-nodes": ({}, [("cordon-nodes", False, False)]),
    "fix-nvidia-gpu-low-perf": ({}, [("fix-nvidia-gpu-low-perf", False, False)]),
}
# What each action can't do without.
NEEDS = {
    "email-admin": {"email"},
    "email-user": {"email", "token"},
    "stop-jobs": {"token"},
    "tag-jobs": {"token"},
    "cordon-nodes": {"cordon"},
    "fix-nvidia-gpu-low-perf": {"fix"},
}
GATES = ("email", "token", "cordon", "fix")
COMBINATIONS = [
    frozenset(itertools.compress(GATES, bits)) for bits in itertools.product((False, True), repeat=len(GATES))
]
RECEIVERS = [{"name": name, "actions": {name: settings}} for name, (settings, _) in ACTIONS.items()]
RECEIVERS.append(
    {"name": "everything", "actions": {name: settings for name, (settings, _) in ACTIONS.items()}}
)
RECEIVERS.append({"name": "no: thing's", "actions": {}})
ROUTES = [{"receiver": receiver["name"], "match": {"team": receiver["name"]}} for receiver in RECEIVERS]


def values(on: frozenset[str], *, is_customized: bool = True) -> dict[str, Any]:
    return {
        "email": EMAIL if "email" in on else {"enabled": False},
        "bearerToken": {"enabled": "token" in on},
        "actions": {"cordonNodes": "cordon" in on, "fixNvidiaGpuLowPerf": "fix" in on},
        "receivers": RECEIVERS if is_customized else [],
        "routes": ROUTES if is_customized else [],
        "templates": {"mine": {"html": "a", "subject": "b"}},
    }


def config(given: Mapping[str, Any]) -> str:
    objects = render("alert-manager", given)
    return str(objects.find("ConfigMap", "openpai-alert-manager")["data"]["alertmanager.yml"])


def calls(text: str) -> dict[str, list[tuple[str, bool, bool]]]:
    """What each receiver calls, in the form of ACTIONS."""
    found = {}
    for receiver in yaml.safe_load(text)["receivers"]:
        assert set(receiver) == {"name", "webhook_configs"}
        found[receiver["name"]] = [called(hook) for hook in receiver["webhook_configs"]]
    return found


def called(hook: Mapping[str, Any]) -> tuple[str, bool, bool]:
    authorization = hook.get("http_config", {}).get("authorization")
    assert authorization in (None, {"credentials_file": TOKEN_FILE})
    assert hook["url"].startswith(HANDLER)
    return hook["url"].removeprefix(HANDLER), hook["send_resolved"], authorization is not None


def amtool(*words: Any) -> subprocess.CompletedProcess[str]:
    command = [str(ensure("amtool")), *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("is_customized", [False, True], ids=["own", "customized"])
@pytest.mark.parametrize("on", COMBINATIONS, ids=lambda on: "+".join(sorted(on)) or "nothing")
def test_amtool_takes_every_combination(on: frozenset[str], is_customized: bool, tmp_path: Path) -> None:
    file = tmp_path / "alertmanager.yml"
    text = config(values(on, is_customized=is_customized))
    token = tmp_path / "token"
    token.write_text("example-only", encoding="utf-8")
    file.write_text(text.replace(TOKEN_FILE, str(token)), encoding="utf-8")
    result = amtool("check-config", file)
    assert result.returncode == 0, result.stdout + result.stderr
    assert f" - {4 + len(RECEIVERS) * is_customized} receivers" in result.stdout


@pytest.mark.parametrize("on", COMBINATIONS, ids=lambda on: "+".join(sorted(on)) or "nothing")
def test_an_action_is_called_where_it_has_what_it_needs(on: frozenset[str]) -> None:
    found = calls(config(values(on)))
    available = {name: expected for name, (_, expected) in ACTIONS.items() if NEEDS[name] <= on}
    assert {name: found[name] for name in ACTIONS} == {name: available.get(name, []) for name in ACTIONS}
    assert sorted(found["everything"]) == sorted(itertools.chain(*available.values()))
    assert found["no: thing's"] == []


@pytest.mark.parametrize("on", COMBINATIONS, ids=lambda on: "+".join(sorted(on)) or "nothing")
def test_own_receivers_do_what_they_did(on: frozenset[str]) -> None:
    found = calls(config(values(on, is_customized=False)))
    mail = [("send-email-to-admin", True, False)] if "email" in on else []
    cordon = [("cordon-nodes", False, False)] if "cordon" in on else []
    usage = [("send-email-to-admin?template=cluster-usage", False, False)] if "email" in on else []
    news = (
        [("send-email-to-user?template=job-status-change", False, True)] if {"email", "token"} <= on else []
    )
    assert {name: sorted(hooks) for name, hooks in found.items()} == {
        "pai-email-admin": mail,
        "pai-cordon-nodes": sorted([*cordon, *mail]),
        "pai-cluster-usage": usage,
        "pai-job-status-change": news,
    }


# Labels of an alert, and who is told of it in scenario `everything`.
ROUTED = [
    ({"alertname": "NodeCPUUsage", "severity": "warn"}, ["pai-email-admin"]),
    ({"alertname": "NodeNotReady", "severity": "fatal"}, ["pai-email-admin"]),
    ({"alertname": "NvidiaSmiDoubleEccError", "severity": "fatal"}, ["pai-cordon-nodes"]),
    ({"alertname": "GpuDoubleEccError", "severity": "fatal"}, ["pai-cordon-nodes"]),
    ({"alertname": "NvidiaSmiDoubleEccErrors"}, ["pai-email-admin"]),
    ({"alertname": "usage", "report_type": "cluster-usage", "severity": "info"}, ["pai-cluster-usage"]),
    ({"alertname": "PAIJobStatusChange", "severity": "warn"}, ["pai-job-status-change"]),
    ({"alertname": "k8s cert expiration", "severity": "fatal"}, ["pai-email-admin"]),
    ({"alertname": "ExampleIdleJob", "severity": "fatal"}, ["idle-jobs"]),
    ({"alertname": "NodeGpuLowPerfState"}, ["slow-gpus"]),
    ({"alertname": "NodeGpuLowPerfStates"}, ["pai-email-admin"]),
]


@pytest.mark.parametrize(("labels", "receivers"), ROUTED, ids=[row[0]["alertname"] for row in ROUTED])
def test_alerts_reach_whom_they_are_for(
    labels: Mapping[str, str], receivers: list[str], tmp_path: Path
) -> None:
    file = tmp_path / "alertmanager.yml"
    file.write_text(config(scenario_values("alert-manager", "everything")), encoding="utf-8")
    told = [f'{name}="{value}"' for name, value in labels.items()]
    result = amtool("config", "routes", "test", f"--config.file={file}", *told)
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stdout.strip().split(",") == receivers


def test_alerts_are_grouped_and_repeated_as_they_were() -> None:
    found = yaml.safe_load(config({"repeatInterval": "30m"}))
    route = {key: value for key, value in found["route"].items() if key != "routes"}
    assert route == {
        "receiver": "pai-email-admin",
        "group_by": ["alertname", "alertstate", "severity"],
        "group_wait": "30s",
        "group_interval": "5m",
        "repeat_interval": "30m",
    }
    assert found["global"] == {"resolve_timeout": "5m"}


def test_a_node_that_is_gone_silences_its_services() -> None:
    (rule,) = yaml.safe_load(config({}))["inhibit_rules"]
    assert rule == {
        "source_matchers": ['alertname="NodeNotReady"'],
        "target_matchers": ['alertname=~"PaiServicePodNotRunning|PaiServicePodNotReady"'],
        "equal": ["node_name"],
    }


def test_a_call_is_small_enough_for_the_handler() -> None:
    # express.json() refuses more than 100 kB; an alert of Prometheus has some 800 bytes, one of a report 400.
    for receiver in yaml.safe_load(config(scenario_values("alert-manager", "everything")))["receivers"]:
        size = 400 if receiver["name"] == "pai-cluster-usage" else 800
        assert all(hook["max_alerts"] * size < 100_000 for hook in receiver["webhook_configs"])


def test_the_token_is_nowhere_in_the_configuration() -> None:
    text = config(scenario_values("alert-manager", "everything"))
    assert "credentials:" not in text
    assert "bearer_token" not in text


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (
            {"routes": [{"receiver": "nobody", "match": {"a": "b"}}]},
            "receiver 'nobody', which does not exist",
        ),
        (
            {"receivers": [{"name": "a", "actions": {}}, {"name": "a", "actions": {}}]},
            "two receivers are named 'a'",
        ),
        ({"receivers": [{"name": "pai-cluster-usage", "actions": {}}]}, "two receivers"),
        ({"receivers": [{"name": "a", "actions": {"mail": {}}}]}, "mail"),
        ({"routes": [{"reciever": "a"}]}, "reciever"),
        ({"image": {"tag": "v0.27.0"}}, "tag"),
        ({"image": {"tag": "v0.31.1"}}, "tag"),
        ({"image": {"tag": "latest"}}, "tag"),
        ({"email": {**EMAIL, "smtpHost": ""}}, "email.smtpHost is empty"),
        ({"email": {**EMAIL, "adminReceiver": ""}}, "email.adminReceiver is empty"),
        ({"clusterUtilization": {"enabled": True}}, "needs bearerToken"),
        ({"certExpirationChecker": {"schedule": "daily"}}, "schedule"),
        ({"templates": {"a/b": {"html": "x", "subject": "y"}}}, "a/b"),
        ({"templates": {"a": {"html": "x"}}}, "subject"),
    ],
)
def test_what_alertmanager_or_the_images_refuse_is_refused(given: Mapping[str, Any], words: str) -> None:
    with pytest.raises(RenderError, match=words):
        render("alert-manager", given)


@pytest.mark.parametrize("tag", ["v0.26.0", "0.25.0", "v0.26.0-distroless"])
def test_versions_with_the_first_api_are_taken(tag: str) -> None:
    assert f":{tag}" in render("alert-manager", {"image": {"tag": tag}}).text
