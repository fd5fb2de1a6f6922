"""Problems as workflow commands, which GitHub Actions shows beside the lines of a pull request.

Source: GitHub's "Workflow commands", and its `actions/toolkit`, whose `command.ts` says what is escaped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from paichart.codes import Code
from paichart.problems import Problem, Severity
from paichart.report.as_text import count
from paichart.report.paths import Workspace
from paichart.report.sentences import sentences

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}
_IN_TEXT = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_IN_PROPERTY = {**_IN_TEXT, ":": "%3A", ",": "%2C"}


def commands(problems: Sequence[Problem], codes: Mapping[str, Code], workspace: Workspace) -> str:
    """Return a line for each problem and one that counts them, for who reads the log."""
    lines = [_annotation(problem, codes, workspace) for problem in problems]
    return "".join(f"{line}\n" for line in [*lines, count(problems)])


def _annotation(problem: Problem, codes: Mapping[str, Code], workspace: Workspace) -> str:
    span = problem.span
    code = codes.get(problem.code)
    properties = {
        "file": workspace.path(span.file),
        "line": str(span.line),
        "col": str(span.column),
        "endColumn": str(span.column + span.width),
        "title": f"{problem.code} {code.title}" if code else problem.code,
    }
    written = ",".join(f"{name}={_escaped(value, _IN_PROPERTY)}" for name, value in properties.items())
    text = _escaped("\n".join(sentences(problem)), _IN_TEXT)
    return f"::{_COMMANDS[problem.severity]} {written}::{text}"


def _escaped(text: str, table: Mapping[str, str]) -> str:
    return "".join(table.get(character, character) for character in text)
