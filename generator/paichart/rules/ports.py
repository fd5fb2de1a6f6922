"""Rules for ports: of jobs, of services on the machines themselves, and of Kubernetes' node ports.

Jobs use the machines' own network, so a port of theirs can meet anything else that listens on the machine.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from paichart.problems import Problem, Severity, Span
from paichart.rules.subject import Check, Row, Rule, Subject

NODE_PORTS = range(30000, 32768)
"""Kubernetes' default `--service-node-port-range`."""

_MASTER, _WORKERS, _STORAGE = frozenset({"master"}), frozenset({"worker"}), frozenset({"storage"})
_EVERYWHERE = _MASTER | _WORKERS | _STORAGE
_DSHUTTLE = frozenset({"dshuttle-master"})
_DSHUTTLE_PORTS = {
    "worker_rpc_port": _WORKERS,
    "worker_web_port": _WORKERS,
    "job_worker_rpc_port": _WORKERS,
    "job_worker_data_port": _WORKERS,
    "job_worker_web_port": _WORKERS,
    "master_rpc_port": _DSHUTTLE,
    "master_web_port": _DSHUTTLE,
    "job_master_rpc_port": _DSHUTTLE,
    "job_master_web_port": _DSHUTTLE,
}
_STORAGE_PORTS = {"smb": ("SMB", 445), "nfs": ("NFS", 2049)}
_JOBS = "rest-server"
_EXPOSURE = ("paichart", "exposure")


@dataclass(frozen=True, slots=True)
class HostPort:
    """A port that a service takes on machines: where it is set, and the machines by their roles.

    A pod with an address of its own counts as a machine; `places` holds its name.
    """

    owner: str
    port: int
    span: Span
    places: frozenset[str]
    is_written: bool = False


def host_ports(subject: Subject) -> tuple[HostPort, ...]:
    """Return the host ports of a release: logs and exporters on every machine, pylon on the master.

    DShuttle has some on workers; the processes of its master share a pod. The storage manager comes first,
    because only the others' ports have a setting of their own, which a problem can point at.
    """
    services, marks = subject.services.settings, subject.services.marks
    monitoring = ("paichart", "monitoring")
    is_there = {
        "log-manager": True,
        "node-exporter": subject.config.settings.flag(*monitoring, "node-exporter"),
        "job-exporter": subject.config.settings.text(*monitoring, "job-metrics") == "exporter",
    }
    ports = [
        HostPort(
            name,
            services.integer(name, "port"),
            marks.at(name, "port"),
            _EVERYWHERE,
            is_written=marks.has(name, "port"),
        )
        for name in is_there
        if is_there[name]
    ]
    if subject.config.settings.text(*_EXPOSURE, "type") == "hostPort":
        ports.append(HostPort("pylon", services.integer("pylon", "port"), marks.at("pylon", "port"), _MASTER))
        if services.has("pylon", "ssl") or subject.config.settings.has("paichart", "tls"):
            https = services.integer("pylon", "ssl", "port") if services.has("pylon", "ssl") else 443
            ports.append(HostPort("pylon (https)", https, marks.at("pylon", "ssl", "port"), _MASTER))
    return (*_of_storage_manager(subject), *ports, *_of_dshuttle(subject))


def _of_storage_manager(subject: Subject) -> Iterator[HostPort]:
    """Yield its ports where a machine carries it; the admin's values may leave them or choose others."""
    path = ("paichart", "values", "storage-manager")
    settings = subject.config.settings
    if not any(row.is_storage for row in subject.rows) or settings.value(*path, "enabled") is False:
        return
    span = subject.services.marks.at(_JOBS, "schedule-port-start")
    for key, (name, legacy) in _STORAGE_PORTS.items():
        port = settings.value(*path, key, "hostPort")
        port = port if isinstance(port, int) else legacy
        if port and settings.value(*path, key, "enabled") is not False:
            yield HostPort(f"storage-manager ({name})", port, span, _STORAGE)


def _of_dshuttle(subject: Subject) -> Iterator[HostPort]:
    services, marks = subject.services.settings, subject.services.marks
    if services.flag("cluster", "common", "dshuttle"):
        for key, places in _DSHUTTLE_PORTS.items():
            owner = f"dshuttle ({key.removesuffix('_port').replace('_', ' ')})"
            yield HostPort(owner, services.integer("dshuttle", key), marks.at("dshuttle", key), places)


def job_ports(subject: Subject) -> range:
    """Return the ports that jobs get; the end is not among them."""
    services = subject.services.settings
    return range(services.integer(_JOBS, "schedule-port-start"), services.integer(_JOBS, "schedule-port-end"))


def _is_unclear(subject: Subject) -> bool:
    """Tell whether a limit of a range was written, but as nothing that could be read."""
    services, config = subject.services, subject.config
    return any(services.may_hold(_JOBS, key) for key in ("schedule-port-start", "schedule-port-end")) or any(
        config.may_hold(key) for key in ("host_daemon_port_start", "host_daemon_port_end")
    )


def check_job_range(subject: Subject) -> Iterator[Problem]:
    """PAI030: the range of job ports has a port in it."""
    ports = job_ports(subject)
    if not ports:
        message = f"no port is from {ports.start} up to, but not including, {ports.stop}"
        hint = "schedule-port-end must be greater than schedule-port-start"
        yield Problem(subject.services.marks.at(_JOBS, "schedule-port-end"), "PAI030", message, hint)


def check_daemon_range(subject: Subject) -> Iterator[Problem]:
    """PAI031: jobs keep out of the ports that machines use for outgoing connections."""
    config = subject.config.settings
    first, last = config.integer("host_daemon_port_start"), config.integer("host_daemon_port_end")
    marks = subject.config.marks
    if first > last:
        message = f"no port is from {first} to {last}"
        hint = "host_daemon_port_end must not be less than host_daemon_port_start"
        yield Problem(marks.at("host_daemon_port_end"), "PAI031", message, hint)
        return
    jobs = job_ports(subject)
    common = range(max(jobs.start, first), min(jobs.stop, last + 1))
    if common:
        message = f"ports {_shown(common)} are for jobs and for the machines' outgoing connections too"
        hint = (
            f"rest-server.schedule-port-end: {first} would end the jobs' ports below host_daemon_port_start"
        )
        moved = marks.has("host_daemon_port_start") or marks.has("host_daemon_port_end")
        key = "host_daemon_port_start" if marks.has("host_daemon_port_start") else "host_daemon_port_end"
        span = marks.at(key) if moved else subject.services.marks.at(_JOBS, "schedule-port-end")
        yield Problem(span, "PAI031", message, hint)


def check_node_port_range(subject: Subject) -> Iterator[Problem]:
    """PAI032: jobs keep out of Kubernetes' node ports, or the admin knows what may happen.

    Legacy's default range lies across them, so it is told only when the range is written, or when this
    release has a node port of its own that a job may meet.
    """
    jobs, marks = job_ports(subject), subject.services.marks
    common = range(max(jobs.start, NODE_PORTS.start), min(jobs.stop, NODE_PORTS.stop))
    taken = [port for port, _, _ in _node_ports(subject) if port in common]
    is_written = any(marks.has(_JOBS, key) for key in ("schedule-port-start", "schedule-port-end"))
    if not common or not (taken or is_written):
        return
    message = f"jobs may get ports {_shown(common)}, which Kubernetes uses for Services of type NodePort"
    if taken:
        message += f"; this release uses {', '.join(map(str, taken))} itself"
    hint = f"a job on such a port isn't reached; rest-server.schedule-port-end: {NODE_PORTS.start} avoids it"
    span = marks.at(_JOBS, "schedule-port-end")
    yield Problem(span, "PAI032", message, hint, Severity.WARNING if taken else Severity.NOTE)


def check_host_ports_of_jobs(subject: Subject) -> Iterator[Problem]:
    """PAI033: no service listens on a port of a worker that a job may get."""
    jobs = job_ports(subject)
    for taken in host_ports(subject):
        if taken.port in jobs and _meet(subject, taken.places, _WORKERS):
            message = f"port {taken.port} of {taken.owner} is among the jobs' ports {_shown(jobs)}"
            hint = "a job would fail when it gets this port; choose one outside, or move the jobs' range"
            yield Problem(taken.span, "PAI033", message, hint)


def check_unique_host_ports(subject: Subject) -> Iterator[Problem]:
    """PAI034: no two services take the same port of one machine."""
    known: list[HostPort] = []
    for taken in host_ports(subject):
        rivals = (one for one in known if one.port == taken.port)
        other = next((one for one in rivals if _meet(subject, one.places, taken.places)), None)
        if other:
            late, early = (other, taken) if other.is_written and not taken.is_written else (taken, other)
            message = f"port {late.port} of {late.owner} is taken by {early.owner} on the same machine"
            yield Problem(late.span, "PAI034", message, "give one of them another port")
        known.append(taken)


def _meet(subject: Subject, places: frozenset[str], others: frozenset[str]) -> bool:
    """Tell whether a machine is among both: by one role, or by two that it carries."""
    machines = (_roles(row) for row in subject.rows)
    return bool(places & others) or any(roles & places and roles & others for roles in machines)


def _roles(row: Row) -> frozenset[str]:
    carried = {"master": row.is_master, "worker": row.is_worker, "storage": row.is_storage}
    return frozenset(role for role, is_carried in carried.items() if is_carried)


def check_node_ports(subject: Subject) -> Iterator[Problem]:
    """PAI035: node ports of this release differ, and lie where Kubernetes puts them by default."""
    first: dict[int, str] = {}
    for port, owner, span in _node_ports(subject):
        if first.setdefault(port, owner) != owner:
            message = f"node port {port} of {owner} is taken by {first[port]}"
            yield Problem(span, "PAI035", message, "give one of them another port")
        if port not in NODE_PORTS:
            message = f"node port {port} is outside Kubernetes' default range {_shown(NODE_PORTS)}"
            hint = "Kubernetes refuses it unless the API server has another --service-node-port-range"
            yield Problem(span, "PAI035", message, hint, Severity.WARNING)


def _node_ports(subject: Subject) -> Iterator[tuple[int, str, Span]]:
    """Yield port, owner and place of the node ports that this release asks for by number."""
    config, marks = subject.config.settings, subject.config.marks
    if config.text(*_EXPOSURE, "type") == "nodePort":
        for key in ("node-port", "https-node-port"):
            if config.has(*_EXPOSURE, key):
                yield config.integer(*_EXPOSURE, key), key, marks.at(*_EXPOSURE, key)
    services = subject.services.settings
    switch = ("docker-cache", "enabled")
    if services.flag(*switch) if services.has(*switch) else config.flag("enable_docker_cache"):
        path = ("docker-cache", "service_nodeport")
        yield services.integer(*path), "docker-cache", subject.services.marks.at(*path)


def _shown(ports: range) -> str:
    return f"{ports.start} to {ports.stop - 1}"


def _when_clear(check: Check) -> Check:
    """Return a check that says nothing when a range is unclear."""
    return lambda subject: iter(()) if _is_unclear(subject) else check(subject)


RULES = tuple(
    Rule(check, ("config", "services"))
    for check in (
        _when_clear(check_job_range),
        _when_clear(check_daemon_range),
        _when_clear(check_node_port_range),
        _when_clear(check_host_ports_of_jobs),
        check_unique_host_ports,
        check_node_ports,
    )
)
