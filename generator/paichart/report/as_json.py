"""Problems as plain data for programs; keys and their meaning stay as they are within a major version."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from paichart.problems import Problem, Span


def problems(found: Iterable[Problem]) -> list[dict[str, Any]]:
    """Return one object a problem, in the given order."""
    return [
        {
            **_place(problem.span),
            "severity": problem.severity.value,
            "code": problem.code,
            "message": problem.message,
            "hint": problem.hint,
            "related": [{**_place(other.span), "message": other.message} for other in problem.related],
        }
        for problem in found
    ]


def _place(span: Span) -> dict[str, Any]:
    return {"file": span.file, "line": span.line, "column": span.column, "width": span.width}
