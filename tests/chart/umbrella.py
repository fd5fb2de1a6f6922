"""The umbrella chart as `paichart build` lays it out, with every subchart that there is."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from paichart.render import render as lay_out
from tests.chart.charts import (
    CHARTS,
    UMBRELLA,
    default_values,
    merged,
    prepared,
    scenario_values,
    scenarios,
    subcharts,
)


@lru_cache
def umbrella() -> Path:
    """The folder of the umbrella chart with all subcharts and the library, and its own values.yaml."""
    return prepared(lay_out(CHARTS, subcharts(), default_values(UMBRELLA)))


def all_values(overrides: dict[str, Any] | None = None) -> dict[str, Any]:
    """Each subchart's scenario `quick-start`, or its first, under its name; their `global` merged on top."""
    values: dict[str, Any] = {}
    for chart in subcharts():
        names = scenarios(chart)
        own = scenario_values(chart, "quick-start" if "quick-start" in names else names[0]) if names else {}
        shared = own.pop("global", {})
        values = merged(values, {chart: own, "global": shared})
    return merged(values, overrides or {})
