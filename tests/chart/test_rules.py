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


@lru_cache
def rendering_of(chart: str, scenario: str) -> Rendering:
    """One scenario of a subchart, beside what cluster-configuration makes for all."""
    values = scenario_values(chart, scenario)
    others = Objects("", ())
    if chart != "cluster-configuration":
        base = scenario_values("cluster-configuration", "quick-start")
        others = render("cluster-configuration", base, namespace=NAMESPACE)
    objects = render(chart, values, namespace=NAMESPACE)
    return Rendering(objects, namespace=NAMESPACE, values=values, others=others)


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
