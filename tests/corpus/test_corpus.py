"""Every bad input of the corpus is told as a person would mark it: place, severity and code."""

from __future__ import annotations

import os
from collections import Counter

import pytest
from typer.testing import CliRunner

import paichart
from paichart.cli.app import app
from paichart.codes import all_codes
from tests.corpus.cases import BASE, FOLDER, Case, all_cases

CASES = all_cases()
ANSWERS = FOLDER / "answers"
ANSWERED = {path.stem: path for path in ANSWERS.iterdir()}
NOT_HERE = {
    "credentials.yaml, which is no input of a site": ("PAI080", "PAI081", "PAI082"),
    "a size that no case can have": ("PAI090", "PAI119", "PAI215"),
    "a file that is none; test_files.py has them": ("PAI101", "PAI102", "PAI103", "PAI104"),
    "a cluster that is asked": ("PAI195",),
}
OF_CLUSTERS = "PAI300"
"""From here on codes are about clusters, not inputs."""


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_a_bad_input_is_told_where_it_is_bad(case: Case, tmp_path, monkeypatch):
    case.write_into(tmp_path)
    monkeypatch.chdir(tmp_path)
    told = [f"{p.span} {p.severity.value} {p.code}" for p in paichart.load(".").problems]
    assert told == list(case.expected)


def test_the_site_that_cases_are_made_from_has_no_mistake(tmp_path, monkeypatch):
    Case("base", BASE, ()).write_into(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert paichart.load(".").problems == ()


def test_there_are_many_cases_and_each_has_a_name_of_its_own():
    names = Counter(case.name for case in CASES)
    assert len(names) >= 150
    assert [name for name, count in names.items() if count > 1] == []


def test_every_code_of_the_inputs_occurs():
    here = {line.split()[-1] for case in CASES for line in case.expected}
    elsewhere = {code for codes in NOT_HERE.values() for code in codes}
    assert sorted(code for code in all_codes() if code < OF_CLUSTERS and code not in here) == sorted(
        elsewhere
    )


@pytest.mark.parametrize("name", sorted(ANSWERED))
def test_an_answer_reads_as_it_was_reviewed(name, tmp_path, monkeypatch):
    (case,) = (case for case in CASES if case.name.replace("/", "-") == name)
    case.write_into(tmp_path)
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, ["validate", "."])
    answer = result.stderr
    if os.environ.get("PAICHART_WRITE_GOLDEN"):
        ANSWERED[name].write_text(answer, encoding="utf-8")
    assert answer == ANSWERED[name].read_text(encoding="utf-8"), "meant? then `make golden`, and read it"
    assert (result.exit_code, result.stdout) == (1 if " error " in answer else 0, "")
