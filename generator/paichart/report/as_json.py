"""Problems as plain data for programs; keys and their meaning stay as they are within a major version."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from paichart.problems import Problem


def problems(found: Iterable[Problem]) -> list[dict[str, Any]]:
    """Return one object a problem, in the given order."""
    return [
        {
            "file": problem.span.file,
            "line": problem.span.line,
            "column": problem.span.column,
            "width": problem.span.width,
            "severity": problem.severity.value,
            "code": problem.code,
            "message": problem.message,
            "hint": problem.hint,
        }
        for problem in found
    ]
