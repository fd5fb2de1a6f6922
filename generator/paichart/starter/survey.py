"""A running cluster as `paichart init` sees it: its nodes, those that are selected, and its other facts."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from paichart.kube import Api
from paichart.starter.facts import Facts, read_facts
from paichart.starter.nodes import Node, in_order, read_node

_NODES = "/api/v1/nodes"


@dataclass(frozen=True, slots=True)
class Survey:
    """Every node in its order, names of those that a label selector matches (None without one), and facts.

    `offered` are the names of all resources that a node offers.
    """

    nodes: tuple[Node, ...]
    selected: frozenset[str] | None
    facts: Facts
    offered: frozenset[str]


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
    found = list(api.reduced(_NODES, lambda item: (read_node(item, devices), _offered(item))))
    nodes = in_order(node for node, _ in found)
    offered = frozenset(name for _, names in found for name in names)
    return Survey(nodes, selected, read_facts(api), offered)


def _offered(item: Mapping[str, Any]) -> frozenset[str]:
    return frozenset((item.get("status") or {}).get("allocatable") or ())
