"""A running cluster as `paichart init` sees it: its nodes, those that are selected, and its other facts."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from paichart.kube import Api
from paichart.starter.facts import Facts, read_facts
from paichart.starter.nodes import Node, in_order, read_node

_NODES = "/api/v1/nodes"


@dataclass(frozen=True, slots=True)
class Survey:
    """Every node in its order, names of those that a label selector matches (None without one), and facts."""

    nodes: tuple[Node, ...]
    selected: frozenset[str] | None
    facts: Facts


def survey(api: Api, selector: str = "", devices: Collection[str] = ()) -> Survey:
    """Return what a cluster has; `devices` names resources that count as devices.

    Raises ClusterError, of status 400 for what is no label selector.
    """
    selected = None
    if selector:
        names = api.reduced(
            _NODES,
            lambda item: str(item["metadata"]["name"]),
            is_metadata_enough=True,
            labelSelector=selector,
        )
        selected = frozenset(names)
    nodes = api.reduced(_NODES, lambda item: read_node(item, devices))
    return Survey(in_order(nodes), selected, read_facts(api))
