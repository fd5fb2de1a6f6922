"""Values, schemas and templates agree: every value is declared, explained, used, and checked alike by all."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import jsonschema
import pytest

from tests.chart.charts import (
    CHARTS,
    LIBRARY,
    ROOT,
    UMBRELLA,
    default_values,
    merged,
    scenario_values,
    scenarios,
    schema,
    subchart,
    subcharts,
    templates,
)
from tests.chart.render import run_helm
from tests.chart.template_text import actions, code
from tests.chart.values_text import values_of

pytestmark = pytest.mark.lint

WITH_VALUES = (*subcharts(), UMBRELLA)
# Helm, the umbrella or the admin give these; charts don't set or read them.
GIVEN = ("enabled", "global", "custom", "pai-common")
# Optional keys of shared definitions; writing them all out everywhere would bury what matters.
OPENED = ("#/definitions/image", "#/definitions/resources")

Schema = Mapping[str, Any]


@pytest.fixture(params=WITH_VALUES)
def folder(request: pytest.FixtureRequest) -> str:
    """Name of a subchart or of the umbrella."""
    return str(request.param)


def test_schemas_are_fresh() -> None:
    command = [sys.executable, str(ROOT / "generator/chart_schemas.py"), "--check"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout + result.stderr) == (0, "")


def test_schema_is_draft_07(folder: str) -> None:
    assert schema(folder)["$schema"] == "http://json-schema.org/draft-07/schema#"
    jsonschema.Draft7Validator.check_schema(schema(folder))


def test_schema_is_self_contained_and_portable(folder: str) -> None:
    assert list(portability_problems(schema(folder), "")) == []


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ({"$ref": "https://json-schema.org/draft-07/schema#"}, "$ref"),
        ({"pattern": "^(?!latest)"}, "look-around"),
        ({"pattern": r"^(a)\1$"}, "backreference"),
        ({"pattern": "("}, "no regular expression"),
        ({"format": "uri"}, "format"),
        ({"type": "object", "properties": {"a": {}}}, "additionalProperties"),
    ],
)
def test_unportable_schema_is_refused(bad: Schema, words: str) -> None:
    assert words in "\n".join(portability_problems({"items": bad}, ""))


def test_schema_is_strict_and_takes_what_is_given(chart: str) -> None:
    root = schema(chart)
    assert root["additionalProperties"] is False
    assert {"enabled", "global", "custom"} <= root["properties"].keys()


def test_schema_describes_every_value(folder: str) -> None:
    nodes = [(path, node) for path, node in declared(schema(folder)) if not is_given(folder, path)]
    assert [dotted(path) for path, node in nodes if not node.get("description")] == []


def test_values_are_declared(folder: str) -> None:
    known = {path for path, _ in declared(schema(folder), is_opened=True)}
    unknown = [path for path in leaves(default_values(folder)) if not any_prefix(path, known)]
    assert [dotted(path) for path in unknown] == []


def test_declared_values_are_written_out(folder: str) -> None:
    own = default_values(folder)
    paths = [path for path, _ in declared(schema(folder)) if not is_given(folder, path)]
    missing = [path for path in paths if not has(own, path) and not is_below_an_empty_one(own, path)]
    assert [dotted(path) for path in missing] == []


def test_values_hold_no_null(folder: str) -> None:
    files = {"values.yaml": default_values(folder)}
    files |= {scenario: scenario_values(folder, scenario) for scenario in scenarios(folder)}
    found = [(file, dotted(path)) for file, values in files.items() for path in nulls(values)]
    assert found == []


def test_values_are_explained(folder: str) -> None:
    text = (CHARTS / folder / "values.yaml").read_text(encoding="utf-8")
    found = [dotted(value.path) for value in values_of(text) if value.is_leaf and not value.is_documented]
    assert found == []


def test_unexplained_value_is_refused() -> None:
    text = "# -- A.\na: 1\nb: 2\n\nc: 3\n\n# -- D.\nd:\n  e: 4\n\nf:\n  # -- G.\n  g: 5\n\n  h: 6\n"
    unexplained = [dotted(v.path) for v in values_of(text) if v.is_leaf and not v.is_documented]
    assert unexplained == ["c", "f.h"]


def test_values_are_used(chart: str) -> None:
    own, shared = code(chart), code(LIBRARY)
    paths = [path for path in leaves(default_values(chart)) if path[0] not in GIVEN]
    assert [dotted(path) for path in paths if not is_used(path, own, shared)] == []


@pytest.mark.parametrize(
    ("path", "own", "shared", "is_so"),
    [
        (("a", "b"), ".Values.a.b", "", True),
        (("a", "b"), ".Values.a.bc", "", False),
        (("a", "b"), ".Values.c.b", "", False),
        (("a", "b"), "with .Values.a\n.b", "", True),
        (("a", "b"), "with .Values.a\n.c", "", False),
        (("a", "b"), "toYaml .Values.a | nindent 2", "", True),
        (("a", "b"), "", "$values.b", True),
        (("b",), "", "$values.c", False),
        (("a", "b"), "$copy := deepCopy .Values.a\n$copy | toJson", "", True),
        (("a", "b"), "$copy := deepCopy .Values.c\n$copy | toJson", "", False),
    ],
)
def test_use_of_a_value_is_seen(path: tuple[str, ...], own: str, shared: str, is_so: bool) -> None:
    assert is_used(path, own, shared) is is_so


def test_templates_read_values_that_exist(chart: str) -> None:
    known = {path[0] for path, _ in declared(schema(chart))}
    text = "\n".join(action for text in templates(chart).values() for action in actions(text))
    assert set(re.findall(r"\.Values\.(\w+)", text)) - known == set()


def test_scenario_fits_the_schema_in_python_too(chart: str, scenario: str) -> None:
    values = merged(default_values(chart), scenario_values(chart, scenario))
    errors = jsonschema.Draft7Validator(schema(chart)).iter_errors(values)
    assert [f"{error.json_path}: {error.message}" for error in errors] == []


def test_chart_has_a_scenario(chart: str) -> None:
    assert scenarios(chart)


def test_helm_lint_is_clean(chart: str, scenario: str) -> None:
    values = scenario_values(chart, scenario)
    printed = run_helm("lint", "--strict", "--quiet", str(subchart(chart)), values=values)
    assert re.findall(r"^\[(?:WARNING|ERROR)\].*", printed, re.MULTILINE) == []


def test_chart_refuses_an_unknown_value(chart: str) -> None:
    errors = jsonschema.Draft7Validator(schema(chart)).iter_errors({"replicsa": 1})
    assert ["replicsa" in error.message for error in errors] == [True]


def portability_problems(node: Any, path: str) -> Iterator[str]:
    """What Helm 3, Helm 4, Python and editors would read differently in a schema."""
    if isinstance(node, list):
        for index, value in enumerate(node):
            yield from portability_problems(value, f"{path}[{index}]")
    if not isinstance(node, Mapping):
        return
    reference = node.get("$ref")
    if isinstance(reference, str) and not reference.startswith("#/definitions/"):
        yield f"{path}: $ref to {reference}"
    if isinstance(node.get("format"), str):
        yield f"{path}: format is checked by some and not by others"
    if isinstance(node.get("pattern"), str):
        yield from (f"{path}: {problem}" for problem in pattern_problems(node["pattern"]))
    has_properties = node.get("type") == "object" and isinstance(node.get("properties"), Mapping)
    if has_properties and "additionalProperties" not in node:
        yield f"{path}: does not say additionalProperties"
    for key, value in node.items():
        yield from portability_problems(value, f"{path}.{key}".lstrip("."))


def pattern_problems(pattern: str) -> Iterator[str]:
    """What Go's RE2 can't do, or Python can't read."""
    if re.search(r"\(\?(?:[=!>]|<[=!]|P[=>])", pattern):
        yield "look-around or atomic group"
    if re.search(r"(?<!\\)(?:\\\\)*\\[1-9kZ]", pattern):
        yield "backreference or \\Z"
    if re.search(r"[*+?}]\+", pattern):
        yield "possessive quantifier"
    try:
        re.compile(pattern)
    except re.error as error:
        yield f"no regular expression: {error}"


def declared(root: Schema, *, is_opened: bool = False) -> list[tuple[tuple[str, ...], Schema]]:
    """(path, schema) of each property; inside the shared definitions of OPENED only if asked."""

    def walk(node: Schema, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Schema]]:
        for name, below in node.get("properties", {}).items():
            yield (*path, name), below
            reference = below.get("$ref", "")
            if reference in OPENED and not is_opened:
                continue
            definition = root["definitions"][reference.rsplit("/", 1)[-1]] if reference else {}
            yield from walk({**definition, **below}, (*path, name))

    return list(walk(root, ()))


def leaves(values: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Paths of all values that are no mapping, or an empty one."""
    for key, value in values.items():
        if isinstance(value, Mapping) and value:
            yield from leaves(value, (*path, key))
        else:
            yield (*path, key)


def nulls(node: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Paths of all nulls, in lists too."""
    if node is None:
        yield path
    elif isinstance(node, Mapping | list):
        pairs = node.items() if isinstance(node, Mapping) else enumerate(node)
        for key, value in pairs:
            yield from nulls(value, (*path, str(key)))


def is_given(folder: str, path: tuple[str, ...]) -> bool:
    """Whether a chart's values.yaml leaves this to others: in the umbrella, all but what it shares."""
    return path[0] not in ("global", "custom") if folder == UMBRELLA else path[0] in GIVEN


def has(values: Any, path: tuple[str, ...]) -> bool:
    """Whether values hold this path."""
    for key in path:
        if not isinstance(values, Mapping) or key not in values:
            return False
        values = values[key]
    return True


def is_below_an_empty_one(values: Any, path: tuple[str, ...]) -> bool:
    """Whether the values leave a mapping above this path empty, so that nothing in it is written out."""
    for key in path:
        if values == {}:
            return True
        values = values.get(key) if isinstance(values, Mapping) else None
    return False


def any_prefix(path: tuple[str, ...], known: set[tuple[str, ...]]) -> bool:
    """Whether the path, or the mapping of free keys that it is in, is known: all but one key must be."""
    return path in known or path[:-1] in known


def is_used(path: tuple[str, ...], own: str, shared: str) -> bool:
    """Whether template code reads a value.

    By its whole path; or the library, which takes all values of a workload, reads such a key; or the chart
    passes on a mapping above it and reads such a key, or writes out that mapping.
    """
    key = rf'(?:\.{re.escape(path[-1])}(?!\w)|"{re.escape(path[-1])}")'
    if re.search(place(path), own) or re.search(key, shared):
        return True
    for length in range(1, len(path)):
        above = place(path[:length])
        copies = re.findall(rf"(\$\w+) := .*{above}", own)
        whole = "|".join([above, *(rf"{re.escape(copy)}(?![\w.])" for copy in copies)])
        writer = r"to(?:Pretty|Raw)?(?:Yaml|Json)"
        is_written_out = re.search(rf"{writer}.*(?:{whole})|(?:{whole}).*{writer}", own)
        if is_written_out or (re.search(above, own) and re.search(key, own)):
            return True
    return False


def place(path: tuple[str, ...]) -> str:
    """A regular expression for where code names exactly this value."""
    return rf"(?:\.Values|\$values)\.{re.escape('.'.join(path))}(?![\w.])"


def dotted(path: tuple[str, ...]) -> str:
    """A path as people write it."""
    return ".".join(path)
