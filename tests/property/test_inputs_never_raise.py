"""Whatever a user writes, the answer is problems with a place, or a cluster; never an exception."""

from __future__ import annotations

import string
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from paichart.inputs import Documents, check
from paichart.problems import Severity
from paichart.report import as_text
from paichart.source import parse

EXAMPLES = Path(__file__).parents[2] / "examples"
TEXTS = {
    "config.yaml": (EXAMPLES / "quick-start" / "config.yaml").read_bytes(),
    "layout.yaml": (EXAMPLES / "quick-start" / "layout.yaml").read_bytes(),
    "services-configuration.yaml": b"""\
cluster:
  common: {qos-switch: "true"}
authentication:
  group-manager:
    group-data-source: basic
    grouplist:
    - {groupname: vision, extension: {acls: {virtualClusters: [default], admin: false}}}
rest-server: {schedule-port-start: 15000, schedule-port-end: 30000, log-server: log_manager}
pylon:
  port: 80
  ssl: {crt_name: a, crt_path: /a, key_name: b, key_path: /b}
hivedscheduler:
  config: |
    physicalCluster:
      skuTypes: {K80: {gpu: 1, cpu: 5, memory: 56064Mi}}
      cellTypes:
        K80-NODE: {childCellType: K80, childCellNumber: 4, isNodeLevel: true}
        K80-POOL: {childCellType: K80-NODE, childCellNumber: 2}
      physicalCells:
      - cellType: K80-POOL
        cellChildren: [{cellAddress: pai-worker1}, {cellAddress: pai-worker2}]
    virtualClusters:
      default: {virtualCells: [{cellType: K80-POOL.K80-NODE, cellNumber: 2}]}
""",
    "capacity.yaml": b"nodes:\n  pai-worker1: {cpu: 23500m, memory: 219Gi, cpu-requested: 1}\n",
}

PLAIN_PIECES = """: - [ ] { } ' " # &a *a <<: !!int ? --- ... % @ on 0755 12:30:45 2024-01-01 .nan ~"""
PIECES = st.one_of(
    st.binary(max_size=4),
    st.sampled_from([f"{piece} ".encode() for piece in PLAIN_PIECES.split()]),
    st.sampled_from(
        [b"\t", b"\n", b"|\n", b">\n", b"---\n", b"\r", b"\0", b"\xff", b"\xef\xbb\xbf", b"\xc2\x85"]
    ),
    st.sampled_from(["\u540d".encode(), "\u2028".encode()]),
)
NAMES = st.sampled_from(sorted(TEXTS))
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**30), 10**30),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(string.printable, max_size=12),
    st.sampled_from(
        ["true", "10.0.0.1", "::1", "60Gi", "gpu-machine", "pai-worker1", "nvidia.com/gpu", "https://a"]
    ),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("ab-_", max_size=3), inner, max_size=3)
    ),
    max_leaves=6,
)


def report_on(texts: dict[str, bytes]) -> str:
    """Check the four texts, and return the report after looking at its places."""
    documents = Documents(*(parse(texts[name], name) for name in TEXTS))
    cluster, problems = check(documents)
    lines = documents.lines()
    for problem in problems:
        span = problem.span
        assert span.file in TEXTS
        assert 1 <= span.line <= max(len(lines[span.file]), 1)
        assert 1 <= span.column <= len(lines[span.file][span.line - 1]) + 1
        assert span.width >= 1
    assert (cluster is None) == any(problem.severity is Severity.ERROR for problem in problems)
    return as_text.report(problems, lines)


def test_the_texts_are_right_before_they_are_spoilt():
    assert " error " not in report_on(TEXTS)


@settings(max_examples=4 * settings.default.max_examples, deadline=None)
@given(NAMES, st.data())
def test_spoilt_bytes_are_told_and_never_raise(name, data):
    raw = bytearray(TEXTS[name])
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(raw)))
        end = min(len(raw), start + data.draw(st.integers(0, 6)))
        raw[start:end] = data.draw(PIECES)
    report_on(TEXTS | {name: bytes(raw)})


@settings(max_examples=2 * settings.default.max_examples, deadline=None)
@given(NAMES, st.data())
def test_spoilt_lines_are_told_and_never_raise(name, data):
    lines = TEXTS[name].splitlines(keepends=True)
    for _ in range(data.draw(st.integers(1, 3))):
        i, j = (data.draw(st.integers(0, len(lines) - 1)) for _ in range(2))
        change = data.draw(st.sampled_from(["swap", "drop", "double", "indent", "join"]))
        if change == "swap":
            lines[i], lines[j] = lines[j], lines[i]
        elif change == "drop" and len(lines) > 1:
            del lines[i]
        elif change == "double":
            lines.insert(i, lines[i])
        elif change == "indent":
            lines[i] = b"  " + lines[i]
        elif change == "join":
            lines[i] = lines[i].rstrip(b"\n")
    report_on(TEXTS | {name: b"".join(lines)})


@settings(max_examples=4 * settings.default.max_examples, deadline=None)
@given(NAMES, st.data())
def test_spoilt_values_are_told_and_never_raise(name, data):
    tree = yaml.safe_load(TEXTS[name])
    for _ in range(data.draw(st.integers(1, 3))):
        spoil(tree, data)
    report_on(TEXTS | {name: yaml.safe_dump(tree, allow_unicode=True).encode()})


def spoil(tree: Any, data: st.DataObject) -> None:
    """Replace, add or remove one value somewhere in the tree."""
    node = tree
    while True:
        keys: list[Any] = list(node) if isinstance(node, dict) else list(range(len(node)))
        if not keys:
            return
        key = data.draw(st.sampled_from(keys))
        if not isinstance(node[key], dict | list) or not node[key] or data.draw(st.integers(0, 4)) == 0:
            break
        node = node[key]
    change = data.draw(st.sampled_from(["replace", "remove", "add"]))
    if change == "replace":
        node[key] = data.draw(VALUES)
    elif change == "remove":
        del node[key]
    elif isinstance(node, dict):
        node[data.draw(st.text(string.ascii_letters + "-_", max_size=8))] = data.draw(VALUES)
    else:
        node.append(data.draw(VALUES))


@settings(max_examples=2 * settings.default.max_examples, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_told(raw):
    document = parse(raw, "config.yaml")
    assert isinstance(document.data, dict) or document.problems


@settings(max_examples=2 * settings.default.max_examples, deadline=None)
@given(st.dictionaries(st.text(string.ascii_letters, min_size=1), VALUES, min_size=1))
def test_what_the_safe_dumper_writes_is_read_back(tree):
    # Its plain scalars follow YAML 1.1, as legacy's did; what has a second reading is told, not changed.
    document = parse(yaml.safe_dump(tree, allow_unicode=True).encode(), "config.yaml")
    if not document.problems:
        assert document.data == tree


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_a_file_cut_off_anywhere_is_told_and_never_raises(name):
    for end in range(0, len(TEXTS[name]), 7):
        report_on(TEXTS | {name: TEXTS[name][:end]})
