"""Whom network policies let read metrics: the namespace of a Prometheus that the admin has."""

from __future__ import annotations

from typing import Any

import pytest

from paichart.derive import monitoring
from tests.unit.derived import site


def namespaces(**given: Any) -> Any:
    return monitoring.shared_values(site(paichart={"monitoring": given}))["namespaces"]


def test_nobody_else_reads_metrics():
    assert namespaces() == []


@pytest.mark.parametrize(
    "url",
    [
        "http://kps-prometheus.observability.svc:9090",
        "HTTPS://kps-prometheus.Observability.SVC/prometheus/",
        "http://prometheus-0.kps-prometheus.observability.svc.cluster.local:9090",
    ],
)
def test_the_address_of_a_service_says_where_it_is(url: str):
    assert namespaces(**{"prometheus-url": url}) == ["observability"]


@pytest.mark.parametrize(
    "url", ["https://metrics.example.com", "http://10.0.0.9:9090", "http://[fd00::9]:9090"]
)
def test_another_address_does_not(url: str):
    assert namespaces(**{"prometheus-url": url}) == []


def test_what_is_given_wins():
    assert namespaces(**{"prometheus-url": "http://thanos-query.thanos.svc", "namespace": "monitoring"}) == [
        "monitoring"
    ]
