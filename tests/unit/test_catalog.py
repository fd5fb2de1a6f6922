"""What is told of a service: what switches it on, and its ports, images and places as a site has them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from paichart.catalog import (
    OBJECTS_ONLY,
    Description,
    Entry,
    Kept,
    Port,
    describe,
    entries,
    filled,
    image,
    services_on,
    services_running,
)
from paichart.model import Cluster
from paichart.report.services import as_data, as_text
from paichart.schema import load_schema
from tests.unit.derived import site

MONITORING = {
    "prometheus-url": "http://prometheus.monitoring:9090",
    "grafana-url": "http://grafana.example.com",
}


def described(cluster: Cluster, name: str) -> Description:
    (found,) = [service for service in describe(cluster) if service.name == name]
    return found


def storage_site() -> Cluster:
    cluster = site()
    first, second = cluster.machines
    return replace(cluster, machines=(replace(first, is_storage=True), second))


def with_config(**config: Any) -> Cluster:
    cluster = site()
    return replace(cluster, config=replace(cluster.config, data={**cluster.config.data, **config}))


# service, a site, whether it is on there, what the site says. Gates are legacy's (SERVICES table of its
# deploy folders), but for what is off by default now: the disk image and Kubernetes' dashboard.
GATES = [
    ("internal-storage", site(), False, "internal-storage.enable: false"),
    ("internal-storage", site({"internal-storage": {"enable": True}}), True, "internal-storage.enable: true"),
    ("docker-cache", site(), False, "docker-cache.enabled: not given, enable_docker_cache: false"),
    (
        "docker-cache",
        with_config(enable_docker_cache="true"),
        True,
        "docker-cache.enabled: not given, enable_docker_cache: true",
    ),
    (
        "docker-cache",
        site({"docker-cache": {"enabled": True}}),
        True,
        "docker-cache.enabled: true, enable_docker_cache: false",
    ),
    ("postgresql", site(), True, "paichart.external-database.host: not given"),
    (
        "postgresql",
        site(paichart={"external-database": {"host": "db.example.com", "user": "pai"}}),
        False,
        "paichart.external-database.host: db.example.com",
    ),
    ("hivedscheduler", site(), True, "enable_hived_scheduler: true"),
    ("hivedscheduler", with_config(enable_hived_scheduler=False), False, "enable_hived_scheduler: false"),
    (
        "prometheus",
        site(),
        True,
        "paichart.monitoring.prometheus-url: not given, paichart.monitoring.operator: false",
    ),
    (
        "prometheus",
        site(paichart={"monitoring": MONITORING}),
        False,
        "paichart.monitoring.prometheus-url: http://prometheus.monitoring:9090, "
        "paichart.monitoring.operator: false",
    ),
    (
        "grafana",
        site(),
        True,
        "paichart.monitoring.grafana-url: not given, paichart.monitoring.operator: false",
    ),
    (
        "grafana",
        site(paichart={"monitoring": MONITORING}),
        False,
        "paichart.monitoring.grafana-url: http://grafana.example.com, paichart.monitoring.operator: false",
    ),
    ("node-exporter", site(), True, "paichart.monitoring.node-exporter: true"),
    (
        "node-exporter",
        site(paichart={"monitoring": {"node-exporter": False}}),
        False,
        "paichart.monitoring.node-exporter: false",
    ),
    ("prometheus-pushgateway", site(), False, "cluster.common.prometheus-pushgateway: false"),
    (
        "prometheus-pushgateway",
        site({"cluster": {"common": {"prometheus-pushgateway": "true"}}}),
        True,
        "cluster.common.prometheus-pushgateway: true",
    ),
    ("fluentd", site(), True, "cluster.common.job-history: true"),
    (
        "fluentd",
        site({"cluster": {"common": {"job-history": "false"}}}),
        False,
        "cluster.common.job-history: false",
    ),
    ("storage-manager", site(), False, "pai-storage: no machines"),
    ("storage-manager", storage_site(), True, "pai-storage: 1 machine"),
    (
        "marketplace-db",
        with_config(enable_marketplace="true"),
        True,
        "cluster.common.marketplace: not given, enable_marketplace: true, "
        "marketplace-restserver.db_host: not given",
    ),
    (
        "marketplace-db",
        replace(
            with_config(enable_marketplace="true"),
            services=site({"marketplace-restserver": {"db_host": "db.example.com"}}).services,
        ),
        False,
        "cluster.common.marketplace: not given, enable_marketplace: true, "
        "marketplace-restserver.db_host: db.example.com",
    ),
    *(
        (name, cluster, is_on, says)
        for name in ("marketplace-restserver", "marketplace-webportal")
        for cluster, is_on, says in (
            (site(), False, "cluster.common.marketplace: not given, enable_marketplace: false"),
            (
                with_config(enable_marketplace="true"),
                True,
                "cluster.common.marketplace: not given, enable_marketplace: true",
            ),
        )
    ),
    *(
        (name, cluster, is_on, says)
        for name in ("dshuttle-master", "dshuttle-worker", "dshuttle-csi")
        for cluster, is_on, says in (
            (site(), False, "cluster.common.dshuttle: false"),
            (site({"cluster": {"common": {"dshuttle": "true"}}}), True, "cluster.common.dshuttle: true"),
        )
    ),
]
ALWAYS = (
    "alert-manager",
    "cluster-configuration",
    "database-controller",
    "device-plugin",
    "frameworkcontroller",
    "job-exporter",
    "log-manager",
    "openpai-runtime",
    "pylon",
    "rest-server",
    "watchdog",
    "webportal",
)


@pytest.mark.parametrize(("name", "cluster", "is_on", "says"), GATES, ids=[f"{g[0]}-{g[2]}" for g in GATES])
def test_a_gate_is_what_the_configuration_says(name, cluster, is_on, says):
    found = described(cluster, name)
    said = ", ".join(f"{key}: {value or 'not given'}" for key, value in found.says)
    assert (found.is_on, said) == (is_on, says)


@pytest.mark.parametrize("name", ALWAYS)
def test_a_service_without_a_gate_is_always_on(name):
    found = described(site(), name)
    assert found.is_on
    assert found.when.startswith("always")


def test_every_gate_is_tried():
    tried = {gate[0] for gate in GATES}
    assert {entry.name for entry in entries()} == {*tried, *ALWAYS, "k8s-dashboard"}


def test_every_key_of_a_gate_and_of_a_placeholder_is_known():
    for entry in entries():
        for key in entry.gate:
            file, _, path = key.partition(":")
            assert file == "layout.yaml" or is_known(file, path), key
        for text in (
            *(port.number for port in entry.ports),
            *(kept.where for kept in entry.keeps),
            *entry.folders,
            *entry.privileges,
        ):
            assert "{" not in filled(text, site()), text
            assert "//" not in filled(text, site()), text


def is_known(file: str, path: str) -> bool:
    part = load_schema(file.removesuffix(".yaml")).content
    for name in path.split("."):
        part = part.get("properties", {}).get(name)
        if part is None:
            return False
    return True


def test_no_gate_shows_a_secret():
    for entry in entries():
        for key in entry.gate:
            file, _, path = key.partition(":")
            if file != "layout.yaml":
                part = load_schema(file.removesuffix(".yaml")).content
                for name in path.split("."):
                    part = part["properties"][name]
                assert "x-paichart-secret" not in part


# How pai-common.image puts names together: OpenPAI's own from their registry, all others from the mirror.
@pytest.mark.parametrize(
    ("config", "paichart", "recorded", "name"),
    [
        ({}, {}, "pai:rest-server", "docker.io/openpai/rest-server:v1.8.0"),
        (
            {"docker_registry_domain": "registry.example.com", "docker_registry_namespace": "a/b"},
            {},
            "pai:rest-server",
            "registry.example.com/a/b/rest-server:v1.8.0",
        ),
        (
            {},
            {"image-registry": "mirror.example.com/x"},
            "pai:pylon",
            "mirror.example.com/x/openpai/pylon:v1.8.0",
        ),
        (
            {},
            {"image-registry": "mirror.example.com/x"},
            "registry.k8s.io/kube-scheduler:{kubernetes}",
            "mirror.example.com/x/kube-scheduler:(the cluster's version)",
        ),
        (
            {},
            {"kubernetes-version": "1.31.4"},
            "registry.k8s.io/kube-scheduler:{kubernetes}",
            "registry.k8s.io/kube-scheduler:v1.31.4",
        ),
        ({}, {}, "docker.io/nginxinc/nginx-unprivileged:1", "docker.io/nginxinc/nginx-unprivileged:1"),
    ],
)
def test_an_image_is_named_as_the_charts_name_it(config, paichart, recorded, name):
    cluster = with_config(**config, paichart=site(paichart=paichart).config.data["paichart"])
    assert image(recorded, cluster) == name


@pytest.mark.parametrize(
    ("paichart", "ports", "nodes"),
    [
        ({}, [("service", "http", "80"), ("host", "http", "8080")], "the master"),
        (
            {"tls": {"secret-name": "tls"}},
            [
                ("service", "http", "80"),
                ("service", "https", "443"),
                ("host", "http", "8080"),
                ("host", "https", "443"),
            ],
            "the master",
        ),
        (
            {"exposure": {"type": "nodePort"}},
            [("service", "http", "80"), ("node", "http", "30080")],
            "any node",
        ),
        ({"exposure": {"type": "ingress"}}, [("service", "http", "80")], "any node"),
    ],
)
def test_the_front_door_has_the_ports_of_its_exposure(paichart, ports, nodes):
    found = described(site({"pylon": {"port": 8080}}, paichart), "pylon")
    of_users = [port for port in found.ports if port.name != "internal"]
    assert [(port.at, port.name, port.number) for port in of_users] == ports
    assert [workload.nodes for workload in found.workloads] == [nodes]


def test_ports_are_those_of_the_configuration():
    found = described(site({"rest-server": {"server-port": 9999}}), "rest-server")
    assert [port.number for port in found.ports] == ["9999"]


def test_data_lies_where_the_configuration_puts_it():
    (kept,) = described(site({"internal-storage": {"root-path": "/data"}}), "postgresql").keeps
    assert kept == ("the database", "folder /data/storage on the master")
    (kept,) = described(site(paichart={"storage": {"class": "fast"}}), "postgresql").keeps
    assert kept == ("the database", "volume of the storage class fast")


def test_what_only_a_folder_needs_is_told_with_a_folder_only():
    assert "root: prepare-folder" in described(site(), "postgresql").privileges
    assert described(site(paichart={"storage": {"class": "fast"}}), "postgresql").privileges == ()


A_SERVICE = Description(
    name="cache",
    purpose="keeps things",
    is_on=True,
    when="cache.enabled is true",
    says=(("cache.enabled", "true"),),
    workloads=(),
    ports=(Port("host", "http", "80"), Port("service", "http", "8080"), Port("service", "", "9")),
    images=("docker.io/a:1", "docker.io/b:2"),
    keeps=(("things", "volume"),),
    privileges=("root: main",),
)


def test_text_of_a_service():
    assert as_text([A_SERVICE, replace(A_SERVICE, name="other", is_on=False, says=(), note="odd")]) == (
        "cache                    on   keeps things\n"
        "  when       cache.enabled is true\n"
        "  says       cache.enabled: true\n"
        "  runs       -\n"
        "  ports      8080 (http), 9\n"
        "             80 (http) on the machine\n"
        "  images     docker.io/a:1\n"
        "             docker.io/b:2\n"
        "  keeps      things: volume\n"
        "  may        root: main\n"
        "\n"
        "other                    off  keeps things\n"
        "  when       cache.enabled is true\n"
        "  runs       -\n"
        "  ports      8080 (http), 9\n"
        "             80 (http) on the machine\n"
        "  images     docker.io/a:1\n"
        "             docker.io/b:2\n"
        "  keeps      things: volume\n"
        "  may        root: main\n"
        "  note       odd\n"
        "\n"
        "1 of 2 services are on\n"
    )


def test_data_of_a_service():
    (found,) = as_data([A_SERVICE])
    assert found == {
        "name": "cache",
        "purpose": "keeps things",
        "enabled": True,
        "gate": {"when": "cache.enabled is true", "configuration": {"cache.enabled": "true"}},
        "workloads": [],
        "ports": [
            {"port": 80, "at": "host", "name": "http"},
            {"port": 8080, "at": "service", "name": "http"},
            {"port": 9, "at": "service", "name": ""},
        ],
        "images": ["docker.io/a:1", "docker.io/b:2"],
        "keeps": [{"what": "things", "where": "volume"}],
        "privileges": ["root: main"],
        "note": "",
    }


def test_an_entry_needs_no_facts():
    assert Entry("new", "does things", "always", keeps=(Kept("x", "y"),)).workloads == ()


@pytest.mark.parametrize("name", ["prometheus", "grafana"])
def test_a_service_without_its_server_claims_no_pods(name: str) -> None:
    # charts/prometheus and charts/grafana then make PrometheusRule, PodMonitor and ConfigMap objects only.
    cluster = site(paichart={"monitoring": {**MONITORING, "operator": True}})
    found = described(cluster, name)
    assert (found.is_on, found.note) == (True, OBJECTS_ONLY)
    assert (found.workloads, found.ports, found.images, found.keeps, found.privileges) == ((),) * 5
    assert name in services_on(cluster) - services_running(cluster)


@pytest.mark.parametrize(("terminal", "widest"), [(200, 100), (100, 100), (80, 80)])
def test_lines_fit_the_terminal_and_100_columns(terminal: int, widest: int) -> None:
    lines = as_text(describe(site()), terminal).splitlines()
    assert widest - 6 <= max(len(line) for line in lines if line.startswith(" ")) <= widest
