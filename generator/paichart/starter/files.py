"""The texts of a new site's files, whole and ready to be written."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cache
from importlib.resources import files

import jinja2
import yaml

from paichart.derive.hived_config import as_config
from paichart.derive.hived_spec import derive_hived_spec
from paichart.derive.network import authority
from paichart.hived import HivedSpec, VirtualCell, VirtualCluster
from paichart.model import Cluster, Machine, Settings
from paichart.schema import FILES, load_schema, with_defaults
from paichart.starter.choices import Choices
from paichart.starter.editor import schema_files, schema_line
from paichart.starter.facts import Facts, kubelet_root
from paichart.starter.nodes import Node
from paichart.starter.plan import Plan
from paichart.starter.roles import left_out_lines

TEAM = "vision"
"""Name of the virtual cluster in the example of HiveD's configuration."""

_SCHEMAS = ("config", "layout", "services-configuration")
INPUTS = tuple(FILES[name] for name in _SCHEMAS)
"""Names of the files that are written, beside schemas."""

_WRITTEN_OUT_AT_MOST = 20
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9._/-]*")
_GIB = 1024


@dataclass(frozen=True, slots=True)
class Starter:
    """All that a new site's files are made of; facts are None when no cluster was read."""

    plan: Plan
    choices: Choices = field(default_factory=Choices)
    facts: Facts | None = None
    nodes: tuple[Node, ...] = ()
    is_example: bool = False


def render(starter: Starter) -> dict[str, str]:
    """Return the files of a new site, with the schemas for editors: path in its folder → text."""
    return {**render_inputs(starter), **schema_files()}


def render_inputs(starter: Starter) -> dict[str, str]:
    """Return the inputs of a new site: name → text."""
    environment = _environment()
    values = _values(starter)
    return {
        FILES[name]: environment.get_template(f"{FILES[name]}.j2").render(
            values, schema_line=schema_line(name)
        )
        for name in _SCHEMAS
    }


@cache
def _environment() -> jinja2.Environment:
    texts = files("paichart.starter") / "templates"
    found = {
        f"{FILES[name]}.j2": (texts / f"{FILES[name]}.j2").read_text(encoding="utf-8") for name in _SCHEMAS
    }
    environment = jinja2.Environment(  # noqa: S701 # it writes YAML, and each value goes through a filter
        loader=jinja2.DictLoader(found),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(yaml=as_yaml, words=_words, memory=memory_text, cores=cores_text, row=_row)
    return environment


def _values(starter: Starter) -> dict[str, object]:
    plan, facts = starter.plan, starter.facts
    keys = tuple(dict.fromkeys(re.split("[=:]", taint)[0] for taint in plan.taints))
    labels = facts.prometheus.labels if facts and facts.prometheus else {}
    address = plan.master.address
    return {
        "facts": facts,
        "choices": starter.choices,
        "is_example": starter.is_example,
        "node_count": _counted(len(starter.nodes), "node"),
        "api_address": facts.api_address if facts and ":" in address else "",
        "kinds": tuple(_kinds(plan)),
        "machines": plan.machines,
        "others": plan.others,
        "left_out": tuple(left_out_lines(plan.left_out)),
        "why_master": plan.why_master,
        "is_shared": plan.is_shared,
        "reservation": _reservation(plan),
        "kubelet_root": kubelet_root(node.kubelet for node in starter.nodes),
        "master_url": f"http://{authority(address, 80, 'http')}",
        "has_mig": any("MIG" in remark for kind in plan.kinds for remark in kind.remarks),
        "operator_labels": ", ".join(f"{as_yaml(key)}: {as_yaml(text)}" for key, text in labels.items())
        or ("" if facts and facts.prometheus else "release: kube-prometheus-stack"),
        "taints": plan.taints,
        "taint_keys": keys or ("nvidia.com/gpu",),
        "hived": _hived_lines(plan),
        "team": TEAM,
    }


def _kinds(plan: Plan) -> Iterator[dict[str, object]]:
    for kind in plan.kinds:
        count = len(kind.nodes)
        yield {
            "sku": kind.sku,
            "count": _counted(count, "machine"),
            "is_master": plan.master.sku == kind.sku,
            "remarks": kind.remarks,
        }


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _reservation(plan: Plan) -> dict[str, str] | None:
    if plan.reservation is None:
        return None
    return {
        "cpu": f'"{cores_text(plan.reservation.cpu)}"',
        "memory": memory_text(plan.reservation.memory),
    }


def as_yaml(text: str) -> str:
    """Return a text as YAML reads it back: plain where that is a text in every version of YAML."""
    text = str(text)  # of a Secret, whose text is its own
    is_plain = _PLAIN.fullmatch(text) and len(text) > 1 and yaml.safe_load(text) == text
    return text if is_plain or _is_ipv4(text) else _quoted(text)


def _quoted(text: str) -> str:
    if text.startswith(("http://", "https://")) and re.fullmatch(r"[A-Za-z0-9:/._-]*[A-Za-z0-9/]", text):
        return text
    return yaml.safe_dump(text, default_style='"', width=1_000_000).strip()


def _is_ipv4(text: str) -> bool:
    try:
        return str(ipaddress.IPv4Address(text)) == text
    except ValueError:
        return False


def _words(text: str) -> str:
    """Return a text fit for a comment: one line that can be printed."""
    return "".join(letter for letter in " ".join(text.split()) if letter.isprintable())


def memory_text(mib: Fraction) -> str:
    """Return an amount of MiB as people write it: 220Gi, 61.5Gi, or whole MiB."""
    quarters = mib * 4 / _GIB
    return f"{float(mib / _GIB):.10g}Gi" if quarters.denominator == 1 else f"{int(mib)}Mi"


def cores_text(cores: Fraction) -> str:
    """Return an amount of cores: 64, or 7.9."""
    return f"{float(cores):.10g}"


def _row(machine: Machine) -> str:
    roles = {
        "pai-master": machine.is_master,
        "pai-worker": machine.is_worker,
        "pai-storage": machine.is_storage,
    }
    pairs = {
        "hostname": as_yaml(machine.name),
        "hostip": as_yaml(machine.address),
        "machine-type": as_yaml(machine.sku.name),
        **{role: '"true"' for role, carried in roles.items() if carried},
    }
    return ", ".join(f"{key}: {text}" for key, text in pairs.items())


def _hived_lines(plan: Plan) -> tuple[str, ...]:
    """Return HiveD's configuration with a team's own machine; nothing for one machine, or for many."""
    if len(plan.machines) > _WRITTEN_OUT_AT_MOST:
        return ()
    settings = {"paichart": {"shared-master": plan.is_shared}}
    if reservation := _reservation(plan):
        kept = {key: text.strip('"') for key, text in reservation.items()}
        settings["paichart"]["master-reservation"] = kept  # type: ignore[assignment]
    cluster = Cluster(
        plan.machines,
        {machine.sku.name: machine.sku for machine in plan.machines},
        Settings(with_defaults(settings, load_schema("config"))),
        Settings(with_defaults({}, load_schema("services-configuration"))),
    )
    spec = _with_team(derive_hived_spec(cluster)[0])
    if spec is None:
        return ()
    text = yaml.safe_dump(as_config(spec), sort_keys=False, default_flow_style=None, width=100)
    return tuple(text.splitlines())


def _with_team(spec: HivedSpec | None) -> HivedSpec | None:
    """Return a specification in which a team has one machine of the first pool that has two or more."""
    for vc in spec.virtual_clusters if spec else ():
        cell = vc.cells[0]
        if spec and cell.number > 1:
            rest = replace(vc, cells=(replace(cell, number=cell.number - 1), *vc.cells[1:]))
            others = tuple(rest if other is vc else other for other in spec.virtual_clusters)
            team = VirtualCluster(TEAM, (VirtualCell(cell.cell_type, 1),))
            return replace(spec, virtual_clusters=(*others, team))
    return None
