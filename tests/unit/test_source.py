"""Reading YAML: plain data, the place of everything in it, and each trap told where it lies."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest
import yaml

from paichart.problems import Severity
from paichart.source import absent, load, nodes, parse, parse_embedded
from paichart.source.reading import MAX_BYTES

BOMB = "a: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n" + "".join(
    f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 9)
)
DEEP = "a: " + "[" * 100_000

TRAPS = [
    # id                        text                                    code      line, column, width
    ("empty", "", "PAI107", (1, 1, 1)),
    ("only-comments", "# nothing\n", "PAI107", (1, 1, 1)),
    ("only-a-document-mark", "---\n", "PAI107", (1, 1, 1)),
    ("list-at-the-top", "- a: 1\n", "PAI122", (1, 1, 1)),
    ("text-at-the-top", "hello", "PAI122", (1, 1, 5)),
    ("second-document", "a: 1\n---\nb: 2\n", "PAI118", (2, 1, 3)),
    ("text-after-the-end", "a: 1\n...\nb: 2\n", "PAI108", (3, 1, 1)),
    ("nul", "a: 1\nb: x\0y\n", "PAI106", (2, 5, 1)),
    ("escape-character", "a: \x1b[31m\n", "PAI106", (1, 4, 1)),
    ("tab-before-key", "a:\n\tb: 1\n", "PAI109", (2, 1, 1)),
    ("tab-after-blanks", "a:\n  \tb: 1\n", "PAI109", (2, 3, 1)),
    ("tab-before-item", "a:\n- b\n\t- c\n", "PAI109", (3, 1, 1)),
    ("tab-in-block-text", "a: |\n\tb\n", "PAI109", (2, 1, 1)),
    ("duplicate-key", "a: 1\nb: 2\na: 3\n", "PAI110", (3, 1, 1)),
    ("duplicate-key-inside", "x:\n  key: 1\n  key: 1\n", "PAI110", (3, 3, 3)),
    ("number-as-key", "x:\n  3090: 1\n", "PAI111", (2, 3, 4)),
    ("float-as-key", "1.5: a\n", "PAI111", (1, 1, 3)),
    ("true-as-key", "true: a\n", "PAI111", (1, 1, 4)),
    ("date-as-key", "2024-01-01: a\n", "PAI111", (1, 1, 10)),
    ("no-key", ": a\n", "PAI108", (1, 1, 1)),
    ("null-as-key", "~: a\n", "PAI111", (1, 1, 1)),
    ("list-as-key", "[a, b]: 1\n", "PAI111", (1, 1, 6)),
    ("on-as-key", "on: a\n", "PAI112", (1, 1, 2)),
    ("NO-as-key", "x: {NO: a}\n", "PAI112", (1, 5, 2)),
    ("octal", "a: 0755\n", "PAI113", (1, 4, 4)),
    ("not-quite-octal", "a: [1, 089]\n", "PAI113", (1, 8, 3)),
    ("clock-time", "a: 12:30:45\n", "PAI114", (1, 4, 8)),
    ("ipv6-of-digits", "hostip: 1:2:3:4:5:6:7:8\n", "PAI114", (1, 9, 15)),
    ("date", "a: 2024-02-29\n", "PAI115", (1, 4, 10)),
    ("date-and-time", "a: 2024-02-29 10:00:00\n", "PAI115", (1, 4, 19)),
    ("alias-bomb", BOMB, "PAI116", (7, 5, 54)),
    ("infinite", "a: .inf\n", "PAI117", (1, 4, 4)),
    ("not-a-number", "a: .NaN\n", "PAI117", (1, 4, 4)),
    ("float-overflow", "a: 1.0e+999\n", "PAI117", (1, 4, 8)),
    ("endless-number", f"a: {'9' * 5000}\n", "PAI117", (1, 4, 5000)),
    ("too-deep", DEEP, "PAI119", (1, 67, 1)),
    ("too-deep-in-blocks", "".join(f"{' ' * i}a:\n" for i in range(70)), "PAI119", (65, 65, 1)),
    ("unknown-anchor", "a: *b\n", "PAI120", (1, 4, 2)),
    ("alias-in-itself", "a: &b\n  c: *b\n", "PAI120", (2, 6, 2)),
    ("merge-of-text", "a:\n  <<: hello\n", "PAI120", (2, 7, 5)),
    ("merge-of-a-list-of-text", "a: {<<: [x]}\n", "PAI120", (1, 9, 3)),
    ("own-tag", "a: !secret b\n", "PAI121", (1, 4, 9)),
    ("python-tag", "a: !!python/object/apply:os.system [id]\n", "PAI121", (1, 4, 33)),
    ("binary-tag", "a: !!binary aGk=\n", "PAI121", (1, 4, 13)),
    ("tag-that-does-not-fit", "a: !!int x\n", "PAI121", (1, 4, 7)),
    ("key-without-value", "a: 1\nb\nc: 2\n", "PAI108", (2, 1, 1)),
    ("stray-word-above", "zh\na: 1\n", "PAI108", (1, 1, 2)),
    ("no-blank-after-colon", "a:1\nb: 2\n", "PAI108", (1, 1, 3)),
    ("too-far-right", "a: 1\n  b: 2\n", "PAI108", (2, 3, 1)),
    ("between-two-levels", "a:\n    b: 1\n  c: 2\n", "PAI108", (3, 3, 1)),
    ("two-colons", "a: b: c\n", "PAI108", (1, 5, 1)),
    ("list-behind-key", "a: - b\n", "PAI108", (1, 4, 1)),
    ("item-among-keys", "a: 1\n- b\n", "PAI108", (2, 1, 1)),
    ("key-among-items", "- a\nb: 1\n", "PAI108", (2, 1, 1)),
    ("text-after-quote", "a: 'it's'\n", "PAI108", (1, 8, 1)),
    ("open-quote", 'a: 1\nb: "x\nc: 2\n', "PAI108", (2, 4, 1)),
    ("open-list", "a: [1, 2\n", "PAI108", (1, 4, 1)),
    ("open-mapping", "a: {b: 1\n", "PAI108", (1, 4, 1)),
    ("bad-escape", 'a: "C:\\dir"\n', "PAI108", (1, 4, 1)),
    ("at-sign", "a: @b\n", "PAI108", (1, 4, 1)),
    ("backtick", "a: `b`\n", "PAI108", (1, 4, 1)),
    ("wildcard", "a: *.example.com\n", "PAI108", (1, 5, 1)),
    ("braces-of-a-template", "a: {{ b }}\n", "PAI111", (1, 4, 7)),
    ("other-yaml-version", "%YAML 3.0\n---\na: 1\n", "PAI108", (1, 1, 1)),
]


@pytest.mark.parametrize("loader", ["CSafeLoader", "SafeLoader"])
@pytest.mark.parametrize(("text", "code", "at"), [pytest.param(*row[1:], id=row[0]) for row in TRAPS])
def test_a_trap_is_told_where_it_lies_whichever_parser_reads(text, code, at, loader, monkeypatch):
    monkeypatch.setattr(nodes, "_LOADER", getattr(yaml, loader))
    (problem,) = parse(text.encode(), "config.yaml").problems
    span = problem.span
    assert (problem.code, (span.line, span.column, span.width)) == (code, at)
    assert span.file == "config.yaml"
    assert problem.severity is Severity.ERROR


WORDS = [
    ("a: 1\nb\nc: 2\n", "this line has no 'key: value'", "write it as 'key: value', or indent it"),
    ("a:1\nb: 2\n", "this line has no 'key: value'", "put a space after ':'"),
    (
        "a: 1\n  b: 2\n",
        "nothing can stand below 'a' on line 1, which has a value already",
        "do not indent it, like 'a' on line 1",
    ),
    (
        "a: b: c\n",
        "a ':' stands where no key can be",
        "check the indentation here and the line above; quote a value that contains ': '",
    ),
    (
        "a:\n    b: 1\n  c: 2\n",
        "this line is indented by 2 spaces, unlike any line above that it could follow",
        "indent it by 4 spaces, like 'b' on line 2",
    ),
    (": a\n", "a key is missing before ':'", "write the key"),
    (
        "a: 'it's'\n",
        "unexpected text after the value",
        "quote the whole value, or put what follows on its own line",
    ),
    ('b: "x\n', "the quote that begins here is never closed", "close it"),
    (
        'a: "C:\\dir"\n',
        "a '\\…' in this text means nothing in double quotes",
        "write '\\\\' for a backslash, or use single quotes",
    ),
    ("a: [1, 2\n", "the list that begins here is never closed", "put ']' at its end"),
    ("a: {b: 1\n", "the mapping that begins here is never closed", "put '}' at its end"),
    ("a: - b\n", "a list can't begin on the line of its key", "begin it on the next line"),
    (
        "- a\nb: 1\n",
        "a key can't stand among list items",
        "check its indentation, and that of the lines above",
    ),
    ("a: }\n", "a value is expected here", "quote it if it begins with a special character"),
    ("a: @b\n", "a value can't begin with '@'", "quote the value"),
    ("a: *.com\n", "'*' and '&' begin an alias or anchor, not a value", "quote the value"),
    ("a: !x!y 1\n", "this tag can't be used here", "remove the tag, or quote the value"),
    (
        "a: 1\n...\nb: 2\n",
        "text stands after the end of the document",
        "check its indentation, or remove it",
    ),
    (
        "%YAML 3.0\n---\na: 1\n",
        "the file asks for another version of YAML",
        "remove the line that begins with %YAML",
    ),
    ("a:\n\tb: 1\n", "a tab is used for indentation", "indent with spaces"),
    ("b: 1\na: 1\na: 2\n", "key 'a' is written twice; the first is on line 2", "keep one of the two"),
    (
        "a: 0755\n",
        "'0755' begins with 0, so some YAML parsers read it as an octal number",
        'write 755 for a decimal number, or quote it for text: "0755"',
    ),
    (
        "a: 00\n",
        "'00' begins with 0, so some YAML parsers read it as an octal number",
        'write 0 for a decimal number, or quote it for text: "00"',
    ),
    ("3090: 1\n", "key '3090' is read as a number", 'quote it: "3090"'),
    ("true: 1\n", "key 'true' is read as true or false", 'quote it: "true"'),
    ("~: 1\n", "a key is missing before ':'", "write the key, or remove the line"),
    ("a: !x 1\n", "the tag !x can't be used here", "remove the tag"),
    ("a: !!set {b}\n", "the tag !!set can't be used here", "remove the tag"),
    ("[]\n", "the file holds a list", "its top level must be made of 'key: value' lines"),
    ("x\n", "the file holds a single value", "its top level must be made of 'key: value' lines"),
]


@pytest.mark.parametrize("loader", ["CSafeLoader", "SafeLoader"])
@pytest.mark.parametrize(("text", "message", "hint"), WORDS)
def test_a_trap_is_told_in_words_with_its_cure(text, message, hint, loader, monkeypatch):
    monkeypatch.setattr(nodes, "_LOADER", getattr(yaml, loader))
    problem = parse(text.encode(), "config.yaml").problems[0]
    assert (problem.message, problem.hint) == (message, hint)


@pytest.mark.parametrize("text", ["a: !!bool 1\n", "a: !!int true\n", "a: !!null x\n", "a: !!float x\n"])
def test_a_tag_that_its_value_does_not_fit_is_told(text):
    assert [problem.code for problem in parse(text.encode(), "f").problems] == ["PAI121"]


@pytest.mark.parametrize("word", ["yes", "No", "ON", "off"])
def test_a_word_that_may_be_a_switch_is_doubted_and_read_as_legacy_did(word):
    document = parse(f"a: {word}\n".encode(), "config.yaml")
    (problem,) = document.problems
    assert (problem.code, problem.severity, problem.span.column) == ("PAI112", Severity.WARNING, 4)
    assert document.data == {"a": word.lower() in ("yes", "on")}


@pytest.mark.parametrize(
    ("raw", "at"),
    [(b"a: \xff\n", (1, 4)), (b"a: 1\nb\xc3: 2\n", (2, 2)), ("a: ä\n".encode("latin-1"), (1, 4))],
)
def test_text_that_is_not_utf8_is_told_at_its_first_bad_byte(raw, at):
    document = parse(raw, "config.yaml")
    (problem,) = document.problems
    assert (problem.code, (problem.span.line, problem.span.column)) == ("PAI105", at)
    assert document.data is None


def test_utf16_is_not_taken_for_utf8():
    (problem,) = parse("a: 1\n".encode("utf-16"), "config.yaml").problems
    assert problem.code == "PAI105"


def test_all_faults_of_a_file_are_told_in_one_go():
    document = parse(b"a: 0755\na: 2024-01-01\n3: x\nb: no\n", "config.yaml")
    assert [problem.code for problem in document.problems] == [
        "PAI113",
        "PAI115",
        "PAI111",
        "PAI112",
        "PAI110",
    ]
    assert document.data == {"a": "0755", "3": "x", "b": False}


FINE = [
    ("plain", "a: b c\n", {"a": "b c"}),
    ("byte-order-mark", "\ufeffa: 1\n", {"a": 1}),
    ("windows-line-ends", "a: 1\r\nb:\r\n- x\r\n", {"a": 1, "b": ["x"]}),
    ("start-and-end-marks", "---\na: 1\n...\n", {"a": 1}),
    ("directive", "%YAML 1.1\n---\na: 1\n", {"a": 1}),
    ("quoted-traps", "a: '0755'\nb: \"no\"\nc: '1.10'\n\"on\": '12:30'\n'1': x\n",
     {"a": "0755", "b": "no", "c": "1.10", "on": "12:30", "1": "x"}),
    ("booleans", "a: true\nb: False\nc: TRUE\n", {"a": True, "b": False, "c": True}),
    ("not-quite-booleans", "a: yEs\nb: y\nc: n\n", {"a": "yEs", "b": "y", "c": "n"}),
    ("nothing", "a:\nb: ~\nc: null\nd: ''\n", {"a": None, "b": None, "c": None, "d": ""}),
    ("text-tag", "a: !!str 10\nb: !!str yes\n", {"a": "10", "b": "yes"}),
    ("number-tag", "a: !!int 10\nb: !!float 1\n", {"a": 10, "b": 1}),
    ("address", "a: 10.0.0.1\nb: fe80::1\nc: v1.8.0\nd: 60Gi\n",
     {"a": "10.0.0.1", "b": "fe80::1", "c": "v1.8.0", "d": "60Gi"}),
    ("anchors", "a: &x {b: 1}\nc: *x\nd: [*x]\n", {"a": {"b": 1}, "c": {"b": 1}, "d": [{"b": 1}]}),
    ("merge", "a: &x {b: 1, c: 2}\nd:\n  <<: *x\n  c: 3\n", {"a": {"b": 1, "c": 2}, "d": {"b": 1, "c": 3}}),
    ("merge-of-two", "a: &x {k: 1}\nb: &y {k: 2, l: 2}\nc: {<<: [*x, *y]}\n",
     {"a": {"k": 1}, "b": {"k": 2, "l": 2}, "c": {"k": 1, "l": 2}}),
    ("quoted-merge-key", "a: {'<<': 1}\n", {"a": {"<<": 1}}),
    ("block-text", "a: |\n  x\n  y\nb: >-\n  x\n  y\n", {"a": "x\ny\n", "b": "x y"}),
    ("wide-characters", "名: 值\n", {"名": "值"}),
    ("equals-sign", "a: =\n", {"a": "="}),
    ("exponent-without-dot", "a: 1e3\n", {"a": "1e3"}),
]  # fmt: skip


@pytest.mark.parametrize(("text", "data"), [pytest.param(*row[1:], id=row[0]) for row in FINE])
def test_good_text_gives_its_data_without_a_word(text, data):
    document = parse(text.encode(), "config.yaml")
    assert document.problems == ()
    assert document.data == data


def test_numbers_are_read_as_legacy_read_them():
    data = parse(b"a: 1\nb: -2\nc: 1.5\nd: 0\ne: 1_000\nf: 0x1F\ng: 0b11\nh: 1.10\n", "f").data
    assert data == {"a": 1, "b": -2, "c": 1.5, "d": 0, "e": 1000, "f": 31, "g": 3, "h": 1.1}


LAYOUT = textwrap.dedent(
    """\
    machine-sku:
      gpu: {mem: 60Gi, cpu: {vcore: 24}}
      cpu: &c
        mem: 1.10
    machine-list:
      - hostname: a
        hostip:
      - hostname: b
        <<: *c
    """
)

PLACES = [
    # path                                      value's place   key's place
    (("machine-sku",), (2, 3, 1), (1, 1, 11)),
    (("machine-sku", "gpu"), (2, 8, 29), (2, 3, 3)),
    (("machine-sku", "gpu", "cpu", "vcore"), (2, 33, 2), (2, 26, 5)),
    (("machine-sku", "cpu", "mem"), (4, 10, 4), (4, 5, 3)),
    (("machine-list",), (6, 3, 1), (5, 1, 12)),
    (("machine-list", 0), (6, 5, 1), (6, 5, 1)),
    (("machine-list", 0, "hostname"), (6, 15, 1), (6, 5, 8)),
    (("machine-list", 1, "mem"), (4, 10, 4), (4, 5, 3)),
    # An empty value has no place of its own: its key's is used.
    (("machine-list", 0, "hostip"), (7, 5, 6), (7, 5, 6)),
    # What is missing stands at its nearest parent.
    (("machine-list", 0, "machine-type"), (6, 5, 1), (6, 5, 1)),
    (("machine-list", 7, "hostname"), (6, 3, 1), (5, 1, 12)),
    (("machine-sku", "gpu", "mem", "deeper"), (2, 14, 4), (2, 9, 3)),
    (("kubernetes", "dashboard-url"), (1, 1, 1), (1, 1, 1)),
    ((), (1, 1, 1), (1, 1, 1)),
]


@pytest.mark.parametrize(("path", "value_at", "key_at"), PLACES)
def test_every_value_and_key_has_its_place(path, value_at, key_at):
    marks = parse(LAYOUT.encode(), "layout.yaml").marks
    value, key = marks.at(*path), marks.key(*path)
    assert (value.line, value.column, value.width) == value_at
    if marks.has(*path):
        assert (key.line, key.column, key.width) == key_at


def test_a_place_counts_characters_not_bytes():
    marks = parse("ключ: [名, x]\n".encode(), "f").marks
    assert (marks.at("ключ", 1).column, marks.key("ключ").width) == (11, 4)


def test_a_scalar_is_known_as_it_was_written():
    marks = parse(b"a: 1.10\nb: 'x y'\nc: [0755]\n", "f").marks
    assert (marks.text("a"), marks.text("b"), marks.text("c", 0)) == ("1.10", "x y", "0755")


def test_lines_are_those_of_the_file():
    assert parse(b"a: 1\r\nb: 2\n", "f").marks.lines == ("a: 1", "b: 2", "")


SERVICES = """\
hivedscheduler:
  webservice-port: 30096
  config: |  # HiveD's own

    physicalCluster:
      skuTypes: {K80: {gpu: 1}}
      flag: yes
    virtualClusters:
     default: 0755
"""


def test_yaml_inside_a_block_has_places_in_the_outer_file():
    outer = parse(SERVICES.encode(), "services.yaml")
    inner = parse_embedded(outer, "hivedscheduler", "config")
    assert inner.data["physicalCluster"]["skuTypes"] == {"K80": {"gpu": 1}}
    place = inner.marks.at("physicalCluster", "skuTypes", "K80", "gpu")
    assert (place.file, place.line, place.column) == ("services.yaml", 6, 29)
    assert str(inner.marks.key("virtualClusters")) == "services.yaml:8:5"
    found = [(p.code, p.span.line, p.span.column) for p in inner.problems]
    assert found == [("PAI112", 7, 13), ("PAI113", 9, 15)]


def test_a_syntax_fault_inside_a_block_is_placed_in_the_outer_file():
    outer = parse(b"a:\n  b: |2\n        x: 1\n        y: @1\n", "f")
    (problem,) = parse_embedded(outer, "a", "b").problems
    assert (problem.code, problem.span.line, problem.span.column) == ("PAI108", 4, 12)


@pytest.mark.parametrize("text", ["a: >\n  b: 1\n", 'a: "b: 1"\n', "a: 'b: 1'\n"])
def test_yaml_inside_other_text_is_placed_at_the_text(text):
    outer = parse(text.encode(), "f")
    inner = parse_embedded(outer, "a")
    assert inner.data == {"b": 1}
    assert inner.marks.at("b") == inner.marks.key("b") == outer.marks.at("a")


@pytest.mark.parametrize("text", ["a: ''\n", "a: |\n  \n", "a: 3\n"])
def test_blank_text_and_no_text_hold_no_document(text):
    inner = parse_embedded(parse(text.encode(), "f"), "a")
    assert (inner.data, inner.problems) == (None, ())


def test_a_file_is_read(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_bytes(b"a: 1\n")
    assert load(path, "config.yaml").data == {"a": 1}
    assert load(path).name == str(path)


def test_a_missing_file_is_a_problem_that_names_a_similar_one(tmp_path):
    (tmp_path / "layout.yml").touch()
    (problem,) = load(tmp_path / "layout.yaml", "layout.yaml").problems
    assert (problem.code, str(problem.span)) == ("PAI101", "layout.yaml:1:1")
    assert problem.hint == "did you mean 'layout.yml'?"


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda path: None, "PAI101"),
        (Path.mkdir, "PAI102"),
        (lambda path: path.symlink_to(path), "PAI103"),
        (lambda path: path.write_bytes(b"a: 1\n" * (MAX_BYTES // 5 + 1)), "PAI104"),
    ],
)
def test_what_is_no_readable_file_is_a_problem(tmp_path, make, code):
    path = tmp_path / "config.yaml"
    make(path)
    (problem,) = load(path, "config.yaml").problems
    assert (problem.code, str(problem.span)) == (code, "config.yaml:1:1")


def test_a_file_that_may_be_absent_is_an_empty_document():
    document = absent("services-configuration.yaml")
    assert (document.data, document.problems) == ({}, ())
    assert str(document.marks.at("rest-server", "port")) == "services-configuration.yaml:1:1"
