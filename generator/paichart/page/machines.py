"""The machines of a page: grouped by SKU, then by roles, in layout order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from paichart.cells import TIMES, memory
from paichart.model import Cluster, Machine, Sku

FEW = 40
"""Machines of a group whose names always show; of more, each is a mark until names are asked for."""

_ROLES = (("is_master", "master"), ("is_worker", "worker"), ("is_storage", "storage"))
_NOUNS = {"master": "master", "worker": "worker", "storage": "storage machine"}
_LEFT_OUT = (
    ("no_log_manager", "no log manager"),
    ("no_job_exporter", "no job exporter"),
    ("no_node_exporter", "no node exporter"),
)


@dataclass(frozen=True, slots=True)
class Group:
    """Machines of one SKU with the same roles; `roles` is empty for machines that have none."""

    roles: tuple[str, ...]
    machines: tuple[Machine, ...]

    @property
    def label(self) -> str:
        """Count and roles in words: `2 workers`, `1 master and worker`."""
        plural = "" if len(self.machines) == 1 else "s"
        nouns = " and ".join(_NOUNS[role] + plural for role in self.roles)
        return f"{len(self.machines):,} {nouns or 'without a role'}"

    @property
    def is_dense(self) -> bool:
        """Tell whether there are too many machines for all names to show."""
        return len(self.machines) > FEW


@dataclass(frozen=True, slots=True)
class Kind:
    """One SKU with its machines."""

    sku: Sku
    groups: tuple[Group, ...]

    @property
    def count(self) -> int:
        """How many machines are of this SKU."""
        return sum(len(group.machines) for group in self.groups)


def kinds(cluster: Cluster) -> tuple[Kind, ...]:
    """Return the SKUs that machines have, by first machine, and each SKU's machines by their roles."""
    found: dict[Sku, dict[tuple[str, ...], list[Machine]]] = {}
    for machine in cluster.machines:
        found.setdefault(machine.sku, {}).setdefault(roles(machine), []).append(machine)
    return tuple(
        Kind(sku, tuple(Group(names, tuple(machines)) for names, machines in groups.items()))
        for sku, groups in found.items()
    )


def roles(machine: Machine) -> tuple[str, ...]:
    """Return the roles of a machine, in the order master, worker, storage."""
    return tuple(name for attribute, name in _ROLES if getattr(machine, attribute))


def note(machine: Machine) -> str:
    """Return what a machine's tile tells beside its name: its address, and what does not run there."""
    return ", ".join([machine.address, *_left_out(machine)])


def devices(cluster: Cluster) -> tuple[int, str]:
    """Return how many computing devices all machines have, and what they are called: GPUs, if all are."""
    found = [machine.sku.device for machine in cluster.machines if machine.sku.device]
    name = "GPUs" if all(device.type.endswith("/gpu") for device in found) else "devices"
    return sum(device.count for device in found), name


def describe(sku: Sku) -> str:
    """Return what a machine of a SKU offers, in words: 8 times V100, 40 cpu, 448 GiB."""
    device = f"{sku.device.count} {TIMES} {sku.device.model or sku.device.type}, " if sku.device else ""
    return f"{device}{float(sku.cpu):g} cpu, {memory(sku.memory)}"


def _left_out(machine: Machine) -> Iterator[str]:
    for attribute, text in _LEFT_OUT:
        if getattr(machine, attribute):
            yield text
