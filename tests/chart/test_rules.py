"""Every rule holds for every scenario of every chart, and for the umbrella with all of them."""

from __future__ import annotations

import pytest

from tests.chart import exceptions
from tests.chart.charts import all_scenarios, scenario_values
from tests.chart.render import render, title
from tests.chart.rules import RULES, broken_rules
from tests.chart.rules.identity import FIXED_NAMES
from tests.chart.scenes import NAMESPACE, beside, whole

pytestmark = pytest.mark.lint


@pytest.mark.parametrize("namespace", [NAMESPACE, "default"])
def test_scenario_renders(chart: str, scenario: str, namespace: str) -> None:
    render(chart, scenario_values(chart, scenario), namespace=namespace)


@pytest.mark.parametrize("namespace", [NAMESPACE, "default"])
def test_scenario_keeps_every_rule(chart: str, scenario: str, namespace: str) -> None:
    assert broken_rules(beside(chart, scenario, namespace)) == ""


@pytest.mark.parametrize("namespace", [NAMESPACE, "default"])
def test_umbrella_keeps_every_rule(namespace: str) -> None:
    assert broken_rules(whole(namespace)) == ""


def test_umbrella_keeps_every_rule_with_the_longest_names() -> None:
    assert broken_rules(whole("n" * 63, "r" * 53)) == ""


def test_umbrella_keeps_every_rule_with_a_prefix() -> None:
    rendering = whole(prefix="ai")
    assert broken_rules(rendering) == ""
    names = {item["metadata"]["name"] for item in rendering.objects}
    assert {name for name in names if name.startswith("openpai")} == set()


def test_releases_in_two_namespaces_share_only_fixed_names() -> None:
    one, other = ({title(item) for item in whole(namespace).objects} for namespace in ("team-a", "team-b"))
    assert one & other - FIXED_NAMES.keys() == set()


def test_every_exception_is_needed() -> None:
    with exceptions.asked_for() as needed:
        for chart, scenario in all_scenarios():
            for rule in RULES.values():
                list(rule(beside(chart, scenario)))
    assert [row for row in exceptions.ALLOWED if row not in needed] == []
