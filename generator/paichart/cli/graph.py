"""`paichart graph`: which services need which others."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from paichart.cli import complete
from paichart.cli.exits import Exit, fail
from paichart.cli.options import ConfigDir, ConfigFile, LayoutFile, ServicesFile, known_services


class Format(StrEnum):
    """What the graph is written in."""

    TEXT = "text"
    DOT = "dot"
    MERMAID = "mermaid"


GraphFormat = Annotated[Format, typer.Option("--format", help="What to write the graph in.")]
Centre = Annotated[
    list[str] | None,
    typer.Option(
        "--service",
        metavar="NAME",
        help="Show this service with its neighbours only; may be repeated.",
        show_default="all",
        autocompletion=complete.services_running,
    ),
]
All = Annotated[bool, typer.Option("--all", help="Show all services; no configuration is read.")]


def graph(
    config_dir: ConfigDir = None,
    config: ConfigFile = None,
    layout: LayoutFile = None,
    services: ServicesFile = None,
    graph_format: GraphFormat = Format.TEXT,
    service: Centre = None,
    show_all: All = False,
) -> None:
    """Show which services of a site need which others, what for, and which need each other.

    Example: paichart graph my-cluster --format dot | dot -Tsvg > services.svg
    """
    from paichart.catalog import entries, services_running  # noqa: PLC0415 - keeps `--version` and `--help` quick
    from paichart.cli.print import cluster_of  # noqa: PLC0415
    from paichart.graph import around  # noqa: PLC0415
    from paichart.graph import graph as graph_of  # noqa: PLC0415
    from paichart.report.graph import as_dot, as_mermaid, as_text  # noqa: PLC0415
    from paichart.site import load  # noqa: PLC0415

    only = None
    if not show_all:
        site = load(config_dir, config=config, layout=layout, services=services)
        only = services_running(cluster_of(site))
    write = {Format.TEXT: as_text, Format.DOT: as_dot, Format.MERMAID: as_mermaid}[graph_format]
    shown = graph_of(entries(), only)
    if service:
        names = known_services(service, [entry.name for entry in entries()])
        if off := sorted(names - set(shown.services)):
            fail(
                f"{', '.join(off)}: off here, or without pods",
                "see `paichart services`, or add --all",
                Exit.USAGE,
            )
        shown = around(shown, names)
    typer.echo(write(shown), nl=False)
