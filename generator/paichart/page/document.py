"""The page itself: what the other modules of this package found, put into one HTML text."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import PurePath
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

import paichart
from paichart.catalog import Description, describe, entries, services_running
from paichart.cells import trees
from paichart.derive.hived_spec import derive_hived_spec
from paichart.derive.monitoring import grafana_url, prometheus_url
from paichart.derive.network import exposure_type, external_url
from paichart.graph import graph
from paichart.hived import HivedSpec
from paichart.model import Cluster
from paichart.page import drawing, duties, machines
from paichart.problems import Problem, Severity
from paichart.report.graph import verbs

MARKER = '<meta name="generator" content="paichart report">'
"""Stands in every page, so that a file of somebody else is not taken for one."""

IGNORED = "PAI060"

_EXPOSURES = {
    "hostPort": "ports of the master",
    "nodePort": "ports of every node",
    "loadBalancer": "a load balancer",
    "ingress": "an Ingress",
    "gateway": "a Gateway",
}


def page(cluster: Cluster, problems: Sequence[Problem]) -> str:
    """Return the page of a cluster and of what the check of its inputs found: one HTML document, for UTF-8.

    The same input gives the same text.
    """
    services = describe(cluster)
    on = [service for service in services if service.is_on]
    spec = derive_hived_spec(cluster)[0]
    style, script = _static("page.css"), _static("page.js")
    text = (
        _environment()
        .get_template("page.html")
        .render(
            marker=Markup(MARKER),  # noqa: S704 - a constant
            style=Markup(style),  # noqa: S704 - our own file
            script=Markup(script),  # noqa: S704 - our own file
            policy=_policy(style, script),
            version=paichart.__version__,
            name=cluster.services.text("cluster", "common", "cluster-id"),
            on=on,
            off=[service for service in services if not service.is_on],
            facts=list(_facts(cluster, spec)),
            **_of_problems(problems),
            **_of_machines(cluster),
            **_of_cells(spec),
            **_of_services(cluster, on),
        )
    )
    return f"{text}\n"


def _of_problems(problems: Sequence[Problem]) -> dict[str, Any]:
    """Return warnings and notes, with the names of files but not their folders, and what is ignored."""
    named = [
        replace(problem, span=replace(problem.span, file=PurePath(problem.span.file).name))
        for problem in problems
    ]
    told = [problem for problem in named if problem.code != IGNORED]
    return {
        "warnings": [problem for problem in told if problem.severity is Severity.WARNING],
        "notes": [problem for problem in told if problem.severity is Severity.NOTE],
        "ignored": [problem for problem in named if problem.code == IGNORED],
    }


def _of_machines(cluster: Cluster) -> dict[str, Any]:
    return {
        "kinds": machines.kinds(cluster),
        "machine_count": len(cluster.machines),
        "devices": machines.devices(cluster),
        "note": machines.note,
        "describe_sku": machines.describe,
    }


def _of_cells(spec: HivedSpec | None) -> dict[str, Any]:
    return {
        "hived": spec,
        "trees": trees(spec) if spec else (),
        "virtual_clusters": spec.virtual_cluster_names if spec else (),
    }


def _of_services(cluster: Cluster, on: Sequence[Description]) -> dict[str, Any]:
    services = graph(entries(), services_running(cluster))
    return {
        "graph": services,
        "drawing": drawing.draw(services),
        "box": (drawing.BOX_WIDTH, drawing.BOX_HEIGHT),
        "places": duties.places(cluster, on),
        "host_ports": [(port, duties.ports_machines(cluster, on, port)) for port in duties.ports(on, "host")],
        "node_ports": duties.ports(on, "node"),
        "inner_ports": duties.ports(on, "service"),
        "images": duties.images(on),
        "rights": duties.rights(on),
        "kept": [(service.name, what, where) for service in on for what, where in service.keeps],
    }


def _facts(cluster: Cluster, spec: HivedSpec | None) -> Iterator[tuple[str, str]]:
    """Yield title and text of what an admin asks first."""
    config = cluster.config
    yield "OpenPAI images", config.text("docker_image_tag")
    yield "Portal", external_url(cluster)
    yield "Reached by", _EXPOSURES[exposure_type(cluster)]
    yield "Master", cluster.master.name
    yield "Scheduler", "HiveD" if spec else "Kubernetes' own; HiveD is off"
    storage_class = config.text("paichart", "storage", "class")
    yield "State", f"storage class {storage_class}" if storage_class else "folders on the master"
    database = config.text("paichart", "external-database", "host")
    yield "Database", f"yours: {database}" if database else "of the release"
    own = [name for name, url in (("Prometheus", prometheus_url), ("Grafana", grafana_url)) if url(cluster)]
    yield "Monitoring", f"your {' and '.join(own)}" if own else "of the release"
    is_external = config.text("paichart", "credentials") == "external"
    yield "Credentials", "a Secret of yours" if is_external else "made by the build, in the chart's values"
    yield "Kubernetes", config.text("paichart", "kubernetes-version") or "the cluster's version"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("paichart.page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_visible,
    )
    environment.filters |= {"verbs": verbs, "kind_of": duties.kind_of, "number": lambda value: f"{value:,}"}
    return environment


def _visible(value: object) -> str:
    """Return what is put into the page, with a mark for each character that can't be seen.

    Such characters can turn the direction of a whole line, and so make it say something else.
    """
    if isinstance(value, Markup):
        return value
    return "".join(
        character if character.isprintable() else " " if character in "\t\n" else "\N{REPLACEMENT CHARACTER}"
        for character in str(value)
    )


def _static(name: str) -> str:
    environment = _environment()
    assert environment.loader is not None  # noqa: S101 - it is given above
    return environment.loader.get_source(environment, name)[0]


def _policy(style: str, script: str) -> str:
    """Return a Content-Security-Policy that lets the page's own style and script in, and nothing else."""
    parts: Mapping[str, str] = {"style-src": style, "script-src": script}
    allowed = "; ".join(f"{name} '{_digest(text)}'" for name, text in parts.items())
    return f"default-src 'none'; {allowed}; base-uri 'none'; form-action 'none'"


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
