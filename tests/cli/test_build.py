"""`paichart build` and `validate`: exit codes, what is printed, and what is never touched."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from paichart import build as paichart_build
from paichart import load
from tests.cli.conftest import EXAMPLES


def tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def test_the_two_files_become_a_chart_of_what_legacy_started(site, run):
    result = run("build", "site")
    assert result.exit_code == 0
    assert "helm upgrade --install openpai ./out" in result.stdout
    chart = yaml.safe_load(Path("out/Chart.yaml").read_text())
    services = {path.name for path in Path("out/charts").iterdir()}
    assert {dependency["name"] for dependency in chart["dependencies"]} == services
    # As legacy's seed, but for the disk image and the old dashboard (tests/legacy/seed/expected.yaml).
    assert services == {
        "alert-manager",
        "cluster-configuration",
        "database-controller",
        "device-plugin",
        "fluentd",
        "frameworkcontroller",
        "grafana",
        "hivedscheduler",
        "job-exporter",
        "log-manager",
        "marketplace-db",
        "marketplace-restserver",
        "marketplace-webportal",
        "node-exporter",
        "openpai-runtime",
        "pai-common",
        "postgresql",
        "prometheus",
        "pylon",
        "rest-server",
        "watchdog",
        "webportal",
    }
    assert all("repository" not in dependency for dependency in chart["dependencies"])


def test_the_second_build_changes_no_byte(site, run):
    run("build", "site")
    before = tree(Path("out")), tree(site)
    result = run("build", "site")
    assert "nothing changed in out" in result.stdout
    assert (tree(Path("out")), tree(site)) == before


def test_inputs_are_found_here_then_in_config(site, run, monkeypatch):
    monkeypatch.chdir(site)
    assert run("build", "-o", "here").exit_code == 0
    (site / "config").mkdir()
    for name in ("config.yaml", "layout.yaml", "credentials.yaml"):
        (site / name).rename(site / "config" / name)
    assert run("build", "-o", "there").exit_code == 0
    assert tree(site / "here") == tree(site / "there")


def test_files_may_be_named_one_by_one(site, run):
    Path("elsewhere.yaml").write_text(
        (site / "layout.yaml").read_text().replace("pai-worker2", "pai-worker9")
    )
    assert run("build", "site", "--layout", "elsewhere.yaml").exit_code == 0
    assert "pai-worker9" in Path("out/values.yaml").read_text()


def replaced(name: str, old: str, new: str):
    def spoil(site: Path) -> None:
        text = (site / name).read_text()
        assert old in text
        (site / name).write_text(text.replace(old, new))

    return spoil


def services(text: str):
    return lambda site: (site / "services-configuration.yaml").write_text(text)


SPOILED = {
    "config: key misspelt": replaced("config.yaml", "docker_image_tag:", "docker_image_tga:"),
    "config: tag is a number": replaced("config.yaml", "v1.8.0", "1.10"),
    "config: key twice": replaced("config.yaml", 'password: ""', 'password: ""\npassword: ""'),
    "config: tab": replaced("config.yaml", "user: root", "user:\troot\n\tx: 1"),
    "config: not a mapping": lambda site: (site / "config.yaml").write_text("- a\n- b\n"),
    "config: empty": lambda site: (site / "config.yaml").write_text(""),
    "config: missing": lambda site: (site / "config.yaml").unlink(),
    "config: bad switch": replaced("config.yaml", 'enable_marketplace: "true"', "enable_marketplace: maybe"),
    "config: registry user without password": replaced(
        "config.yaml", "user: root", "user: root\ndocker_registry_username: me"
    ),
    "config: unknown exposure": replaced(
        "config.yaml", "user: root", "user: root\npaichart: {exposure: {type: hostport}}"
    ),
    "layout: SKU misspelt": replaced("layout.yaml", "machine-type: gpu-machine", "machine-type: gpu-machin"),
    "layout: same host twice": replaced("layout.yaml", "hostname: pai-worker2", "hostname: pai-worker1"),
    "layout: same address twice": replaced("layout.yaml", "10.0.0.3", "10.0.0.2"),
    "layout: no address": replaced("layout.yaml", "10.0.0.3", "10.0.0.300"),
    "layout: capital letters": replaced("layout.yaml", "hostname: pai-worker2", "hostname: PAI-Worker2"),
    "layout: no master": replaced("layout.yaml", 'pai-master: "true"', 'pai-master: "false"'),
    "layout: no worker": replaced("layout.yaml", 'pai-worker: "true"', 'pai-worker: "false"'),
    "layout: master is a worker": replaced(
        "layout.yaml", 'pai-master: "true"', 'pai-master: "true"\n    pai-worker: "true"'
    ),
    "layout: memory without a unit of Kubernetes": replaced("layout.yaml", "220Gi", "220GB"),
    "layout: no devices": replaced("layout.yaml", "count: 4", "count: 0"),
    "layout: wrong indentation": replaced("layout.yaml", "    hostip: 10.0.0.2", "   hostip: 10.0.0.2"),
    "services: unknown service": services("rest-servre:\n  server-port: 9186\n"),
    "services: unknown key": services("rest-server:\n  serverport: 9186\n"),
    "services: port is a text": services("log-manager:\n  port: many\n"),
    "services: short password": services("rest-server:\n  default-pai-admin-password: abc\n"),
    "services: ports overlap": services("rest-server:\n  schedule-port-end: 50000\n"),
    "services: hived names no node": services(
        "hivedscheduler:\n  config: |\n    physicalCluster:\n"
        "      skuTypes: {g: {gpu: 1, cpu: 5, memory: 1024Mi}}\n"
        "      cellTypes:\n        g-NODE: {childCellType: g, childCellNumber: 4, isNodeLevel: true}\n"
        "      physicalCells:\n      - {cellType: g-NODE, cellAddress: nowhere}\n    virtualClusters: {}\n"
    ),
    "services: hived is no YAML": services("hivedscheduler:\n  config: |\n    physicalCluster: [\n"),
    "services: OIDC without Azure": services("authentication:\n  OIDC: true\n"),
    "services: section empty of sense": services("postgresql: 5432\n"),
    "services: group name with a hyphen": services(
        "authentication:\n  group-manager:\n    admin-group: {groupname: ad-min}\n"
        "    default-group: {groupname: default}\n"
    ),
}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a chart that was built from right inputs."""
    folder = tmp_path_factory.mktemp("built") / "out"
    paichart_build(load(EXAMPLES / "quick-start"), folder, credentials=folder.parent / "credentials.yaml")
    return folder


@pytest.mark.parametrize("spoil", SPOILED.values(), ids=SPOILED)
def test_a_broken_input_is_reported_in_its_place_and_leaves_the_build_alone(site, run, spoil, built):
    before = tree(built)
    spoil(site)
    inputs = tree(site)
    result = run("build", "site", "-o", built, "--output", "json")
    errors = [problem for problem in json.loads(result.stdout)["problems"] if problem["severity"] == "error"]
    assert result.exit_code == 1
    assert errors
    for problem in errors:
        assert problem["line"] >= 1
        assert problem["column"] >= 1
        assert problem["message"]
        assert problem["hint"] or "needs" in problem["message"], "says what to do"
        assert problem["file"].startswith("site/")
    assert tree(built) == before
    assert tree(site) == inputs


def test_all_problems_of_all_files_come_in_one_run(site, run):
    for name in (
        "config: key misspelt",
        "layout: SKU misspelt",
        "layout: no address",
        "services: unknown key",
    ):
        SPOILED[name](site)
    result = run("validate", "site")
    assert result.exit_code == 1
    for place in ("site/config.yaml:", "site/layout.yaml:", "site/services-configuration.yaml:2:3:"):
        assert place in result.stderr
    assert "did you mean 'gpu-machine'?" in result.stderr


def test_a_valid_site_validates_and_nothing_is_written(site, run):
    before = tree(site)
    result = run("validate", "site", "--output", "json")
    assert result.exit_code == 0
    assert all(problem["severity"] != "error" for problem in json.loads(result.stdout)["problems"])
    assert tree(site) == before
    assert not Path("out").exists()


def test_a_folder_of_somebody_else_is_refused_as_wrong_usage(site, run):
    Path("out").mkdir()
    Path("out/thesis.tex").write_text("years of work")
    result = run("build", "site")
    assert result.exit_code == 2
    assert "out/thesis.tex" in result.stderr
    assert tree(Path("out")) == {"thesis.tex": b"years of work"}


def test_an_unknown_option_is_wrong_usage(site, run):
    assert run("build", "site", "--frobnicate").exit_code == 2


def paichart(*arguments: str, **more) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "paichart.cli", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, **more)


def test_a_machine_that_fails_is_one_line_and_exit_code_3(site):
    shutil.copy("/dev/null", "full")
    result = paichart("build", "site", "-o", "full/out")
    assert result.returncode == 3
    assert "Traceback" not in result.stderr
    (line,) = [line for line in result.stderr.splitlines() if line.startswith("error: ")]
    assert "full" in line
    assert result.stdout == ""


def test_version_and_help_name_every_command():
    assert paichart("--version").stdout == "paichart 0.1.0\n"
    text = paichart("--help", env={**os.environ, "COLUMNS": "120", "NO_COLOR": "1"}).stdout
    for command in ("validate", "build", "credentials", "capacity"):
        assert command in text


def test_external_credentials_stay_out_of_the_build(site, run):
    config = site / "config.yaml"
    config.write_text(config.read_text() + "paichart:\n  credentials: external\n  credentials-secret: mine\n")
    result = run("build", "site")
    assert "paichart credentials" in result.stdout
    values = yaml.safe_load(Path("out/values.yaml").read_text())
    assert values["global"]["credentials"]["existingSecret"] == "mine"
    assert "credentials" not in values["cluster-configuration"]
    assert not (site / "credentials.yaml").exists()


def test_credentials_are_printed_as_the_secrets_that_pods_name(site, run):
    result = run("credentials", "site", "--namespace", "pai")
    secrets = {
        (s["metadata"]["namespace"], s["metadata"]["name"]): s for s in yaml.safe_load_all(result.stdout)
    }
    assert set(secrets) == {
        ("pai", "openpai-credentials"),
        ("pai", "pai-secret"),
        ("default", "pai-secret"),
        ("default", "job-ssh-secret"),
    }
    run("build", "site")
    values = yaml.safe_load(Path("out/values.yaml").read_text())["cluster-configuration"]["credentials"]
    assert secrets["pai", "openpai-credentials"]["stringData"] == values["data"]
    assert secrets["default", "job-ssh-secret"]["stringData"] == {
        "ssh-privatekey": values["jobSshKey"]["privateKey"],
        "ssh-publickey": values["jobSshKey"]["publicKey"],
    }


def test_no_secret_is_printed(site, run):
    shown = run("build", "site")
    for secret in yaml.safe_load((site / "credentials.yaml").read_text()).values():
        assert secret not in shown.stdout + shown.stderr


def test_without_the_label_job_the_commands_are_printed(site, run):
    config = site / "config.yaml"
    config.write_text(config.read_text() + "paichart:\n  label-nodes: false\n")
    shown = run("build", "site").stdout
    assert "kubectl label --overwrite node pai-master pai-master=true" in shown
    assert "kubectl label --overwrite node pai-worker1 pai-worker2 pai-worker=true" in shown


def test_the_admins_own_values_come_last(site, run):
    config = site / "config.yaml"
    config.write_text(
        config.read_text() + "paichart:\n  values:\n    webportal: {replicas: 3}\n    custom: {a: 1}\n"
    )
    run("build", "site")
    values = yaml.safe_load(Path("out/values.yaml").read_text())
    assert (values["webportal"]["replicas"], values["custom"]) == (3, {"a": 1})
    assert values["webportal"]["enabled"] is True


@pytest.mark.parametrize("example", sorted(path.name for path in EXAMPLES.iterdir()))
def test_every_example_builds(example, tmp_path, run):
    site = tmp_path / example
    shutil.copytree(EXAMPLES / example, site)
    result = run("build", site, "-o", tmp_path / "out")
    assert result.exit_code == 0, result.stderr


def test_a_folder_with_a_blank_is_quoted_whole_in_what_is_next(site, run):
    shown = run("build", "site", "-o", "our chart").stdout
    assert "  helm upgrade --install openpai './our chart' --wait --timeout 15m\n" in shown
