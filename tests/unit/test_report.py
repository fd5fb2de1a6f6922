"""Reports: the place, the line, the mark below the right characters, and nothing a terminal would obey."""

from __future__ import annotations

import io
import json

import pytest

from paichart.problems import Problem, Related, Severity, Span
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
        "`paichart explain PAI012` says more\n"
    )


def test_a_problem_of_a_file_without_lines_is_told_with_its_cure():
    missing = Problem(Span("layout.yaml"), "PAI101", "there is no such file", "check the path")
    assert as_text.report([missing]) == (
        "layout.yaml:1:1: error PAI101: there is no such file\n      = check the path\n"
        "1 error\n`paichart explain PAI101` says more\n"
    )


def test_a_problem_without_a_cure_has_none():
    bare = Problem(Span("layout.yaml", 1, 1, 12), "PAI013", "no machine is of it", severity=Severity.NOTE)
    assert as_text.report([bare], LINES) == (
        "layout.yaml:1:1: note PAI013: no machine is of it\n"
        "    1 | machine-list:\n      | ^^^^^^^^^^^^\n1 note\n"
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


def test_characters_without_a_width_of_their_own_take_no_column():
    # U+0301 is an accent, U+FE0F asks for a coloured picture; a terminal draws both onto the one before.
    line = "e\u0301☂\ufe0f: x"
    text = as_text.report([Problem(Span("f", 1, 7, 1), "PAI205", "x")], {"f": (line,)})
    assert text.splitlines()[2] == "      |     ^"


def test_a_tab_can_be_seen_and_takes_one_column():
    problem = Problem(Span("f", 1, 1), "PAI109", "a tab", "use blanks")
    assert as_text.report([problem], {"f": ("\tb: 1",)}).splitlines()[1:3] == [
        "    1 | →b: 1",
        "      | ^ use blanks",
    ]


def test_the_place_of_the_first_of_two_is_shown_below():
    lines = {"f": ("a: 1", "b: 2", "a: 3")}
    first = Related(Span("f", 1, 1), "the first is here")
    problem = Problem(Span("f", 3, 1), "PAI110", "key 'a' is written twice", "keep one", related=(first,))
    assert as_text.report([problem], lines).splitlines()[:6] == [
        "f:3:1: error PAI110: key 'a' is written twice",
        "    3 | a: 3",
        "      | ^ keep one",
        "f:1:1: note: the first is here",
        "    1 | a: 1",
        "      | ^",
    ]


def test_what_is_no_yaml_is_shown_with_the_line_above_where_its_cause_may_be():
    problem = Problem(Span("f", 3, 3), "PAI108", "not indented like its neighbours")
    lines = {"f": ("a:", "    password: hunter2", "  c: 1")}
    assert as_text.report([problem], lines).splitlines()[1:4] == [
        "    2 |     password: *******",
        "    3 |   c: 1",
        "      |   ^",
    ]


def test_a_hint_that_has_no_room_beside_the_mark_stands_below():
    problem = Problem(Span("f", 1, 1, 30), "PAI201", "x", "word " * 14 + "end")
    shown = as_text.report([problem], {"f": ("k" * 30 + ": 1",)}, width=80).splitlines()
    assert shown[2:5] == [
        "      | " + "^" * 30,
        "      = " + ("word " * 14).strip(),
        "        end",
    ]
    wide = as_text.report([problem], {"f": ("k" * 30 + ": 1",)}, width=120).splitlines()
    assert wide[2].endswith("^ " + "word " * 14 + "end")


@pytest.mark.parametrize("column", [1, 60, 199, 200])
def test_no_shown_line_is_wider_than_the_terminal(column):
    line = "值" * 200
    problem = Problem(Span("f", 1, column, 500), "PAI205", "x")
    shown, mark = as_text.report([problem], {"f": (line,)}, width=80).splitlines()[1:3]
    # Each of these takes two columns in a terminal.
    assert len(shown) + shown.count("值") <= 80
    assert len(mark) <= 80


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
        (io.StringIO(), {"FORCE_COLOR": "1"}, True),
        (io.StringIO(), {"CLICOLOR_FORCE": "1"}, True),
        (io.StringIO(), {"CLICOLOR_FORCE": "0"}, False),
        (io.StringIO(), {"FORCE_COLOR": ""}, False),
        (io.StringIO(), {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        (Terminal(), {"CLICOLOR": "0"}, False),
        (Terminal(), {"CLICOLOR": "1"}, True),
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
    assert text.count("error PAI001") == 200
    assert text.endswith("\n1000 errors (800 not shown)\n`paichart explain PAI001` says more\n")


def test_an_error_is_shown_however_many_warnings_stand_before_it():
    found = [Problem(Span("f", line), "PAI044", "x", severity=Severity.WARNING) for line in range(1, 1001)]
    text = as_text.report([*found, Problem(Span("f", 2000), "PAI012", "y")])
    assert "f:199:1: warning" in text
    assert "f:200:1: warning" not in text
    assert "f:2000:1: error PAI012: y\n1 error, 1000 warnings (801 not shown)\n" in text


def test_the_last_line_names_a_few_codes_errors_first_and_no_notes():
    def of(*codes: str) -> str:
        severities = {"N": Severity.NOTE, "W": Severity.WARNING, "E": Severity.ERROR}
        found = [
            Problem(Span("f", i + 1), code[1:], "x", severity=severities[code[0]])
            for i, code in enumerate(codes)
        ]
        return as_text.report(found).splitlines()[-1]

    assert of("WPAI044", "EPAI012", "EPAI007", "EPAI012") == (
        "`paichart explain PAI012 PAI007 PAI044` says more"
    )
    assert of("EPAI001", "EPAI002", "EPAI003", "EPAI004") == "`paichart explain CODE` says more"
    assert of("NPAI060") == "1 note"


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
            "related": [],
        }
    ]


def test_json_has_the_other_places_too():
    first = Related(Span("layout.yaml", 2, 13, 1), "the first is here")
    (problem,) = as_json.problems([Problem(Span("layout.yaml", 9), "PAI007", "x", related=(first,))])
    assert problem["related"] == [
        {"file": "layout.yaml", "line": 2, "column": 13, "width": 1, "message": "the first is here"}
    ]


def test_a_real_problem_is_shown_in_its_line():
    layout = LAYOUT.replace("machine-type: gpu\n", "machine-type: gpus\n")
    text = as_text.report(problems(layout=layout), documents(layout=layout).lines())
    assert text == (
        "layout.yaml:14:17: error PAI012: no machine SKU named 'gpus'\n"
        "   14 |   machine-type: gpus\n"
        "      |                 ^^^^ did you mean 'gpu'?\n"
        "1 error\n"
        "`paichart explain PAI012` says more\n"
    )
