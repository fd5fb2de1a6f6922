"""Rules of a Prometheus that the admin has, told at their line and column."""

from __future__ import annotations

import pytest

from tests.unit.checking import CONFIG, places

OWN = "prometheus-url: 'http://prometheus.monitoring.svc:9090'"


def config(*settings: str) -> str:
    return CONFIG + "  monitoring:\n" + "".join(f"    {line}\n" for line in settings)


def test_metrics_of_jobs_that_nobody_records():
    given = config(OWN, "job-metrics: kubelet")
    line = len(given.splitlines())
    assert places(given) == [f"config.yaml:{line}:18 warning PAI232"]


@pytest.mark.parametrize(
    "settings",
    [
        ("job-metrics: kubelet",),
        (OWN,),
        (OWN, "job-metrics: exporter"),
        (OWN, "job-metrics: kubelet", "operator: true"),
    ],
)
def test_metrics_of_jobs_that_somebody_makes(settings):
    assert places(config(*settings)) == []
