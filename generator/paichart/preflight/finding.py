"""What preflight finds: one finding a thing, with the cure, and findings of the same kind together."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from paichart.problems import Severity, Span

NAMES = "{names}"
"""What stands in a cure for the names of all that have the same finding."""

_ORDER = tuple(Severity)
_COMMAND = re.compile(r"\b(kubectl|helm|paichart [a-z]+)(?= [a-z-])")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing of the cluster that does not fit: what it is, what is the matter, and what cures it.

    Findings of the same kind share message and cure and are shown as one; `detail` is what is special to
    this one. `span` is where the inputs speak of it.
    """

    code: str
    severity: Severity
    kind: str
    name: str
    message: str
    cure: str
    detail: str = ""
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Findings that differ in name, detail and place alone, sorted by place and name; at least one."""

    findings: tuple[Finding, ...]

    @property
    def first(self) -> Finding:
        """The one that stands for all."""
        return self.findings[0]

    @property
    def names(self) -> tuple[str, ...]:
        """The name of each."""
        return tuple(finding.name for finding in self.findings)


def groups(findings: Iterable[Finding]) -> tuple[Group, ...]:
    """Return findings of the same kind together, errors first, then by code and place."""
    found: dict[tuple[Severity, str, str, str, str], list[Finding]] = {}
    for finding in sorted(set(findings), key=_place):
        key = (finding.severity, finding.code, finding.kind, finding.message, finding.cure)
        found.setdefault(key, []).append(finding)
    return tuple(Group(tuple(alike)) for alike in found.values())


def cured(cure: str, names: Sequence[str], options: Mapping[str, str]) -> str:
    """Return a cure with names in their place, and with what its commands need to reach the same cluster.

    `options` are words by command, such as `--context lab` by `kubectl`.
    """

    def complete(match: re.Match[str]) -> str:
        return " ".join(filter(None, (match[0], options.get(match[0]))))

    return _COMMAND.sub(complete, cure).replace(NAMES, " ".join(names))


def _place(finding: Finding) -> tuple[int, str, Span, str, str]:
    span = finding.span or Span("")
    return _ORDER.index(finding.severity), finding.code, span, finding.name, finding.message
