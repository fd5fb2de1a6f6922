"""Problems as SARIF 2.1.0, which code scanning services and editors read.

Source: the OASIS standard, and what GitHub's documentation asks of a file that its code scanning takes.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from paichart.codes import Code
from paichart.masking import masked
from paichart.problems import Problem, Span
from paichart.report.paths import Workspace
from paichart.report.sentences import as_markdown, sentences

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
FINGERPRINT = "paichartProblem/v1"

_LINE_NUMBER = re.compile(r"\bline [0-9]+")

Lines = Mapping[str, Sequence[str]]


def document(
    problems: Sequence[Problem],
    lines: Lines,
    *,
    codes: Mapping[str, Code],
    version: str,
    workspace: Workspace,
) -> dict[str, Any]:
    """Return a log with one run: its rules are the codes that occur, its results the problems in order."""
    occurring = sorted({problem.code for problem in problems})
    seen: Counter[str] = Counter()
    driver = {
        "name": "paichart",
        "version": version,
        "semanticVersion": version,
        "rules": [_rule(codes[code]) for code in occurring],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [
            {
                "ruleId": problem.code,
                "ruleIndex": occurring.index(problem.code),
                "level": problem.severity.value,
                "message": _message(" ".join(sentences(problem))),
                "locations": [{"physicalLocation": _location(problem.span, workspace)}],
                **_related(problem, workspace),
                "partialFingerprints": {FINGERPRINT: _fingerprint(problem, lines, workspace, seen)},
            }
            for problem in problems
        ],
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(code: Code) -> dict[str, Any]:
    help_text = f"{code.cause}\n\n{code.cure}"
    cause, cure = as_markdown(code.cause), as_markdown(code.cure)
    help_page = f"{cause}\n\n**Cure:** {cure}\n\n**Example**{_example(code)}\n"
    return {
        "id": code.id,
        "shortDescription": _message(f"{code.title}."),
        "fullDescription": _message(code.cause),
        "help": {**_message(help_text), "markdown": help_page},
    }


def _example(code: Code) -> str:
    if not code.file:
        return f": {as_markdown(code.example)}"
    return f" in {code.file}:\n\n```yaml\n{code.example.rstrip()}\n```"


def _message(text: str) -> dict[str, str]:
    """Return a message object; braces are doubled, since single ones enclose placeholders (3.11.5)."""
    return {"text": text.replace("{", "{{").replace("}", "}}")}


def _location(span: Span, workspace: Workspace) -> dict[str, Any]:
    """Return a place; endColumn is the column behind the last character."""
    region = {
        "startLine": span.line,
        "startColumn": span.column,
        "endLine": span.line,
        "endColumn": span.column + span.width,
    }
    return {"artifactLocation": {"uri": workspace.uri(span.file)}, "region": region}


def _related(problem: Problem, workspace: Workspace) -> dict[str, Any]:
    places = [
        {
            "id": number,
            "physicalLocation": _location(other.span, workspace),
            "message": _message(f"{other.message}."),
        }
        for number, other in enumerate(problem.related, start=1)
    ]
    return {"relatedLocations": places} if places else {}


def _fingerprint(problem: Problem, lines: Lines, workspace: Workspace, seen: Counter[str]) -> str:
    """Return what stays the same when lines above come and go: code, file, line without numbers of lines.

    Alike problems of alike lines are told apart by their order.
    """
    written = lines.get(problem.span.file, ())
    number = problem.span.line
    text = masked(written, number - 1).strip() if 0 < number <= len(written) else ""
    parts = (
        problem.code,
        workspace.path(problem.span.file),
        _LINE_NUMBER.sub("line", problem.message),
        text,
    )
    digest = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]
    seen[digest] += 1
    return f"{digest}:{seen[digest]}"
