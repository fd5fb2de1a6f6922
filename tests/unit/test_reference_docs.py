"""The reference pages are whole and of today, and their tables can be read."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from paichart.schema import load_schema
from tests.unit.checking import problems

ROOT = Path(__file__).resolve().parents[2]
INPUTS = ("config", "layout", "services-configuration")
ROW = re.compile(r"\| `(?P<key>[^`]+)` \| (?P<kind>[^|]+) \| (?P<default>[^|]+) \| (?P<meaning>.*) \|")


@pytest.fixture(scope="module")
def generator() -> Iterator[ModuleType]:
    """generator/reference_docs.py, which is a script, with the package beside it."""
    sys.path.insert(0, str(ROOT / "generator"))
    yield importlib.import_module("reference_docs")
    sys.path.remove(str(ROOT / "generator"))


def text(name: str) -> str:
    return (ROOT / f"docs/{name}.md").read_text(encoding="utf-8")


def sections(name: str) -> dict[str, str]:
    """What stands below each heading of a page."""
    parts = re.split(r"(?m)^##+ (.*)\n", text(name))
    assert len(set(parts[1::2])) == len(parts[1::2]), "a heading stands twice"
    return dict(zip(parts[1::2], parts[2::2], strict=True))


@cache
def rows(name: str) -> Mapping[str, re.Match[str]]:
    """The rows of a page's tables by full path: that of the heading, and of the row."""
    found = {}
    for heading, body in sections(name).items():
        if heading == "Ignored keys":
            continue
        for line in body.splitlines():
            if line.startswith("| `"):
                match = ROW.fullmatch(line.replace("\\|", "&#124;"))
                assert match, line
                prefix = "" if heading == "Top level" else f"{heading}."
                found[prefix + match["key"]] = match
    return found


def ignored(name: str) -> dict[str, str]:
    """Why each ignored key of a page is ignored, by full path."""
    lines = sections(name).get("Ignored keys", "").splitlines()
    cells = [line.strip("| ").split(" | ") for line in lines if line.startswith("| `")]
    return {key.strip("`"): why for key, _, why in cells}


def leaves(schema: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Path and schema of every value with a name, as text; an ignored mapping is one value."""
    for key, part in schema.get("properties", {}).items():
        below = f"{path}.{key}" if path else key
        inner = {
            "": part,
            "[]": part.get("items", {}),
            ".*": part.get("additionalProperties") or {},
        }
        deeper = {
            step: more for step, more in inner.items() if isinstance(more, dict) and more.get("properties")
        }
        if "x-paichart-ignored" in part or not deeper:
            yield below, part
        else:
            for step, more in deeper.items():
                yield from leaves(more, below + step)


def shown_leaves(name: str) -> dict[str, Mapping[str, Any]]:
    found = dict(leaves(load_schema(name).content))
    # The introduction tells of it once for all sections.
    return {path: part for path, part in found.items() if not path.endswith(".service_type")}


def test_the_pages_are_of_today(generator):
    for name, page in generator.texts().items():
        assert page == (ROOT / "docs" / name).read_text(encoding="utf-8"), "run `make reference`"


@pytest.mark.parametrize("name", INPUTS)
def test_every_key_has_one_row_with_its_default_and_whether_it_is_secret(name):
    shown, dead = rows(name), ignored(name)
    for path, part in shown_leaves(name).items():
        if "x-paichart-ignored" in part:
            assert dead[path] == part["x-paichart-ignored"]
            assert path not in shown
            continue
        row = shown[path]
        assert ("*Kept secret.*" in row["meaning"]) == ("x-paichart-secret" in part), path
        assert part["description"].split("|")[0] in row["meaning"], path
        if part.get("type") != "object":
            assert (row["default"] in ("-", "**needed**")) == (
                "default" not in part and "x-paichart-default" not in part
            ), path


@pytest.mark.parametrize("name", INPUTS)
def test_no_row_is_of_a_key_that_there_is_not(name):
    keys = shown_leaves(name)
    for path in (*rows(name), *ignored(name)):
        parents = [known for known in keys if re.match(re.escape(path) + r"(\.|\[|$)", known)]
        assert parents or path.endswith(".*"), path


@pytest.mark.parametrize(
    ("name", "path", "kind", "default", "told"),
    [
        ("config", "docker_image_tag", "text", "**needed**", "Must be an image tag"),
        ("config", "paichart.exposure.type", "text", "`hostPort`", "One of `hostPort`, `nodePort`"),
        ("config", "paichart.exposure.gateway.name", "text", "**needed**", "Example: `public`."),
        ("config", "paichart.storage.database-size", "text or whole number", "`30Gi`", "Example: `100Gi`."),
        ("config", "paichart.tls.secret-name", "text", "**needed**", "Example: `pai-tls`."),
        ("layout", "machine-sku.*.cpu.vcore", "number", "**needed**", "More than 0"),
        ("layout", "machine-sku.*.computing-device.count", "whole number", "**needed**", "From 1 to 1024."),
        ("layout", "machine-list[].pai-worker", "true or false", "`false`", "Runs jobs"),
        (
            "services-configuration",
            "rest-server.rate-limit-api-per-min",
            "whole number",
            "`600`",
            "At least 60.",
        ),
        (
            "services-configuration",
            "rest-server.log-server",
            "text",
            "`log_manager`",
            "One of `log_manager`, `azure_storage`.",
        ),
        ("services-configuration", "webportal.plugins[].title", "text", "**needed**", "Not empty."),
        (
            "services-configuration",
            "authentication.group-manager.grouplist[].groupname",
            "text",
            "**needed**",
            "letters, digits and '_'",
        ),
        (
            "services-configuration",
            "device-plugin.devices",
            "list of texts",
            "-",
            "Each is a resource name such as nvidia.com/gpu.",
        ),
    ],
)
def test_a_row_tells_kind_default_and_what_is_refused(name, path, kind, default, told):
    row = rows(name)[path]
    assert (row["kind"], row["default"]) == (kind, default)
    assert told in row["meaning"]


def test_what_the_old_deployer_did_not_know_is_marked_as_new():
    assert rows("config")["paichart"]["meaning"].startswith("*New.* ")
    assert sections("config")["paichart.exposure"].strip().startswith("*New.* ")
    assert not rows("config")["docker_image_tag"]["meaning"].startswith("*New.* ")


@pytest.mark.parametrize("name", INPUTS)
def test_every_link_leads_to_a_heading_of_the_page(name):
    # GitHub's anchors: https://docs.github.com/en/get-started/writing-on-github, "section links".
    anchors = {re.sub(r"[^a-z0-9_ -]", "", heading.lower()).replace(" ", "-") for heading in sections(name)}
    links = re.findall(r"\]\(#([^)]*)\)", text(name))
    assert links
    assert set(links) <= anchors
    assert len(anchors) == len(sections(name)), "two headings have one anchor"


def test_the_examples_are_a_site_that_nothing_is_wrong_with():
    examples = [re.findall(r"```yaml\n(.*?)```", sections(name)["Example"], re.DOTALL)[0] for name in INPUTS]
    assert [problem for problem in problems(*examples) if problem.severity.value != "note"] == []


def test_no_page_shows_a_secret(generator):
    part = {"type": "string", "title": "T", "description": "D.", "x-paichart-secret": True, "examples": ["x"]}
    schema = {"properties": {"a": {"title": "A", "description": "B.", "properties": {"k": part}}}}
    with pytest.raises(ValueError, match="secret"):
        generator.page(schema, generator.INPUTS["services-configuration"])


def test_check_fails_on_a_stale_page_and_leaves_it(generator, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(generator, "TARGET", tmp_path)
    for name, page in generator.texts().items():
        (tmp_path / name).write_text(page, encoding="utf-8")
    (tmp_path / "layout.md").write_text("old", encoding="utf-8")
    monkeypatch.setattr("sys.argv", ["reference_docs.py", "--check"])
    assert generator.main() == 1
    assert (tmp_path / "layout.md").read_text(encoding="utf-8") == "old"
    assert capsys.readouterr().out.splitlines() == [f"stale {tmp_path.name}/layout.md"]
    monkeypatch.setattr("sys.argv", ["reference_docs.py"])
    assert generator.main() == 0
    assert (tmp_path / "layout.md").read_text(encoding="utf-8") == text("layout")


@pytest.mark.parametrize("name", INPUTS)
def test_a_page_speaks_of_ignored_keys_where_it_has_some(name: str) -> None:
    assert ("Keys that have no effect any more" in text(name)) == ("Ignored keys" in sections(name))
