"""Values of the prometheus and prometheus-pushgateway subcharts."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from paichart.derive import prometheus, prometheus_pushgateway
from paichart.model import Device, Sku
from tests.unit.derived import satisfies_schema, site


def test_values_without_any_setting():
    # src/prometheus/config/prometheus.yaml: scrape_interval 30; data in <data-path>/prometheus/data
    values = prometheus.values(site())
    satisfies_schema("prometheus", values)
    assert values == {
        "server": {"enabled": True},
        "scrapeInterval": "30s",
        "rateWindow": "120s",
        "scrape": {"dcgm": {"enabled": False}},
        "retention": {"size": ""},
        "customizedAlerts": "",
        "persistence": {"hostPath": "/datastorage/prometheus/data", "node": "pai-master", "size": "100Gi"},
    }


def test_settings_of_the_old_files():
    given = {
        "cluster": {"common": {"data-path": "/mnt/pai/"}},
        "prometheus": {"scrape_interval": 10, "customized-alerts": "groups: []\n"},
    }
    values = prometheus.values(site(given))
    satisfies_schema("prometheus", values)
    assert (values["scrapeInterval"], values["rateWindow"]) == ("10s", "40s")
    assert values["customizedAlerts"] == "groups: []\n"
    assert values["persistence"]["hostPath"] == "/mnt/pai/prometheus/data"


@pytest.mark.parametrize(
    ("size", "retention"),
    # 85 % of the volume; Prometheus' MB are MiB: 500 * 1024 * 0.85 = 435200; 10^9 / 2^20 * 0.85 = 810.6
    [("500Gi", "435200MB"), ("1G", "810MB")],
)
def test_a_volume_never_runs_full(size, retention):
    values = prometheus.values(site(paichart={"storage": {"class": "ceph", "metrics-size": size}}))
    satisfies_schema("prometheus", values)
    assert values["retention"] == {"size": retention}
    assert values["persistence"] == {"storageClass": "ceph", "size": size}


def test_nvidia_gpus_are_read_where_there_are_some():
    cluster = site()
    gpus = Sku("gpu", Fraction(24), Fraction(61440), Device("nvidia.com/gpu", "A100", 8))
    others = Sku("dtu", Fraction(24), Fraction(61440), Device("enflame.com/dtu", "T10", 8))
    for sku, is_read in ((gpus, True), (others, False)):
        values = prometheus.values(replace(cluster, skus={**cluster.skus, sku.name: sku}))
        assert values["scrape"] == {"dcgm": {"enabled": is_read}}


@pytest.mark.parametrize(
    ("monitoring", "has_server", "is_needed"),
    [
        ({}, True, True),
        ({"operator": True}, True, True),
        ({"prometheus-url": "http://p:9090"}, False, False),
        ({"prometheus-url": "http://p:9090", "operator": True}, False, True),
    ],
)
def test_an_admins_own_prometheus(monitoring, has_server, is_needed):
    cluster = site(paichart={"monitoring": monitoring})
    assert prometheus.values(cluster)["server"] == {"enabled": has_server}
    assert prometheus.is_needed(cluster) is is_needed


def test_neighbours_are_those_of_the_release():
    both = prometheus.neighbours(["alert-manager", "grafana", "prometheus", "pylon"])
    assert both == {"alertManager": {"enabled": True}, "callers": ["pylon", "grafana"]}
    assert prometheus.neighbours(["pylon"]) == {"alertManager": {"enabled": False}, "callers": ["pylon"]}


def test_pushgateway():
    # src/prometheus-pushgateway/config/prometheus-pushgateway.yaml of openpai's head
    assert prometheus_pushgateway.values(site()) == {
        "cleaner": {"timeToLiveSeconds": 30, "intervalSeconds": 15}
    }
    given = {"prometheus-pushgateway": {"metrics-cleaner": {"job-time-to-live": 300}}}
    values = prometheus_pushgateway.values(site(given))
    satisfies_schema("prometheus-pushgateway", values)
    assert values == {"cleaner": {"timeToLiveSeconds": 300, "intervalSeconds": 15}}


@pytest.mark.parametrize(
    ("given", "is_on"), [(None, False), (True, True), (False, False), ("true", True), ("false", False)]
)
def test_pushgateway_is_off_unless_asked_for(given, is_on):
    common = {} if given is None else {"prometheus-pushgateway": given}
    assert prometheus_pushgateway.is_on(site({"cluster": {"common": common}})) is is_on
