"""What `paichart services` tells is what the charts render: data/service-facts.yaml is recorded from them.

After a change of a chart that is meant, `make golden` records anew; the difference is what a reviewer reads.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import yaml

import paichart
from paichart.catalog import Description, describe, entries
from paichart.release import SERVICES
from tests.chart import service_facts
from tests.chart.charts import ROOT, subcharts

pytestmark = pytest.mark.programs  # each renders every chart with Helm

FILE = ROOT / "generator/paichart/data/service-facts.yaml"
HEADER = "# Recorded from the rendered charts by `make golden`; see paichart/catalog.py.\n"


def as_text(facts: dict[str, Any]) -> str:
    return HEADER + yaml.safe_dump(facts, sort_keys=False, width=1000)


@pytest.fixture(scope="module")
def described() -> dict[str, Description]:
    """Every service as examples/everything has it."""
    site = paichart.load(service_facts.EVERYTHING)
    assert site.cluster is not None, site.problems
    return {service.name: service for service in describe(site.cluster)}


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Facts of every service as the chart of examples/everything renders."""
    return service_facts.as_configured(tmp_path_factory.mktemp("everything"))


def test_facts_are_those_of_the_charts(tmp_path: Path) -> None:
    found = as_text(service_facts.recorded(tmp_path))
    if os.environ.get("PAICHART_WRITE_GOLDEN"):
        FILE.write_text(found, encoding="utf-8")
        entries.cache_clear()
    assert found == FILE.read_text(encoding="utf-8"), "meant? then `make golden`, and read the difference"


def test_there_are_29_services_each_with_a_chart_and_facts() -> None:
    names = [entry.name for entry in entries()]
    assert len(names) == 29
    assert sorted(names) == list(subcharts()) == sorted(service.name for service in SERVICES)
    assert sorted(yaml.safe_load(FILE.read_text(encoding="utf-8"))) == sorted(names)


def test_everything_switches_every_service_on(described: dict[str, Description]) -> None:
    assert [name for name, service in described.items() if not service.is_on] == []


def test_what_is_told_is_what_the_chart_renders(
    described: dict[str, Description], rendered: dict[str, Any]
) -> None:
    for name, facts in rendered.items():
        told = described[name]
        assert [{"kind": w.kind, "name": w.name, "nodes": w.nodes} for w in told.workloads] == facts[
            "workloads"
        ]
        ports = [{"at": port.at, "name": port.name, "port": int(port.number)} for port in told.ports]
        assert ports == facts["ports"], name
        assert sorted(told.images) == facts["images"], name
        assert sorted(told.privileges) == sorted(facts["privileges"]), name


def test_folders_of_volumes_are_told(described: dict[str, Description], rendered: dict[str, Any]) -> None:
    for name, facts in rendered.items():
        for folder in facts["folders"]:
            assert any(folder in where for _, where in described[name].keeps), f"{name}: {folder}"


def test_data_is_told_of_exactly_the_services_that_have_a_volume(rendered: dict[str, Any]) -> None:
    with_claim = {entry.name for entry in entries() if any(kept.is_claim for kept in entry.keeps)}
    assert with_claim & rendered.keys() == {name for name, facts in rendered.items() if facts["claims"]}
