"""The reference of services-configuration.yaml is whole and of today, and its tables can be read."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from paichart.schema import load_schema

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs/services-configuration.md").read_text(encoding="utf-8")
SCHEMA = load_schema("services-configuration").content
ROW = re.compile(r"\| `(?P<key>[^`]+)` \| (?P<kind>[^|]+) \| (?P<default>[^|]+) \| (?P<meaning>.*) \|")


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    """generator/reference_docs.py, which is a script."""
    spec = importlib.util.spec_from_file_location("reference_docs", ROOT / "generator/reference_docs.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def rows(section: str) -> dict[str, re.Match[str]]:
    """The table of one section by key."""
    (text,) = re.findall(rf"(?ms)^## {re.escape(section)}\n(.*?)(?=^## |\Z)", TEXT)
    lines = [line for line in text.splitlines() if line.startswith("| `")]
    found = [ROW.fullmatch(line.replace("\\|", "&#124;")) for line in lines]
    assert None not in found, lines[found.index(None)]
    return {match["key"]: match for match in found if match}


def scalars(schema: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Dotted key and schema of every value of a section that is no mapping with keys of its own."""
    for name, part in schema.get("properties", {}).items():
        if name == "service_type":
            continue
        if "properties" in part:
            yield from scalars(part, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", part


def test_the_page_is_of_today(generator):
    assert generator.page(SCHEMA) == TEXT, "run `make reference`"


@pytest.mark.parametrize("section", sorted(SCHEMA["properties"]))
def test_a_section_shows_every_key_its_default_and_whether_it_is_secret(section):
    shown = rows(section)
    for key, part in scalars(SCHEMA["properties"][section]):
        row = shown[key]
        assert ("**Secret.**" in row["meaning"]) == ("x-paichart-secret" in part), key
        assert ("*Not used:" in row["meaning"]) == ("x-paichart-ignored" in part), key
        assert part["description"].split("|")[0] in row["meaning"], key
        assert (row["default"] in ("-", "needed")) == ("default" not in part), key


@pytest.mark.parametrize(
    ("section", "key", "kind", "default", "told"),
    [
        ("rest-server", "rate-limit-api-per-min", "whole number", "`600`", "At least 60."),
        ("rest-server", "log-server", "text", "`log_manager`", "One of `log_manager`, `azure_storage`."),
        ("prometheus", "port", "whole number", "`9091`", "From 1 to 65535."),
        ("webportal", "save-template", "true or false", "`true`", ""),
        ("webportal", "plugins[].title", "text", "needed", "Not empty."),
        (
            "authentication",
            "group-manager.grouplist[].groupname",
            "text",
            "needed",
            "letters, digits and '_'",
        ),
        ("device-plugin", "devices", "list of texts", "-", "Each is a resource name such as nvidia.com/gpu."),
        ("dshuttle", "worker_limit_mem", "text or whole number", "`8G`", ""),
        ("hivedscheduler", "config", "text", '`""`', ""),
    ],
)
def test_a_row_tells_kind_default_and_what_is_refused(section, key, kind, default, told):
    row = rows(section)[key]
    assert (row["kind"], row["default"]) == (kind, default)
    assert told in row["meaning"]


def test_no_row_shows_a_secret(generator):
    part = {"type": "string", "title": "T", "description": "D.", "x-paichart-secret": True, "examples": ["x"]}
    with pytest.raises(ValueError, match="secret"):
        generator.page({"properties": {"a": {"title": "A", "description": "B.", "properties": {"k": part}}}})


def test_check_fails_on_a_stale_page_and_leaves_it(generator, tmp_path, monkeypatch, capsys):
    page = tmp_path / "page.md"
    page.write_text("old", encoding="utf-8")
    monkeypatch.setattr(generator, "TARGET", page)
    monkeypatch.setattr(generator, "ROOT", tmp_path)
    monkeypatch.setattr("sys.argv", ["reference_docs.py", "--check"])
    assert generator.main() == 1
    assert page.read_text(encoding="utf-8") == "old"
    assert "stale page.md" in capsys.readouterr().out
    monkeypatch.setattr("sys.argv", ["reference_docs.py"])
    assert generator.main() == 0
    assert page.read_text(encoding="utf-8") == TEXT
