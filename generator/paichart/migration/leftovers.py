"""What today's schemas find in a legacy file: keys without effect, empty sections, numbers that are text.

Works for every input alike, from the schemas alone; what is really wrong is left for validation to tell.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from paichart.migration.edits import Editor
from paichart.migration.entries import Action, Entry, dotted
from paichart.schema import FILES, Schema, load_schema
from paichart.source import Document
from paichart.validator import Path, Violation, annotated
from paichart.vocabulary import closest

_IGNORED = "x-paichart-ignored"
_UNREAD = "OpenPAI never read it"


def translate(document: Document, name: str, reasons: Mapping[str, str], editor: Editor) -> Iterator[Entry]:
    """Ask for the removal or mending of what can't stay, and yield it.

    name is a key of FILES, reasons say why keys that the schema does not know are not needed.
    """
    schema = load_schema(name)
    file = FILES[name]
    violations: list[Violation] = []
    usable = schema.check(document.data, (), violations)
    missing = {(violation.path, violation.key) for violation in violations if violation.keyword == "required"}
    for violation in violations:
        if violation.keyword == "additionalProperties":
            yield from _unknown(violation, missing, reasons, file, editor)
        elif violation.keyword == "type" and _IGNORED not in violation.schema:
            yield from _mistyped(violation, document, schema, file, editor)
    broken = [(violation.path, violation.schema.get(_IGNORED)) for violation in violations]
    for path, reason in (*annotated(schema.content, usable, _IGNORED), *broken):
        if reason:
            editor.remove(*path)
            yield Entry(Action.IGNORED, file, (dotted(path),), str(reason))


def _unknown(
    violation: Violation,
    missing: set[tuple[Path, str]],
    reasons: Mapping[str, str],
    file: str,
    editor: Editor,
) -> Iterator[Entry]:
    """Take out a key that nothing reads, unless it may be a required one that is spelt wrong."""
    path, key = violation.path, violation.key
    meant = closest(key, violation.schema.get("properties", {}))
    if meant and (path, meant) in missing:
        return
    editor.remove(*path, key)
    reason = reasons.get(key) or (f"{_UNREAD}; '{meant}' may have been meant" if meant else _UNREAD)
    yield Entry(Action.IGNORED, file, (dotted((*path, key)),), reason)


def _mistyped(
    violation: Violation, document: Document, schema: Schema, file: str, editor: Editor
) -> Iterator[Entry]:
    path, value = violation.path, violation.value
    types = violation.schema["type"]
    types = (types,) if isinstance(types, str) else types
    written = document.marks.text(*path)
    keys = (dotted(path),)
    if value is None and isinstance(path[-1], str) and path[-1] not in _required(schema.content, path[:-1]):
        editor.remove(*path)
        yield Entry(Action.IGNORED, file, keys, "empty, so its default holds")
    elif "string" in types and isinstance(value, int | float):
        editor.replace(path, json.dumps(written))
        yield Entry(Action.TRANSLATED, file, keys, "quoted, for it is text")
    elif isinstance(value, str) and {"integer", "number"} & set(types) and written.isdecimal():
        editor.replace(path, str(int(written)))
        yield Entry(Action.TRANSLATED, file, keys, "without quotes, for it is a number")


def _required(schema: Mapping[str, Any], path: Path) -> tuple[str, ...]:
    """Return the keys that a mapping at path must have."""
    for step in path:
        further = schema.get("items") if isinstance(step, int) else schema.get("additionalProperties")
        part = schema.get("properties", {}).get(step, further)
        schema = part if isinstance(part, Mapping) else {}
    return tuple(schema.get("required", ()))
