"""A test that takes `chart` runs for each subchart; if it takes `scenario` too, for each scenario."""

from __future__ import annotations

import pytest

from tests.chart.charts import all_scenarios, subcharts


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "lint: reads or renders charts only; `make lint` runs these")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give a test that asks for them the names of every subchart, or of every subchart's scenarios."""
    names = set(metafunc.fixturenames)
    if {"chart", "scenario"} <= names:
        ids = ["-".join(pair) for pair in all_scenarios()]
        metafunc.parametrize(("chart", "scenario"), all_scenarios(), ids=ids)
    elif "chart" in names:
        metafunc.parametrize("chart", subcharts())
