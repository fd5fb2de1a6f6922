"""What makes an editor complete and check the inputs: a first line, and our schemas beside the files.

The schemas are copied, so that an editor needs no network and a team shares one version of them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from paichart.resources import schemas_dir
from paichart.schema import FILES

FOLDER = ".paichart"
"""Folder of the copies, beside the inputs."""

_OURS = "x-paichart-"
_NESTED = ("additionalProperties", "items", "propertyNames")


def schema_line(name: str) -> str:
    """Return the first line of the input with that schema (a key of FILES), for yaml-language-server."""
    return f"# yaml-language-server: $schema={FOLDER}/{name}.schema.json\n"


def schema_files() -> dict[str, str]:
    """Return the schemas of the inputs: path beside them → text."""
    return {f"{FOLDER}/{name}.schema.json": _text(name) for name in FILES}


def for_editors(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return a schema that refuses the same, with words of editors instead of our own annotations.

    yaml-language-server and VS Code know `markdownDescription`, `patternErrorMessage` and `doNotSuggest`, for
    keys that have no effect. (They know `deprecationMessage` too, but show it as an error.)
    """
    told = {key: value for key, value in schema.items() if not key.startswith(_OURS)}
    if "properties" in schema:
        told["properties"] = {key: for_editors(part) for key, part in schema["properties"].items()}
    told |= {key: for_editors(schema[key]) for key in _NESTED if isinstance(schema.get(key), dict)}
    examples = _shown(told.pop("examples", []), told.pop("default", None), schema)
    if examples:
        told["examples"] = examples
    if "description" in schema:
        told["markdownDescription"] = "\n\n".join((schema["description"], *_notes(schema)))
    if "pattern" in schema and f"{_OURS}rule" in schema:
        told["patternErrorMessage"] = f"must be {schema[f'{_OURS}rule']}"
    if f"{_OURS}ignored" in schema:
        told["doNotSuggest"] = True
    return told


def _text(name: str) -> str:
    schema = json.loads((schemas_dir() / f"{name}.schema.json").read_text(encoding="utf-8"))
    return json.dumps(for_editors(schema), indent=1, ensure_ascii=False) + "\n"


def _shown(examples: Sequence[Any], default: Any, schema: Mapping[str, Any]) -> list[Any]:
    """Return the examples for an editor, the default among them.

    A default as such would be written down, with all others, when a section is completed, and then no longer
    follow ours. Where choices or snippets are offered, examples stand in their way.
    """
    if "enum" in schema or "defaultSnippets" in schema:
        return []
    is_plain = "boolean" not in schema.get("type", ()) and default not in (None, *examples)
    return [*examples, default] if is_plain else list(examples)


def _notes(schema: Mapping[str, Any]) -> Iterator[str]:
    """Yield what editors don't show of themselves, as paragraphs."""
    if reason := schema.get(f"{_OURS}ignored"):
        yield f"Ignored: {reason}."
    if rule := schema.get(f"{_OURS}rule"):
        yield f"Must be {rule}."
    default = schema.get("default", schema.get(f"{_OURS}default", {}))
    if default not in ({}, []):
        yield f"Default: `{json.dumps(default, ensure_ascii=False)}`"
    if f"{_OURS}secret" in schema:
        yield "Kept secret: it goes into Secrets only."
