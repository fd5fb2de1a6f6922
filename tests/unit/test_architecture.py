"""The flow has one direction: a module imports only what stands before it (docs/design.md)."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "generator" / "paichart"

LAYERS = (
    ("problems", "names", "resources"),
    ("model", "quantity", "codes", "kube"),
    ("source",),
    ("hived", "validator", "alluxio", "addresses", "alert_actions", "cron", "re2"),
    ("vocabulary",),
    ("slips",),
    ("wording",),
    ("schema",),
    ("masking",),
    ("rules",),
    ("inputs",),
    ("derive",),
    ("release",),
    ("catalog",),
    ("graph", "cells"),
    ("credentials", "write", "capacity", "report", "starter"),
    ("migration",),
    ("values",),
    ("render",),
    ("sizes", "secret_manifests", "preflight", "page", "examples"),
    ("site",),
    ("cli",),
)
LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}
MAY_TOUCH_THE_DISK = {
    "source",
    "write",
    "credentials",
    "inputs",
    "kube",
    "resources",
    "starter",
    "migration",
    "render",
    "cli",
    "site",
}
READ_THEIR_OWN_DATA = {"catalog.py", "codes.py", "recorded.py", "schema.py", "exit_spec.py"}
DISK_CALLS = {
    "open",
    "read_text",
    "read_bytes",
    "write_text",
    "write_bytes",
    "unlink",
    "mkdir",
    "rename",
    "replace_file",
}

MODULES = sorted(PACKAGE.rglob("*.py"))


def part(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(tree: ast.AST) -> set[str]:
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "paichart":
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("paichart."):
            found.add(str(node.module).split(".")[1])
    return found


@pytest.mark.parametrize("path", MODULES, ids=[str(path.relative_to(PACKAGE)) for path in MODULES])
def test_a_module_imports_only_what_stands_before_it(path):
    own = part(path)
    if own == "__init__":
        return  # the facade names all that is public
    for other in imports(ast.parse(path.read_text(encoding="utf-8"))) - {own}:
        assert LEVEL[other] <= LEVEL[own], f"{own} imports {other}"


@pytest.mark.parametrize("path", MODULES, ids=[str(path.relative_to(PACKAGE)) for path in MODULES])
def test_only_the_ends_of_the_flow_touch_the_disk(path):
    if part(path) in MAY_TOUCH_THE_DISK or path.name in READ_THEIR_OWN_DATA:
        return
    calls = {
        node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
    }
    assert not calls & DISK_CALLS


def test_nothing_imports_the_command_line():
    for path in MODULES:
        if part(path) not in ("cli", "__init__"):
            assert "cli" not in imports(ast.parse(path.read_text(encoding="utf-8")))


def test_every_part_has_its_place():
    assert {part(path) for path in MODULES} - {"__init__"} == set(LEVEL)
