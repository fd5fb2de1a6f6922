"""Every rule holds for every scenario of every chart, and for the umbrella with all of them."""

from __future__ import annotations

from functools import lru_cache

import pytest

from tests.chart import exceptions
from tests.chart.charts import all_scenarios, scenario_values
from tests.chart.render import Objects, render
from tests.chart.rules import RULES, Rendering
from tests.chart.umbrella import all_values, umbrella

NAMESPACE = "pai-system"  # not `default`, so that forgetting a namespace shows
# Whose objects a chart's pods mount, besides those of cluster-configuration.
NEIGHBOURS = {"rest-server": ("hivedscheduler",)}


@lru_cache
def rendering_of(chart: str, scenario: str) -> Rendering:
    """One scenario of a subchart, beside what it takes from others."""
    values = scenario_values(chart, scenario)
    others = {"cluster-configuration", *NEIGHBOURS.get(chart, ())} - {chart}
    base = [
        render(name, scenario_values(name, "quick-start"), namespace=NAMESPACE) for name in sorted(others)
    ]
    objects = render(chart, values, namespace=NAMESPACE)
    known = Objects("", tuple(item for rendered in base for item in rendered))
    return Rendering(objects, namespace=NAMESPACE, values=values, others=known)


@lru_cache
def whole_rendering() -> Rendering:
    """The umbrella with every subchart."""
    values = all_values()
    return Rendering(
        render(umbrella(), values, namespace=NAMESPACE), namespace=NAMESPACE, values=values, is_whole=True
    )


@pytest.mark.parametrize("name", RULES)
def test_rule_holds_for_each_scenario(name: str, chart: str, scenario: str) -> None:
    assert list(RULES[name](rendering_of(chart, scenario))) == []


@pytest.mark.parametrize("name", RULES)
def test_rule_holds_for_the_umbrella(name: str) -> None:
    assert list(RULES[name](whole_rendering())) == []


def test_every_exception_is_needed() -> None:
    with exceptions.asked_for() as needed:
        for chart, scenario in all_scenarios():
            for rule in RULES.values():
                list(rule(rendering_of(chart, scenario)))
    assert [row for row in exceptions.ALLOWED if row not in needed] == []
