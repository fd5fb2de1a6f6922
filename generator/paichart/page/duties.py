"""What the services of a page do to the cluster: where they run, ports, images, and rights with reasons."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from paichart.catalog import NODE_RULES, Description, Workload, runs_on
from paichart.model import Cluster, Machine
from paichart.page.reasons import why

_KINDS = (
    ("privileged: ", "privileged", "Privileged containers", "may do all that root on the machine may"),
    (
        "root: ",
        "root",
        "Containers that run as root",
        "confined to their container, unless they are privileged",
    ),
    ("capability ", "capability", "Added capabilities", "single powers of root"),
    ("the machine's ", "namespace", "The machine's network and processes", "not separate ones of their own"),
    ("reads ", "folder", "Folders of machines, read", "mounted from the machine's disk"),
    ("writes ", "folder-write", "Folders of machines, written", "mounted from the machine's disk"),
    ("in ", "api", "Rights in the Kubernetes API", "beyond what every pod has"),
)
"""First words of a privilege as the catalog words it; its kind, and a title and a remark for the kind."""


@dataclass(frozen=True, slots=True)
class Place:
    """Machines by a rule, and the (service, workload) pairs there; any one of them for `any node`."""

    rule: str
    machines: tuple[Machine, ...]
    workloads: tuple[tuple[str, Workload], ...]


@dataclass(frozen=True, slots=True)
class Opened:
    """One port that a service opens; `where` says at which machines, empty inside the cluster."""

    number: int
    name: str
    service: str
    where: str = ""


@dataclass(frozen=True, slots=True)
class Right:
    """One thing that services may do for the same reason, the catalog's words without those of its kind."""

    what: str
    reason: str
    services: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RightsKind:
    """All rights of one kind."""

    id: str
    title: str
    remark: str
    rights: tuple[Right, ...]

    @property
    def services(self) -> tuple[str, ...]:
        """Names of the services that have such a right, in order."""
        return tuple(dict.fromkeys(name for right in self.rights for name in right.services))


def places(cluster: Cluster, services: Iterable[Description]) -> tuple[Place, ...]:
    """Return where the workloads of services run, in the order of the rules; empty places are left out."""
    found: dict[str, list[tuple[str, Workload]]] = {rule: [] for rule in NODE_RULES}
    for service in services:
        for workload in service.workloads:
            found[workload.nodes].append((service.name, workload))
    return tuple(
        Place(rule, machines_of(cluster, rule), tuple(workloads))
        for rule, workloads in found.items()
        if workloads
    )


def machines_of(cluster: Cluster, rule: str) -> tuple[Machine, ...]:
    """Return the machines that a rule of the catalog means, in layout order."""
    return tuple(machine for machine in cluster.machines if runs_on(rule, machine))


def ports(services: Sequence[Description], at: str) -> tuple[Opened, ...]:
    """Return the ports at `host`, `node` or `service` that services open, by number."""
    found = (
        Opened(
            int(port.number),
            port.name,
            service.name,
            " and ".join(dict.fromkeys(w.nodes for w in service.workloads)) if at == "host" else "",
        )
        for service in services
        for port in service.ports
        if port.at == at
    )
    return tuple(sorted(found, key=lambda port: (port.number, port.service)))


def ports_machines(cluster: Cluster, services: Sequence[Description], port: Opened) -> tuple[Machine, ...]:
    """Return the machines at which a port of `host` is open, in layout order."""
    rules = {w.nodes for service in services if service.name == port.service for w in service.workloads}
    return tuple(machine for machine in cluster.machines if any(runs_on(rule, machine) for rule in rules))


def images(services: Iterable[Description]) -> Mapping[str, tuple[str, ...]]:
    """Return each image by its full name, sorted, with the services that use it."""
    users: dict[str, list[str]] = {}
    for service in services:
        for image in service.images:
            users.setdefault(image, []).append(service.name)
    return {image: tuple(dict.fromkeys(users[image])) for image in sorted(users)}


def rights(services: Sequence[Description]) -> tuple[RightsKind, ...]:
    """Return what services may do, by kind, the strongest first; kinds that nobody has are left out."""
    kinds = (
        RightsKind(id_, title, remark, tuple(_rights(services, prefix)))
        for prefix, id_, title, remark in _KINDS
    )
    return tuple(kind for kind in kinds if kind.rights)


def kind_of(privilege: str) -> str:
    """Return the kind of a privilege as the catalog words it. Raises StopIteration for an unknown one."""
    return next(id_ for prefix, id_, _, _ in _KINDS if privilege.startswith(prefix))


def _rights(services: Sequence[Description], prefix: str) -> Iterator[Right]:
    """Yield the rights whose words begin so, each with all services that have it for the same reason."""
    found: dict[tuple[str, str], list[str]] = {}
    for service in services:
        for text in service.privileges:
            if text.startswith(prefix):
                key = _shortened(text, prefix), why(service.name, text)
                found.setdefault(key, []).append(service.name)
    for (what, reason), names in found.items():
        yield Right(what, reason, tuple(names))


def _shortened(text: str, prefix: str) -> str:
    """Return a privilege without the words that its kind's title has."""
    return text if prefix == "in " else text.removeprefix(prefix).removesuffix(" of the machine")
