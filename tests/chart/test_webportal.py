"""What the web portal v1.8.0 needs: /env.js as its pages read it, and a start without its own scripts."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Mapping
from typing import Any

import pytest

from tests.chart.charts import merged, scenario_values, scenarios
from tests.chart.render import Object, Objects, RenderError, render

NAMESPACE = "pai-system"
# src/webportal/src/app/env.js.template of v1.8.0
SETTINGS = {
    "restServerUri",
    "marketplaceUri",
    "saveTemplate",
    "prometheusUri",
    "yarnWebPortalUri",
    "grafanaUri",
    "k8sDashboardUri",
    "exporterPort",
    "promScrapeTime",
    "authnMethod",
    "pylonAddress",
    "webHDFSUri",
    "launcherType",
    "launcherScheduler",
    "enableJobTransfer",
}
HOSTILE = [
    "it's",
    'say "hi"',
    "</script>",
    "$& $1 ${HOME} $(HOME)",
    "back\\slash",
    "line\nbreak",
    "\u2028",
    "ü ☂ {{ x }}",
]
NODE = shutil.which("node")


def rendered(values: Mapping[str, Any] | None = None, scenario: str = "quick-start") -> Objects:
    given = merged(scenario_values("webportal", scenario), values or {})
    return render("webportal", given, namespace=NAMESPACE)


def script(objects: Objects) -> str:
    text: str = objects.find("ConfigMap")["data"]["env.js"]
    return text


def evaluated(text: str) -> dict[str, Any]:
    """The two globals that /env.js sets. They are JSON, which every browser reads as the same JavaScript."""
    match = re.fullmatch(r"window\.ENV = (\{.*\});\n\s*window\.PAI_PLUGINS = (\[.*\]);\n?", text, re.DOTALL)
    assert match, text
    return {"ENV": json.loads(match[1]), "PAI_PLUGINS": json.loads(match[2])}


def container(objects: Objects) -> Object:
    found: Object = objects.find("Deployment")["spec"]["template"]["spec"]["containers"][0]
    return found


@pytest.mark.parametrize("scenario", scenarios("webportal"))
def test_every_setting_of_the_image_is_there(scenario: str) -> None:
    settings = evaluated(script(rendered(scenario=scenario)))["ENV"]
    assert set(settings) == SETTINGS
    # A page tells "unset" by the template's own ${NAME}, and switches by these words.
    assert all(isinstance(value, str) and "${" not in value for value in settings.values())
    assert {settings["saveTemplate"], settings["enableJobTransfer"]} <= {"true", "false"}
    assert settings["authnMethod"] in ("basic", "OIDC")
    assert settings["launcherScheduler"] in ("hivedscheduler", "defaultscheduler")
    assert settings["launcherType"] == "k8s"


@pytest.mark.skipif(NODE is None, reason="there is no Node; that it is JSON is checked above")
@pytest.mark.parametrize("scenario", scenarios("webportal"))
def test_a_script_engine_reads_the_same(scenario: str) -> None:
    text = script(rendered(scenario=scenario))
    program = f"const window = {{}};\n{text}\nconsole.log(JSON.stringify(window))"
    result = subprocess.run([str(NODE), "-e", program], capture_output=True, text=True, check=True)
    assert json.loads(result.stdout) == evaluated(text)


def test_pages_call_paths_of_their_own_address() -> None:
    # So they work under any host name and with https, and pylon needs no rewriting of bodies.
    settings = evaluated(script(rendered()))["ENV"]
    assert settings["restServerUri"] == "/rest-server"
    assert settings["prometheusUri"] == "/prometheus"
    assert settings["grafanaUri"] == "/grafana"
    assert settings["marketplaceUri"] == "/marketplace/api"
    assert settings["exporterPort"] == "9100"
    assert settings["promScrapeTime"] == "300s"


def test_pages_call_other_addresses_when_told() -> None:
    settings = evaluated(script(rendered(scenario="elsewhere")))["ENV"]
    assert settings["restServerUri"] == "https://api.example.com/rest-server"
    # The pages of Prometheus lie under /prometheus; env.js.template adds it.
    assert settings["prometheusUri"] == "https://metrics.example.com/prometheus"
    assert settings["k8sDashboardUri"] == "https://dashboard.example.com"


@pytest.mark.parametrize("text", HOSTILE)
def test_texts_of_plugins_arrive_as_written(text: str) -> None:
    # Legacy pasted them into JavaScript: a quote, or a plug-in without id, emptied the whole menu.
    plugins = [{"id": text, "title": text, "uri": text}]
    found = script(rendered({"plugins": plugins}))
    assert evaluated(found)["PAI_PLUGINS"] == plugins
    assert "</script>" not in found


def test_script_lies_where_the_server_looks() -> None:
    # server/config/express.js serves dist/; layout.ejs loads /env.js.
    mounts = {mount["mountPath"]: mount for mount in container(rendered())["volumeMounts"]}
    assert mounts["/usr/src/app/dist/env.js"]["subPath"] == "env.js"


def test_server_starts_without_writing_to_the_image() -> None:
    # `npm start` would write dist/env.js first; config/logger.js writes server.log where the process works.
    spec = container(rendered())
    assert spec["command"][-1].splitlines() == [
        "ln -sf /dev/null server.log",
        "exec node /usr/src/app/server",
    ]
    assert spec["workingDir"] in [mount["mountPath"] for mount in spec["volumeMounts"]]
    env = {entry["name"]: entry["value"] for entry in spec["env"]}
    # server/config/index.js
    assert env == {"NODE_ENV": "production", "SERVER_PORT": "8080", "LOG_LEVEL": "info"}


def test_pods_restart_when_the_script_changes() -> None:
    def checksum(values: Mapping[str, Any] | None = None) -> str:
        annotations = rendered(values).find("Deployment")["spec"]["template"]["metadata"]["annotations"]
        return str(annotations["checksum/config"])

    assert checksum({"jobTransfer": True}) != checksum()
    assert checksum({"replicas": 3}) == checksum()


def test_two_copies_by_default() -> None:
    objects = rendered()
    assert objects.find("Deployment")["spec"]["replicas"] == 2
    assert objects.find("PodDisruptionBudget")["spec"]["maxUnavailable"] == 1
    assert rendered({"replicas": 1}).all("PodDisruptionBudget") == ()


def test_legacy_memory_limit_follows_qos() -> None:
    # webportal.yaml.template: limits.memory 512Mi when qos-switch is on.
    assert container(rendered({"global": {"qos": True}}))["resources"] == {"limits": {"memory": "512Mi"}}
    assert container(rendered())["resources"] == {}


REFUSED = [
    # id                values                                                named
    ("no-id",           {"plugins": [{"title": "a", "uri": "/a.js"}]},        "id"),
    ("relative",        {"urls": {"grafana": "grafana"}},                     "grafana"),
    ("trailing-slash",  {"urls": {"restServer": "/rest-server/"}},            "restServer"),
    ("no-rest-server",  {"urls": {"restServer": ""}},                         "restServer"),
    ("other-scheme",    {"urls": {"prometheus": "javascript:alert(1)"}},      "prometheus"),
    ("other-host",      {"urls": {"grafana": "//evil.example.com"}},          "grafana"),
]  # fmt: skip


@pytest.mark.parametrize(("values", "named"), [pytest.param(*row[1:], id=row[0]) for row in REFUSED])
def test_values_that_would_break_the_pages_are_refused(values: Mapping[str, Any], named: str) -> None:
    with pytest.raises(RenderError, match=named):
        rendered(values)
