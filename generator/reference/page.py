"""One page: introduction, example, contents, a table for each mapping, and what has no effect."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import yaml

from reference.inputs import Input
from reference.words import IGNORED, NEW, SECRET, Schema, default, kind, meaning

Path: TypeAlias = tuple[str, ...]

_ITEM = "[]"
_ANY = "*"
_TABLE = "| key | type | default | meaning |\n|---|---|---|---|\n"
_IGNORED_TABLE = "| key | what it was | why it is ignored |\n|---|---|---|\n"
_IGNORED_TITLE = "Ignored keys"
_ORIGIN = "<!-- Written by `make reference` from the JSON Schema; change that. -->"
_LEVELS = 4
"""Headings go no deeper, so that they stay larger than the text."""


@dataclass(frozen=True, slots=True)
class _Key:
    """One key by its path in the file; `shown` is what its row calls it, below the heading of its mapping."""

    path: Path
    shown: str
    schema: Schema
    is_needed: bool
    is_new: bool


@dataclass(frozen=True, slots=True)
class _Mapping:
    """One mapping that has a heading and a table."""

    path: Path
    schema: Schema
    is_new: bool = False


def page(schema: Schema, about: Input) -> str:
    """Return the page of one input."""
    sections = [] if about.top else sorted(_named(schema).items())
    starts = [_Mapping((), schema)] if about.top else [_Mapping((key,), part) for key, part in sections]
    tables = [mapping for start in starts for mapping in _mappings(start)]
    ignored = list(_ignored(schema, (), about))
    parts = [
        f"# {about.file}\n\n{_ORIGIN}\n\n{about.intro}",
        f"## Example\n\n```yaml\n{about.example}```\n",
        _contents(tables, about, bool(ignored)),
        *(_section(mapping, about) for mapping in tables),
    ]
    if ignored:
        rows = "".join(_cells(f"`{name(path)}`", _told(part), part[IGNORED]) for path, part in ignored)
        parts.append(f"## {_IGNORED_TITLE}\n\n{_IGNORED_TABLE}{rows}")
    return "\n".join(parts)


def name(path: Path) -> str:
    """Return a path as text: `machine-list[].hostname`."""
    return ".".join(path).replace(f".{_ITEM}", _ITEM)


def anchor(heading: str) -> str:
    """Return what GitHub calls a heading in links: lower case, blanks as hyphens, no other punctuation."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def _mappings(mapping: _Mapping) -> Iterator[_Mapping]:
    """Yield a mapping and all below it that have a table of their own, parents before children."""
    yield mapping
    for key in _rows(mapping, frozenset()):
        for path, part in _tabled(key.path, key.schema):
            yield from _mappings(_Mapping(path, part, key.is_new))


def _tabled(path: Path, schema: Schema) -> Iterator[tuple[Path, Schema]]:
    """Yield the mapping at path, or that of its items or entries, if it is too big to stand in a row."""
    if IGNORED in schema:
        return
    for steps, part in (((), schema), *_inner(schema)):
        if len(_named(part)) > 1:
            yield (*path, *steps), part


def _inner(schema: Schema) -> Iterator[tuple[Path, Schema]]:
    """Yield the schemas of items and of entries with names of the user's choice."""
    if isinstance(items := schema.get("items"), dict):
        yield (_ITEM,), items
    if isinstance(entries := schema.get("additionalProperties"), dict):
        yield (_ANY,), entries


def _named(schema: Schema) -> dict[str, Schema]:
    """Return the keys of a mapping that have an effect."""
    return {key: part for key, part in schema.get("properties", {}).items() if IGNORED not in part}


def _rows(mapping: _Mapping, left_out: frozenset[str]) -> Iterator[_Key]:
    """Yield the rows of a mapping's table: its keys, and what stands below those with only one key."""
    yield from _keys(mapping.path, (), mapping.schema, mapping.is_new, left_out)


def _keys(
    base: Path, below: Path, schema: Schema, is_new: bool, left_out: frozenset[str] = frozenset()
) -> Iterator[_Key]:
    needed = schema.get("required", ())
    for key, part in _named(schema).items():
        if key in left_out:
            continue
        shown, new = (*below, key), is_new or NEW in part
        yield _Key((*base, *shown), name(shown), part, key in needed, new)
        yield from _below(base, shown, part, new)


def _below(base: Path, shown: Path, schema: Schema, is_new: bool) -> Iterator[_Key]:
    """Yield the keys of a mapping that is too small for a table, and entries that are no mappings."""
    for steps, part in (((), schema), *_inner(schema)):
        if len(_named(part)) == 1:
            yield from _keys(base, (*shown, *steps), part, is_new)
        elif steps == (_ANY,) and not _named(part) and "description" in part:
            yield _Key((*base, *shown, _ANY), name((*shown, _ANY)), part, False, is_new)


def _contents(tables: list[_Mapping], about: Input, has_ignored: bool) -> str:
    lines = []
    for mapping in tables:
        depth = max(_level(mapping) - 2, 0)
        heading = _heading(mapping, about)
        title = f": {mapping.schema['title']}" if mapping.path and "title" in mapping.schema else ""
        lines.append(f"{'  ' * depth}- [{heading}](#{anchor(heading)}){title}\n")
    if has_ignored:
        lines.append(f"- [{_IGNORED_TITLE}](#{anchor(_IGNORED_TITLE)})\n")
    return f"## Contents\n\n{''.join(lines)}"


def _section(mapping: _Mapping, about: Input) -> str:
    rows = "".join(
        _row(key) for key in _rows(mapping, about.in_every_section if len(mapping.path) == 1 else frozenset())
    )
    new = "*New.* " if mapping.is_new or NEW in mapping.schema else ""
    parts = [
        f"{'#' * _level(mapping)} {_heading(mapping, about)}\n",
        f"{new}{_told(mapping.schema)}\n" if mapping.path else "",
        _example(mapping),
        _TABLE + rows if rows else "No keys.\n",
    ]
    return "\n".join(part for part in parts if part)


def _heading(mapping: _Mapping, about: Input) -> str:
    return name(mapping.path) or about.top


def _level(mapping: _Mapping) -> int:
    steps = sum(1 for step in mapping.path if step not in (_ITEM, _ANY))
    return min(max(steps, 1) + 1, _LEVELS)


def _row(key: _Key) -> str:
    link = next(
        (f" See [{name(path)}](#{anchor(name(path))})." for path, _ in _tabled(key.path, key.schema)), ""
    )
    return _cells(
        f"`{key.shown}`",
        kind(key.schema),
        default(key.schema, key.is_needed),
        meaning(key.schema, NEW in key.schema) + link,
    )


def _cells(*cells: str) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |\n"


def _told(schema: Schema) -> str:
    return f"{schema['title']}. {schema.get('description', '')}".rstrip()


def _example(mapping: _Mapping) -> str:
    """Return a mapping's first example as it stands in the file; none where names are the user's choice."""
    examples = mapping.schema.get("examples", ())
    if not mapping.path or not examples or _ANY in mapping.path:
        return ""
    value: Any = examples[0]
    for step in reversed(mapping.path):
        value = [value] if step == _ITEM else {step: value}
    text = yaml.safe_dump(value, sort_keys=False, allow_unicode=True).replace("'true'", '"true"')
    return f"```yaml\n{text}```\n"


def _ignored(schema: Schema, path: Path, about: Input) -> Iterator[tuple[Path, Schema]]:
    """Yield path and schema of everything that has no effect."""
    if IGNORED in schema:
        if SECRET not in schema or not schema.get("examples"):
            yield path, schema
        return
    for key, part in schema.get("properties", {}).items():
        if not (len(path) == 1 and key in about.in_every_section):
            yield from _ignored(part, (*path, key), about)
    for steps, part in _inner(schema):
        yield from _ignored(part, (*path, *steps), about)
