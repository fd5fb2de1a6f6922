"""What a schema says of one value, in words: its kind, its default, what is refused, examples."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

Schema: TypeAlias = Mapping[str, Any]

IGNORED = "x-paichart-ignored"
UNFILLED = "x-paichart-default"
"""Default of a key that is not filled in, so that rules see whether it was given."""

NEW = "x-paichart-new"
SECRET = "x-paichart-secret"  # noqa: S105 - the name of an annotation

_KINDS = {"object": "mapping", "array": "list", "integer": "whole number", "string": "text"}
_SWITCH = {"boolean", "string"}
_TRUE_OR_FALSE = "true or false"
_NONE = "-"


def kind(schema: Schema) -> str:
    """Return what may be written: `whole number`, `true or false`, `list of texts`…"""
    written = schema.get("type", ())
    kinds = [written] if isinstance(written, str) else list(written)
    if set(kinds) == _SWITCH:
        return _TRUE_OR_FALSE
    words = [_KINDS.get(name, name) for name in kinds if name != "null"] or ["any"]
    if kinds == ["array"] and schema.get("items"):
        return f"list of {kind(schema['items'])}s" if "type" in schema["items"] else "list"
    return " or ".join(words)


def default(schema: Schema, is_needed: bool) -> str:
    """Return the default as code, `needed`, or a dash."""
    if is_needed:
        return "**needed**"
    written = next((schema[key] for key in ("default", UNFILLED) if key in schema), None)
    return _NONE if written is None or schema.get("type") == "object" else code(written)


def meaning(schema: Schema, is_new: bool = False) -> str:
    """Return title and description, and below them what is refused and examples; lines end with `<br>`."""
    mark = "*New.* " if is_new else ""
    lines = [mark + " ".join(_text(schema)), " ".join(_notes(schema))]
    return "<br>".join(line for line in lines if line)


def code(value: Any) -> str:
    """Return a value as inline code, on one line."""
    text = value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False)
    return f"`{' '.join(text.split())}`"


def _text(schema: Schema) -> Iterator[str]:
    if "title" in schema:
        yield f"**{schema['title']}.**"
    if "description" in schema:
        yield schema["description"]


def _notes(schema: Schema) -> Iterator[str]:
    yield from _constraints(schema)
    if SECRET in schema:
        yield "*Kept secret.*"
    if shown := _examples(schema):
        yield f"Example: {', '.join(code(example) for example in shown)}."


def _examples(schema: Schema) -> list[Any]:
    """Return the examples that say more than kind, choices and default do; mappings are shown as YAML."""
    is_mapping = "object" in (schema.get("type"), schema.get("items", {}).get("type"))
    if is_mapping or "enum" in schema or kind(schema) == _TRUE_OR_FALSE:
        return []
    if SECRET in schema and schema.get("examples"):
        raise ValueError(f"the schema shows a secret: {schema['title']}")
    return [example for example in schema.get("examples", ()) if example not in (schema.get("default"), "")]


def _constraints(schema: Schema) -> Iterator[str]:
    """Yield what the check refuses, as sentences."""
    if "enum" in schema:
        yield f"One of {', '.join(code(choice) for choice in schema['enum'])}."
    rule = schema.get("x-paichart-rule", "")
    if rule and kind(schema) != _TRUE_OR_FALSE:
        yield f"Must be {rule}."
    elif schema.get("minLength") == 1:
        yield "Not empty."
    yield from _limits(schema)
    if schema.get("uniqueItems"):
        yield "Nothing twice."
    if item_rule := schema.get("items", {}).get("x-paichart-rule", ""):
        yield f"Each is {item_rule}."
    if name_rule := schema.get("propertyNames", {}).get("x-paichart-rule", ""):
        yield f"Each name is {name_rule}."


def _limits(schema: Schema) -> Iterator[str]:
    if _is_quantity(schema):
        return
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and high is not None:
        yield f"From {low} to {high}."
    elif low is not None:
        yield f"At least {low}."
    if "exclusiveMinimum" in schema:
        yield f"More than {schema['exclusiveMinimum']}{f', at most {high}' if high is not None else ''}."
    if schema.get("minLength", 0) > 1:
        yield f"At least {schema['minLength']} characters."
    if "maxLength" in schema:
        yield f"At most {schema['maxLength']} characters."
    if schema.get("minItems") == 1:
        yield "At least one item."


def _is_quantity(schema: Schema) -> bool:
    """Tell whether a value is a quantity: its rule says all that its limits do."""
    return schema.get("type") == ["string", "integer"] and "x-paichart-rule" in schema
