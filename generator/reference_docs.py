"""Write docs/services-configuration.md, the reference of services-configuration.yaml, from its JSON Schema.

The schema is what the check, the editors and this page share. Run `make reference` after a change; `--check`
writes nothing and fails when the page is stale.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "schemas/services-configuration.schema.json"
TARGET = ROOT / "docs/services-configuration.md"

Schema: TypeAlias = Mapping[str, Any]

_HEAD = """\
# services-configuration.yaml

Every key of the file, from `schemas/services-configuration.schema.json`; `make reference` writes this page.
The file is optional, and so is every key that is not said to be needed. Names, kinds and defaults are those
of the old deployer. Where its default was a known password there is none: `paichart build` makes one and
keeps it in `credentials.yaml`. Unknown keys are refused.

What is true or false may be written as the texts "true" and "false" too. `a.b` is the key `b` below `a`;
`a[].b` is the key `b` of each item of the list `a`; `a.*` is any key below `a`. Every section may also have
`service_type`, which the old defaults files had and nothing reads.

Services without a section of their own: cluster-configuration (see `cluster`), frameworkcontroller and
openpai-runtime (`k8s-job-exit-spec`), watchdog, and dshuttle-master, -worker and -csi (`dshuttle`).
"""
_TABLE = "| key | type | default | meaning |\n|---|---|---|---|\n"
_IN_EVERY_SECTION = "service_type"
_KINDS = {"object": "mapping", "array": "list", "integer": "whole number", "string": "text"}
_SWITCH = {"boolean", "string"}
_TRUE_OR_FALSE = "true or false"
_NONE = "-"


def page(schema: Schema) -> str:
    """Return the whole page."""
    sections = [_section(name, part) for name, part in sorted(schema["properties"].items())]
    return "\n".join([_HEAD, *sections])


def _section(name: str, schema: Schema) -> str:
    rows = [_row(key, part, needed) for key, part, needed in _keys(schema)]
    table = _TABLE + "".join(rows) if rows else "No keys.\n"
    return f"## {name}\n\n{_text(schema)}\n\n{table}"


def _text(schema: Schema) -> str:
    """Return title and description as sentences, and why a key has no effect if that is so."""
    words = [f"{schema['title']}."] if "title" in schema else []
    words += [schema["description"]] if "description" in schema else []
    words += [f"*Not used: {schema['x-paichart-ignored']}.*"] if "x-paichart-ignored" in schema else []
    return " ".join(words)


def _keys(schema: Schema, prefix: str = "") -> Iterator[tuple[str, Schema, bool]]:
    """Yield (dotted key, its schema, whether it is needed beside its siblings), parents before children."""
    needed = schema.get("required", ())
    for name, part in schema.get("properties", {}).items():
        if not prefix and name == _IN_EVERY_SECTION:
            continue
        key = f"{prefix}{name}"
        yield key, part, name in needed
        yield from _keys(part, f"{key}.")
        items = part.get("items", {})
        yield from _keys(items, f"{key}[].")
        if isinstance(extra := part.get("additionalProperties"), Mapping):
            yield from _keys({"properties": {"*": extra}}, f"{key}.")


def _row(key: str, schema: Schema, needed: bool) -> str:
    cells = (f"`{key}`", _kind(schema), _default(schema, needed), _meaning(schema))
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |\n"


def _kind(schema: Schema) -> str:
    """Return what may be written, in words: `whole number`, `true or false`, `list of texts`…"""
    written = schema.get("type", ())
    kinds = [written] if isinstance(written, str) else list(written)
    if set(kinds) == _SWITCH:
        return _TRUE_OR_FALSE
    words = [_KINDS.get(kind, kind) for kind in kinds if kind != "null"] or ["any"]
    if kinds == ["array"] and schema.get("items"):
        return f"list of {_kind(schema['items'])}s" if "type" in schema["items"] else "list"
    return " or ".join(words)


def _default(schema: Schema, needed: bool) -> str:
    if needed:
        return "needed"
    if "default" not in schema or schema.get("type") == "object":
        return _NONE
    return _code(schema["default"])


def _meaning(schema: Schema) -> str:
    sentences = [_text(schema), *_constraints(schema)]
    if "x-paichart-secret" in schema:
        sentences.append("**Secret.**")
    if shown := _examples(schema):
        sentences.append(f"Example: {', '.join(_code(example) for example in shown)}.")
    return " ".join(sentences)


def _examples(schema: Schema) -> list[Any]:
    """Return the examples that say more than kind, choices and default do."""
    if schema.get("type") == "object" or "enum" in schema or _kind(schema) == _TRUE_OR_FALSE:
        return []
    if "x-paichart-ignored" in schema:
        return []
    if "x-paichart-secret" in schema and schema.get("examples"):
        raise ValueError(f"the schema shows a secret: {schema['title']}")
    return [example for example in schema.get("examples", ()) if example != schema.get("default")]


def _constraints(schema: Schema) -> Iterator[str]:
    """Yield what the check refuses, as sentences."""
    if "enum" in schema:
        yield f"One of {', '.join(_code(choice) for choice in schema['enum'])}."
    rule = schema.get("x-paichart-rule", "")
    if rule and _kind(schema) != _TRUE_OR_FALSE:
        yield f"Must be {rule}."
    elif schema.get("minLength") == 1:
        yield "Not empty."
    yield from _limits(schema)
    if schema.get("uniqueItems"):
        yield "Nothing twice."
    if item_rule := schema.get("items", {}).get("x-paichart-rule", ""):
        yield f"Each is {item_rule}."


def _limits(schema: Schema) -> Iterator[str]:
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and high is not None:
        yield f"From {low} to {high}."
    elif low is not None:
        yield f"At least {low}."
    if schema.get("minLength", 0) > 1:
        yield f"At least {schema['minLength']} characters."
    if "maxLength" in schema:
        yield f"At most {schema['maxLength']} characters."
    if schema.get("minItems") == 1:
        yield "At least one item."


def _code(value: Any) -> str:
    text = value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False)
    return f"`{' '.join(text.split())}`"


def main() -> int:
    """Write or check the page; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="fail when the page is stale, write nothing")
    options = parser.parse_args()
    text = page(json.loads(SOURCE.read_text(encoding="utf-8")))
    if TARGET.exists() and TARGET.read_text(encoding="utf-8") == text:
        return 0
    if not options.check:
        TARGET.write_text(text, encoding="utf-8")
    print(f"{'stale' if options.check else 'wrote'} {TARGET.relative_to(ROOT)}")
    return 1 if options.check else 0


if __name__ == "__main__":
    sys.exit(main())
