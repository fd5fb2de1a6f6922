"""Every rule holds for every scenario of every chart, and for the umbrella with all of them."""

from __future__ import annotations

import pytest

from tests.chart import exceptions
from tests.chart.charts import all_scenarios, scenario_values
from tests.chart.render import render
from tests.chart.rules import RULES
from tests.chart.scenes import NAMESPACE, beside, whole

pytestmark = pytest.mark.lint


@pytest.mark.parametrize("namespace", [NAMESPACE, "default"])
def test_scenario_renders(chart: str, scenario: str, namespace: str) -> None:
    render(chart, scenario_values(chart, scenario), namespace=namespace)


@pytest.mark.parametrize("name", RULES)
def test_rule_holds_for_each_scenario(name: str, chart: str, scenario: str) -> None:
    assert list(RULES[name](beside(chart, scenario))) == []


def test_rules_hold_in_namespace_default(chart: str, scenario: str) -> None:
    rendering = beside(chart, scenario, "default")
    assert {name: found for name, rule in RULES.items() if (found := list(rule(rendering)))} == {}


@pytest.mark.parametrize("name", RULES)
def test_rule_holds_for_the_umbrella(name: str) -> None:
    assert list(RULES[name](whole())) == []


def test_every_exception_is_needed() -> None:
    with exceptions.asked_for() as needed:
        for chart, scenario in all_scenarios():
            for rule in RULES.values():
                list(rule(beside(chart, scenario)))
    assert [row for row in exceptions.ALLOWED if row not in needed] == []
