"""values.yaml as Helm reads it: text stays text, though Go's reader and Python's differ on numbers."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from paichart.render import dump


@pytest.mark.parametrize(
    "text",
    ["y", "n", "Y", "N", "08", "1e3", "12E4567", "1.5e3", "+1e-3", "0o17", "0b2", ".5", "0x1G"],
)
def test_text_that_go_takes_for_something_else_is_quoted(text: str) -> None:
    # gopkg.in/yaml.v2 resolve.go, which sigs.k8s.io/yaml of Helm 3 and 4 is made from.
    written = dump({text: text})
    assert yaml.safe_load(written) == {text: text}
    assert written == (f"'{text}': '{text}'\n" if text != "0x1G" else "0x1G: 0x1G\n")


@pytest.mark.parametrize("text", ["v1.8.0", "10.0.0.1", "yes-man", "1.8.0", "5m", "12h", "1-5", "e3", "1e3x"])
def test_other_text_stays_as_people_write_it(text: str) -> None:
    assert dump({"a": text}) == f"a: {text}\n"


MANY = 101
AWKWARD = ["yes", "1e3", "08", "~", "a: b", "#", 'it\'s "so"', "tab\there", "two\nlines", "ü", "", " x "]


@pytest.mark.parametrize(
    "values",
    [
        {"a": {"list": [{"name": f"n{i}", "text": AWKWARD[i % len(AWKWARD)]} for i in range(MANY)], "z": 1}},
        {"a": {"map": {f"n{i}": AWKWARD[i % len(AWKWARD)] for i in range(MANY)}, "text": "x\n\n  y\n"}},
        {"a": [1, {"b": [list(range(MANY)), "text\n"], "c": None}], "on": {}, "08": []},
        {f"n{i}": {"deep": list(range(MANY))} for i in range(3)},
    ],
    ids=["list", "mapping", "list in lists", "several"],
)
def test_what_has_many_items_is_written_one_a_line_and_read_back_alike(values: dict[str, Any]) -> None:
    written = dump(values)
    assert yaml.safe_load(written) == values
    assert all(len(line) < 80 for line in written.splitlines())


def test_a_machine_of_many_is_one_line() -> None:
    rows = [{"hostname": f"w{i}", "hostip": "10.0.0.1"} for i in range(MANY)]
    lines = dump({"layout": {"machine-list": rows}}).splitlines()
    assert lines[:3] == [
        "layout:",
        "  machine-list:",
        '    - {"hostname": "w0", "hostip": "10.0.0.1"}',
    ]
    assert len(lines) == 2 + MANY


def test_the_few_stay_as_people_write_them() -> None:
    assert dump({"a": ["x", "z"], "b": {"c": 1}}) == "a:\n- x\n- z\nb:\n  c: 1\n"
