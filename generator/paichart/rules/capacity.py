"""Rules for capacity.yaml: recorded figures of nodes."""

from __future__ import annotations

from collections.abc import Iterator

from paichart.problems import Problem, Severity, suggest
from paichart.rules.subject import Rule, Subject


def check_recorded_nodes(subject: Subject) -> Iterator[Problem]:
    """PAI070: recorded nodes are machines of the layout."""
    if subject.capacity is None:
        return
    names = {row.hostname for row in subject.rows}
    foreign = [name for name in subject.capacity.given.get("nodes", {}) if name not in names]
    if foreign:
        further = f" and {len(foreign) - 1} more" if len(foreign) > 1 else ""
        message = f"'{foreign[0]}'{further} is no machine of layout.yaml"
        hint = suggest(foreign[0], names) or "the figures are not used; record them again"
        yield Problem(
            subject.capacity.marks.key("nodes", foreign[0]), "PAI070", message, hint, Severity.WARNING
        )


RULES = (Rule(check_recorded_nodes, ("layout",)),)
