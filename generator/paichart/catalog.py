"""What each service is, needs, keeps and may do: told by `paichart services` and `paichart graph`.

`data/services.yaml` holds what people know; `data/service-facts.yaml` is recorded from the rendered charts by
`make golden`, so that this needs no Helm. `{a.b}` stands for what services-configuration.yaml says at a.b,
`{paichart.a}` for what config.yaml says there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from typing import Any

import yaml

from paichart.derive import common
from paichart.derive.hivedscheduler import scheduler_tag
from paichart.derive.network import exposure_type, is_tls_on
from paichart.derive.pylon import exposure
from paichart.model import Cluster, Machine, Settings
from paichart.release import enabled_services

PAI_IMAGE = "pai:"
"""What stands in recorded images for registry and namespace of OpenPAI's own; their tag is left out."""

KUBERNETES_TAG = "{kubernetes}"
"""What stands for the tag of an image of the cluster's own version."""

OBJECTS_ONLY = "no server: its objects are for yours, which finds them by an operator or a sidecar"

NODE_RULES: Mapping[str, Callable[[Machine], bool]] = {
    "the master": lambda machine: machine.is_master,
    "workers": lambda machine: machine.is_worker,
    "storage machines": lambda machine: machine.is_storage,
    "every node without no-logmanager": lambda machine: not machine.no_log_manager,
    "every node without no-jobexporter": lambda machine: not machine.no_job_exporter,
    "every node without no-nodeexporter": lambda machine: not machine.no_node_exporter,
    "any node": lambda machine: True,
}
"""Which machines the rules for nodes mean, as workloads tell them in words."""

_PLACEHOLDER = re.compile(r"\{([a-z-]+(?:\.[A-Za-z_-]+)+)\}")
_EXPOSED_AT = {"hostPort": "host", "nodePort": "node"}
_ROLES = {"pai-storage": "is_storage"}


@dataclass(frozen=True, slots=True)
class Need:
    """One service that another needs: how (waits, calls, reads, links), and what for."""

    service: str
    how: tuple[str, ...]
    purpose: str


@dataclass(frozen=True, slots=True)
class Kept:
    """Something that stays when pods go: what, and where; a claim is a volume, wherever it lies."""

    what: str
    where: str = ""
    is_claim: bool = False


@dataclass(frozen=True, slots=True)
class Workload:
    """One kind of pods of a service, by component, and the rule for nodes that it runs on."""

    kind: str
    name: str
    nodes: str


@dataclass(frozen=True, slots=True)
class Port:
    """One port: of a Service in the cluster (`service`), of every node (`node`), of a machine (`host`).

    number is a decimal, or the placeholder of what sets it.
    """

    at: str
    name: str
    number: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One service as data tells it, placeholders not filled in; `gate` names the keys that switch it on."""

    name: str
    purpose: str
    when: str
    gate: tuple[str, ...] = ()
    keeps: tuple[Kept, ...] = ()
    needs: tuple[Need, ...] = ()
    note: str = ""
    workloads: tuple[Workload, ...] = ()
    ports: tuple[Port, ...] = ()
    images: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    privileges: tuple[str, ...] = ()
    privileges_on_folder: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Description:
    """One service as a configuration has it: is it on, and why; ports, images and places filled in."""

    name: str
    purpose: str
    is_on: bool
    when: str
    says: tuple[tuple[str, str], ...]
    workloads: tuple[Workload, ...]
    ports: tuple[Port, ...]
    images: tuple[str, ...]
    keeps: tuple[tuple[str, str], ...]
    privileges: tuple[str, ...]
    note: str = ""


@cache
def entries() -> tuple[Entry, ...]:
    """Return all services, a service after those that it waits for."""
    recorded = _data("service-facts.yaml")
    return tuple(_entry(row, recorded.get(row["name"], {})) for row in _data("services.yaml"))


def services_on(cluster: Cluster) -> frozenset[str]:
    """Return the names of a cluster's services: those of its build that its values don't switch off."""
    names = (service.name for service in enabled_services(cluster))
    return frozenset(name for name in names if not _is_switched_off(name, cluster))


def services_running(cluster: Cluster) -> frozenset[str]:
    """Return the names of a cluster's services but for those that are there for objects alone."""
    running = {service.name for service in enabled_services(cluster) if service.has_server(cluster)}
    return services_on(cluster) & running


def runs_on(rule: str, machine: Machine | None) -> bool:
    """Tell whether a workload with this rule for nodes may run on a machine; None is a node of no layout."""
    return rule.startswith("every node") if machine is None else NODE_RULES[rule](machine)


def describe(cluster: Cluster) -> tuple[Description, ...]:
    """Return every service as this cluster's configuration has it, in the order of :func:`entries`."""
    on, running = services_on(cluster), services_running(cluster)
    return tuple(
        _described(_without_pods(entry) if entry.name in on - running else entry, cluster, entry.name in on)
        for entry in entries()
    )


def filled(text: str, cluster: Cluster) -> str:
    """Return text with what the configuration says in its placeholders."""

    def value(match: re.Match[str]) -> str:
        path = match[1].split(".")
        return (cluster.config if path[0] == "paichart" else cluster.services).text(*path)

    return _PLACEHOLDER.sub(value, text)


def image(recorded: str, cluster: Cluster) -> str:
    """Return the full name of a recorded image as the charts write it (`pai-common.image`)."""
    mirror = cluster.config.text("paichart", "image-registry")
    if recorded.startswith(PAI_IMAGE):
        own = common.pai_images(cluster)
        registry = own["registry"] or mirror or "docker.io"
        return f"{registry}/{own['namespace']}/{recorded.removeprefix(PAI_IMAGE)}:{own['tag']}"
    home, _, name = recorded.partition("/")
    tag = scheduler_tag(cluster) or "(the cluster's version)"
    return f"{mirror or home}/{name.replace(KUBERNETES_TAG, tag)}"


def _described(entry: Entry, cluster: Cluster, is_on: bool) -> Description:
    return Description(
        name=entry.name,
        purpose=entry.purpose,
        is_on=is_on,
        when=entry.when,
        says=_says(entry, cluster),
        workloads=_workloads(entry, cluster),
        ports=_ports(entry, cluster),
        images=tuple(image(recorded, cluster) for recorded in entry.images),
        keeps=tuple((kept.what, _place(entry, kept, cluster)) for kept in entry.keeps),
        privileges=_privileges(entry, cluster),
        note=entry.note,
    )


def _without_pods(entry: Entry) -> Entry:
    """Return a service that only has objects for a server of the admin's."""
    nothing = Entry(entry.name, entry.purpose, entry.when, entry.gate, needs=entry.needs)
    return replace(nothing, note=OBJECTS_ONLY)


def _is_switched_off(name: str, cluster: Cluster) -> bool:
    """Tell whether the admin's own values leave a subchart out, by its condition `<name>.enabled`."""
    return cluster.config.value("paichart", "values", name, "enabled") is False


def _says(entry: Entry, cluster: Cluster) -> tuple[tuple[str, str], ...]:
    off = (
        ((f"paichart.values.{entry.name}.enabled", "false"),) if _is_switched_off(entry.name, cluster) else ()
    )
    return (*(_said(key, cluster) for key in entry.gate), *off)


def _said(key: str, cluster: Cluster) -> tuple[str, str]:
    """Return path and value of a key given as `config.yaml:enable_marketplace`; nothing is an empty text."""
    file, _, path = key.partition(":")
    if file == "layout.yaml":
        count = sum(getattr(machine, _ROLES[path]) for machine in cluster.machines)
        return path, f"{count or 'no'} machine{'' if count == 1 else 's'}"
    settings = cluster.config if file == "config.yaml" else cluster.services
    return path, settings.text(*path.split("."))


def _privileges(entry: Entry, cluster: Cluster) -> tuple[str, ...]:
    is_on_folder = not cluster.config.text("paichart", "storage", "class")
    more = entry.privileges_on_folder if is_on_folder else ()
    return tuple(filled(text, cluster) for text in (*entry.privileges, *more))


def _workloads(entry: Entry, cluster: Cluster) -> tuple[Workload, ...]:
    """Return a service's workloads; pylon is bound to the master by its host ports alone."""
    if entry.name == "pylon" and exposure_type(cluster) != "hostPort":
        return tuple(replace(workload, nodes="any node") for workload in entry.workloads)
    return entry.workloads


def _ports(entry: Entry, cluster: Cluster) -> tuple[Port, ...]:
    ports = tuple(Port(port.at, port.name, filled(port.number, cluster)) for port in entry.ports)
    return tuple(_of_front_door(ports, cluster)) if entry.name == "pylon" else ports


def _of_front_door(ports: Iterable[Port], cluster: Cluster) -> Iterator[Port]:
    """Yield pylon's ports: those of its Service, and of the machines that its exposure takes."""
    kind = exposure_type(cluster)
    taken = Settings(exposure(cluster)).mapping(kind) if kind in _EXPOSED_AT else {}
    outside = [Port(_EXPOSED_AT[kind], name, str(number)) for name, number in taken.items()]
    for port in (*(port for port in ports if port.at == "service"), *outside):
        if port.name != "https" or is_tls_on(cluster):
            yield port


def _place(entry: Entry, kept: Kept, cluster: Cluster) -> str:
    if not kept.is_claim:
        return filled(kept.where, cluster)
    storage_class = cluster.config.text("paichart", "storage", "class")
    if storage_class:
        return f"volume of the storage class {storage_class}"
    folders = " and ".join(filled(folder, cluster) for folder in entry.folders)
    return f"folder {folders} on the master" if folders else "volume"


def _entry(row: Mapping[str, Any], recorded: Mapping[str, Any]) -> Entry:
    return Entry(
        name=row["name"],
        purpose=row["purpose"],
        when=row["gate"]["when"],
        gate=tuple(row["gate"].get("keys", ())),
        keeps=tuple(Kept(k["what"], k.get("where", ""), bool(k.get("claim"))) for k in row.get("keeps", ())),
        needs=tuple(Need(n["service"], tuple(n["how"]), n["for"]) for n in row.get("needs", ())),
        note=row.get("note", ""),
        workloads=tuple(Workload(**workload) for workload in recorded.get("workloads", ())),
        ports=tuple(Port(port["at"], port["name"], str(port["port"])) for port in recorded.get("ports", ())),
        images=_texts(recorded.get("images", ())),
        folders=_texts(recorded.get("folders", ())),
        privileges=_texts(recorded.get("privileges", ())),
        privileges_on_folder=_texts(recorded.get("on-folder", ())),
    )


def _texts(values: Iterable[Any]) -> tuple[str, ...]:
    return tuple(str(value) for value in values)


def _data(name: str) -> Any:
    text = resources.files("paichart").joinpath(f"data/{name}").read_text(encoding="utf-8")
    return yaml.load(text, Loader=yaml.CSafeLoader)
