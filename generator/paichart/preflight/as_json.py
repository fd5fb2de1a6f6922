"""An examination as plain data for programs; keys and their meaning stay within a major version."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from paichart.preflight.examination import Examination
from paichart.preflight.finding import Finding, cured
from paichart.problems import Severity


def as_data(examination: Examination) -> dict[str, Any]:
    """Return what was looked at, every finding alone, and how many there are of each severity."""
    counts = Counter(finding.severity for finding in examination.findings)
    return {
        "cluster": {
            "context": examination.context,
            "address": examination.address,
            "version": examination.version,
            "nodes": examination.node_count,
        },
        "release": {"name": examination.release, "namespace": examination.namespace},
        "account": {"administrator": examination.is_admin},
        "findings": [_finding(finding, examination.options) for finding in examination.findings],
        "summary": {f"{severity.value}s": counts[severity] for severity in Severity},
    }


def _finding(finding: Finding, options: Mapping[str, str]) -> dict[str, Any]:
    span = finding.span
    return {
        "severity": finding.severity.value,
        "code": finding.code,
        "kind": finding.kind,
        "name": finding.name,
        "message": finding.message,
        "detail": finding.detail,
        "cure": cured(finding.cure, (finding.name,), options),
        "file": span.file if span else None,
        "line": span.line if span else None,
        "column": span.column if span else None,
    }
