"""Every bad input of the corpus is told as a person would mark it: place, severity and code."""

from __future__ import annotations

from collections import Counter

import pytest

import paichart
from tests.corpus.cases import BASE, Case, all_cases

CASES = all_cases()


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
