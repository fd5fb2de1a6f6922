"""Kubernetes nodes as machines that OpenPAI may use: what each offers, and what speaks against it."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from paichart.model import Device
from paichart.quantity import QuantityError, cores, mebibytes
from paichart.starter.devices import find

LEAST_CPU = Fraction(1, 10)
LEAST_MEMORY = Fraction(1024)
"""A node with fewer cores, or fewer MiB, is none that a layout can hold."""

_CONTROL_PLANE = ("node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master")
_IMAGES = {"kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64"}
_VIRTUAL = {"type": "virtual-kubelet", "eks.amazonaws.com/compute-type": "fargate"}
_KEEPS_PODS_OFF = ("NoSchedule", "NoExecute")
_DIGITS = re.compile("([0-9]+)")


@dataclass(frozen=True, slots=True)
class Node:
    """One node. cpu is in cores, memory in MiB, both allocatable; `box` is the whole machine, likewise.

    `fault` says why it can't be used at all, `obstacle` why not at the moment, and `taints` are those that
    keep pods off ("key=value:effect"); `own_taints` are those that keep a control plane apart, which
    OpenPAI's services tolerate and job pods don't.
    """

    name: str
    address: str
    cpu: Fraction
    memory: Fraction
    box: tuple[Fraction, Fraction]
    device: Device | None = None
    others: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    taints: tuple[str, ...] = ()
    own_taints: tuple[str, ...] = ()
    is_control_plane: bool = False
    fault: str = ""
    obstacle: str = ""
    kubelet: str = ""

    @property
    def objection(self) -> str:
        """Return what speaks against the node, empty for nothing."""
        tainted = f"is tainted {', '.join(self.taints)}, which job pods don't tolerate" if self.taints else ""
        return self.fault or self.obstacle or tainted

    @property
    def is_fit(self) -> bool:
        """Tell whether nothing speaks against the node."""
        return not self.objection


def in_order(found: Iterable[Node]) -> tuple[Node, ...]:
    """Return nodes in the order of their names, numbers counted (`n2` before `n10`).

    A second node with the same address has a fault.
    """
    nodes: list[Node] = []
    owners: dict[str, str] = {}
    for node in sorted(found, key=lambda node: natural(node.name)):
        owner = owners.setdefault(node.address, node.name) if node.address else node.name
        fault = node.fault or ("" if owner == node.name else f"has the address of {owner}")
        nodes.append(replace(node, fault=fault))
    return tuple(nodes)


def natural(name: str) -> tuple[tuple[int, str], ...]:
    """Return a key that sorts names as people do."""
    return tuple((int(part), "") if part.isdigit() else (-1, part) for part in _DIGITS.split(name))


def read_node(item: Mapping[str, Any], wanted: Collection[str] = ()) -> Node:
    """Return the node of an API object; `wanted` names resources that count as devices."""
    metadata, spec, status = item["metadata"], item.get("spec") or {}, item.get("status") or {}
    labels: Mapping[str, str] = metadata.get("labels") or {}
    allocatable: Mapping[str, str] = status.get("allocatable") or {}
    capacity: Mapping[str, str] = status.get("capacity") or {}
    found = find(allocatable, capacity, labels, wanted)
    cpu, memory = _amounts(allocatable)
    address = _address(status.get("addresses") or ())
    info: Mapping[str, str] = status.get("nodeInfo") or {}
    taints: Collection[Mapping[str, str]] = spec.get("taints") or ()
    return Node(
        name=metadata["name"],
        address=address,
        cpu=cpu,
        memory=memory,
        box=_amounts(capacity),
        device=found.device,
        others=found.others,
        remarks=found.remarks,
        taints=tuple(_taints(taint for taint in taints if taint["key"] not in _CONTROL_PLANE)),
        own_taints=tuple(_taints(taint for taint in taints if taint["key"] in _CONTROL_PLANE)),
        is_control_plane=any(label in labels for label in _CONTROL_PLANE),
        fault=next(_faults(labels, info, address, cpu, memory, found.device), ""),
        obstacle=next(_obstacles(spec, status), ""),
        kubelet=info.get("kubeletVersion", ""),
    )


def _amounts(resources: Mapping[str, str]) -> tuple[Fraction, Fraction]:
    try:
        return cores(resources.get("cpu", "0")), mebibytes(resources.get("memory", "0"))
    except QuantityError:
        return Fraction(0), Fraction(0)


def _address(addresses: Collection[Mapping[str, str]]) -> str:
    """Return the node's address in the cluster's network, IPv4 if it has one; empty without any."""
    internal = [entry["address"] for entry in addresses if entry.get("type") == "InternalIP"]
    usable = [text for text in internal if _version(text)]
    return min(usable, key=_version, default="")


def _version(text: str) -> int:
    """Return 4 or 6, and 0 for what is no address."""
    try:
        return ipaddress.ip_address(text).version
    except ValueError:
        return 0


def _taints(taints: Iterable[Mapping[str, str]]) -> Iterator[str]:
    for taint in taints:
        # A cordon and the node's own state show as taints too; they are told as what they are.
        is_told = taint["key"].startswith("node.kubernetes.io/")
        if taint.get("effect") in _KEEPS_PODS_OFF and not is_told:
            value = f"={taint['value']}" if taint.get("value") else ""
            yield f"{taint['key']}{value}:{taint['effect']}"


def _faults(
    labels: Mapping[str, str],
    info: Mapping[str, str],
    address: str,
    cpu: Fraction,
    memory: Fraction,
    device: Device | None,
) -> Iterator[str]:
    if any(labels.get(label) == value for label, value in _VIRTUAL.items()):
        yield "is no machine (virtual kubelet)"
    known = {"kubernetes.io/os": "operatingSystem", "kubernetes.io/arch": "architecture"}
    for label, ours in _IMAGES.items():
        theirs = labels.get(label) or info.get(known[label]) or ours
        if theirs != ours:
            yield f"is {theirs}; OpenPAI's images are for {ours}"
    if not address:
        yield "has no InternalIP"
    if cpu < LEAST_CPU or memory < LEAST_MEMORY:
        yield "offers less than 0.1 cores or 1Gi"
    if device and cpu < device.count:
        yield f"has {float(cpu):g} cores for {device.count} devices; HiveD gives each at least one"


def _obstacles(spec: Mapping[str, Any], status: Mapping[str, Any]) -> Iterator[str]:
    conditions = status.get("conditions") or ()
    if not any(entry["type"] == "Ready" and entry["status"] == "True" for entry in conditions):
        yield "is not Ready"
    if spec.get("unschedulable"):
        yield "is cordoned"
