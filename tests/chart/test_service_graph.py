"""The needs that `paichart graph` tells are those that the rendered release shows, no more and no fewer."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

import paichart
from paichart.catalog import entries
from tests.chart.render import Object, Objects, Pods, render
from tests.chart.service_facts import EVERYTHING, NAMESPACE

Edge = tuple[str, str, str]
"""Who needs, how, whom."""

RELEASE = "openpai"
URL = "https://pai.example.com"
FRAMEWORKS = "frameworkcontroller.microsoft.com"

# What pylon serves for others: the start of a path, and whose it is (docs/services/pylon.md); longest first.
PATHS = {
    "/marketplace/api": "marketplace-restserver",
    "/marketplace": "marketplace-webportal",
    "/rest-server": "rest-server",
    "/prometheus": "prometheus",
    "/grafana": "grafana",
    "/kubernetes-dashboard": "k8s-dashboard",
    "/alert-manager": "alert-manager",
}

# Needs that no rendered object shows, and why they are there.
UNSEEN: Mapping[Edge, str] = {
    ("rest-server", "calls", "log-manager"): "asks the log manager of a job's machine, at its address",
    ("pylon", "calls", "log-manager"): "leads to the log managers of machines, at their addresses",
    ("postgresql", "waits", "internal-storage"): "waits for the mounted disk, not for a port",
    ("fluentd", "reads", "database-controller"): "writes into tables that it makes",
    ("dshuttle-csi", "calls", "dshuttle-worker"): "asks the worker of its machine, through a socket there",
    (
        "prometheus",
        "calls",
        "job-exporter",
    ): "finds it by its annotation; no policy holds on a machine's network",
    ("prometheus", "calls", "node-exporter"): "as job-exporter",
    ("prometheus", "calls", "prometheus-pushgateway"): "finds it by its annotation; everybody may push",
}


@pytest.fixture(scope="module")
def objects(tmp_path_factory: pytest.TempPathFactory) -> Objects:
    """The release of examples/everything."""
    folder = tmp_path_factory.mktemp("graph")
    shutil.copytree(EVERYTHING, folder / "config")
    paichart.build(paichart.load(folder / "config"), folder / "out")
    return render(folder / "out", release=RELEASE, namespace=NAMESPACE)


@pytest.fixture(scope="module")
def seen(objects: Objects) -> set[Edge]:
    """The needs that the release shows."""
    edges = {edge for pods in objects.pod_specs() if not pods.is_test for edge in _of_pods(pods, objects)}
    edges |= set(_of_policies(objects)) | set(_of_roles(objects))
    return {edge for edge in edges if edge[0] != edge[2]}


@pytest.fixture(scope="module")
def told() -> set[Edge]:
    """The needs that the catalog tells."""
    return {
        (entry.name, how, need.service) for entry in entries() for need in entry.needs for how in need.how
    }


def test_every_need_that_shows_is_told(seen: set[Edge], told: set[Edge]) -> None:
    assert sorted(seen - told) == []


def test_every_need_that_is_told_shows(seen: set[Edge], told: set[Edge], objects: Objects) -> None:
    there = {owner(item) for item in objects}
    unseen = {edge for edge in told - seen if {edge[0], edge[2]} <= there}
    assert sorted(unseen) == sorted(edge for edge in UNSEEN if {edge[0], edge[2]} <= there)


def test_network_policies_let_every_caller_in(objects: Objects) -> None:
    refused = {
        f"{pods} calls {service['metadata']['name']}, whose network policy does not let it in"
        for pods in objects.pod_specs()
        if not pods.is_test
        for service in _called(pods, objects)
        if not _is_let_in(pods, service, objects)
    }
    assert sorted(refused) == []


def _called(pods: Pods, objects: Objects) -> Iterator[Object]:
    """Services of the release whose addresses pods are given, by variables, arguments or mounted files."""
    services = {str(item["metadata"]["name"]): item for item in objects.all("Service")}
    hosts = {name: name for name in services}
    texts = [text for container in pods.containers() for text in _texts(container.spec)]
    for kind, named in _read(pods):
        item = _find(objects, kind, named, pods.namespace)
        texts += _contents(item) if item is not None else []
    for name in {host for text in texts for host in _hosts(text, hosts)}:
        yield services[name]


def _is_let_in(pods: Pods, service: Object, objects: Objects) -> bool:
    """Whether a policy of the Service's pods has a rule for these pods, or for everybody."""
    selector: dict[str, str] = service["spec"].get("selector", {})
    if selector.items() <= pods.labels.items():
        return True
    rules = [
        rule
        for policy in objects.all("NetworkPolicy")
        if policy["spec"]["podSelector"]["matchLabels"].items() <= selector.items()
        for rule in policy["spec"].get("ingress", [])
    ]
    peers = [
        peer.get("podSelector", {}).get("matchLabels") for rule in rules for peer in rule.get("from", [])
    ]
    is_open = any(not rule.get("from") for rule in rules)
    return is_open or any(peer and peer.items() <= pods.labels.items() for peer in peers)


def owner(item: Object) -> str:
    return str(item["metadata"]["labels"]["app.kubernetes.io/name"])


def _of_pods(pods: Pods, objects: Objects) -> Iterator[Edge]:
    name = owner(pods.owner)
    hosts = {str(item["metadata"]["name"]): owner(item) for item in objects.all("Service")}
    for container in pods.containers():
        texts = list(_texts(container.spec))
        is_waiting = any("wait_for.py" in text for text in texts)
        for text in texts:
            yield from ((name, "waits" if is_waiting else "calls", host) for host in _hosts(text, hosts))
            yield from ((name, "links", service) for service in _linked(text))
    yield from ((name, "reads", other) for other in _beside(pods, objects))
    for kind, named in _read(pods):
        item = _find(objects, kind, named, pods.namespace)
        if item is None:
            continue
        yield name, "reads", owner(item)
        for text in _contents(item):
            yield from ((name, "calls", host) for host in _hosts(text, hosts))
            yield from ((name, "links", service) for service in _linked(text))


def _texts(container: Object) -> Iterator[str]:
    for text in (*container.get("command", []), *container.get("args", [])):
        yield str(text)
    for variable in container.get("env", []):
        yield str(variable.get("value", ""))


def _contents(item: Object) -> Iterator[str]:
    for texts in (item.get("data", {}), item.get("stringData", {})):
        yield from map(str, texts.values())


def _hosts(text: str, hosts: Mapping[str, str]) -> set[str]:
    """Services of the release whose name in the cluster stands in a text."""
    found = re.findall(rf"\b({RELEASE}-[a-z0-9-]+)(?:\.{NAMESPACE}\b|:\d+|(?=[/\"'\s]|$))", text)
    return {hosts[name] for name in found if name in hosts}


def _linked(text: str) -> set[str]:
    """Services to which addresses of the front door in a text lead, whole or as a path."""
    paths = re.findall(rf"(?:^|[\"']|{re.escape(URL)})(/[a-z/-]+)", text)
    return {
        next(service for start, service in PATHS.items() if f"{path}/".startswith(f"{start}/"))
        for path in paths
        if f"{path}/".startswith(tuple(f"{start}/" for start in PATHS))
    }


def _read(pods: Pods) -> Iterator[tuple[str, str]]:
    """Kind and name of each object that pods mount, take variables from or name as their priority."""
    if "priorityClassName" in pods.spec:
        yield "PriorityClass", pods.spec["priorityClassName"]
    for volume in pods.spec.get("volumes", []):
        for source in (volume, *volume.get("projected", {}).get("sources", [])):
            if "configMap" in source:
                yield "ConfigMap", source["configMap"]["name"]
            if "secret" in source:
                yield "Secret", source["secret"].get("secretName") or source["secret"]["name"]
    for container in pods.containers():
        sources = [variable.get("valueFrom", {}) for variable in container.spec.get("env", [])]
        for source in (*sources, *container.spec.get("envFrom", [])):
            for key, kind in (
                ("secretKeyRef", "Secret"),
                ("configMapKeyRef", "ConfigMap"),
                ("secretRef", "Secret"),
                ("configMapRef", "ConfigMap"),
            ):
                if key in source:
                    yield kind, source[key]["name"]


def _beside(pods: Pods, objects: Objects) -> Iterator[str]:
    """Services whose node pods must share, because they read files there."""
    components = {found.component: owner(found.owner) for found in objects.pod_specs() if not found.is_test}
    affinity = pods.spec.get("affinity", {}).get("podAffinity", {})
    for term in affinity.get("requiredDuringSchedulingIgnoredDuringExecution", []):
        labels = term["labelSelector"]["matchLabels"]
        yield components[labels["app.kubernetes.io/component"]]


def _find(objects: Objects, kind: str, name: str, namespace: str) -> Object | None:
    for item in objects.all(kind):
        if item["metadata"]["name"] == name and item["metadata"].get("namespace", namespace) == namespace:
            return item
    return None


def _of_policies(objects: Objects) -> Iterator[Edge]:
    """Callers that network policies let in."""
    components = {pods.component: owner(pods.owner) for pods in objects.pod_specs() if not pods.is_test}
    for policy in objects.all("NetworkPolicy"):
        for rule in policy["spec"].get("ingress", []):
            for peer in rule.get("from", []):
                labels: dict[str, Any] = peer.get("podSelector", {}).get("matchLabels", {})
                caller = components.get(labels.get("app.kubernetes.io/component", ""))
                if caller:
                    yield caller, "calls", owner(policy)


def _of_roles(objects: Objects) -> Iterator[Edge]:
    """Services that may read jobs, whose kind frameworkcontroller brings."""
    for role in objects.all("Role", "ClusterRole"):
        if any(FRAMEWORKS in rule.get("apiGroups", []) for rule in role["rules"]):
            yield owner(role), "reads", "frameworkcontroller"


def test_hosts_are_read_out_of_texts() -> None:
    hosts = {"openpai-postgresql": "postgresql", "openpai-alert-manager": "alert-manager"}
    text = f"postgresql://root:$(P)@openpai-postgresql.{NAMESPACE}.svc:5432/openpai"
    assert _hosts(text, hosts) == {"postgresql"}
    assert _hosts("http://openpai-alert-manager:9093/alert-manager", hosts) == {"alert-manager"}
    assert _hosts("name openpai-postgresql-data", hosts) == set()


def test_paths_are_read_out_of_texts() -> None:
    assert _linked(f"{URL}/marketplace/api and {URL}/grafana/d/x") == {"marketplace-restserver", "grafana"}
    assert _linked(f"{URL}/job-detail.html {URL} {URL}/prometheus-pushgateway/") == set()
