"""Problems: their order, and the word that was meant."""

from __future__ import annotations

import time

import pytest

from paichart.problems import Problem, Severity, Span, has_errors, in_order, suggest

MACHINES = [f"pai-worker{i}" for i in range(10_000)]


def test_problems_are_told_once_by_file_line_column_and_code():
    def at(file: str, line: int, column: int, code: str) -> Problem:
        return Problem(Span(file, line, column), code, "x")

    expected = [
        at("a", 1, 9, "PAI002"),
        at("a", 2, 1, "PAI002"),
        at("a", 2, 1, "PAI003"),
        at("a", 10, 1, "PAI001"),
    ]
    expected.append(at("b", 1, 1, "PAI001"))
    assert list(in_order([*reversed(expected), expected[0]])) == expected


def test_a_warning_stops_nothing():
    warning = Problem(Span("a"), "PAI044", "x", severity=Severity.WARNING)
    assert not has_errors([warning])
    assert has_errors([warning, Problem(Span("a"), "PAI012", "x")])


@pytest.mark.parametrize(
    ("word", "known", "hint"),
    [
        ("gpu-machin", ["cpu-machine", "gpu-machine"], "did you mean 'gpu-machine'?"),
        ("rest-servr", {"rest-server": 1, "webportal": 2}, "did you mean 'rest-server'?"),
        ("x", ["gpu-machine"], ""),
        ("x", [], ""),
    ],
)
def test_the_closest_word_is_suggested(word, known, hint):
    assert suggest(word, known) == hint


@pytest.mark.parametrize(
    "word", ["pai-worke77", "pai-workerr77", "pai-wroker77", "pai_worker77", "PAI-worker77"]
)
def test_among_many_words_one_slip_is_found(word):
    assert suggest(word, MACHINES) == "did you mean 'pai-worker77'?"


def test_among_many_words_nothing_is_suggested_from_afar():
    assert suggest("gpu-node-77", MACHINES) == ""


def test_a_hundred_suggestions_among_ten_thousand_words_are_quick():
    known = dict.fromkeys(MACHINES)
    start = time.process_time()
    for i in range(100):
        suggest(f"gpu-node-{i}", known)
    assert time.process_time() - start < 1
