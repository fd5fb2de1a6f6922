"""Write each chart's values.schema.json from its values.schema.yaml and the parts that all charts share.

Helm wants one self-contained draft-07 JSON file a chart; people want YAML without repetition. Run
`make schemas` after a change; `--check` writes nothing and fails when a file is stale.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

CHARTS = Path(__file__).resolve().parents[1] / "charts"


def compose(source: Mapping[str, Any], parts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the whole schema: the chart's own with included groups, and the definitions they point at."""
    schema = {"$schema": "http://json-schema.org/draft-07/schema#", **_included(source, parts["groups"])}
    schema["definitions"] = _used_definitions(
        schema, {**parts["definitions"], **source.get("definitions", {})}
    )
    return schema


def _included(node: Any, groups: Mapping[str, Any]) -> Any:
    """Return node; an object with `x-include` gets the properties of the groups it names, before its own."""
    if isinstance(node, list):
        return [_included(value, groups) for value in node]
    if not isinstance(node, Mapping):
        return node
    expanded = {key: _included(value, groups) for key, value in node.items() if key != "x-include"}
    if "x-include" in node:
        properties = {key: part for group in node["x-include"] for key, part in groups[group].items()}
        expanded["properties"] = {**properties, **expanded.get("properties", {})}
    return expanded


def _used_definitions(schema: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    used: dict[str, Any] = {}
    waiting = list(_references({key: value for key, value in schema.items() if key != "definitions"}))
    while waiting:
        name = waiting.pop()
        if name not in used:
            used[name] = known[name]
            waiting.extend(_references(known[name]))
    return dict(sorted(used.items()))


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, Mapping):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"].removeprefix("#/definitions/")
        for value in node.values():
            yield from _references(value)
    elif isinstance(node, list):
        for value in node:
            yield from _references(value)


def main() -> int:
    """Write or check every schema; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="fail when a schema is stale, write nothing")
    options = parser.parse_args()
    parts = yaml.safe_load((CHARTS / "pai-common/values-schema-parts.yaml").read_text(encoding="utf-8"))
    stale = []
    for source in sorted(CHARTS.glob("*/values.schema.yaml")):
        target = source.with_suffix(".json")
        schema = compose(yaml.safe_load(source.read_text(encoding="utf-8")), parts)
        text = json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
        if target.exists() and target.read_text(encoding="utf-8") == text:
            continue
        stale.append(str(target.relative_to(CHARTS.parent)))
        if not options.check:
            target.write_text(text, encoding="utf-8")
    for path in stale:
        print(f"{'stale' if options.check else 'wrote'} {path}")
    return 1 if options.check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
