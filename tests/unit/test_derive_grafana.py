"""Values of grafana. Legacy's had no volume (src/grafana/deploy/grafana.yaml.template); ours lies beside that
of Prometheus, in legacy's data folder (src/cluster-configuration/config: /datastorage)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from paichart.derive import grafana
from tests.unit.derived import satisfies_schema, site

OPERATOR = {"operator": True}
GRAFANA = {"grafana-url": "https://grafana.example.com/"}
PROMETHEUS = {"prometheus-url": "http://prometheus-operated.monitoring.svc:9090/"}


def derived(services: Mapping[str, Any] | None = None, paichart: Mapping[str, Any] | None = None) -> Any:
    return grafana.values(site(services, paichart))


def test_defaults() -> None:
    assert derived() == {
        "server": {"enabled": True},
        # src/prometheus/config/prometheus.yaml: scrape_interval 30
        "prometheus": {"url": "", "scrapeIntervalSeconds": 30},
        "persistence": {"hostPath": "/datastorage/grafana", "node": "pai-master"},
    }


def test_data_lies_below_the_data_folder() -> None:
    services = {"cluster": {"common": {"data-path": "/mnt/pai/"}}, "prometheus": {"scrape_interval": 15}}
    values = derived(services)
    assert values["persistence"] == {"hostPath": "/mnt/pai/grafana", "node": "pai-master"}
    assert values["prometheus"]["scrapeIntervalSeconds"] == 15


def test_storage_class_replaces_the_folder() -> None:
    assert derived(paichart={"storage": {"class": "fast"}})["persistence"] == {"storageClass": "fast"}


def test_another_prometheus_is_asked() -> None:
    url = "http://prometheus-operated.monitoring.svc:9090"
    assert derived(paichart={"monitoring": PROMETHEUS})["prometheus"]["url"] == url


@pytest.mark.parametrize(
    ("monitoring", "has_server", "is_wanted"),
    [({}, True, True), (OPERATOR, True, True), (GRAFANA, False, False), (GRAFANA | OPERATOR, False, True)],
    ids=["own", "own and sidecar", "another without sidecar", "another with sidecar"],
)
def test_another_grafana_gets_dashboards_alone(
    monitoring: Mapping[str, Any], has_server: bool, is_wanted: bool
) -> None:
    cluster = site(paichart={"monitoring": dict(monitoring)})
    assert (grafana.has_server(cluster), grafana.is_wanted(cluster)) == (has_server, is_wanted)
    assert grafana.values(cluster)["server"] == {"enabled": has_server}


@pytest.mark.parametrize("monitoring", [{}, GRAFANA | OPERATOR | PROMETHEUS])
def test_values_satisfy_the_charts_schema(monitoring: Mapping[str, Any]) -> None:
    satisfies_schema("grafana", derived(paichart={"monitoring": dict(monitoring)}))
