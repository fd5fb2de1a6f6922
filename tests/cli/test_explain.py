"""`paichart explain`: a code's meaning is found, set for the terminal, and shows what validate says."""

from __future__ import annotations

import json

import pytest

from paichart.codes import all_codes
from paichart.report import explanation


def test_a_code_is_told_with_cause_example_what_is_said_and_cure(run):
    result = run("explain", "PAI012")
    assert (result.exit_code, result.stderr) == (0, "")
    order = [
        "PAI012: A machine of no known kind",
        "there is no such",
        "Example, layout.yaml:",
        "machine-type: cpu-machin,",
        "paichart says:",
        "layout.yaml:5:52: error PAI012: no machine SKU named 'cpu-machin'",
        "^^^^^^^^^^ did you mean 'cpu-machine'?",
        "Cure:",
        "Correct the name",
    ]
    places = [result.stdout.index(text) for text in order]
    assert places == sorted(places)
    assert "1 error" not in result.stdout


def test_what_is_said_is_what_validate_says(run, site):
    example = all_codes()["PAI110"]
    (site / example.file).write_text(example.example)
    said = run("validate", site).stderr.replace(f"{site}/", "")
    explained = run("explain", "110").stdout.partition("paichart says:\n")[2].partition("\n\nCure:")[0]
    for line in explained.splitlines():
        assert line.removeprefix("  ") in said.splitlines()


def test_files_beside_the_example_are_shown(run):
    text = run("explain", "PAI156").stdout
    assert "Example, services-configuration.yaml:" in text
    assert "With config.yaml:" in text
    assert "enable_hived_scheduler: false" in text


@pytest.mark.parametrize("written", ["pai012", "12", "PAI-012"])
def test_a_code_may_be_written_in_other_ways(run, written):
    assert run("explain", written).stdout == run("explain", "PAI012").stdout


def test_several_codes_are_told_one_after_the_other(run):
    text = run("explain", "PAI103", "7").stdout
    assert text.index("PAI103: ") < text.index("PAI007: ")


def test_without_a_code_all_are_listed_in_groups(run):
    text = run("explain").stdout
    for code in all_codes().values():
        assert f"  {code.id}  {code.title}\n" in text
    assert text.index("Machines and their roles\n") < text.index("PAI001") < text.index("Ports\n")
    assert text.endswith("`paichart explain CODE` says more about one.\n")


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        (
            "PAI011",
            "did you mean PAI008 (One address for two machines) or PAI012 (A machine of no known kind)?",
        ),
        ("machine", "`paichart explain` lists all codes"),
    ],
)
def test_an_unknown_code_is_wrong_usage(run, written, hint):
    result = run("explain", "PAI012", written)
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"error: there is no code '{written}'\n" in result.stderr
    assert hint in result.stderr


def test_json_has_the_same_facts(run):
    (code,) = json.loads(run("explain", "7", "--output", "json").stdout)["codes"]
    assert (code["code"], code["title"]) == ("PAI007", "One node name for two machines")
    assert code["example"]["file"] == "layout.yaml"
    (problem,) = code["problems"]
    assert (problem["line"], problem["column"], problem["related"][0]["line"]) == (6, 16, 5)
    assert len(json.loads(run("explain", "--output", "json").stdout)["codes"]) == len(all_codes())


def test_paragraphs_fit_the_terminal():
    lines = explanation.as_text(all_codes()["PAI002"], (), {}, width=60).splitlines()
    cause = lines[2 : lines.index("Example, layout.yaml:") - 1]
    assert len(cause) > 2
    assert max(len(line) for line in cause) <= 60


def test_titles_are_bold_only_where_colours_are_wanted(run, monkeypatch):
    assert "\x1b" not in run("explain", "PAI012").stdout
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[1mPAI012: A machine of no known kind\x1b[0m" in run("explain", "PAI012").stdout
