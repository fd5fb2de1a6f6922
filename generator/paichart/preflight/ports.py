"""Ports of machines and nodes that the release takes, against those that others have."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from paichart.catalog import Description, describe, entries, runs_on
from paichart.derive.monitoring import has_job_exporter
from paichart.derive.network import exposure_type
from paichart.model import Machine
from paichart.preflight.finding import Finding
from paichart.preflight.leftovers import legacy_workloads
from paichart.preflight.plan import Plan
from paichart.preflight.snapshot import Pod, Snapshot
from paichart.problems import Severity

_PROTOCOL = "TCP"
"""Of all ports of the release; the same number of another protocol is another port."""

_NODE_PORTS = range(30000, 32768)
"""Kubernetes' own range; an API server may have another, which nobody can ask for."""


@dataclass(frozen=True, slots=True)
class Port:
    """A port that the release takes: number, the service, its nodes in words, and the setting behind it."""

    number: int
    service: str
    nodes: str
    setting: str


def host_ports(plan: Plan) -> tuple[Port, ...]:
    """Return the ports of machines that the release takes."""
    return tuple(_ports(plan, "host"))


def node_ports(plan: Plan) -> tuple[Port, ...]:
    """Return the node ports of the release's Services."""
    return tuple(_ports(plan, "node"))


def check_host_ports(plan: Plan, snapshot: Snapshot) -> Iterator[Finding]:
    """PAI337: no pod of others has a port of a machine that the release takes.

    Those of a legacy installation are told as such.
    """
    machines = plan.machines
    legacy = {f"{kind} {namespace}/{name}" for kind, namespace, name in legacy_workloads(snapshot)}
    taken: dict[int, list[Pod]] = {}
    for pod in snapshot.pods or ():
        is_ours = pod.release == plan.release and pod.namespace == plan.namespace
        if not is_ours and pod.owner not in legacy:
            for number in {number for protocol, number in pod.ports if protocol == _PROTOCOL}:
                taken.setdefault(number, []).append(pod)
    for port in host_ports(plan):
        for pod in taken.get(port.number, ()):
            machine = machines.get(pod.node)
            if runs_on(port.nodes, machine):
                yield _taken(port, pod, machine)


def check_node_ports(plan: Plan, snapshot: Snapshot) -> Iterator[Finding]:
    """PAI338, PAI339: node ports of the release are free, and such as Kubernetes gives."""
    for port in node_ports(plan):
        name = str(port.number)
        for service in snapshot.services or ():
            is_ours = service.release == plan.release and service.namespace == plan.namespace
            if port.number in service.node_ports and not is_ours:
                message = f"of {port.service} is taken by Service {service.namespace}/{service.name}"
                cure = f"write another port as {port.setting}, or delete that Service"
                yield Finding("PAI338", Severity.ERROR, "node port", name, message, cure)
        if port.number not in _NODE_PORTS:
            message = f"of {port.service} is outside of 30000-32767, which Kubernetes has by default"
            cure = f"write another port as {port.setting}, or start the API server with a wider range"
            yield Finding("PAI339", Severity.NOTE, "node port", name, message, cure)


def _taken(port: Port, pod: Pod, machine: Machine | None) -> Finding:
    return Finding(
        "PAI337",
        Severity.ERROR,
        "node",
        pod.node,
        f"port {port.number} of {port.service} is taken by {pod.owner}",
        _free(port),
        f"pod {pod.name}",
        machine.span if machine else None,
    )


def _free(port: Port) -> str:
    """Return how a port is got free, or another one taken."""
    if port.service == "node-exporter":
        return (
            "config.yaml: paichart.monitoring.node-exporter: false, if that is a node exporter; else stop it"
        )
    if port.service == "pylon":
        other = "paichart.exposure.type: ingress (or nodePort, loadBalancer, gateway)"
        return f"stop it, write another port as {port.setting}, or config.yaml: {other}"
    return f"stop it, or write another port as {port.setting} in services-configuration.yaml"


def _ports(plan: Plan, at: str) -> Iterator[Port]:
    for service in describe(plan.cluster):
        if not service.is_on or (service.name == "job-exporter" and not has_job_exporter(plan.cluster)):
            continue
        for port in service.ports:
            if port.at == at:
                yield Port(
                    int(port.number), service.name, _nodes(service), _setting(plan, service, port.name)
                )


def _nodes(service: Description) -> str:
    return service.workloads[0].nodes if service.workloads else "any node"


def _setting(plan: Plan, service: Description, name: str) -> str:
    """Return the key that sets a port, as the recorded placeholder names it."""
    if service.name == "pylon" and exposure_type(plan.cluster) == "nodePort":
        return "paichart.exposure." + {"http": "node-port", "https": "https-node-port"}.get(name, name)
    entry = next(entry for entry in entries() if entry.name == service.name)
    written = (port.number for port in entry.ports if port.name == name and port.number.startswith("{"))
    return next(written, f"paichart.values.{service.name}").strip("{}")
