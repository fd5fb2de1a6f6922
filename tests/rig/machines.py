"""Machines of a layout.yaml as Kubernetes nodes."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

# What OpenPAI's FUSE device plugin would advertise on a worker; a simulated node runs no plugin.
FUSE: Mapping[str, str] = MappingProxyType({"github.com/fuse": "110"})
_MASTER_TAINT = {"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"}


@dataclass(frozen=True, slots=True)
class Machine:
    """One node to simulate.

    cpu and memory are Kubernetes quantities, both the capacity and what is allocatable; resources
    adds extended ones such as {"nvidia.com/gpu": "4"}. taints are Kubernetes taint objects.
    """

    name: str
    ip: str
    cpu: str = "24"
    memory: str = "64Gi"
    resources: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    taints: tuple[Mapping[str, str], ...] = ()
    is_master: bool = field(default=False, kw_only=True)


def nodes_from_layout(path: Path, *, worker_resources: Mapping[str, str] = FUSE) -> tuple[Machine, ...]:
    """Return the machines of a valid layout.yaml, in its order, without OpenPAI's labels.

    worker_resources are offered by each machine marked `pai-worker`, beside the GPUs of its SKU.
    """
    layout = yaml.safe_load(path.read_text(encoding="utf-8"))
    skus = layout["machine-sku"]
    return tuple(
        _machine(entry, skus[entry["machine-type"]], worker_resources) for entry in layout["machine-list"]
    )


def node_object(machine: Machine, version: str, *, master_taint: bool) -> dict[str, Any]:
    """Return the Node to create for a machine whose kubelet has the given version.

    With master_taint, a master is marked and tainted as kubeadm does with its control-plane nodes.
    """
    labels = {
        "kubernetes.io/arch": "amd64",
        "kubernetes.io/hostname": machine.name,
        "kubernetes.io/os": "linux",
        **machine.labels,
    }
    taints = [dict(taint) for taint in machine.taints]
    if master_taint and machine.is_master:
        labels[_MASTER_TAINT["key"]] = ""
        taints.append(_MASTER_TAINT)
    resources = {"cpu": machine.cpu, "memory": machine.memory, "ephemeral-storage": "1Ti", "pods": "110"}
    resources.update(machine.resources)
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": machine.name,
            "labels": labels,
            "annotations": {"kwok.x-k8s.io/node": "fake"},
        },
        "spec": {"taints": taints},
        "status": {
            "addresses": [
                {"type": "InternalIP", "address": machine.ip},
                {"type": "Hostname", "address": machine.name},
            ],
            "allocatable": resources,
            "capacity": resources,
            "conditions": _conditions(),
            "nodeInfo": _node_info(version),
        },
    }


def _machine(
    entry: Mapping[str, Any], sku: Mapping[str, Any], worker_resources: Mapping[str, str]
) -> Machine:
    device = sku.get("computing-device")
    resources = {str(device["type"]): str(device["count"])} if device else {}
    if _is_true(entry.get("pai-worker")):
        resources.update(worker_resources)
    return Machine(
        name=str(entry["hostname"]),
        ip=str(entry["hostip"]),
        cpu=str(sku["cpu"]["vcore"]),
        memory=str(sku["mem"]),
        resources=resources,
        is_master=_is_true(entry.get("pai-master")),
    )


def _is_true(value: object) -> bool:
    return str(value).lower() == "true"


def _conditions() -> list[dict[str, str]]:
    """A healthy node's conditions. Given at creation, they save the simulator a patch for each node."""
    now = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    statuses = {"Ready": "True", "MemoryPressure": "False", "DiskPressure": "False", "PIDPressure": "False"}
    return [
        {"type": kind, "status": status, "lastHeartbeatTime": now, "lastTransitionTime": now}
        for kind, status in statuses.items()
    ]


def _node_info(version: str) -> dict[str, str]:
    unknown = ("bootID", "kubeProxyVersion", "machineID", "systemUUID")
    return {
        **dict.fromkeys(unknown, ""),
        "architecture": "amd64",
        "containerRuntimeVersion": "containerd://2.1.0",
        "kernelVersion": "6.8.0",
        "kubeletVersion": version,
        "operatingSystem": "linux",
        "osImage": "simulated",
    }
