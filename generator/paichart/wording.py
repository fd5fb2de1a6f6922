"""A violation of a schema in the user's words: where, what is wrong, and what to write instead."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from paichart.problems import Problem, Span
from paichart.slips import SPLIT, siblings
from paichart.source import Marks
from paichart.validator import Path, Violation, is_valid
from paichart.vocabulary import Vocabulary, closest

_SHOWN_AT_MOST = 60
_NOUNS = {
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "null": "nothing",
    "number": "a number",
    "object": "a mapping",
    "string": "text",
}
_BLOCK_HINTS = {
    "array": "begin each item with '- ' on a line of its own",
    "object": "write its keys on indented lines below",
}
_AS_TEXT = "put '|' behind its key, so that what is below is text"
_REPAIRS: Sequence[Callable[[str], str]] = (
    str.strip,
    str.lower,
    lambda text: text.replace("_", "-"),
    lambda text: text.lower().replace("_", "-"),
    lambda text: text.replace(" ", ""),
    lambda text: text.replace(" ", "").rstrip("Bb"),
    lambda text: text.replace(" ", "").rstrip("Bb").replace("K", "k"),
    lambda text: text[:-1] + text[-1:].upper(),
    lambda text: text[:-2] + text[-2:].capitalize(),
    lambda text: {"yes": "true", "on": "true", "no": "false", "off": "false"}.get(text.lower(), ""),
    lambda text: f"https://{text}",
    lambda text: text.rstrip("/"),
    lambda text: text.split("://")[-1].rstrip("/"),
    lambda text: f"/{text}",
)
"""Ways in which a value is often written wrong; the first that makes it right is suggested."""


def problem_of(violation: Violation, marks: Marks, vocabulary: Vocabulary) -> Problem:
    """Return the problem for one violation."""
    if violation.keyword == "additionalProperties":
        return _unknown_key(violation, marks, vocabulary)
    if violation.keyword == "required":
        return _missing_key(violation, marks)
    span = marks.key(*violation.path) if violation.keyword == "propertyNames" else marks.at(*violation.path)
    if violation.keyword == "type":
        return _wrong_type(violation, span, marks)
    code, message, hint = _WORDINGS[violation.keyword](violation)
    return Problem(span, code, message, hint)


def _unknown_key(violation: Violation, marks: Marks, vocabulary: Vocabulary) -> Problem:
    path, key = violation.path, violation.key
    message = f"unknown key '{key}'{_within(path)}"
    return Problem(
        marks.key(*path, key), "PAI201", message, vocabulary.home_of(key, path, siblings(violation))
    )


def _missing_key(violation: Violation, marks: Marks) -> Problem:
    path, key = violation.path, violation.key
    part = violation.schema["properties"][key]
    span = marks.key(*path) if path and isinstance(path[-1], str) else marks.at(*path)
    examples = part.get("examples") or [part.get("title", "…")]
    example = f"{key}: {_as_yaml(examples[0])}" if not isinstance(examples[0], dict | list) else f"{key}:"
    return Problem(
        span, "PAI202", f"'{key}' is missing{_within(path)}", f"add '{example}': {_first_sentence(part)}"
    )


def _wrong_type(violation: Violation, span: Span, marks: Marks) -> Problem:
    name, expected, value = _name(violation.path), _expected(violation.schema), violation.value
    if value is None:
        what = "the key" if isinstance(violation.path[-1], str) else "it"
        return Problem(span, "PAI208", f"{_quoted(name)} has no value", f"give {expected}, or remove {what}")
    written = "this value" if _is_secret(violation) else f"'{_short(marks.text(*violation.path))}'"
    if isinstance(value, list | Mapping):
        kind = f"not {_NOUNS['array' if isinstance(value, list) else 'object']}"
    elif isinstance(value, str):
        kind = f"but {written} is text"
    else:
        kind = f"but {written} is read as {'true or false' if isinstance(value, bool) else 'a number'}"
    hint = _hint_for_type(violation, marks.text(*violation.path))
    return Problem(span, "PAI203", f"{_quoted(name)} must be {expected}, {kind}", hint)


def _hint_for_type(violation: Violation, written: str) -> str:
    types, value = _types(violation.schema), violation.value
    if "array" in types or "object" in types:
        return _BLOCK_HINTS["array" if "array" in types else "object"]
    if isinstance(value, list | Mapping):
        return _AS_TEXT if _is_block(violation.schema) else _example(violation.schema)
    if "boolean" in types:
        return "write true or false"
    if "string" in types:
        return "quote it" if _is_secret(violation) else f'quote it: "{_short(written)}"'
    if isinstance(value, str) and _reads_as(value, types):
        return f"write {value.strip()} without quotes"
    return _example(violation.schema)


def _enum(violation: Violation) -> tuple[str, str, str]:
    options = [str(option) for option in violation.schema["enum"]]
    meant = closest(str(violation.value), options)
    hint = f"did you mean '{meant}'?" if meant else f"choose {_one_of(options)}"
    return "PAI204", f"'{_short(violation.value)}' is no choice for '{_name(violation.path)}'", hint


def _pattern(violation: Violation) -> tuple[str, str, str]:
    if violation.value == "":
        return _size(violation)
    rule = violation.schema.get("x-paichart-rule", f"text like {violation.schema['pattern']}")
    written = "this value" if _is_secret(violation) else f"'{_short(violation.value)}'"
    message = f"{written} can't be '{_name(violation.path)}': it must be {rule}"
    return "PAI205", message, "" if _is_secret(violation) else _repair(violation)


def _range(violation: Violation) -> tuple[str, str, str]:
    schema = violation.schema
    low, high = schema.get("minimum"), schema.get("maximum")
    if "exclusiveMinimum" in schema:
        rule = f"more than {schema['exclusiveMinimum']}"
    elif low is not None and high is not None:
        rule = f"from {low} to {high}"
    else:
        rule = f"at least {low}" if low is not None else f"at most {high}"
    return (
        "PAI206",
        f"{_quoted(_name(violation.path))} is {violation.value}, but must be {rule}",
        _example(schema),
    )


def _size(violation: Violation) -> tuple[str, str, str]:
    name, keyword = _name(violation.path), violation.keyword
    limit = violation.schema.get(keyword)
    if not violation.value:
        hint = "write one, or remove the key" if _is_secret(violation) else _example(violation.schema)
        return "PAI207", f"{_quoted(name)} is empty", hint
    few = "at least" if keyword.startswith("min") else "at most"
    what = {"Items": "items", "Properties": "entries", "Length": "characters"}[keyword[3:]]
    return "PAI207", f"{_quoted(name)} needs {few} {limit} {what}", ""


def _bad_name(violation: Violation) -> tuple[str, str, str]:
    names = violation.schema["propertyNames"]
    limits = f"from {names.get('minLength', 0)} to {names.get('maxLength')} characters"
    where = _within(violation.path[:-1])
    hint = f"names have {names.get('x-paichart-rule', limits)}"
    return "PAI207", f"'{_short(violation.value)}' can't be a name{where}", hint


def _repeated(violation: Violation) -> tuple[str, str, str]:
    return "PAI207", f"'{_short(violation.value)}' is in the list twice", "remove one of the two"


def _split(violation: Violation) -> tuple[str, str, str]:
    above = (*violation.path[:-1], int(violation.path[-1]) - 1)
    message = f"{_name(violation.path)} has no '{violation.key}', and {_name(above)} has what is missing here"
    return "PAI248", message, "if it goes on here, write two spaces for the '- '"


_WORDINGS: Mapping[str, Callable[[Violation], tuple[str, str, str]]] = {
    "enum": _enum,
    "exclusiveMinimum": _range,
    "maximum": _range,
    "maxLength": _size,
    "minimum": _range,
    "minItems": _size,
    "minLength": _size,
    "minProperties": _size,
    "pattern": _pattern,
    "propertyNames": _bad_name,
    SPLIT: _split,
    "uniqueItems": _repeated,
}


def _repair(violation: Violation) -> str:
    """Return `did you mean` with the value as it would be right, or an example."""
    for repair in _REPAIRS:
        candidate = repair(str(violation.value))
        if candidate and is_valid(candidate, violation.schema):
            return f"did you mean '{candidate}'?"
    return _example(violation.schema)


def _expected(schema: Mapping[str, Any]) -> str:
    types = _types(schema)
    if len(types) > 1 and "x-paichart-rule" in schema:
        return str(schema["x-paichart-rule"])
    return " or ".join(_NOUNS[name] for name in types)


def _example(schema: Mapping[str, Any]) -> str:
    examples = schema.get("examples", ())
    text = _as_yaml(examples[0]) if examples else ""
    return f"for example: {text}" if 0 < len(text) <= _SHOWN_AT_MOST else ""


def _is_block(schema: Mapping[str, Any]) -> bool:
    """Tell whether a text has several lines, as one that holds YAML itself."""
    return any("\n" in str(example) for example in schema.get("examples", ()))


def _first_sentence(schema: Mapping[str, Any]) -> str:
    return str(schema.get("description", "")).split(". ")[0].rstrip(".")


def _one_of(options: Sequence[str]) -> str:
    return options[0] if len(options) == 1 else f"one of {', '.join(options)}"


def _within(path: Path) -> str:
    if not path:
        return ""
    if isinstance(path[-1], int):
        return f" in {_name(path)}"
    return f" in '{'.'.join(str(step) for step in path if not isinstance(step, int))}'"


def _name(path: Path) -> str:
    """Return what a message calls the value at path: its key, or its number in a list."""
    if not path:
        return "the file"
    if isinstance(path[-1], int):
        return f"item {path[-1] + 1} of {path[-2]}" if len(path) > 1 else f"item {path[-1] + 1}"
    return path[-1]


def _quoted(name: str) -> str:
    """Return a name for the head of a message: a key in quotes, the number of an item without."""
    return name if " " in name else f"'{name}'"


def _reads_as(value: str, types: Sequence[str]) -> bool:
    pattern = r"-?[0-9]+" if "number" not in types else r"-?[0-9]+(\.[0-9]+)?"
    return (
        bool({"integer", "number"} & set(types))
        and re.fullmatch(pattern, value.strip(), re.ASCII) is not None
    )


def _is_secret(violation: Violation) -> bool:
    return "x-paichart-secret" in violation.schema


def _types(schema: Mapping[str, Any]) -> tuple[str, ...]:
    types = schema.get("type", ())
    return (types,) if isinstance(types, str) else tuple(types)


def _short(value: object) -> str:
    text = str(value).replace("\n", " ")
    return text if len(text) <= _SHOWN_AT_MOST else f"{text[:_SHOWN_AT_MOST]}…"


def _as_yaml(value: object) -> str:
    """Return a value as it may stand behind `key: ` on one line."""
    return value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False)
