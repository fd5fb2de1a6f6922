"""capacity.yaml: what the workers' nodes offer and what their pods request, recorded from a live cluster.

Counted are the containers of pods bound to a node, as legacy counted them: no init containers, but for
those that keep running. Left out, so that the figures do not depend on when they are taken:

- pods of jobs and finished pods: they come and go, and the cells are there for jobs;
- node-exporter, job-exporter, log-manager, DShuttle, and all of OpenPAI on a master that runs jobs: the build
  keeps room for them itself (`qos-switch`, `dshuttle`, `paichart.master-reservation`), installed yet or not.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from fractions import Fraction
from math import ceil
from typing import Any

import yaml

from paichart.kube import Api
from paichart.model import Capacity, Cluster
from paichart.problems import Problem, suggest
from paichart.quantity import cores, mebibytes, to_text

FILE_NAME = "capacity.yaml"

MARKER = "# Recorded by `paichart capacity --from-cluster`"
_HEADER = f"""\
{MARKER}: what each worker's node offers (allocatable) and what its pods request,
# without jobs. `paichart build` sizes HiveD's cells from it. Record again when nodes or their daemons change;
# remove the file to size cells from layout.yaml.
"""
_JOB_LABEL = ("type", "kube-launcher-task")
_DAEMONS = ("node-exporter", "job-exporter", "log-manager", "dshuttle-worker", "dshuttle-csi-daemon")
_PART_OF = "app.kubernetes.io/part-of"
_US = "openpai"
_UNFINISHED = "status.phase!=Succeeded,status.phase!=Failed"


def record(api: Api, cluster: Cluster) -> tuple[dict[str, Capacity], tuple[Problem, ...]]:
    """Return what each worker's node offers, by name, and which workers are no node. Raises ClusterError."""
    nodes = {node["metadata"]["name"]: node.get("status", {}).get("allocatable", {}) for node in api.nodes()}
    workers = [worker for worker in cluster.workers if worker.name in nodes]
    masters = {machine.name for machine in cluster.machines if machine.is_master}
    pods = api.items("/api/v1/pods", fieldSelector=_UNFINISHED)
    used = _requests(pods, {worker.name for worker in workers}, masters)
    nothing = (Fraction(0), Fraction(0))
    recorded = {
        worker.name: Capacity(
            cores(nodes[worker.name].get("cpu", "0")),
            mebibytes(nodes[worker.name].get("memory", "0")),
            *used.get(worker.name, nothing),
        )
        for worker in workers
    }
    missing = tuple(
        Problem(
            worker.span, "PAI195", f"no Kubernetes node is named '{worker.name}'", suggest(worker.name, nodes)
        )
        for worker in cluster.workers
        if worker.name not in nodes
    )
    return recorded, missing


def _requests(
    pods: Iterator[Mapping[str, Any]], workers: Collection[str], masters: Collection[str]
) -> dict[str, tuple[Fraction, Fraction]]:
    """Return by node what pods request: cores and MiB."""
    used: dict[str, tuple[Fraction, Fraction]] = {}
    for pod in pods:
        node = pod["spec"].get("nodeName", "")
        if node not in workers or _is_left_out(pod["metadata"].get("labels") or {}, node in masters):
            continue
        cpu, memory = used.get(node, (Fraction(0), Fraction(0)))
        for container in _running_containers(pod["spec"]):
            requests = container.get("resources", {}).get("requests") or {}
            cpu += cores(requests.get("cpu", "0"))
            memory += mebibytes(requests.get("memory", "0"))
        used[node] = cpu, memory
    return used


def _is_left_out(labels: Mapping[str, str], is_on_master: bool) -> bool:
    """Tell whether a pod is a job's, or one that the build reserves room for."""
    if labels.get(_JOB_LABEL[0]) == _JOB_LABEL[1]:
        return True
    if labels.get("app") in _DAEMONS and labels.get(_PART_OF, _US) == _US:
        return True
    return is_on_master and labels.get(_PART_OF) == _US


def _running_containers(spec: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from spec["containers"]
    for container in spec.get("initContainers") or ():
        if container.get("restartPolicy") == "Always":
            yield container


def as_text(capacity: Mapping[str, Capacity]) -> str:
    """Return capacity.yaml, nodes sorted by name."""
    nodes = {
        name: {
            "cpu": to_text(node.cpu),
            "memory": _memory_text(node.memory),
            "cpu-requested": to_text(node.cpu_requested),
            "memory-requested": _memory_text(node.memory_requested),
        }
        for name, node in sorted(capacity.items())
    }
    return _HEADER + yaml.safe_dump({"nodes": nodes}, sort_keys=False, width=1000)


def _memory_text(mib: Fraction) -> str:
    return to_text(Fraction(ceil(mib * 1024**2)), binary=True)
