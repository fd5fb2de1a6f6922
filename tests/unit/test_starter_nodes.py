"""What speaks against a node, and which of its addresses counts."""

from __future__ import annotations

import pytest

from paichart.starter.nodes import in_order, read_node
from tests.unit import starter_nodes as real
from tests.unit.starter_nodes import node

UNFIT = [
    ("windows", real.aks_windows(), "is windows; OpenPAI's images are for linux", ""),
    (
        "arm",
        node("n", "10.0.0.1", labels={"kubernetes.io/arch": "arm64"}),
        "is arm64; OpenPAI's images are for amd64",
        "",
    ),
    ("virtual", real.aks_virtual(), "is no machine (virtual kubelet)", ""),
    (
        "fargate",
        real.fargate(),
        "is no machine (virtual kubelet)",
        "",
    ),
    (
        "no address",
        node("n", "", addresses=[{"type": "ExternalIP", "address": "1.2.3.4"}]),
        "has no InternalIP",
        "",
    ),
    ("tiny", node("n", "10.0.0.1", "50m", "8Gi"), "offers less than 0.1 cores or 1Gi", ""),
    (
        "few cores",
        node("n", "10.0.0.1", "7", extended={"amd.com/gpu": "8"}),
        "has 7 cores for 8 devices; HiveD gives each at least one",
        "",
    ),
    ("not ready", node("n", "10.0.0.1", ready="False"), "", "is not Ready"),
    ("unknown", node("n", "10.0.0.1", ready="Unknown"), "", "is not Ready"),
    ("cordoned", node("n", "10.0.0.1", cordoned=True), "", "is cordoned"),
    (
        "gke",
        real.gke_t4(1),
        "",
        "is tainted nvidia.com/gpu=present:NoSchedule, which job pods don't tolerate",
    ),
    ("control plane", real.control_plane("n", "10.0.0.1"), "", ""),
    (
        "its own state",
        node("n", "10.0.0.1", taints=[{"key": "node.kubernetes.io/memory-pressure", "effect": "NoSchedule"}]),
        "",
        "",
    ),
    ("preferred", node("n", "10.0.0.1", taints=[{"key": "a", "effect": "PreferNoSchedule"}]), "", ""),
]


@pytest.mark.parametrize(("item", "fault", "otherwise"), [pytest.param(*row[1:], id=row[0]) for row in UNFIT])
def test_what_speaks_against_a_node_is_said(item, fault, otherwise):
    found = read_node(item)
    assert (found.fault, found.objection) == (fault, fault or otherwise)


@pytest.mark.parametrize(
    ("addresses", "expected"),
    [
        (["fd00::5", "10.0.0.5"], "10.0.0.5"),
        (["10.0.0.5", "fd00::5"], "10.0.0.5"),
        (["fd00::5"], "fd00::5"),
        (["node.example.com", "10.0.0.5"], "10.0.0.5"),
    ],
)
def test_an_ipv4_address_is_preferred(addresses, expected):
    entries = [
        {"type": "Hostname", "address": "n"},
        *({"type": "InternalIP", "address": a} for a in addresses),
    ]
    assert read_node(node("n", "", addresses=entries)).address == expected


def test_names_are_in_the_order_of_their_numbers():
    items = [node(name, f"10.0.0.{i}") for i, name in enumerate(("gpu-10", "gpu-9", "cpu", "gpu-1"))]
    assert [found.name for found in in_order(map(read_node, items))] == ["cpu", "gpu-1", "gpu-9", "gpu-10"]


def test_a_second_node_with_the_same_address_can_not_be_used():
    first, second = in_order(map(read_node, (node("b", "10.0.0.1"), node("a", "10.0.0.1"))))
    assert (first.fault, second.fault) == ("", "has the address of a")


def test_a_node_of_which_little_is_known_is_read():
    assert read_node({"metadata": {"name": "new"}}).fault == "has no InternalIP"
