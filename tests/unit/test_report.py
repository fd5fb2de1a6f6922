"""Reports: the place, the line, the mark below the right characters, and nothing a terminal would obey."""

from __future__ import annotations

import io
import json

import pytest

from paichart.problems import Problem, Severity, Span
from paichart.report import as_json, as_text
from tests.unit.checking import LAYOUT, documents, problems

SKU = Problem(
    Span("layout.yaml", 3, 17, 10),
    "PAI012",
    "no machine SKU named 'gpu-machin'",
    "did you mean 'gpu-machine'?",
)
LINES = {"layout.yaml": ("machine-list:", "- hostname: a", "  machine-type: gpu-machin")}


def test_a_problem_is_told_as_by_a_compiler():
    assert as_text.report([SKU], LINES) == (
        "layout.yaml:3:17: error PAI012: no machine SKU named 'gpu-machin'\n"
        "    3 |   machine-type: gpu-machin\n"
        "      |                 ^^^^^^^^^^ did you mean 'gpu-machine'?\n"
        "1 error\n"
    )


def test_a_problem_of_a_file_without_lines_is_told_with_its_cure():
    missing = Problem(Span("layout.yaml"), "PAI101", "there is no such file", "check the path")
    assert as_text.report([missing]) == (
        "layout.yaml:1:1: error PAI101: there is no such file\n      = check the path\n1 error\n"
    )


def test_a_problem_without_a_cure_has_none():
    bare = Problem(Span("layout.yaml", 1, 1, 12), "PAI108", "this is not YAML")
    assert as_text.report([bare], LINES) == (
        "layout.yaml:1:1: error PAI108: this is not YAML\n"
        "    1 | machine-list:\n      | ^^^^^^^^^^^^\n1 error\n"
    )


def test_no_problem_is_no_text():
    assert as_text.report([]) == ""


def test_the_mark_stands_below_wide_and_combining_characters():
    line = "名: e\u0301 值"
    problem = Problem(Span("f", 1, 7, 1), "PAI205", "x")
    text = as_text.report([problem], {"f": (line,)})
    # 名 takes two columns, the accent none: ': e ' follows, so the mark begins in the seventh column.
    assert text.splitlines()[2] == "      |       ^^"


def test_the_end_of_a_line_is_marked_behind_it():
    problem = Problem(Span("f", 1, 6), "PAI108", "x")
    assert as_text.report([problem], {"f": ("a: [1",)}).splitlines()[2] == "      |      ^"


def test_a_tab_takes_one_column():
    problem = Problem(Span("f", 1, 1), "PAI109", "a tab", "use blanks")
    assert as_text.report([problem], {"f": ("\tb: 1",)}).splitlines()[1:3] == [
        "    1 |  b: 1",
        "      | ^ use blanks",
    ]


def test_a_long_line_is_cut_around_the_mark():
    line = "a: [" + "x, " * 1000 + "]"
    problem = Problem(Span("f", 1, 2001, 1), "PAI205", "x")
    shown, mark = as_text.report([problem], {"f": (line,)}).splitlines()[1:3]
    assert len(shown) < 180
    assert shown[8] == "…"
    # Whatever stands in column 2001 (counted from 1) is what the mark points at.
    assert shown[mark.index("^")] == line[2000]
    assert 60 < mark.index("^") < 120


def test_what_a_user_wrote_can_not_reach_the_terminal_as_a_command():
    evil = "\x1b[2J\x07"
    problem = Problem(Span("f", 1, 1), "PAI201", f"unknown key '{evil}'", evil)
    text = as_text.report([problem], {"f": (f"{evil}: 1",)})
    assert text.isascii() is False
    assert "\x1b" not in text
    assert "\x07" not in text


def test_colours_mark_place_severity_and_carets():
    text = as_text.report([SKU], LINES, is_coloured=True)
    assert "\x1b[1mlayout.yaml:3:17:\x1b[0m \x1b[1;31merror PAI012:\x1b[0m" in text
    assert "\x1b[1;31m^^^^^^^^^^\x1b[0m did you mean" in text


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stream", "environment", "wanted"),
    [
        (Terminal(), {"TERM": "xterm"}, True),
        (Terminal(), {}, True),
        (Terminal(), {"NO_COLOR": "1"}, False),
        (Terminal(), {"NO_COLOR": ""}, True),
        (Terminal(), {"TERM": "dumb"}, False),
        (io.StringIO(), {"TERM": "xterm"}, False),
    ],
)
def test_colours_are_for_terminals_that_want_them(stream, environment, wanted):
    assert as_text.wants_colour(stream, environment) is wanted


def test_problems_are_counted_by_severity():
    found = [
        SKU,
        Problem(Span("f", 2), "PAI012", "x"),
        Problem(Span("f", 3), "PAI044", "x", severity=Severity.WARNING),
        Problem(Span("f", 4), "PAI060", "x", severity=Severity.NOTE),
        Problem(Span("f", 5), "PAI060", "x", severity=Severity.NOTE),
    ]
    assert as_text.summary(found) == "2 errors, 1 warning, 2 notes"


def test_of_a_great_many_problems_the_first_are_shown_and_the_rest_counted():
    found = [Problem(Span("f", line), "PAI001", "x") for line in range(1, 1001)]
    text = as_text.report(found)
    assert text.count("PAI001") == 200
    assert text.endswith("1000 errors (the last 800 not shown)\n")


def test_json_has_the_same_facts():
    assert json.loads(json.dumps(as_json.problems([SKU]))) == [
        {
            "file": "layout.yaml",
            "line": 3,
            "column": 17,
            "width": 10,
            "severity": "error",
            "code": "PAI012",
            "message": "no machine SKU named 'gpu-machin'",
            "hint": "did you mean 'gpu-machine'?",
        }
    ]


def test_a_real_problem_is_shown_in_its_line():
    layout = LAYOUT.replace("machine-type: gpu\n", "machine-type: gpus\n")
    text = as_text.report(problems(layout=layout), documents(layout=layout).lines())
    assert text == (
        "layout.yaml:14:17: error PAI012: no machine SKU named 'gpus'\n"
        "   14 |   machine-type: gpus\n"
        "      |                 ^^^^ did you mean 'gpu'?\n"
        "1 error\n"
    )
