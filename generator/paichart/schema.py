"""Documents held against their JSON Schemas: every violation becomes a problem with a place and a cure.

The schemas are the ones that editors use. What breaks a schema is left out of the checked data, so whoever
reads that data finds right types or nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any

from paichart.model import Settings
from paichart.problems import Problem
from paichart.resources import schemas_dir
from paichart.slips import slips_of, without_echoes
from paichart.source import Document, Marks
from paichart.validator import Path, Violation, annotated, compile_check, compile_fill
from paichart.vocabulary import Vocabulary
from paichart.wording import problem_of

FILES = {
    "config": "config.yaml",
    "layout": "layout.yaml",
    "services-configuration": "services-configuration.yaml",
    "capacity": "capacity.yaml",
}
"""Names of the schemas, and of the files that they describe."""

_TOLD_AT_MOST = 1000
"""Violations of one file that become problems; nobody reads more of them."""

_CONFUSABLE = ("services-configuration", "layout", "config")
"""Inputs whose keys are easily put into the wrong one of them."""


@dataclass(frozen=True)
class Schema:
    """One of our schemas, ready to be used; `name` is a key of :data:`FILES`."""

    name: str
    content: Mapping[str, Any]

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """Return where keys belong, for those that stand in the wrong place."""
        others = [load_schema(name) for name in _CONFUSABLE if name != self.name]
        files = {key: FILES[other.name] for other in others for key in other.content["properties"]}
        return Vocabulary.of(self.content, files)

    @cached_property
    def check(self) -> Any:
        """Return the compiled check of the schema."""
        return compile_check(self.content)

    @cached_property
    def fill(self) -> Any:
        """Return the compiled filling in of defaults."""
        return compile_fill(self.content)


@dataclass(frozen=True, slots=True)
class Checked:
    """A document held against its schema.

    `given` is what was written, without what breaks the schema; `settings` has the defaults filled in.
    A document that is not readable has nothing in it, and nothing can be said about what it lacks.
    """

    schema: Schema
    given: Mapping[str, Any]
    settings: Settings
    marks: Marks = field(compare=False, repr=False)
    is_readable: bool = True
    problems: tuple[Problem, ...] = ()
    slips: frozenset[Path] = frozenset()
    """Paths of keys that were likely meant by unknown ones, and of values of a wrong kind."""

    def may_hold(self, *path: str | int) -> bool:
        """Tell whether a key that is not there may have been meant by one that could not be used."""
        return any(path[:length] in self.slips for length in range(1, len(path) + 1))

    def annotated(self, annotation: str) -> Iterator[tuple[Path, Any]]:
        """Yield path and annotation of everything written whose schema carries the annotation."""
        return annotated(self.schema.content, self.given, annotation)


@cache
def load_schema(name: str) -> Schema:
    """Return the schema of that name; it is part of paichart, so a missing or broken one raises."""
    text = (schemas_dir() / f"{name}.schema.json").read_text(encoding="utf-8")
    return Schema(name, json.loads(text))


def check_document(document: Document, name: str) -> Checked:
    """Hold a document against the schema of that name; problems of reading it are not repeated."""
    schema = load_schema(name)
    if document.data is None:
        return Checked(schema, {}, Settings(with_defaults({}, schema)), document.marks, is_readable=False)
    stranger = _of_another_file(document, schema)
    if stranger is not None:
        return Checked(
            schema, {}, Settings(with_defaults({}, schema)), document.marks, False, problems=(stranger,)
        )
    violations: list[Violation] = []
    given = schema.check(document.data, (), violations)
    told = without_echoes(violations, schema.vocabulary)[:_TOLD_AT_MOST]
    return Checked(
        schema,
        given,
        Settings(with_defaults(given, schema)),
        document.marks,
        problems=tuple(problem_of(violation, document.marks, schema.vocabulary) for violation in told),
        slips=frozenset(slip for violation in told for slip in slips_of(violation, schema.vocabulary)),
    )


def _of_another_file(document: Document, schema: Schema) -> Problem | None:
    """Return the problem of a document that holds only keys of one other file."""
    files = {schema.vocabulary.other_files.get(key, "") for key in document.data}
    if len(files) != 1 or "" in files or any(key in schema.content["properties"] for key in document.data):
        return None
    first = next(iter(document.data))
    message = f"this file holds what belongs into {files.pop()}"
    return Problem(document.marks.key(first), "PAI247", message, "are two files swapped?")


def with_defaults(data: Mapping[str, Any], schema: Schema) -> Mapping[str, Any]:
    """Return data with the schema's defaults for absent keys; data itself stays as it is."""
    filled: Mapping[str, Any] = schema.fill(data) if schema.fill is not None else data
    return filled
