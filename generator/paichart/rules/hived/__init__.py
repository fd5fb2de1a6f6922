"""HiveD's own configuration, where an admin gives it: checked as HiveD v0.3.4 and rest-server would meet it.

HiveD ends with a Go panic on most of these; some it accepts and breaks later (`pkg/api/config.go`,
`pkg/algorithm/config.go`, `hived_algorithm.go`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from paichart.hived import HivedSpec, read_config
from paichart.problems import Problem, Severity
from paichart.rules.hived.chains import build_chains, check_chains
from paichart.rules.hived.nodes import Host, check_nodes
from paichart.rules.hived.physical import survey_physical_cells
from paichart.rules.hived.pinned import check_pins
from paichart.rules.hived.shape import check_shape
from paichart.rules.hived.skus import check_figures, check_leaf_types, check_unused_types
from paichart.rules.hived.virtual import check_names, check_virtual_clusters
from paichart.rules.subject import Rule, Subject
from paichart.schema import FILES
from paichart.source import Document, Marks, parse_embedded

CONFIG = ("hivedscheduler", "config")
"""Where services-configuration.yaml holds HiveD's configuration, as text."""


def check_given_config(subject: Subject) -> Iterator[Problem]:
    """PAI151 to PAI188: a configuration that the admin gives is used, and HiveD starts with it."""
    if not subject.services.settings.text(*CONFIG).strip():
        return
    marks = subject.services.marks
    if not subject.is_hived_on:
        message = "this configuration is not used: enable_hived_scheduler is false in config.yaml"
        yield Problem(marks.key(*CONFIG), "PAI156", message, "remove one of the two", Severity.WARNING)
        return
    outer = Document(FILES["services-configuration"], subject.services.given, marks)
    config = parse_embedded(outer, *CONFIG)
    yield from config.problems
    yield from check_hived_config(config, _hosts(subject))


def check_hived_config(config: Document, hosts: Mapping[str, Host] | None) -> Iterator[Problem]:
    """PAI151 to PAI188: HiveD would start with this configuration, and it fits the machines of the layout.

    config is the document inside `hivedscheduler.config`; hosts are the layout's rows by name, None when the
    layout can't be used.
    """
    if config.data is None:
        return
    marks = config.marks
    problems, broken = check_shape(marks, config.data)
    yield from problems
    spec = read_config(config.data)
    yield from check_names(marks, spec.virtual_clusters)
    yield from check_figures(marks, config.data, spec)
    if "physicalCluster" in config.data and not broken & {"physicalCluster", "cellTypes", "physicalCells"}:
        can_see_clusters = "virtualClusters" in config.data and "virtualClusters" not in broken
        yield from _check_cells(marks, spec, hosts, can_see_clusters=can_see_clusters)


def _check_cells(
    marks: Marks, spec: HivedSpec, hosts: Mapping[str, Host] | None, *, can_see_clusters: bool
) -> Iterator[Problem]:
    """Check cells whose form is right; virtual clusters only where theirs is right too."""
    chains = build_chains(spec)
    survey = survey_physical_cells(marks, spec, chains)
    yield from check_chains(marks, spec, chains)
    yield from survey.problems
    yield from check_nodes(marks, spec, survey, hosts)
    yield from check_leaf_types(marks, spec, chains)
    if survey.is_complete:
        yield from check_unused_types(marks, spec, chains)
    if survey.is_complete and can_see_clusters:
        yield from check_pins(marks, spec, survey.pins)
        yield from check_virtual_clusters(marks, spec, chains, survey)


def _hosts(subject: Subject) -> Mapping[str, Host] | None:
    rows = subject.layout.given.get("machine-list", ())
    if not rows or not subject.layout.is_readable or any(not (row or {}).get("hostname") for row in rows):
        return None
    return {row.hostname: Host(row, subject.skus.get(row.sku)) for row in subject.rows if row.hostname}


RULES = (Rule(check_given_config, ("config", "services")),)
