"""`--output` of validate and build: what stands on stdout and stderr, and that its readers take it."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import jsonschema
import pytest

from tests.rig.npm import ensure


@pytest.fixture
def broken(site: Path) -> Path:
    layout = site / "layout.yaml"
    text = layout.read_text().replace("machine-type: gpu-machine", "machine-type: gpu-machin")
    layout.write_text(text.replace("hostname: pai-worker2", "hostname: pai-worker1"))
    return site


def test_sarif_is_a_document_on_stdout_and_nothing_on_stderr(broken, run):
    result = run("validate", "site", "--output", "sarif")
    assert (result.exit_code, result.stderr) == (1, "")
    (log,) = json.loads(result.stdout)["runs"]
    places = {
        (one["ruleId"], location["physicalLocation"]["artifactLocation"]["uri"])
        for one in log["results"]
        for location in one["locations"]
    }
    assert {("PAI012", "site/layout.yaml"), ("PAI007", "site/layout.yaml")} <= places
    assert log["tool"]["driver"]["version"] == "0.1.0"


def test_annotations_and_their_count_are_on_stdout(broken, run):
    result = run("validate", "site", "--output", "github")
    assert (result.exit_code, result.stderr) == (1, "")
    lines = result.stdout.splitlines()
    assert (
        "::error file=site/layout.yaml,line=28,col=19,endColumn=29,title=PAI012 A machine of" in result.stdout
    )
    assert re.fullmatch("2 errors, 1 warning, 1 note", lines[-1])


def test_in_actions_files_are_named_from_the_checkout(broken, run, monkeypatch):
    monkeypatch.setenv("GITHUB_WORKSPACE", str(broken.parent))
    monkeypatch.chdir(broken)
    assert "file=site/layout.yaml," in run("validate", "--output", "github").stdout
    assert '"uri": "site/layout.yaml"' in run("validate", "--output", "sarif").stdout


@pytest.mark.parametrize("output", ["sarif", "github"])
def test_a_build_prints_problems_for_code_hosts_and_the_rest_on_stderr(site, run, output):
    result = run("build", "site", "--output", output)
    assert result.exit_code == 0
    assert result.stderr.startswith("wrote out: ")
    assert "helm upgrade" not in result.stdout + result.stderr
    assert "PAI060" in result.stdout
    if output == "sarif":
        assert json.loads(result.stdout)["version"] == "2.1.0"


def test_a_build_that_fails_prints_its_errors_as_asked(broken, run):
    result = run("build", "site", "--output", "sarif")
    assert (result.exit_code, result.stderr) == (1, "")
    levels = [one["level"] for one in json.loads(result.stdout)["runs"][0]["results"]]
    assert levels.count("error") == 2
    assert not Path("out").exists()


def test_commands_that_only_list_print_problems_as_text_or_json(broken, run):
    assert run("services", "site", "--output", "sarif").exit_code == 2
    result = run("services", "site", "--output", "json")
    assert result.exit_code == 1
    assert {problem["code"] for problem in json.loads(result.stdout)["problems"]} >= {"PAI012", "PAI007"}


def test_text_says_which_files_are_valid(site, run):
    result = run("validate", "site")
    assert result.exit_code == 0
    assert result.stdout == "valid: site/config.yaml, site/layout.yaml\n"


def test_text_shows_the_place_of_the_first_host_too(broken, run):
    result = run("validate", "site")
    assert result.stdout == ""
    assert "site/layout.yaml:30:15: error PAI007:" in result.stderr
    assert "site/layout.yaml:26:15: note: the first is here" in result.stderr
    assert result.stderr.splitlines()[-2:] == [
        "2 errors, 1 warning, 1 note",
        "`paichart explain PAI012 PAI007 PAI044` says more",
    ]


def test_several_folders_are_checked_in_one_run(broken, run):
    result = run("validate", "site", "elsewhere")
    assert result.exit_code == 1
    assert "site/layout.yaml:28:19" in result.stderr
    assert "elsewhere:1:1: error PAI101" in result.stderr


def test_a_file_stands_for_its_folder_and_each_folder_is_checked_once(broken, run):
    one = run("validate", "site", "--output", "json")
    many = run("validate", "site/config.yaml", "./site/layout.yaml", "site/", "--output", "json")
    assert json.loads(many.stdout) == json.loads(one.stdout)


def test_a_file_that_is_no_input_is_wrong_usage(site, run):
    (site / "values.yaml").write_text("a: 1\n")
    result = run("validate", "site/values.yaml")
    assert result.exit_code == 2
    assert "values.yaml" in result.stderr


def test_several_folders_can_not_share_a_file_that_is_named(site, run):
    assert run("validate", "site", "other", "--layout", "site/layout.yaml").exit_code == 2


SECRET = "hunter2-and-more"  # noqa: S105 - it is one in no program
SPOILED = {
    "a key twice": f"password: {SECRET}\npassword: {SECRET}\n",
    "an alias": f"docker_registry_password: *{SECRET}\n",
    "a tag": f"docker_registry_password: !{SECRET} x\n",
    "no YAML": f"password: {SECRET}: x\n",
    "a list": f"docker_registry_password: [{SECRET}]\n",
    "a misspelt key": f"docker_registry_pasword: {SECRET}\n",
    "a login in an address": f"paichart: {{external-url: 'https://me:{SECRET}@x:99999/'}}\n",
}


@pytest.mark.parametrize("output", ["text", "json", "sarif", "github"])
@pytest.mark.parametrize("spoiled", SPOILED.values(), ids=SPOILED)
def test_no_output_holds_a_secret(site, run, spoiled, output):
    (site / "config.yaml").write_text(f"docker_image_tag: v1.8.0\n{spoiled}")
    result = run("validate", "site", "--output", output)
    assert "config.yaml" in result.stdout + result.stderr
    assert SECRET not in result.stdout + result.stderr


def validator() -> Path:
    tool = ensure("sarif") / "@microsoft/sarif-multitool-linux" / "Sarif.Multitool"
    tool.chmod(0o755)  # npm's install script would do it
    return tool


@pytest.mark.programs
@pytest.mark.parametrize("folder", ["site", "a site, with 100% größe"])
def test_sarif_is_what_the_schema_and_github_ask_for(broken, run, folder):
    broken.rename(broken.parent / folder)
    text = run("validate", folder, "--output", "sarif").stdout
    Path("log.sarif").write_text(text)
    tool = validator()
    schema = json.loads((tool.parent / "sarif-2.1.0.json").read_text(encoding="utf-8-sig"))
    jsonschema.validate(json.loads(text), schema)
    environment = {**os.environ, "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1"}
    shown = subprocess.run(
        [tool, "validate", "--rule-kind", "Sarif;Ghas", "--level", "Error;Warning", "log.sarif"],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
    ).stdout
    assert "Analysis completed successfully" in shown
    # SARIF2005 asks for the tool's home page, and there is none.
    assert set(re.findall(r"(?:error|warning) (\w+):", shown)) == {"SARIF2005"}
