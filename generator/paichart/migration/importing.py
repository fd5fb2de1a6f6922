"""A legacy configuration → the files of today's, in steps that each look at the result of the one before."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from paichart import credentials, inputs
from paichart.derive.hived_spec import derive_hived_spec
from paichart.inputs import Documents
from paichart.migration import config, layout, leftovers, secrets, services
from paichart.migration.changes import Edited
from paichart.migration.edits import Editor
from paichart.migration.entries import Action, Entry, grouped
from paichart.migration.legacy import INPUTS, Legacy, read_as_old, value_at
from paichart.problems import Problem, Span, has_errors, in_order
from paichart.schema import FILES, load_schema
from paichart.source import Document, absent, parse
from paichart.starter.editor import schema_files, schema_line
from paichart.validator import annotated

_OLD_LINE = "# yaml-language-server:"
_REASONS = {"config": {}, "layout": layout.REASONS, "services-configuration": services.REASONS}
_NOTHING = ("", "---", "...")
"""Lines that hold no data, but for comments."""

_OTHERS = "other files"
_OF_KUBERNETES = ("kubernetes-configuration.yaml", "k8s-role-definition.yaml")
_CLUSTER = "the cluster"
_NAMESPACES = ("pai-user-v2", "pai-group", "pai-user-token", "pai-storage", "Framework objects")

_Step = Callable[[Mapping[str, Any], Editor], Iterable[Entry]]


@dataclass(frozen=True, slots=True)
class Imported:
    """Today's inputs by path, which of them only their owner may read, and what became of every key.

    With an error among the problems there are no files. `lines` are those of the legacy files by their name.
    """

    files: Mapping[str, str] = field(repr=False)
    private: tuple[str, ...]
    entries: tuple[Entry, ...]
    problems: tuple[Problem, ...]
    lines: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)


@dataclass(slots=True)
class _Draft:
    """One input on its way: its document as it is now, its text, and the changes that led there."""

    document: Document
    text: str
    is_private: bool = False
    layers: list[Edited] = field(default_factory=list)

    @property
    def data(self) -> Mapping[str, Any]:
        """What the document holds now; nothing when it can't be read."""
        return self.document.data if self.document.data is not None else {}

    def apply(self, step: _Step) -> list[Entry]:
        """Let a step change the text, and return what it did; a text that can't be read stays as it is."""
        if self.document.data is None:
            return []
        editor = Editor(self.text)
        entries = list(step(self.data, editor))
        edited = editor.result()
        if edited.text != self.text:
            self.layers.append(edited)
            self.text = edited.text
            self.document = _reread(self.text, self.document.name)
        return entries

    @property
    def is_rewritten(self) -> bool:
        """Tell whether the text lost its comments on the way."""
        return any(layer.is_rewritten for layer in self.layers)

    def origin(self, problem: Problem) -> Problem:
        """Return the problem where its cause stands in the legacy file."""
        message = problem.message
        related = []
        for other in problem.related:
            span = self._origin(other.span)
            message = re.sub(rf"\bline {other.span.line}\b", f"line {span.line}", message)
            related.append(replace(other, span=span))
        return replace(problem, span=self._origin(problem.span), message=message, related=tuple(related))

    def _origin(self, span: Span) -> Span:
        for layer in reversed(self.layers):
            span = layer.origin(span)
        return span


def translate(legacy: Legacy) -> Imported:
    """Return today's inputs for a legacy configuration; errors in it are told, and then there are none."""
    drafts = {name: _draft(name, legacy) for name in INPUTS}
    lines = {draft.document.name: draft.document.marks.lines for draft in drafts.values()}
    entries, values = _changed(drafts, legacy)
    problems = _checked(drafts)
    if has_errors(problems):
        return Imported({}, (), entries, problems, lines)
    files = {FILES[name]: _headed(name, draft.text) for name, draft in drafts.items() if draft.data}
    private = [
        FILES[name] for name, draft in drafts.items() if draft.is_private or _holds_secrets(name, draft.data)
    ]
    if values:
        files[credentials.FILE_NAME] = credentials.as_text(values)
        private.append(credentials.FILE_NAME)
    return Imported({**files, **schema_files()}, tuple(private), entries, problems, lines)


def _draft(name: str, legacy: Legacy) -> _Draft:
    """Return an input to begin with: an empty one where the old installation could do without its file."""
    if name in legacy.files:
        file = legacy.files[name]
        return _Draft(file.document, file.text, file.is_private)
    return _Draft(absent(FILES[name]), "")


def _changed(drafts: Mapping[str, _Draft], legacy: Legacy) -> tuple[tuple[Entry, ...], Mapping[str, Any]]:
    """Change the drafts step by step; return what was done with each key, and the credentials."""
    entries: list[Entry] = []
    other = drafts["services-configuration"]
    entries += other.apply(services.rename)
    given = other.data
    collected = secrets.Secrets()

    def take_secrets(data: Mapping[str, Any], editor: Editor) -> Iterable[Entry]:
        as_read = read_as_old(other.text) or data
        found = secrets.collect(drafts["config"].data, drafts["layout"].data, as_read, legacy.running, editor)
        collected.values, collected.entries = found.values, found.entries
        yield from services.translate(data, legacy.running, editor)

    entries += drafts["config"].apply(lambda data, editor: config.translate(data, given, editor))
    entries += drafts["layout"].apply(layout.translate)
    entries += other.apply(take_secrets)
    for name, draft in drafts.items():
        entries += draft.apply(_clearing(name, draft.document))
    entries += [_rewritten(FILES[name]) for name, draft in drafts.items() if draft.is_rewritten]
    new = {key for entry in entries if entry.action is Action.TRANSLATED for key in entry.keys}
    kept = [entry for name, draft in drafts.items() for entry in _kept(FILES[name], draft.data, new)]
    return grouped([*kept, *entries, *collected.entries, *_of_the_rest(legacy, drafts)]), collected.values


def _clearing(name: str, document: Document) -> _Step:
    """Return the step that clears an input of what can't stay."""
    return lambda _, editor: leftovers.translate(document, name, _REASONS[name], editor)


def _kept(file: str, data: Mapping[str, Any], new: set[str]) -> Iterable[Entry]:
    """Yield what stays as it was written: keys of the top level, and how much each of them holds."""
    keys = [
        f"{key} ({len(value)})" if isinstance(value, list | dict) else key
        for key, value in data.items()
        if key not in new
    ]
    if keys:
        yield Entry(Action.KEPT, file, tuple(keys))


def _rewritten(file: str) -> Entry:
    reason = "the file repeats parts by anchors (& and *); to change it they had to be written out"
    return Entry(Action.IGNORED, file, ("comments",), reason)


def _of_the_rest(legacy: Legacy, drafts: Mapping[str, _Draft]) -> Iterable[Entry]:
    for name in legacy.others:
        reason = "Kubernetes exists already" if name in _OF_KUBERNETES else "no input of the old services"
        yield Entry(Action.IGNORED, _OTHERS, (name,), reason)
    reason = "users, groups, tokens, storage and jobs are objects of the cluster: nothing to import"
    yield Entry(Action.KEPT, _CLUSTER, _NAMESPACES, reason)
    registries = legacy.running.registries if legacy.running is not None else ()
    logins = (
        drafts["config"].data.get("docker_registry_username"),
        value_at(drafts["services-configuration"].data, ("cluster", "docker-registry", "username")),
    )
    if registries and not any(logins):
        names = ", ".join(registries)
        todo = f"it holds logins ({names}), the inputs none: give docker_registry_username and _password"
        yield Entry(Action.DECISION, _CLUSTER, ("pull secret",), todo)


def _checked(drafts: Mapping[str, _Draft]) -> tuple[Problem, ...]:
    """Return what validation finds in the new files, each problem where it stands in the legacy ones."""
    documents = Documents(*(drafts[name].document for name in INPUTS))
    cluster, problems = inputs.check(documents)
    found = [*problems, *(derive_hived_spec(cluster)[1] if cluster is not None else ())]
    by_name = {draft.document.name: draft for draft in drafts.values()}
    return in_order(
        by_name[problem.span.file].origin(problem) if problem.span.file in by_name else problem
        for problem in found
    )


def _holds_secrets(name: str, data: Mapping[str, Any]) -> bool:
    return any(annotated(load_schema(name).content, data, "x-paichart-secret"))


def _reread(text: str, name: str) -> Document:
    """Return the document in a changed text; one that holds nothing stands for a file that is not there."""
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    is_empty = all(line in _NOTHING or line.startswith("%") for line in lines)
    return absent(name) if is_empty else _parsed(text, name)


def _parsed(text: str, name: str) -> Document:
    return parse(text.encode(), name)


def _headed(name: str, text: str) -> str:
    """Return the text with the line that tells editors its schema."""
    body = text.split("\n", 1)[-1] if text.startswith(_OLD_LINE) else text
    return schema_line(name) + body
