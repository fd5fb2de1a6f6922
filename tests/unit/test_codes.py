"""Codes: every one that is used is explained, every one that is explained is used, and examples are true."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from paichart.codes import all_codes, explain
from tests.unit.checking import problems

GENERATOR = Path(__file__).parents[2] / "generator" / "paichart"
USED = {
    code
    for file in GENERATOR.rglob("*.py")
    for code in re.findall(r'"(PAI[0-9]{3})"', file.read_text("utf-8"))
}
ARGUMENTS = {
    "config.yaml": "config",
    "layout.yaml": "layout",
    "services-configuration.yaml": "services",
    "capacity.yaml": "capacity",
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
        assert code.file in (*ARGUMENTS, ""), code.id


@pytest.mark.parametrize("code", SHOWN, ids=[code.id for code in SHOWN])
def test_an_example_gives_its_code(code):
    found = problems(**{"config": "docker_image_tag: v1.8.0\n", ARGUMENTS[code.file]: code.example})
    assert code.id in {problem.code for problem in found if problem.span.file == code.file}


def test_a_code_is_found_in_any_case():
    code = explain(" pai012 ")
    assert code is not None
    assert code.title == "A machine of no known kind"
    assert explain("PAI999") is None
