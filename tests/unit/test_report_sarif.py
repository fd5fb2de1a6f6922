"""SARIF: rules, results and places as the standard (OASIS SARIF 2.1.0) and GitHub's code scanning have them.

Microsoft's validator looks at whole files in tests/cli/test_outputs.py.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

from paichart.codes import all_codes
from paichart.problems import Problem, Related, Severity, Span
from paichart.report import as_sarif
from paichart.report.paths import Workspace

HERE = Workspace(PurePosixPath("/repo"), PurePosixPath("/repo"))
LINES = ("machine-list:", "- hostname: a", "  machine-type: gpu-machin", "- hostname: a")
SKU = Problem(
    Span("layout.yaml", 3, 17, 10), "PAI012", "no machine SKU named 'gpu-machin'", "did you mean 'x'?"
)
TWICE = Problem(
    Span("layout.yaml", 4, 13, 1),
    "PAI007",
    "node name 'a' is used twice; the first is on line 2",
    severity=Severity.WARNING,
    related=(Related(Span("layout.yaml", 2, 13, 1), "the first is here"),),
)


def run(*problems: Problem, lines: tuple[str, ...] = LINES) -> dict[str, Any]:
    document = as_sarif.document(
        problems, {"layout.yaml": lines}, codes=all_codes(), version="0.1.0", workspace=HERE
    )
    assert document["version"] == "2.1.0"
    (one,) = document["runs"]
    return one


def fingerprint(problem: Problem, lines: tuple[str, ...]) -> str:
    (result,) = run(problem, lines=lines)["results"]
    (value,) = result["partialFingerprints"].values()
    return value


def test_rules_are_the_codes_that_occur_and_results_point_at_them():
    found = run(SKU, TWICE, SKU)
    rules = found["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["PAI007", "PAI012"]
    assert [(result["ruleId"], result["ruleIndex"], result["level"]) for result in found["results"]] == [
        ("PAI012", 1, "error"),
        ("PAI007", 0, "warning"),
        ("PAI012", 1, "error"),
    ]
    assert rules[1]["shortDescription"] == {"text": "A machine of no known kind."}
    assert "machine-sku" in rules[1]["fullDescription"]["text"]
    assert "Correct the name" in rules[1]["help"]["text"]
    assert "```yaml" in rules[1]["help"]["markdown"]
    assert "helpUri" not in rules[1]


def test_a_place_is_a_region_whose_end_is_behind_its_last_character():
    found = run(SKU)
    (location,) = found["results"][0]["locations"]
    # `region.endColumn` is behind the last character; `run.columnKind` says what columns count.
    assert location["physicalLocation"] == {
        "artifactLocation": {"uri": "layout.yaml"},
        "region": {"startLine": 3, "startColumn": 17, "endLine": 3, "endColumn": 27},
    }
    assert found["columnKind"] == "unicodeCodePoints"


def test_the_message_holds_the_hint():
    (result,) = run(SKU)["results"]
    assert result["message"] == {"text": "No machine SKU named 'gpu-machin'. Did you mean 'x'?"}


def test_braces_are_doubled_since_single_ones_enclose_placeholders():
    (result,) = run(Problem(Span("layout.yaml"), "PAI203", "it holds {0}", "write {a: 1}"))["results"]
    assert result["message"]["text"] == "It holds {{0}}. Write {{a: 1}}."


def test_the_other_place_is_a_related_location():
    (result,) = run(TWICE)["results"]
    assert result["relatedLocations"] == [
        {
            "id": 1,
            "physicalLocation": {
                "artifactLocation": {"uri": "layout.yaml"},
                "region": {"startLine": 2, "startColumn": 13, "endLine": 2, "endColumn": 14},
            },
            "message": {"text": "the first is here."},
        }
    ]


def test_nothing_wrong_is_a_run_without_results():
    found = run()
    assert (found["results"], found["tool"]["driver"]["rules"]) == ([], [])


def test_a_fingerprint_stays_when_lines_move():
    moved = Problem(Span("layout.yaml", 5, 17, 10), SKU.code, SKU.message, SKU.hint)
    assert fingerprint(moved, ("# one", "# two", *LINES)) == fingerprint(SKU, LINES)
    below = Problem(Span("layout.yaml", 6, 13, 1), TWICE.code, TWICE.message.replace("line 2", "line 4"))
    assert fingerprint(below, ("# one", "# two", *LINES)) == fingerprint(TWICE, LINES)


def test_a_fingerprint_tells_problems_apart():
    other_line = (*LINES[:2], "  machine-type: gpu-machin # b", LINES[3])
    assert fingerprint(SKU, other_line) != fingerprint(SKU, LINES)
    values = [next(iter(result["partialFingerprints"].values())) for result in run(SKU, SKU)["results"]]
    assert values[0].endswith(":1")
    assert values == [values[0], f"{values[0][:-2]}:2"]


def test_a_fingerprint_is_made_without_the_secret():
    def of(password: str) -> str:
        return fingerprint(Problem(Span("layout.yaml", 1, 1, 8), "PAI203", "x"), (f"password: {password}",))

    assert of("hunter2") == of("letmein")
