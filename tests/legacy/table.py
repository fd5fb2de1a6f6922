"""services.yaml worked out for a layout: what each service was, and what it is expected to be now."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
LAYOUTS = tuple(sorted(path.parent.name for path in HERE.glob("*/expected.yaml")))


class TableError(Exception):
    """A row contradicts itself."""


@dataclass(frozen=True, slots=True)
class Layout:
    """One site: its inputs, what is true of it, its services now, and where OpenPAI's images come from."""

    name: str
    inputs: Path
    facts: frozenset[str]
    services: tuple[str, ...]
    images: str
    tag: str


@cache
def layout(name: str) -> Layout:
    """The layout of that name."""
    written = yaml.safe_load((HERE / name / "expected.yaml").read_text(encoding="utf-8"))
    gone = set(_reasoned(name, written.get("gone", {})))
    if not gone <= set(written["services"]):
        raise TableError(f"{name}: {gone - set(written['services'])} was never started")
    return Layout(
        name=name,
        inputs=ROOT / written["inputs"] if "inputs" in written else HERE / name,
        facts=frozenset(written["facts"]),
        services=tuple(service for service in written["services"] if service not in gone),
        images=written["images"],
        tag=written["tag"],
    )


@cache
def rows() -> Mapping[str, Any]:
    """The table, a row a service."""
    table: Mapping[str, Any] = yaml.safe_load((HERE / "services.yaml").read_text(encoding="utf-8"))
    return table


def expected(service: str, where: Layout) -> dict[str, Any]:
    """Workloads and ports that a service is to have in a layout."""
    row = rows()[service]
    return {
        "workloads": {
            name: _workload(f"{service}/{name}", workload, where)
            for name, workload in row.get("workloads", {}).items()
            if _holds(workload.get("if", ""), where.facts)
        },
        "ports": sorted(_chosen(row.get("ports-now", {}).get("is", row.get("ports", [])), where.facts)),
    }


def _workload(title: str, workload: Mapping[str, Any], where: Layout) -> dict[str, Any]:
    return {
        "kind": _now(title, workload, "kind"),
        "nodes": _now(title, workload, "nodes"),
        "containers": {
            name: {
                "image": _image(_now(f"{title}/{name}", container, "image"), where),
                "env": _env(f"{title}/{name}", container, where.facts),
            }
            for name, container in workload["containers"].items()
            if _holds(container.get("if", ""), where.facts)
        },
    }


def _now(title: str, row: Mapping[str, Any], key: str) -> str:
    """What `key` is now: as it was, or as `key-now` says, which must differ and say why."""
    if f"{key}-now" not in row:
        return str(row[key])
    now = row[f"{key}-now"]
    if not now.get("why") or now["is"] == row[key]:
        raise TableError(f"{title}: {key}-now must differ from {key} and say why")
    return str(now["is"])


def _image(name: str, where: Layout) -> str:
    if name.startswith("pai:"):
        return f"{where.images}/{name.removeprefix('pai:')}:{where.tag}"
    return name


def _env(title: str, container: Mapping[str, Any], facts: Collection[str]) -> list[str]:
    was = _chosen(container.get("env", []), facts)
    gone = _chosen(_reasoned(title, container.get("env-gone", {})), facts)
    new = _chosen(_reasoned(title, container.get("env-new", {})), facts)
    if not gone <= was or new & was:
        raise TableError(f"{title}: env-gone was not there, or env-new was: {gone - was or new & was}")
    return sorted((was - gone) | new)


def _reasoned(title: str, names: Mapping[str, str]) -> Iterable[str]:
    without = [name for name, why in names.items() if not why]
    if without:
        raise TableError(f"{title}: no reason is given for {', '.join(without)}")
    return names


def _chosen(values: Iterable[str], facts: Collection[str]) -> set[str]:
    """The values whose condition holds: `NAME`, `NAME if x`, `NAME unless x`."""
    found = set()
    for value in values:
        name, _, condition = value.partition(" if ")
        name, _, exception = name.partition(" unless ")
        if _holds(condition, facts) and not (exception and exception in facts):
            found.add(name)
    return found


def _holds(condition: str, facts: Collection[str]) -> bool:
    return not condition or condition in facts
