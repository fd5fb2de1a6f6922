"""The services' graph as text to read, as DOT for Graphviz, and as Mermaid for Markdown pages."""

from __future__ import annotations

import json
from collections.abc import Iterator

from paichart.catalog import Need
from paichart.graph import Graph

_VERBS = {"waits": "waits for", "calls": "calls", "reads": "reads", "links": "links to"}
_DOT_STYLES = {"waits": "bold", "calls": "solid", "reads": "dashed", "links": "dotted"}
_MERMAID_ARROWS = {"waits": "==>", "calls": "-->", "reads": "-.->", "links": "-.->"}
_LEGEND = """\
waits for  its pods start after the other answers
calls      asks it at run time, again until it answers
reads      uses objects that the other makes
links to   sends users' browsers there, through pylon

"""


def as_text(graph: Graph) -> str:
    """Return each service and below it what it needs; what a start needs stands above."""
    lines = [_LEGEND]
    for service in graph.services:
        lines.append(f"{service}\n")
        needs = graph.needs[service]
        lines += [f"  {verbs(need):<26} {need.service:<24} {need.purpose}\n" for need in needs]
        lines += [] if needs or service in graph.outer else ["  needs no other service\n"]
    for circle in graph.circles:
        lines.append("\nneed each other at run time, and wait for each other then:\n")
        lines += [f"  - {service}\n" for service in circle]
    return "".join(lines)


def as_dot(graph: Graph) -> str:
    """Return the graph in Graphviz' language; an arrow leads from a service to what it needs."""
    lines = ["digraph openpai {", "  rankdir=LR;", '  node [shape=box, fontname="sans-serif"];']
    lines += [f"  {_quoted(service)};" for service in graph.services]
    lines += [
        f"  {_quoted(service)} -> {_quoted(need.service)} "
        f"[style={_DOT_STYLES[need.how[0]]}, tooltip={_quoted(f'{verbs(need)}: {need.purpose}')}];"
        for service, need in _edges(graph)
    ]
    return "\n".join([*lines, "}", ""])


def as_mermaid(graph: Graph) -> str:
    """Return the graph as a Mermaid flowchart."""
    lines = ["flowchart LR", *(f"  {_id(service)}[{service}]" for service in graph.services)]
    lines += [
        f"  {_id(service)} {_MERMAID_ARROWS[need.how[0]]}|{verbs(need)}| {_id(need.service)}"
        for service, need in _edges(graph)
    ]
    return "\n".join([*lines, ""])


def _edges(graph: Graph) -> Iterator[tuple[str, Need]]:
    for service in graph.services:
        for need in graph.needs[service]:
            yield service, need


def verbs(need: Need) -> str:
    """Return how a service needs another, in words: `waits for, calls`."""
    return ", ".join(_VERBS[how] for how in need.how)


def _quoted(text: str) -> str:
    """Return text in double quotes, as DOT reads them: only quotes and backslashes are escaped."""
    return json.dumps(text, ensure_ascii=False)


def _id(service: str) -> str:
    """Return a node's name in Mermaid, where some words, such as `end`, have a meaning of their own."""
    return f"s_{service.replace('-', '_')}"
