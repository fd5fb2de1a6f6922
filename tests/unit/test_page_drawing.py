"""The drawing of the services' graph: columns, few crossings, nothing on top of another, always the same."""

from __future__ import annotations

import re
from itertools import combinations

import pytest

from paichart.catalog import Need, entries, services_running
from paichart.graph import Graph, graph
from paichart.page.columns import arrange
from paichart.page.drawing import BOX_HEIGHT, BOX_WIDTH, Drawing, draw
from tests.unit.derived import site

ALL = graph(entries())
SOME = graph(entries(), services_running(site()))


def made(**needs: str) -> Graph:
    """A graph of calls: each service with the first letters of what it needs."""
    return Graph(
        tuple(needs),
        {name: tuple(Need(other, ("calls",), "it") for other in text) for name, text in needs.items()},
    )


def place(drawing: Drawing, name: str) -> tuple[int, int]:
    (box,) = [box for box in drawing.boxes if box.name == name]
    return box.x, box.y


def test_who_needs_stands_left_of_what_it_needs():
    drawing = draw(made(a="b", b="c", c=""))
    assert place(drawing, "a")[0] < place(drawing, "b")[0] < place(drawing, "c")[0]


def test_a_circle_is_drawn_with_one_line_that_points_back():
    lines = draw(made(a="b", b="c", c="a")).lines
    assert [line.is_back for line in lines].count(True) == 1


def test_lines_are_put_in_an_order_without_crossings():
    # a1 needs b3, a2 b2, a3 b1: drawn in the order given all three would cross.
    edges = (("a1", "b3"), ("a2", "b2"), ("a3", "b1"))
    columns = arrange(["a1", "a2", "a3", "b1", "b2", "b3"], edges).columns
    left, right = columns
    wanted = [dict(edges)[slot] for slot in left]
    assert wanted == list(right)


def test_a_long_line_keeps_a_slot_in_each_column_that_it_passes():
    routes = arrange(["a", "b", "c"], (("a", "b"), ("b", "c"), ("a", "c"))).routes
    assert [len(routes[edge]) for edge in (("a", "b"), ("b", "c"), ("a", "c"))] == [2, 2, 3]


def test_what_most_need_is_told_beside_the_drawing():
    drawing = draw(made(a="bz", b="z", c="z", z=""))
    assert drawing.shared == ("z",)
    assert {box.name for box in drawing.boxes} == {"a", "b", "c"}
    assert [(line.start, line.end) for line in drawing.lines] == [("a", "b")]


@pytest.mark.parametrize("services", [ALL, SOME], ids=["all", "some"])
def test_every_service_and_every_need_is_drawn_or_told(services):
    drawing = draw(services)
    assert sorted([box.name for box in drawing.boxes] + list(drawing.shared)) == sorted(services.services)
    needs = {(name, need.service) for name in services.services for need in services.needs[name]}
    drawn = {(line.start, line.end) for line in drawing.lines}
    assert needs - drawn == {edge for edge in needs if edge[1] in drawing.shared}


@pytest.mark.parametrize("services", [ALL, SOME], ids=["all", "some"])
def test_no_box_lies_on_another_or_outside(services):
    drawing = draw(services)
    for one, other in combinations(drawing.boxes, 2):
        assert abs(one.x - other.x) >= BOX_WIDTH or abs(one.y - other.y) >= BOX_HEIGHT, (one, other)
    for box in drawing.boxes:
        assert 0 <= box.x <= drawing.width - BOX_WIDTH
        assert 0 <= box.y <= drawing.height - BOX_HEIGHT


@pytest.mark.parametrize("services", [ALL, SOME], ids=["all", "some"])
def test_lines_lead_from_box_to_box_and_pass_no_other(services):
    drawing = draw(services)
    corners = {box.name: (box.x, box.y) for box in drawing.boxes}
    for line in drawing.lines:
        left, right = (line.end, line.start) if line.is_back else (line.start, line.end)
        numbers = [int(number) for number in re.findall("-?[0-9]+", line.path)]
        assert numbers[0] == corners[left][0] + BOX_WIDTH
        assert corners[left][1] <= numbers[1] <= corners[left][1] + BOX_HEIGHT
        assert numbers[-2] == corners[right][0]
        assert corners[right][1] <= numbers[-1] <= corners[right][1] + BOX_HEIGHT
        # where the line is flat it crosses a column: at that height there is no box
        for height, end in re.findall(r" [0-9]+ ([0-9]+)H([0-9]+)", line.path):
            for x, top in corners.values():
                is_passed = x == int(end) - BOX_WIDTH and top < int(height) < top + BOX_HEIGHT
                assert not is_passed, line.text


def test_the_same_graph_is_drawn_the_same_way():
    assert draw(ALL) == draw(graph(entries()))


def test_a_single_service_is_a_drawing_too():
    drawing = draw(made(a=""))
    assert [(box.name, box.x >= 0) for box in drawing.boxes] == [("a", True)]
    assert drawing.width >= BOX_WIDTH
    assert drawing.height >= BOX_HEIGHT
