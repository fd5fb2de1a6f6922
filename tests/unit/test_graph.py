"""The services' graph: order, circles, and its three forms."""

from __future__ import annotations

import re
import subprocess

import pytest

from paichart.catalog import Entry, Need, entries
from paichart.graph import HARD, around, components, graph
from paichart.report.graph import as_dot, as_mermaid, as_text
from tests.rig.debian import ensure


def entry(name: str, *needs: tuple[str, str]) -> Entry:
    return Entry(name, "", "always", needs=tuple(Need(service, (how,), "data") for how, service in needs))


A_CIRCLE = (
    entry("front", ("calls", "api")),
    entry("api", ("calls", "alerts"), ("waits", "store")),
    entry("alerts", ("calls", "api")),
    entry("store"),
)


def test_a_service_stands_after_those_that_its_start_needs():
    assert graph(A_CIRCLE).services == ("front", "alerts", "store", "api")


def test_services_of_a_circle_that_nothing_breaks_stand_in_the_order_given():
    stuck = (entry("a", ("waits", "b")), entry("b", ("waits", "a")), entry("c"))
    assert graph(stuck).services == ("c", "a", "b")


def test_a_circle_is_told_with_its_members_only():
    assert graph(A_CIRCLE).circles == (("alerts", "api"),)


def test_sending_browsers_to_each_other_is_no_circle():
    assert graph((entry("a", ("links", "b")), entry("b", ("calls", "a")))).circles == ()


def test_needs_of_services_that_are_off_are_left_out():
    shown = graph(A_CIRCLE, {"front", "api"})
    assert shown.services == ("front", "api")
    assert [need.service for need in shown.needs["api"]] == []
    assert shown.circles == ()


def test_around_a_service_stand_those_it_needs_and_those_that_need_it():
    shown = around(graph(A_CIRCLE), {"alerts"})
    assert shown.services == ("alerts", "api")
    assert [need.service for need in shown.needs["api"]] == ["alerts"]
    assert shown.outer == {"api"}
    assert shown.circles == (("alerts", "api"),)
    assert around(graph(A_CIRCLE), {"store", "front"}).services == ("front", "store", "api")


def test_of_a_neighbour_it_is_not_said_that_it_needs_nothing():
    text = as_text(around(graph(A_CIRCLE), {"front"}))
    assert text.endswith("\nfront\n  calls                      api                      data\napi\n")
    assert as_text(graph(A_CIRCLE)).count("needs no other service") == 1


def test_two_circles_that_touch_are_one():
    edges = {"a": ["b"], "b": ["a", "c"], "c": ["b"], "d": ["a"]}
    assert components(["d", "a", "b", "c"], edges) == [("d",), ("a", "b", "c")]


def test_no_service_waits_for_itself_in_the_end():
    # What pods wait for before they start may have no circle: an installation would never be ready.
    waits = {entry.name: [n.service for n in entry.needs if set(n.how) & set(HARD)] for entry in entries()}
    assert [group for group in components(list(waits), waits) if len(group) > 1] == []


def test_every_need_names_a_service_and_ways_that_are_known():
    names = {entry.name for entry in entries()}
    for service in entries():
        assert len({need.service for need in service.needs}) == len(service.needs), service.name
        for need in service.needs:
            assert need.service in names - {service.name}, service.name
            assert set(need.how) <= {"waits", "calls", "reads", "links"}, service.name
            assert need.how, service.name
            assert need.purpose, service.name


def test_rest_server_and_alert_manager_are_told_as_a_circle():
    (circle,) = graph(entries()).circles
    assert {"rest-server", "alert-manager"} <= set(circle)


def test_text_names_each_service_once_before_its_needs():
    text = as_text(graph(A_CIRCLE))
    blocks = re.findall(r"(?m)^(\S+)\n((?:  .*\n)*)", text)
    assert [name for name, _ in blocks] == ["front", "alerts", "store", "api"]
    assert dict(blocks)["store"] == "  needs no other service\n"
    assert re.search(r"waits for +store +data\n", dict(blocks)["api"])
    assert text.endswith("need each other at run time, and wait for each other then:\n  - alerts\n  - api\n")


def test_dot_is_read_by_graphviz():
    shown = graph(entries())
    result = subprocess.run(
        [ensure("dot"), "-Tplain"], input=as_dot(shown), capture_output=True, text=True, check=False
    )
    assert result.stderr == ""
    lines = [line.split() for line in result.stdout.splitlines()]
    assert [line[1].strip('"') for line in lines if line[0] == "node"] == list(shown.services)
    edges = {(line[1].strip('"'), line[2].strip('"')) for line in lines if line[0] == "edge"}
    assert edges == {(name, need.service) for name in shown.services for need in shown.needs[name]}


def test_dot_keeps_quotes_in_what_a_need_is_for():
    odd = graph((Entry("a", "", "", needs=(Need("b", ("calls",), 'the "b" \\ data'),)), entry("b")))
    result = subprocess.run(
        [ensure("dot"), "-Tcanon"], input=as_dot(odd), capture_output=True, text=True, check=False
    )
    assert (result.returncode, result.stderr) == (0, "")


# What Mermaid's grammar (flow.jison) takes of a flowchart, as far as it is written here.
MERMAID = {
    "head": re.compile(r"flowchart LR"),
    "node": re.compile(r"  (s_[a-z0-9_]+)\[([a-z0-9-]+)\]"),
    "edge": re.compile(r"  (s_[a-z0-9_]+) (==>|-->|-\.->)\|[a-z, ]+\| (s_[a-z0-9_]+)"),
}


def test_mermaid_has_every_service_and_edge():
    shown = graph(entries())
    head, *lines = as_mermaid(shown).splitlines()
    assert MERMAID["head"].fullmatch(head)
    nodes = {m[1]: m[2] for line in lines if (m := MERMAID["node"].fullmatch(line))}
    edges = [(m[1], m[3]) for line in lines if (m := MERMAID["edge"].fullmatch(line))]
    assert len(nodes) + len(edges) == len(lines)
    assert list(nodes.values()) == list(shown.services)
    assert [(nodes[a], nodes[b]) for a, b in edges] == [
        (name, need.service) for name in shown.services for need in shown.needs[name]
    ]


@pytest.mark.parametrize("write", [as_text, as_dot, as_mermaid])
def test_a_graph_of_nothing_can_be_written(write):
    assert write(graph(())).endswith("\n")
