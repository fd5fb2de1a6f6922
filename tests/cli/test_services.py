"""`paichart services` and `paichart graph`: what they print, and their exit codes."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from paichart.catalog import entries
from tests.cli.conftest import EXAMPLES

PARTS = {
    "gate": "when configuration",
    "workloads": "kind name nodes",
    "ports": "port at name",
    "keeps": "what where",
}
"""Keys of what a service has several of."""
NAMES = [entry.name for entry in entries()]


def test_all_services_are_listed_and_those_of_the_build_are_on(site, run):
    result = run("services", "site")
    assert result.exit_code == 0
    assert result.stderr == ""
    states = dict(re.findall(r"(?m)^([a-z0-9-]+) +(on|off) ", result.stdout))
    assert list(states) == NAMES
    run("build", "site")
    built = {path.name for path in Path("out/charts").iterdir()} - {"pai-common"}
    assert {name for name, state in states.items() if state == "on"} == built
    assert result.stdout.endswith(f"{len(built)} of 29 services are on\n")


def test_services_as_json_are_one_object_each(site, run):
    result = run("services", "site", "--output", "json")
    services = json.loads(result.stdout)["services"]
    assert [service["name"] for service in services] == NAMES
    (rest,) = [service for service in services if service["name"] == "rest-server"]
    assert rest["enabled"]
    assert rest["ports"] == [{"port": 9186, "at": "service", "name": "http"}]
    assert "docker.io/openpai/rest-server:v1.8.0" in rest["images"]
    assert rest["workloads"] == [{"kind": "Deployment", "name": "rest-server", "nodes": "the master"}]


def test_the_help_names_the_keys_of_json(site, run):
    shown = " ".join(re.findall(r"[a-z]+", run("services", "--help").stdout))
    service = json.loads(run("services", "site", "--output", "json").stdout)["services"][0]
    keys = " ".join(key if key not in PARTS else f"{key} {PARTS[key]}" for key in service)
    assert keys.replace("privileges note", "privileges and note") in shown


def test_what_the_configuration_says_is_shown_beside_the_gate(site, run):
    text = run("services", "site").stdout
    (block,) = re.findall(r"(?m)^marketplace-restserver .*\n(?:  .*\n)*", text)
    lines = "  says       cluster.common.marketplace: not given\n             enable_marketplace: true\n"
    assert lines in block


def test_a_service_that_the_values_switch_off_is_off(site, run):
    with (site / "config.yaml").open("a") as config:
        config.write("paichart: {values: {webportal: {enabled: false}}}\n")
    text = run("services", "site").stdout
    (block,) = re.findall(r"(?m)^webportal .*\n(?:  .*\n)*", text)
    assert re.match(r"webportal +off ", block)
    assert "says       paichart.values.webportal.enabled: false\n" in block
    assert "webportal" not in re.findall(r"(?m)^([a-z0-9-]+)$", run("graph", "site").stdout)


def test_one_service_can_be_asked_for(site, run):
    text = run("services", "site", "--service", "pylon", "--service", "grafana").stdout
    assert re.findall(r"(?m)^([a-z0-9-]+) +(?:on|off) ", text) == ["grafana", "pylon"]
    found = json.loads(run("services", "site", "--service", "pylon", "--output", "json").stdout)["services"]
    assert [service["name"] for service in found] == ["pylon"]


def test_what_runs_on_a_machine_can_be_asked_for(site, run):
    def on(machine):
        text = run("services", "site", "--machine", machine).stdout
        assert not re.search(r"(?m)^[a-z0-9-]+ +off ", text)
        return re.findall(r"(?m)^([a-z0-9-]+) +on ", text)

    assert {"rest-server", "pylon", "postgresql", "node-exporter"} <= set(on("pai-master"))
    assert set(on("pai-worker1")) == {
        "cluster-configuration",  # its label Job, which may run on any node
        "device-plugin",
        "job-exporter",
        "log-manager",
        "node-exporter",
    }
    layout = site / "layout.yaml"
    layout.write_text(layout.read_text().replace("pai-worker1\n", "pai-worker1\n    no-nodeexporter: true\n"))
    assert "node-exporter" not in on("pai-worker1")


def test_a_service_that_does_not_run_on_a_machine_is_told(site, run):
    words = ("services", "site", "--machine", "pai-worker1", "--service", "pylon")
    result = run(*words)
    assert (result.exit_code, result.stdout) == (0, "none of these services runs there\n")
    assert json.loads(run(*words, "--output", "json").stdout) == {"services": []}


def test_the_graph_of_one_service_has_its_neighbours_only(site, run):
    text = run("graph", "site", "--service", "log-manager", "--format", "dot").stdout
    assert set(re.findall(r'(?m)^  "([^"]+)";$', text)) == {
        "cluster-configuration",
        "log-manager",
        "rest-server",
        "pylon",
    }


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            ("services", "--service", "rest-sever"),
            "there is no service 'rest-sever'\n  did you mean 'rest-server'?",
        ),
        (
            ("graph", "--service", "rest-sever"),
            "there is no service 'rest-sever'\n  did you mean 'rest-server'?",
        ),
        (
            ("services", "--machine", "pai-mastr"),
            "there is no machine 'pai-mastr'\n  did you mean 'pai-master'?",
        ),
        (
            ("graph", "--service", "dshuttle-csi"),
            "dshuttle-csi: off here, or without pods\n  see `paichart services`, or add --all",
        ),
    ],
)
def test_a_name_that_there_is_not_is_wrong_usage(site, run, words, told):
    result = run(words[0], "site", *words[1:])
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == f"error: {told}\n"


@pytest.mark.parametrize("command", ["services", "graph"])
def test_errors_of_the_input_end_with_1(command, site, run):
    (site / "layout.yaml").unlink()
    result = run(command, "site")
    assert result.exit_code == 1
    assert "layout.yaml" in result.stderr
    assert result.stdout == ""


def test_errors_of_the_input_as_json(site, run):
    (site / "layout.yaml").unlink()
    result = run("services", "site", "--output", "json")
    assert result.exit_code == 1
    found = json.loads(result.stdout)["problems"]
    assert "error" in {problem["severity"] for problem in found}


def test_nothing_is_written(site, run):
    before = sorted(path.name for path in site.iterdir())
    run("services", "site")
    run("graph", "site")
    assert sorted(path.name for path in site.iterdir()) == before
    assert not Path("out").exists()


def test_the_graph_shows_the_services_of_the_site(site, run):
    text = run("graph", "site").stdout
    shown = re.findall(r"(?m)^([a-z0-9-]+)$", text)
    document = json.loads(run("services", "site", "--output", "json").stdout)
    assert sorted(shown) == sorted(service["name"] for service in document["services"] if service["enabled"])
    assert re.search(r"(?m)^rest-server\n(  .*\n)*  waits for, calls +database-controller +\S", text)


def test_the_graph_of_all_services_needs_no_configuration(tmp_path, monkeypatch, run):
    monkeypatch.chdir(tmp_path)
    result = run("graph", "--all")
    assert result.exit_code == 0
    assert sorted(re.findall(r"(?m)^([a-z0-9-]+)$", result.stdout)) == sorted(NAMES)


@pytest.mark.parametrize(("form", "head"), [("dot", "digraph openpai {"), ("mermaid", "flowchart LR")])
def test_the_graph_in_other_forms(form, head, site, run):
    result = run("graph", "site", "--format", form)
    assert result.exit_code == 0
    assert result.stdout.startswith(f"{head}\n")


def test_an_unknown_form_is_wrong_usage(site, run):
    assert run("graph", "site", "--format", "svg").exit_code == 2


def test_no_secret_is_shown(site, run):
    (site / "services-configuration.yaml").write_text(
        yaml.safe_dump(
            {
                "postgresql": {"passwd": "sesame-1"},
                "storage-manager": {"smbpwd": "sesame-2"},
                "alert-manager": {"pai-bearer-token": "sesame-3"},
            }
        )
    )
    for arguments in (["services", "site"], ["services", "site", "--output", "json"], ["graph", "site"]):
        assert "sesame" not in run(*arguments).stdout


def test_everything_is_an_example_without_problems(run):
    result = run("validate", EXAMPLES / "everything")
    assert (result.exit_code, result.stderr) == (0, "")


def test_the_version_loads_no_catalog():
    code = (
        "import sys, paichart.cli.app; sys.exit(any('catalog' in m or 'release' in m for m in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
