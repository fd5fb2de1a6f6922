"""What the schemas tell people: in editors, in the reference pages, and in messages."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from paichart.schema import FILES, load_schema
from paichart.starter.editor import for_editors
from paichart.validator import is_valid

SAYS_NOTHING_OF_ABSENCE = (
    "authentication.AAD.clockSkew",
    "authentication.AAD.nonceLifetime",
    "authentication.AAD.nonceMaxAmount",
    "authentication.group-manager.grouplist",
    "alert-manager.customized-receivers",
    "alert-manager.customized-routes.routes",
    "device-plugin.devices",
    "prometheus.customized-alerts",
    "storage-manager.",
)
"""Beginnings of keys where nothing is set, and nothing happens, unless they are given."""

OF_ENTRIES = re.compile(r"k8s-job-exit-spec\.spec\[]|customized-routes\.routes\[]|customized-receivers\[]")
"""Lists whose entries say only what they say: there is nothing to be taken when a key is left out."""


def parts(schema: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Mapping[str, Any], bool]]:
    """Path, schema and whether it is needed, of everything at any depth."""
    for key, part in schema.get("properties", {}).items():
        yield from _part(part, f"{path}.{key}" if path else key, key in schema.get("required", ()))
    for keyword, step in (("items", "[]"), ("additionalProperties", ".*")):
        if isinstance(schema.get(keyword), Mapping):
            yield from _part(schema[keyword], f"{path}{step}", False)


def _part(
    part: Mapping[str, Any], path: str, is_needed: bool
) -> Iterator[tuple[str, Mapping[str, Any], bool]]:
    yield path, part, is_needed
    yield from parts(part, path)


@pytest.mark.parametrize("name", FILES)
def test_everything_has_title_description_and_example(name):
    lacking = []
    for path, part, _ in (("", load_schema(name).content, False), *parts(load_schema(name).content)):
        wanted = {"title", "description"} | (set() if "x-paichart-secret" in part else {"examples"})
        lacking += [f"{path}: {word}" for word in sorted(wanted) if not part.get(word)]
    assert lacking == []


@pytest.mark.parametrize("name", FILES)
def test_descriptions_are_sentences_that_say_more_than_the_title(name):
    for path, part, _ in parts(load_schema(name).content):
        assert re.fullmatch(r"(?s)[A-Z`].*[.)]", part["description"]), path
        assert not part["title"].endswith("."), path
        assert part["description"].rstrip(".").lower() != part["title"].lower(), path


@pytest.mark.parametrize("name", FILES)
def test_what_has_no_default_says_what_happens_without_it(name):
    silent = []
    for path, part, is_needed in parts(load_schema(name).content):
        has_default = is_needed or "default" in part or "x-paichart-default" in part
        is_set_by_others = "x-paichart-secret" in part or "x-paichart-ignored" in part
        if has_default or is_set_by_others or part.get("properties") or re.search(r"(\[]|\.\*)$", path):
            continue
        says = re.search(
            r"(?i)\bwithout\b|absent|needed|leave it out|off unless|when asked", part["description"]
        )
        if not says and not path.startswith(SAYS_NOTHING_OF_ABSENCE) and not OF_ENTRIES.search(path):
            silent.append(f"{path}: {part['description']}")
    assert silent == []


def test_exceptions_are_still_needed():
    paths = [path for path, part, _ in parts(load_schema("services-configuration").content)]
    for beginning in SAYS_NOTHING_OF_ABSENCE:
        assert any(path.startswith(beginning) for path in paths), beginning


def _filled(body: Any) -> Any:
    """A snippet's body as it stands in the file when nothing is typed over: `^${1:24}` is the number 24."""
    if isinstance(body, Mapping):
        return {_filled(key): _filled(value) for key, value in body.items()}
    if isinstance(body, list):
        return [_filled(item) for item in body]
    text = re.sub(r"\$\{\d+:([^}]*)\}", r"\1", body)
    return int(text[1:]) if text.startswith("^") else text


@pytest.mark.parametrize("name", FILES)
def test_snippets_are_what_the_schema_accepts(name):
    for path, part, _ in parts(load_schema(name).content):
        for snippet in part.get("defaultSnippets", ()):
            assert snippet["label"], path
            # A list's snippet is one item of it: editors write the dash.
            written = part.get("items", part)
            assert is_valid(_filled(snippet["body"]), written), (path, snippet["label"])


def test_machines_and_their_kinds_have_snippets():
    layout = {path: part for path, part, _ in parts(load_schema("layout").content)}
    assert [s["label"] for s in layout["machine-list[]"]["defaultSnippets"]] == [
        "Worker",
        "Master",
        "Storage",
    ]
    assert [s["label"] for s in layout["machine-list"]["defaultSnippets"]] == ["Worker"]
    assert [s["label"] for s in layout["machine-sku.*"]["defaultSnippets"]] == ["GPU machine", "CPU machine"]


WORDS = {"title", "description", "default", "examples", "defaultSnippets", "markdownDescription"} | {
    "patternErrorMessage",
    "doNotSuggest",
}


def refusing(part: Any) -> Any:
    """A schema without its words: only what refuses something."""
    if not isinstance(part, Mapping):
        return part
    kept = {
        key: value for key, value in part.items() if key not in WORDS and not key.startswith("x-paichart-")
    }
    for keyword in ("items", "additionalProperties", "propertyNames"):
        if keyword in kept:
            kept[keyword] = refusing(kept[keyword])
    if "properties" in kept:
        kept["properties"] = {key: refusing(value) for key, value in kept["properties"].items()}
    return kept


@pytest.mark.parametrize("name", FILES)
def test_the_editors_copy_refuses_the_same(name):
    content = load_schema(name).content
    assert refusing(for_editors(content)) == refusing(content)


def test_editors_are_told_why_a_key_is_ignored_and_do_not_suggest_it():
    told = for_editors(load_schema("config").content)["properties"]
    assert told["docker_check"]["doNotSuggest"]
    assert told["docker_check"]["markdownDescription"].split("\n\n")[1:] == [
        "Ignored: paichart never logs in to machines: the cluster exists.",
        "Must be true or false.",
        "Default: `true`",
    ]
    assert "doNotSuggest" not in told["docker_image_tag"]
    assert told["qos-switch"]["patternErrorMessage"] == "must be true or false"
