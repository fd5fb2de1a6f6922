"""Rules that look at more than one value: one function a rule, its codes at the head of its docstring."""

from __future__ import annotations

from collections.abc import Iterator

from paichart.problems import Problem
from paichart.rules import (
    addresses,
    alert_manager,
    alerts,
    authentication,
    capacity,
    docker_cache,
    dshuttle,
    exit_spec,
    grafana,
    hived,
    kubernetes_dashboard,
    layout,
    legacy,
    marketplace,
    monitoring,
    ports,
    roles,
    settings,
    storage,
)
from paichart.rules.subject import Rule, Subject

RULES: tuple[Rule, ...] = (
    *layout.RULES,
    *roles.RULES,
    *ports.RULES,
    *settings.RULES,
    *addresses.RULES,
    *docker_cache.RULES,
    *authentication.RULES,
    *dshuttle.RULES,
    *exit_spec.RULES,
    *kubernetes_dashboard.RULES,
    *grafana.RULES,
    *marketplace.RULES,
    *monitoring.RULES,
    *storage.RULES,
    *alerts.RULES,
    *alert_manager.RULES,
    *legacy.RULES,
    *capacity.RULES,
    *hived.RULES,
)


def check(subject: Subject) -> Iterator[Problem]:
    """Yield what every rule finds whose inputs could be read."""
    for rule in RULES:
        if rule.applies_to(subject):
            yield from rule.check(subject)
