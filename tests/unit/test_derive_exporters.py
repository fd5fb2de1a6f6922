"""Values of job-exporter, node-exporter and watchdog.

Legacy's defaults: src/job-exporter/config/job-exporter.yaml, src/prometheus/config/prometheus.yaml.
"""

from __future__ import annotations

import pytest

from paichart.derive import common, job_exporter, node_exporter, watchdog
from tests.unit.derived import satisfies_schema, site


def test_the_job_exporters_defaults_are_legacys() -> None:
    values = job_exporter.values(site())
    assert values == {"loggingLevel": "INFO", "interface": "eth0,eno2", "scrapeIntervalSeconds": 30}
    satisfies_schema("job-exporter", values)


def test_the_job_exporter_can_be_told_otherwise() -> None:
    given = {
        "job-exporter": {"logging-level": "DEBUG", "interface": "ib0,eth1"},
        "prometheus": {"scrape_interval": 15},
    }
    values = job_exporter.values(site(given))
    assert values == {"loggingLevel": "DEBUG", "interface": "ib0,eth1", "scrapeIntervalSeconds": 15}
    satisfies_schema("job-exporter", values)


@pytest.mark.parametrize(("chart", "module"), [("node-exporter", node_exporter), ("watchdog", watchdog)])
def test_others_need_no_values(chart: str, module: object) -> None:
    assert module.values(site()) == {}  # type: ignore[attr-defined] # both modules have it
    satisfies_schema(chart, {})


@pytest.mark.parametrize("service", ["job-exporter", "node-exporter"])
def test_ports_are_shared(service: str) -> None:
    shared = common.values(site({service: {"port": 19999}}))
    assert shared["servicePorts"][service] == 19999  # type: ignore[index, call-overload] # it is a mapping
