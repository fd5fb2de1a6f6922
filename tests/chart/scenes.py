"""Scenarios rendered for the rules: a chart beside what it needs of others, and the whole umbrella."""

from __future__ import annotations

from functools import cache

import pytest

from tests.chart.charts import scenario_values
from tests.chart.render import InvalidObjectsError, Objects, RenderError, render
from tests.chart.rules import Rendering
from tests.chart.umbrella import all_values, umbrella

NAMESPACE = "pai-system"  # not `default`, so that forgetting a namespace shows
# Whose objects a chart's pods mount, besides those of cluster-configuration.
NEIGHBOURS = {
    "rest-server": ("hivedscheduler",),
    "dshuttle-worker": ("dshuttle-master",),
    "dshuttle-csi": ("dshuttle-master",),
}


def beside(chart: str, scenario: str, namespace: str = NAMESPACE) -> Rendering:
    """One scenario of a subchart, beside what it takes from others; skips the test when one does not render.

    test_scenario_renders is the one that fails then.
    """
    values = scenario_values(chart, scenario)
    needed = {"cluster-configuration", *NEIGHBOURS.get(chart, ())} - {chart}
    others = [scenario_objects(name, "quick-start", namespace) for name in sorted(needed)]
    known = Objects("", tuple(item for found in others for item in found))
    return Rendering(
        scenario_objects(chart, scenario, namespace), namespace=namespace, values=values, others=known
    )


@cache
def whole(namespace: str = NAMESPACE, release: str = "openpai", prefix: str = "") -> Rendering:
    """The umbrella with every subchart; prefix is what all names start with, if not the release's name."""
    values = all_values({"global": {"fullnameOverride": prefix}})
    objects = render(umbrella(), values, release=release, namespace=namespace)
    return Rendering(objects, release, namespace, values, is_whole=True)


def scenario_objects(chart: str, scenario: str, namespace: str = NAMESPACE) -> Objects:
    """What a scenario renders; skips the test when it does not, see above."""
    objects = _attempt(chart, scenario, namespace)
    if objects is None:
        pytest.skip(f"{chart} does not render scenario {scenario}")
    return objects


@cache
def _attempt(chart: str, scenario: str, namespace: str) -> Objects | None:
    try:
        return render(chart, scenario_values(chart, scenario), namespace=namespace)
    except (RenderError, InvalidObjectsError):
        return None
