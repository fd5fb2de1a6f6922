"""The services of a configuration as text for people and as plain data for programs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any

from paichart.catalog import Description, Port
from paichart.report.lines import wrapped

_AT = {"service": "", "node": "on every node", "host": "on the machine"}
_NOTHING = "-"
WIDEST = 100
"""Columns of a line, however wide the terminal is."""

_MARGIN = 13

_NOT_GIVEN = "not given"


def as_text(services: Sequence[Description], width: int = WIDEST) -> str:
    """Return a line and a list for each service, and how many are on; width in columns."""
    if not services:
        return "none of these services runs there\n"
    count = sum(service.is_on for service in services)
    room = min(width, WIDEST) - _MARGIN
    blocks = [_block(service, room) for service in services]
    return "\n".join([*blocks, f"{count} of {len(services)} services are on\n"])


def as_data(services: Iterable[Description]) -> list[dict[str, Any]]:
    """Return one object a service; keys and their meaning stay within a major version."""
    return [
        {
            "name": service.name,
            "purpose": service.purpose,
            "enabled": service.is_on,
            "gate": {"when": service.when, "configuration": dict(service.says)},
            "workloads": [
                {"kind": workload.kind, "name": workload.name, "nodes": workload.nodes}
                for workload in service.workloads
            ],
            "ports": [{"port": int(port.number), "at": port.at, "name": port.name} for port in service.ports],
            "images": list(service.images),
            "keeps": [{"what": what, "where": where} for what, where in service.keeps],
            "privileges": list(service.privileges),
            "note": service.note,
        }
        for service in services
    ]


def _block(service: Description, room: int) -> str:
    lines = [f"{service.name:<24} {'on ' if service.is_on else 'off'}  {service.purpose}\n"]
    for title, values in _attributes(service):
        lines += [
            f"  {title if first else '':<10} {line}\n"
            for first, line in _marked(_wrapped(values or [_NOTHING], room))
        ]
    return "".join(lines)


def _attributes(service: Description) -> Iterator[tuple[str, list[str]]]:
    yield "when", [service.when]
    if service.says:
        yield "says", [f"{key}: {value or _NOT_GIVEN}" for key, value in service.says]
    yield "runs", [f"{w.kind} {w.name} on {w.nodes}" for w in service.workloads]
    yield "ports", list(_ports(service.ports))
    yield "images", list(service.images)
    yield "keeps", [f"{what}: {where}" for what, where in service.keeps]
    yield "may", list(service.privileges)
    if service.note:
        yield "note", [service.note]


def _ports(ports: Sequence[Port]) -> Iterator[str]:
    """Yield ports of each kind on one line: inside the cluster, on nodes, on the machine."""
    for kind, found in groupby(sorted(ports, key=lambda port: list(_AT).index(port.at)), lambda p: p.at):
        numbers = ", ".join(f"{port.number} ({port.name})" if port.name else port.number for port in found)
        yield f"{numbers} {_AT[kind]}".rstrip()


def _wrapped(values: Iterable[str], room: int) -> Iterator[str]:
    """Yield values, long ones on several lines of which all but the first are indented."""
    for value in values:
        yield from wrapped(value, room, further="  ")


def _marked(values: Iterable[str]) -> Iterator[tuple[bool, str]]:
    for index, value in enumerate(values):
        yield index == 0, value
