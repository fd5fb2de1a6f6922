"""`paichart graph`: which services need which others."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from paichart.cli.exits import Exit
from paichart.cli.options import ConfigDir, ConfigFile, LayoutFile, Output, ServicesFile


class Format(StrEnum):
    """What the graph is written in."""

    TEXT = "text"
    DOT = "dot"
    MERMAID = "mermaid"


GraphFormat = Annotated[Format, typer.Option("--format", help="What to write the graph in.")]
All = Annotated[bool, typer.Option("--all", help="Show all services; no configuration is read.")]


def graph(
    config_dir: ConfigDir = None,
    config: ConfigFile = None,
    layout: LayoutFile = None,
    services: ServicesFile = None,
    graph_format: GraphFormat = Format.TEXT,
    show_all: All = False,
) -> None:
    """Show which services of a site need which others, what for, and which need each other.

    Example: paichart graph my-cluster --format dot | dot -Tsvg > services.svg
    """
    from paichart.catalog import entries, services_running  # noqa: PLC0415 - keeps `--version` and `--help` quick
    from paichart.cli.print import print_problems  # noqa: PLC0415
    from paichart.graph import graph as graph_of  # noqa: PLC0415
    from paichart.report.graph import as_dot, as_mermaid, as_text  # noqa: PLC0415
    from paichart.site import load  # noqa: PLC0415

    only = None
    if not show_all:
        site = load(config_dir, config=config, layout=layout, services=services)
        if site.cluster is None:
            print_problems(site.problems, site.lines, Output.TEXT)
            raise typer.Exit(Exit.PROBLEMS)
        only = services_running(site.cluster)
    write = {Format.TEXT: as_text, Format.DOT: as_dot, Format.MERMAID: as_mermaid}[graph_format]
    typer.echo(write(graph_of(entries(), only)), nl=False)
