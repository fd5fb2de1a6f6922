"""HiveD's own configuration, where an admin gives it: checked as HiveD v0.3.4 and rest-server would meet it.

HiveD ends with a Go panic on most of these; some it accepts and breaks later (`pkg/api/config.go`,
`pkg/algorithm/config.go`, `hived_algorithm.go`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from paichart.hived import read_config
from paichart.model import Machine
from paichart.problems import Problem
from paichart.rules.hived.chains import build_chains, check_chains
from paichart.rules.hived.nodes import check_nodes
from paichart.rules.hived.physical import survey_physical_cells
from paichart.rules.hived.pinned import check_pins
from paichart.rules.hived.shape import check_shape
from paichart.rules.hived.skus import check_sku_types
from paichart.rules.hived.virtual import check_virtual_clusters
from paichart.source import Document


def check_hived_config(config: Document, machines: Mapping[str, Machine] | None) -> Iterator[Problem]:
    """PAI151 to PAI188: HiveD would start with this configuration, and it fits the machines of the layout.

    config is the document inside `hivedscheduler.config`; machines are the layout's rows by name, None when
    the layout can't be used.
    """
    if config.data is None:
        return
    marks = config.marks
    yield from check_shape(marks, config.data)
    spec = read_config(config.data)
    chains = build_chains(spec)
    survey = survey_physical_cells(marks, spec, chains)
    yield from check_chains(marks, spec, chains)
    yield from survey.problems
    yield from check_nodes(marks, spec, survey.nodes, machines)
    yield from check_pins(marks, spec, survey.pins)
    yield from check_virtual_clusters(marks, spec, chains, survey)
    yield from check_sku_types(marks, config.data, spec, chains)
