"""The marketplace's API and pages as their images v1.8.0 (microsoft/openpaimarketplace) expect them."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.chart.charts import CHARTS, merged, scenario_values, scenarios
from tests.chart.render import Object, Objects, RenderError, render

API, PAGES = "marketplace-restserver", "marketplace-webportal"
NAMESPACE = "pai-system"
NODE = shutil.which("node")
SCRIPT = CHARTS / API / "files" / "prepare_tables.js"


def rendered(chart: str, values: Mapping[str, Any] | None = None, scenario: str = "quick-start") -> Objects:
    given = merged(scenario_values(chart, scenario), values or {})
    return render(chart, given, namespace=NAMESPACE)


def pod(objects: Objects) -> Object:
    spec: Object = objects.find("Deployment")["spec"]["template"]["spec"]
    return spec


def environment(container: Object) -> dict[str, Any]:
    return {entry["name"]: entry.get("value", entry.get("valueFrom")) for entry in container["env"]}


def test_api_gets_every_variable_that_it_reads() -> None:
    # rest_server/src/{index,models/index,models/model_init_handler,middlewares/token}.js
    variables = environment(pod(rendered(API))["containers"][0])
    secrets = {name: variables.pop(name)["secretKeyRef"] for name in ("DB_PASSWORD", "AZURE_STORAGE")}
    assert variables == {
        "NODE_ENV": "production",
        "PORT": "8080",
        "DB_HOST": "openpai-marketplace-db.pai-system.svc",
        "DB_PORT": "9291",
        "DB_USERNAME": "user",
        "DATABASE": "marketplace",
        "IDP_URL": "http://openpai-rest-server.pai-system.svc:9186",
    }
    assert secrets["DB_PASSWORD"]["key"] == "marketplace-database-password"
    assert (secrets["AZURE_STORAGE"]["key"], secrets["AZURE_STORAGE"]["optional"]) == (
        "marketplace-azure-storage",
        True,
    )


def test_api_asks_a_database_and_a_rest_server_elsewhere() -> None:
    variables = environment(pod(rendered(API, scenario="external-database"))["containers"][0])
    # The image takes the parts of the address one by one, so nothing is encoded.
    assert [variables[name] for name in ("DB_HOST", "DB_PORT", "DB_USERNAME", "DATABASE")] == [
        "db.example.com",
        "5432",
        "market@example",
        "market place",
    ]
    variables = environment(pod(rendered(API, scenario="elsewhere"))["containers"][0])
    assert variables["IDP_URL"] == "https://pai.example.com/rest-server"


@pytest.mark.parametrize(
    ("host", "target"),
    [
        ("", "openpai-marketplace-db.pai-system.svc:9291"),
        ("10.0.0.9", "10.0.0.9:9291"),
        ("fd00::9", "[fd00::9]:9291"),
    ],
)
def test_api_waits_for_its_database_and_then_makes_the_tables_alone(host: str, target: str) -> None:
    wait, prepare = pod(rendered(API, {"database": {"host": host}}))["initContainers"]
    assert wait["args"][-1] == f"tcp://{target}"
    server = pod(rendered(API, {"database": {"host": host}}))["containers"][0]
    assert environment(prepare) == environment(server)
    assert prepare["image"] == server["image"]


@pytest.mark.parametrize("scenario", scenarios(API))
def test_one_pod_of_the_api_makes_the_tables(scenario: str) -> None:
    assert rendered(API, scenario=scenario).find("Deployment")["spec"]["replicas"] == 1


MODELS = """
const fail = code => Object.assign(new Error('why'), code ? { original: { code } } : {});
const code = process.env.CODE;
const findOne = async () => { if (code) throw fail(code === 'none' ? '' : code); };
const list = async () => { console.log('listed'); setTimeout(() => console.log('tagged'), 300); };
module.exports = {
  MarketplaceItem: { orm: { findOne } },
  Blob: { orm: { findOne }, list },
  sequelize: {
    getQueryInterface: () => ({
      describeTable: async () => ({ id: {}, source: {} }),
      addColumn: async (table, column) => console.log(`added ${table}.${column}`),
    }),
  },
};
"""
MIGRATION = """
exports.up = async (tables, Sequelize) => {
  for (const column of ['source', 'isPublic', 'groupList'])
    await tables.addColumn('MarketplaceItems', column, { type: Sequelize.STRING });
};
"""


@pytest.mark.skipif(NODE is None, reason="no Node.js on this machine")
@pytest.mark.parametrize(
    ("code", "lines", "status"),
    [
        ("", ["the tables are there"], 0),
        # What the image writes after its answer is waited for.
        ("42P01", ["listed", "the tables have been made", "tagged"], 0),
        (
            "42703",
            [
                "added MarketplaceItems.isPublic",
                "added MarketplaceItems.groupList",
                "the tables have been brought up to date",
            ],
            0,
        ),
        ("28P01", [], 1),
        ("none", [], 1),
    ],
)
def test_tables_are_made_once_or_brought_up_to_date(
    tmp_path: Path, code: str, lines: list[str], status: int
) -> None:
    for name, text in (
        ("node_modules/sequelize/index.js", "exports.STRING = 'text';"),
        ("src/models/index.js", MODELS),
        ("migrations/v1_5_to_v1_6_marketplace_item_update.js", MIGRATION),
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    run = subprocess.run(
        [str(NODE), str(SCRIPT)],
        cwd=tmp_path,
        env={**os.environ, "CODE": code},
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (run.stdout.splitlines(), run.returncode) == (lines, status)
    assert ("the tables can't be prepared: why" in run.stderr) == bool(status)


def test_script_that_runs_is_the_one_of_the_chart() -> None:
    objects = rendered(API)
    (prepare,) = (c for c in pod(objects)["initContainers"] if c["name"] == "prepare-tables")
    assert prepare["command"] == ["node", "/etc/marketplace/prepare_tables.js"]
    assert objects.find("ConfigMap")["data"]["prepare_tables.js"].strip() == SCRIPT.read_text("utf-8").strip()


@pytest.mark.parametrize(
    ("scenario", "url"),
    [("quick-start", "/marketplace/api"), ("elsewhere", "https://market.example.com/api")],
)
def test_pages_get_every_variable_that_they_read(scenario: str, url: str) -> None:
    # webportal/server/config.js, and the placeholders that the image's build leaves in dist/plugin.js
    variables = environment(pod(rendered(PAGES, scenario=scenario))["containers"][0])
    assert {**variables, "TZ": ""} == {
        "NODE_ENV": "production",
        "SERVER_PORT": "8080",
        "LOG_LEVEL": variables["LOG_LEVEL"],
        "APP_ROOT_PATH": "/run/marketplace",
        "MARKETPLACE_API_URL": url,
        "NPM_INSTALL_TOKEN": "",
        "TZ": "",
    }


@pytest.mark.parametrize(
    "url", ["", "marketplace/api", '/a"b', "/a b", "/a/", "/a\\b", "ftp://a", "/${HOME}"]
)
def test_address_that_would_break_the_script_is_refused(url: str) -> None:
    with pytest.raises(RenderError, match="apiUrl"):
        rendered(PAGES, {"apiUrl": url})


ENVSUB = """#!/bin/sh
# Stands in for the image's envsub: --env A --env B --system INPUT OUTPUT
echo "$@" >>"$APP_ROOT_PATH/calls"
sed "s|\\${MARKETPLACE_API_URL}|$MARKETPLACE_API_URL|" "$6" >"$7"
"""


def test_pages_are_served_from_a_copy_that_is_made_anew_at_each_start(tmp_path: Path) -> None:
    image, run = tmp_path / "image", tmp_path / "run"
    for folder in (image / "dist", image / "node_modules/.bin", run, tmp_path / "bin"):
        folder.mkdir(parents=True)
    (image / "dist/plugin.js").write_text('api="${MARKETPLACE_API_URL}";other=`${r}`')
    (image / "dist/1.chunk.js").write_text("chunk")
    for program, text in (
        (image / "node_modules/.bin/envsub", ENVSUB),
        (tmp_path / "bin/node", "#!/bin/sh\n"),
    ):
        program.write_text(text)
        program.chmod(0o755)
    command = pod(rendered(PAGES))["containers"][0]["command"]
    for url in ("/first", "/second"):  # a container that restarts finds the folder of the one before
        environ = {
            "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}",
            "APP_ROOT_PATH": str(run),
            "MARKETPLACE_API_URL": url,
        }
        subprocess.run(command, cwd=image, env=environ, check=True, timeout=60)
        assert (run / "dist/plugin.js").read_text() == f'api="{url}";other=`${{r}}`'
    assert sorted(path.name for path in (run / "dist").iterdir()) == ["1.chunk.js", "plugin.js"]
    # Without --env the image's tool empties every other placeholder of the script (seen with envsub 4.0.7).
    names = "--env MARKETPLACE_API_URL --env NPM_INSTALL_TOKEN --system"
    assert (run / "calls").read_text().splitlines()[0] == f"{names} dist/plugin.js {run}/dist/plugin.js"
    assert (image / "dist/plugin.js").read_text().startswith('api="${MARKETPLACE_API_URL}"')


@pytest.mark.parametrize("service", [API, PAGES])
def test_pylon_leads_here_and_may_come_in(service: str) -> None:
    shared = {"global": {"servicePorts": {API: 19292, PAGES: 19293}}}
    objects = rendered(service, shared)
    front = objects.find("Service")
    pylon = render("pylon", {**shared, "backends": {"marketplace": True}}, namespace=NAMESPACE)
    configuration = "".join(pylon.find("ConfigMap", "openpai-pylon")["data"].values())
    port = front["spec"]["ports"][0]
    assert f"{front['metadata']['name']}.{NAMESPACE}.svc:{port['port']}" in configuration
    (rule,) = objects.find("NetworkPolicy")["spec"]["ingress"]
    callers = {peer["podSelector"]["matchLabels"]["app.kubernetes.io/component"] for peer in rule["from"]}
    assert callers == {"pylon", "helm-test"}
    (declared,) = pod(objects)["containers"][0]["ports"]
    assert (rule["ports"][0]["port"], port["targetPort"]) == (declared["containerPort"], declared["name"])
