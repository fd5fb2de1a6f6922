"""What nodes offer against what the layout's SKUs say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction

from paichart.derive.hived import is_hived_on
from paichart.derive.resources import Reserve, Resources, reserve_of
from paichart.model import Capacity, Machine
from paichart.preflight.finding import NAMES, Finding
from paichart.preflight.machines import about, pairs
from paichart.preflight.plan import Plan
from paichart.preflight.snapshot import Node, Snapshot
from paichart.problems import Severity
from paichart.quantity import to_text

_MEBI = 1024**2
_OWN_DEVICES = ("github.com/", "hivedscheduler.microsoft.com/")
_RECORD = "record what nodes offer: paichart capacity --from-cluster"


def check_amounts(plan: Plan, snapshot: Snapshot) -> Iterator[Finding]:
    """PAI306, PAI307: workers offer the cores and memory that their SKU says.

    An error only where not even what jobs may have of such a machine is there: its jobs would wait for ever.
    """
    reserve = reserve_of(plan.cluster)
    least = _least(plan, snapshot)
    for machine, node in pairs(plan, snapshot):
        if not machine.is_worker or node.unready or machine.name in (plan.cluster.capacity or {}):
            continue
        promised = _promised(machine, reserve)
        known = least[machine.sku.name]
        severity = Severity.ERROR if is_hived_on(plan.cluster) else Severity.WARNING
        sku = machine.sku.name
        if node.cpu < machine.sku.cpu:
            yield about(
                machine,
                "PAI306",
                severity if node.cpu < promised.cpu else Severity.WARNING,
                f"offers fewer cores than SKU {sku} says ({_cores(machine.sku.cpu)})",
                f"layout.yaml: machine-sku.{sku}.cpu.vcore: {_cores(known.cpu)}\nor {_RECORD}",
                _cores(node.cpu),
            )
        if node.memory < machine.sku.memory:
            yield about(
                machine,
                "PAI307",
                severity if node.memory < promised.memory else Severity.WARNING,
                f"offers less memory than SKU {sku} says ({_memory(machine.sku.memory)})",
                f"layout.yaml: machine-sku.{sku}.mem: {_memory(known.memory)}\nor {_RECORD}",
                _memory(node.memory),
            )


def check_recorded(plan: Plan, snapshot: Snapshot) -> Iterator[Finding]:
    """PAI308: nodes still offer what capacity.yaml recorded."""
    recorded = plan.cluster.capacity or {}
    for machine, node in pairs(plan, snapshot):
        old = recorded.get(node.name)
        if old and not node.unready and (node.cpu < old.cpu or node.memory < old.memory):
            yield about(
                machine,
                "PAI308",
                Severity.WARNING,
                "offers less than capacity.yaml recorded",
                "paichart capacity --from-cluster",
                f"{_cores(node.cpu)} cores and {_memory(node.memory)}",
            )


def check_devices(plan: Plan, snapshot: Snapshot) -> Iterator[Finding]:
    """PAI309, PAI310, PAI311: workers offer the devices that their SKU says."""
    for machine, node in pairs(plan, snapshot):
        device = machine.sku.device
        if not machine.is_worker or device is None or node.unready:
            continue
        count = node.devices.get(device.type, 0)
        sku = machine.sku.name
        if device.type not in node.devices:
            yield about(
                machine,
                "PAI309",
                Severity.ERROR,
                f"offers no {device.type}, of which SKU {sku} has {device.count}: it has no device plugin",
                f"install the device plugin of {device.type}{_vendor(device.type)}, or correct "
                f"machine-sku.{sku}.computing-device; look:\nkubectl describe node {NAMES}",
                _others(node),
            )
        elif count < device.count:
            yield about(
                machine,
                "PAI310",
                Severity.ERROR,
                f"offers fewer {device.type} than the {device.count} of SKU {sku}",
                f"layout.yaml: give it a SKU with computing-device.count as it is, or mend the devices; "
                f"look:\nkubectl describe node {NAMES}",
                f"{count} of {device.count}",
            )
        elif count > device.count:
            yield about(
                machine,
                "PAI311",
                Severity.NOTE,
                f"offers more {device.type} than the {device.count} of SKU {sku}: the others stay unused",
                f"layout.yaml: machine-sku.{sku}.computing-device.count: {count}",
                str(count),
            )


def check_room(plan: Plan, snapshot: Snapshot) -> Iterator[Finding]:
    """PAI312: the master has room for the services (`paichart.master-reservation`)."""
    node = next((node for machine, node in pairs(plan, snapshot) if machine.is_master), None)
    if node is None or snapshot.pods is None or node.unready:
        return
    others = [pod for pod in snapshot.pods if pod.node == node.name and pod.release != plan.release]
    free = Resources(
        node.cpu - sum(pod.cpu for pod in others), node.memory - sum(pod.memory for pod in others)
    )
    wanted = reserve_of(plan.cluster).master
    if free.cpu < wanted.cpu or free.memory < wanted.memory:
        yield about(
            plan.master,
            "PAI312",
            Severity.WARNING,
            f"has little room for OpenPAI's services, which take about {_cores(wanted.cpu)} cores and "
            f"{_memory(wanted.memory)} (paichart.master-reservation)",
            f"move other pods away, or take a larger master; look:\nkubectl describe node {NAMES}",
            f"free are {_cores(free.cpu)} cores and {_memory(free.memory)}",
        )


def _least(plan: Plan, snapshot: Snapshot) -> Mapping[str, Resources]:
    """Return by SKU what all of its workers offer."""
    found: dict[str, Resources] = {}
    for machine, node in pairs(plan, snapshot):
        if machine.is_worker and not node.unready:
            known = found.get(machine.sku.name, Resources(node.cpu, node.memory))
            found[machine.sku.name] = Resources(min(known.cpu, node.cpu), min(known.memory, node.memory))
    return found


def _promised(machine: Machine, reserve: Reserve) -> Resources:
    """Return what HiveD gives to the jobs of a machine of this SKU."""
    return reserve.left(Capacity(machine.sku.cpu, machine.sku.memory), machine.is_master)


def _others(node: Node) -> str:
    """Return the devices that a node does offer, in words."""
    found = [
        f"{name}: {count}"
        for name, count in sorted(node.devices.items())
        if count and not name.startswith(_OWN_DEVICES)
    ]
    return f"it offers {', '.join(found)}" if found else ""


def _vendor(resource: str) -> str:
    return " (NVIDIA's GPU operator brings it)" if resource.startswith("nvidia.com/") else ""


def _cores(amount: Fraction) -> str:
    """Return cores as `vcore` may be written, rounded down to thousandths."""
    return f"{max(0, amount * 1000 // 1) / 1000:g}"


def _memory(mib: Fraction) -> str:
    """Return memory as `mem` may be written, rounded down to MiB."""
    return to_text(Fraction(max(0, mib // 1) * _MEBI), binary=True)
