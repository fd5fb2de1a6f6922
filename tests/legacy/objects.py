"""What a rendered release has of each service, in the words of the table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.chart import service_facts
from tests.chart.render import Container, Objects, Pods

OF_SERVICE = "app.kubernetes.io/name"


def services(objects: Objects) -> dict[str, dict[str, Any]]:
    """Workloads and ports of each service that has objects, by its name."""
    names = sorted({str(item["metadata"]["labels"][OF_SERVICE]) for item in objects})
    return {
        name: {"workloads": _workloads(name, objects), "ports": sorted(_ports(name, objects))}
        for name in names
    }


def _own(name: str, objects: Objects) -> Objects:
    return Objects("", tuple(item for item in objects if item["metadata"]["labels"][OF_SERVICE] == name))


def _workloads(name: str, objects: Objects) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for pods in _own(name, objects).pod_specs():
        if pods.is_test:
            continue
        found[pods.component] = {
            "kind": pods.kind,
            "nodes": service_facts.nodes(pods),
            "containers": {
                container.name: {
                    "image": container.spec["image"],
                    "env": sorted(_env(container, pods, objects)),
                }
                for container in pods.containers()
            },
        }
    return found


def _env(container: Container, pods: Pods, objects: Objects) -> Iterator[str]:
    for variable in container.spec.get("env", []):
        yield str(variable["name"])
    for source in container.spec.get("envFrom", []):
        name = source["configMapRef"]["name"]
        yield from objects.find("ConfigMap", name, pods.namespace)["data"]


def _ports(name: str, objects: Objects) -> set[str]:
    own = _own(name, objects)
    found = set()
    for item in own.all("Service"):
        for port in item["spec"]["ports"]:
            found.add(f"service {port['port']}")
            found |= {f"node {port['nodePort']}"} if "nodePort" in port else set()
    for pods in own.pod_specs():
        for container in pods.containers():
            for port in container.spec.get("ports", []):
                number = port.get("hostPort")
                if not number and pods.spec.get("hostNetwork"):
                    number = port["containerPort"]
                found |= {f"host {number}"} if number else set()
    return found
