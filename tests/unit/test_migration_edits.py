"""Changes of a YAML text by path: the rest stays to the character, and places lead back to the old text."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
import yaml

from paichart.migration.changes import Edited
from paichart.migration.edits import Editor
from paichart.problems import Span

TEXT = """\
# of the whole file
first: 1   # of first

# of second
second:
  text: |
    line one
    # no comment

  # of flow
  flow: {x: 1, y: "2", z: 3}
  deep:
    only: here
rows:
  - name: a
    size: 1
  - {name: b, size: 2}
last: end
"""

FLOW = ("second", "flow")

# What is asked for: {path: a new value, None to remove it, "→key" to rename it, "+value" to add it}
Asked = Mapping[tuple[str | int, ...], str | None]

# id, what is asked for, (what stands there, what takes its place)…
CHANGES: list[tuple[str, Asked, list[tuple[str, str]]]] = [
    ("nothing", {}, []),
    ("remove-line", {("first",): None}, [("first: 1   # of first\n", "")]),
    (
        "remove-block-of-text",
        {("second", "text"): None},
        [("  text: |\n    line one\n    # no comment\n", "")],
    ),
    ("remove-the-only-one", {("second", "deep", "only"): None}, [("  deep:\n    only: here\n", "")]),
    (
        "remove-all-of-a-mapping",
        {("second", "text"): None, ("second", "flow"): None, ("second", "deep"): None},
        [(TEXT[TEXT.index("second:") : TEXT.index("rows:")], "")],
    ),
    ("remove-first-in-braces", {(*FLOW, "x"): None}, [("x: 1, ", "")]),
    ("remove-last-in-braces", {(*FLOW, "z"): None}, [(", z: 3", "")]),
    (
        "remove-both-ends-in-braces",
        {(*FLOW, "x"): None, (*FLOW, "z"): None},
        [('{x: 1, y: "2", z: 3}', '{y: "2"}')],
    ),
    (
        "remove-neighbours-in-braces",
        {(*FLOW, "x"): None, (*FLOW, "y"): None},
        [('x: 1, y: "2", ', "")],
    ),
    ("remove-first-of-a-row", {("rows", 0, "name"): None}, [("name: a\n    size", "size")]),
    ("remove-in-a-row-in-braces", {("rows", 1, "name"): None}, [("name: b, ", "")]),
    ("remove-what-is-not-there", {("second", "none", "x"): None}, []),
    ("replace", {("first",): '"one"'}, [("first: 1 ", 'first: "one" ')]),
    ("replace-in-braces", {(*FLOW, "y"): "5"}, [('"2"', "5")]),
    (
        "replace-block-of-text",
        {("second", "text"): "short"},
        [("|\n    line one\n    # no comment\n", "short\n")],
    ),
    ("rename", {("second", "deep"): "→down"}, [("deep:", "down:")]),
    (
        "rename-and-remove-in-it",
        {("second",): "→third", ("second", "deep"): None},
        [("second:\n", "third:\n"), ("  deep:\n    only: here\n", "")],
    ),
    (
        "add-to-a-mapping",
        {("second", "deep", "new"): "+7"},
        [("only: here\n", "only: here\n    new: 7\n")],
    ),
    ("add-in-braces", {(*FLOW, "new"): "+7"}, [("{x: 1", "{new: 7, x: 1")]),
    ("add-at-the-top", {("new",): "+7"}, [("last: end\n", "last: end\nnew: 7\n")]),
    (
        "add-with-its-section",
        {("a", "b", "new"): "+7"},
        [("last: end\n", "last: end\na:\n  b:\n    new: 7\n")],
    ),
    (
        "add-mappings-in-a-mapping",
        {("second", "deep", "a", "b"): "+7", ("second", "deep", "a", "c"): "+8"},
        [("only: here\n", "only: here\n    a:\n      b: 7\n      c: 8\n")],
    ),
    (
        "add-mappings-in-braces",
        {(*FLOW, "a", "b"): "+7", (*FLOW, "a", "c"): "+8"},
        [("{x: 1", "{a: {b: 7, c: 8}, x: 1")],
    ),
    (
        "add-where-all-else-goes",
        {("second", "deep", "only"): None, ("second", "deep", "new"): "+7"},
        [("only: here", "new: 7")],
    ),
    (
        "add-where-the-first-in-braces-goes",
        {(*FLOW, "x"): None, (*FLOW, "new"): "+7"},
        [("x: 1, ", "new: 7, ")],
    ),
]


@pytest.mark.parametrize(("asked", "changes"), [pytest.param(*row[1:], id=row[0]) for row in CHANGES])
def test_what_is_not_asked_for_stays_to_the_character(asked: Asked, changes: list[tuple[str, str]]) -> None:
    expected = TEXT
    for old, new in changes:
        assert expected.count(old) == 1
        expected = expected.replace(old, new)
    assert edited(TEXT, asked).text == expected


def edited(text: str, asked: Asked) -> Edited:
    """Return the text after what is asked for."""
    editor = Editor(text)
    for path, what in asked.items():
        if what is None:
            editor.remove(*path)
        elif what.startswith("→"):
            editor.rename(path, what[1:])
        elif what.startswith("+"):
            editor.add(path, what[1:])
        else:
            editor.replace(path, what)
    return editor.result()


# id, a text, what is asked for, what becomes of it
WRITTEN_OTHERWISE: list[tuple[str, str, Asked, str]] = [
    ("indented", "  a: 1\n  b: 2\n", {("c",): "+3"}, "  a: 1\n  b: 2\n  c: 3\n"),
    ("with-an-end", "a: 1\n... # end\n", {("b",): "+2"}, "a: 1\nb: 2\n... # end\n"),
    ("before-comments", "a: 1\n\n# b: 3\n", {("b",): "+2"}, "a: 1\nb: 2\n\n# b: 3\n"),
    ("empty-braces", "{}\n", {("a", "x"): "+1"}, "{a: {x: 1}}\n"),
    ("last-comma", "{\n a: 1,\n b: 2,\n}\n", {("a",): None, ("b",): None}, "{\n \n}\n"),
    ("last-comma-after-another", "{a: 1, b: 2,}\n", {("b",): None}, "{a: 1,}\n"),
    ("announced-keys", "? a\n: 1\n? b\n: x: 1\n", {("a",): None, ("c",): "+3"}, "? b\n: x: 1\nc: 3\n"),
]


@pytest.mark.parametrize(
    ("text", "asked", "expected"), [pytest.param(*row[1:], id=row[0]) for row in WRITTEN_OTHERWISE]
)
def test_other_ways_to_write_a_mapping_are_changed_too(text: str, asked: Asked, expected: str) -> None:
    assert edited(text, asked).text == expected


def test_an_empty_value_gets_one() -> None:
    assert edited("a:\nb: 1\n", {("a",): "5"}).text == "a: 5\nb: 1\n"


def test_adding_what_is_there_gives_it_the_value() -> None:
    assert edited("a: {x: 1}\nb:\n", {("a", "x"): "+5", ("b",): "+6"}).text == "a: {x: 5}\nb: 6\n"


def test_a_name_that_another_key_had_is_free() -> None:
    editor = Editor("a:\n  x: 1\n")
    editor.rename(("a",), "b")
    editor.rename(("a", "x"), "y")
    editor.add(("a", "x"), "2")
    assert editor.result().text == "b:\n  y: 1\n  x: 2\n"


def test_a_list_is_not_shortened() -> None:
    assert edited("a: [1, 2]\n", {("a", 0): None}).text == "a: [1, 2]\n"


def test_an_empty_section_is_filled_in_its_place() -> None:
    assert edited("a:\nb: 1\n", {("a", "x"): "+5"}).text == "a: {x: 5}\nb: 1\n"


def test_a_file_without_a_last_line_break_is_added_to_on_a_new_line() -> None:
    assert edited("a: 1", {("b",): "+2"}).text == "a: 1\nb: 2\n"
    assert edited("a:\n  b: 1", {("a", "c"): "+2"}).text == "a:\n  b: 1\n  c: 2\n"


def test_an_empty_file_can_be_begun() -> None:
    assert edited("", {("a",): "+1"}).text == "a: 1\n"


def test_line_breaks_of_windows_stay() -> None:
    text = "a: 1\r\nb: 2\r\nc: 3\r\n"
    assert edited(text, {("b",): None, ("d",): "+4"}).text == "a: 1\r\nc: 3\r\nd: 4\r\n"


def test_letters_outside_ascii_do_not_shift_anything() -> None:
    text = "größe: 1 # ÄÖ\nb: {ü: 1, é: 2}\n"
    assert edited(text, {("b", "ü"): None}).text == "größe: 1 # ÄÖ\nb: {é: 2}\n"


def test_aliases_are_written_out_before_something_is_cut() -> None:
    text = "base: &base {mem: 1, old: 2}\none: *base\ntwo:\n  <<: *base\n  cpu: 3\n"
    result = edited(text, {(key, "old"): None for key in ("base", "one", "two")})
    assert result.is_rewritten
    assert "&" not in result.text
    assert yaml.safe_load(result.text) == {"base": {"mem": 1}, "one": {"mem": 1}, "two": {"mem": 1, "cpu": 3}}
    assert result.origin(Span("f", 2, 3)) == Span("f", 1, 1)


def test_aliases_stay_when_nothing_is_asked_for() -> None:
    text = "base: &base {mem: 1}\none: *base\n"
    assert edited(text, {}).text == text
    assert not edited("a: &a 1\nb: 2\n", {("b",): None}).is_rewritten


def test_places_lead_back_to_the_old_text() -> None:
    text = "a: 1\nb: 2\nc: {x: 1, y: 2}\nd: 4\n"
    result = edited(text, {("a",): None, ("c", "x"): None, ("d",): "four", ("e",): "+5"})
    assert result.text == "b: 2\nc: {y: 2}\nd: four\ne: 5\n"
    places = {(1, 1): (2, 1), (2, 5): (3, 11), (3, 1): (4, 1), (3, 4): (4, 4), (3, 6): (4, 4), (4, 1): (5, 1)}
    for (line, column), expected in places.items():
        assert result.origin(Span("f", line, column, 2)) == Span("f", *expected, 2)
