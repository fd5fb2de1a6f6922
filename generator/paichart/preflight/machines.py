"""Machines of the layout against nodes: is each there, ready, and what the layout says it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from paichart.model import Machine
from paichart.preflight.finding import NAMES, Finding
from paichart.preflight.plan import Plan
from paichart.preflight.snapshot import Node, Snapshot
from paichart.problems import Severity, suggest

NODE = "node"
_HOSTNAME = "kubernetes.io/hostname"


def pairs(plan: Plan, snapshot: Snapshot) -> Iterator[tuple[Machine, Node]]:
    """Yield the machines that are nodes, in layout order."""
    nodes = {node.name: node for node in snapshot.nodes or ()}
    for machine in plan.cluster.machines:
        if machine.name in nodes:
            yield machine, nodes[machine.name]


def about(
    machine: Machine, code: str, severity: Severity, message: str, cure: str, detail: str = ""
) -> Finding:
    """Return a finding about a machine's node, told at its hostname in layout.yaml."""
    return Finding(code, severity, NODE, machine.name, message, cure, detail, machine.span)


def check_missing(plan: Plan, snapshot: Snapshot) -> Iterator[Finding]:
    """PAI300: every machine is a node of the cluster."""
    if snapshot.nodes is None:
        return
    names = {node.name for node in snapshot.nodes}
    free = names - plan.machines.keys()
    by_address = {a: node.name for node in snapshot.nodes if node.name in free for a in node.addresses}
    for machine in plan.cluster.machines:
        if machine.name not in names:
            yield about(
                machine,
                "PAI300",
                Severity.ERROR,
                "no node of the cluster has this name",
                "write a node's name as hostname (kubectl get nodes), or join the machine to the cluster",
                _resembling(machine, free, by_address),
            )


def check_extra(plan: Plan, snapshot: Snapshot) -> Iterator[Finding]:
    """PAI301: a node that the layout does not have runs no jobs, which may be meant."""
    known = plan.machines
    for node in snapshot.nodes or ():
        if node.name not in known:
            yield Finding(
                "PAI301",
                Severity.NOTE,
                NODE,
                node.name,
                "is not in layout.yaml: it runs no jobs",
                "if it is to run jobs, add it to machine-list",
            )


def check_ready(plan: Plan, snapshot: Snapshot) -> Iterator[Finding]:
    """PAI302: nodes are Ready. The release needs its master, and one worker at least."""
    found = tuple(pairs(plan, snapshot))
    has_worker = any(machine.is_worker and not node.unready for machine, node in found)
    for machine, node in found:
        if node.unready:
            is_needed = machine.is_master or machine.is_storage or (machine.is_worker and not has_worker)
            since = f"since {node.since}: " if node.since else ""
            yield about(
                machine,
                "PAI302",
                Severity.ERROR if is_needed else Severity.WARNING,
                "is not Ready: nothing new starts there, and `helm --wait` may wait for its daemons",
                f"look at its kubelet, and at:\nkubectl describe node {NAMES}",
                f"{since}{node.unready}",
            )


def check_cordoned(plan: Plan, snapshot: Snapshot) -> Iterator[Finding]:
    """PAI303: nodes take new pods."""
    for machine, node in pairs(plan, snapshot):
        if node.is_cordoned:
            yield about(
                machine,
                "PAI303",
                Severity.ERROR if machine.is_master or machine.is_storage else Severity.WARNING,
                "is cordoned: no service or job starts there",
                f"kubectl uncordon {NAMES}",
            )


def check_address(plan: Plan, snapshot: Snapshot) -> Iterator[Finding]:
    """PAI304: hostip is the node's address, by which the portal reaches the logs of jobs."""
    for machine, node in pairs(plan, snapshot):
        if node.addresses and machine.address not in node.addresses:
            yield about(
                machine,
                "PAI304",
                Severity.ERROR,
                "has another address than its hostip: the portal would not find the logs of its jobs",
                "write the node's InternalIP as hostip (kubectl get nodes -o wide)",
                f"hostip {machine.address}, the node has {' and '.join(node.addresses)}",
            )


def check_hostname_label(plan: Plan, snapshot: Snapshot) -> Iterator[Finding]:
    """PAI305: the label by which a folder's volume is bound to the master is the node's name."""
    if plan.cluster.config.text("paichart", "storage", "class"):
        return
    for machine, node in pairs(plan, snapshot):
        if machine.is_master and node.hostname_label != node.name:
            yield about(
                machine,
                "PAI305",
                Severity.ERROR,
                f"has label {_HOSTNAME}={node.hostname_label}, so no volume in a folder finds the master",
                "take volumes of a class (paichart.storage.class), or start the kubelet with "
                f"--hostname-override={node.name}; until it starts again this helps too:\n"
                f"kubectl label --overwrite node {node.name} {_HOSTNAME}={node.name}",
            )


def _resembling(machine: Machine, names: set[str], by_address: Mapping[str, str]) -> str:
    """Return which node may be meant: the one that has the machine's address, or a like name."""
    if machine.address in by_address:
        return f"node '{by_address[machine.address]}' has its address {machine.address}"
    return suggest(machine.name, names)
