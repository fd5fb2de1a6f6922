"""Codes: every one that is used is explained, every one that is explained is used, and examples are true."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from paichart.codes import all_codes, explain, nearest
from paichart.examples import SITE, check_example
from paichart.schema import FILES
from tests.unit.checking import places

GENERATOR = Path(__file__).parents[2] / "generator" / "paichart"
USED = {
    code
    for file in GENERATOR.rglob("*.py")
    for code in re.findall(r'"(PAI[0-9]{3})"', file.read_text("utf-8"))
}
SHOWN = [code for code in all_codes().values() if code.file]


def test_every_code_that_is_used_is_explained():
    assert sorted(USED - all_codes().keys()) == []


def test_every_code_that_is_explained_is_used():
    assert sorted(all_codes().keys() - USED) == []


def test_every_code_has_title_cause_cure_and_example():
    for code in all_codes().values():
        assert re.fullmatch(r"PAI[0-9]{3}", code.id)
        assert all(text.strip() for text in (code.title, code.cause, code.cure, code.example)), code.id
        assert {code.file, *code.beside} <= {"", *FILES.values()}, code.id
        assert not code.title.endswith("."), code.id
        assert code.cause.strip().endswith("."), code.id


def test_titles_tell_codes_apart():
    titles = [code.title for code in all_codes().values()]
    assert sorted(set(titles)) == sorted(titles)


def test_nothing_is_wrong_with_the_site_that_examples_are_tried_in():
    assert places(config=SITE["config.yaml"], layout=SITE["layout.yaml"]) == []


@pytest.mark.parametrize("code", SHOWN, ids=[code.id for code in SHOWN])
def test_an_example_gives_its_code_and_no_other(code):
    finding = check_example(code)
    assert {problem.code for problem in finding.problems} == {code.id}
    assert {problem.span.file for problem in finding.problems} == {code.file}


def test_an_example_in_words_is_not_tried():
    assert check_example(all_codes()["PAI103"]).problems == ()


@pytest.mark.parametrize("written", ["PAI012", " pai012 ", "pai12", "12", "012", "PAI-012", "Pai_12"])
def test_a_code_is_found_however_it_is_written(written):
    code = explain(written)
    assert code is not None
    assert code.title == "A machine of no known kind"


@pytest.mark.parametrize("written", ["PAI999", "9999", "PAI0120", "", "machine", "PAI"])
def test_what_is_no_code_is_not_found(written):
    assert explain(written) is None


def test_the_codes_around_a_number_are_its_nearest():
    assert [code.id for code in nearest("pai9")] == ["PAI008", "PAI012"]
    assert [code.id for code in nearest("0")] == ["PAI001"]
    assert nearest("machine") == ()
