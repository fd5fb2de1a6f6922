"""capacity.yaml: what the workers' nodes offer and what their pods request, recorded from a live cluster.

Counted are the containers of pods bound to a node, as legacy counted them: no init containers, but for
those that keep running. Left out, so that the figures do not depend on when they are taken:

- pods of jobs and finished pods: they come and go, and the cells are there for jobs;
- node-exporter, job-exporter, log-manager, DShuttle, and all of OpenPAI on a master that runs jobs: the build
  keeps room for them itself (`qos-switch`, `dshuttle`, `paichart.master-reservation`), installed yet or not.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from importlib import import_module
from math import ceil
from pathlib import Path
from typing import Any

import yaml

from paichart.model import Capacity, Cluster
from paichart.problems import Problem, suggest
from paichart.quantity import cores, mebibytes, to_text

FILE_NAME = "capacity.yaml"
PAGE_SIZE = 500

_MARKER = "# Recorded by `paichart capacity --from-cluster`"
_HEADER = f"""\
{_MARKER}: what each worker's node offers (allocatable) and what its pods request,
# without jobs. `paichart build` sizes HiveD's cells from it. Record again when nodes or their daemons change;
# remove the file to size cells from layout.yaml.
"""
_JOB_LABEL = ("type", "kube-launcher-task")
_DAEMONS = ("node-exporter", "job-exporter", "log-manager", "dshuttle-worker", "dshuttle-csi-daemon")
_PART_OF = "app.kubernetes.io/part-of"
_US = "openpai"
_UNFINISHED = "status.phase!=Succeeded,status.phase!=Failed"
_GONE = 410
_TRIES = 3
_TIMEOUT_S = (10, 60)


class ClusterError(Exception):
    """The cluster can't be read: what failed, and what to do about it."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class ForeignFileError(Exception):
    """The file to write exists and was not recorded by us; nothing was changed."""


@dataclass(frozen=True, slots=True)
class Api:
    """The two lists that are read, from the official client."""

    core: Any
    address: str
    refusal: type[Exception]
    silence: type[Exception]

    def nodes(self) -> Iterator[Mapping[str, Any]]:
        """Yield every node. Raises ClusterError."""
        return self._all(self.core.list_node)

    def unfinished_pods(self) -> Iterator[Mapping[str, Any]]:
        """Yield every pod of all namespaces that has not ended. Raises ClusterError."""
        return self._all(self.core.list_pod_for_all_namespaces, field_selector=_UNFINISHED)

    def _all(self, call: Any, **arguments: str) -> Iterator[Mapping[str, Any]]:
        """Yield the items of a list, read in pages; begin again when the cluster forgot where we were."""
        for attempt in range(1, _TRIES + 1):
            try:
                yield from list(self._pages(call, arguments))
            except self.refusal as error:
                if error.status != _GONE or attempt == _TRIES:  # type: ignore[attr-defined] # an ApiException
                    raise _refused(error) from None
            except (self.silence, OSError):
                raise ClusterError(f"no answer from {self.address}", _CHECK_ACCESS) from None
            else:
                return

    def _pages(self, call: Any, arguments: Mapping[str, str]) -> Iterator[Mapping[str, Any]]:
        token = ""
        while True:
            page = {"limit": PAGE_SIZE, "_continue": token} if token else {"limit": PAGE_SIZE}
            answer = call(**arguments, **page, _preload_content=False, _request_timeout=_TIMEOUT_S)
            content = json.loads(answer.data)
            yield from content["items"]
            token = content["metadata"].get("continue", "")
            if not token:
                return


_CHECK_ACCESS = "try `kubectl get nodes` with the same --kubeconfig and --context"


def connect(kubeconfig: Path | None = None, context: str | None = None) -> Api:
    """Return the cluster of a kubeconfig, by default the one that kubectl would use. Raises ClusterError."""
    try:
        kubernetes, urllib3 = import_module("kubernetes"), import_module("urllib3")
    except ModuleNotFoundError:
        hint = "install it with: pip install 'paichart[cluster]'"
        raise ClusterError("reading a cluster needs the Python package 'kubernetes'", hint) from None
    configuration = kubernetes.client.Configuration()
    configuration.retries = False  # the client would log each of its tries
    file = str(kubeconfig) if kubeconfig else None
    try:
        kubernetes.config.load_kube_config(file, context, configuration)
    except Exception as error:  # the client lets through whatever a broken file makes it stumble over
        reason = " ".join(str(error).split())
        raise ClusterError(f"no usable kubeconfig: {reason}", _CHECK_ACCESS) from None
    core = kubernetes.client.CoreV1Api(kubernetes.client.ApiClient(configuration))
    return Api(core, configuration.host, kubernetes.client.ApiException, urllib3.exceptions.HTTPError)


def _refused(error: Any) -> ClusterError:
    if error.status in (401, 403):
        hint = "the account of the kubeconfig must be allowed to list nodes and the pods of all namespaces"
        return ClusterError(f"the cluster refuses to be read: {error.status} {error.reason}", hint)
    return ClusterError(f"the cluster failed: {error.status} {error.reason}", _CHECK_ACCESS)


def record(api: Api, cluster: Cluster) -> tuple[dict[str, Capacity], tuple[Problem, ...]]:
    """Return what each worker's node offers, by name, and which workers are no node. Raises ClusterError."""
    nodes = {node["metadata"]["name"]: node.get("status", {}).get("allocatable", {}) for node in api.nodes()}
    workers = [worker for worker in cluster.workers if worker.name in nodes]
    masters = {machine.name for machine in cluster.machines if machine.is_master}
    used = _requests(api.unfinished_pods(), {worker.name for worker in workers}, masters)
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


def write(path: Path, text: str) -> bool:
    """Write the file in one step and return whether it changed.

    Raises ForeignFileError when a file that was not recorded stands there, OSError when the machine fails.
    """
    try:
        present = path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        present = None
    if present == text:
        return False
    if present is not None and not present.startswith(_MARKER):
        raise ForeignFileError(f"{path} was not recorded by paichart")
    handle, scratch = tempfile.mkstemp(prefix=f".{path.name}.paichart-", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(scratch).chmod(0o644)
        Path(scratch).replace(path)
    except BaseException:
        Path(scratch).unlink(missing_ok=True)
        raise
    return True
