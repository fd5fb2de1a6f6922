"""`paichart services`: all services, what each is and may do, and which ones a site gets."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from paichart.cli import complete
from paichart.cli.exits import Exit
from paichart.cli.options import (
    ConfigDir,
    ConfigFile,
    LayoutFile,
    Output,
    OutputFormat,
    ServicesFile,
    known_services,
)

Only = Annotated[
    list[str] | None,
    typer.Option(
        "--service",
        metavar="NAME",
        help="List this service only; may be repeated.",
        show_default="all",
        autocompletion=complete.services,
    ),
]


def services(
    config_dir: ConfigDir = None,
    config: ConfigFile = None,
    layout: LayoutFile = None,
    services_file: ServicesFile = None,
    service: Only = None,
    output: OutputFormat = Output.TEXT,
) -> None:
    """List services: what switches each on and whether it is, nodes, ports, images, what it keeps and
    may do.

    --output json prints {"services": [...]}, for each service an object with
    name, purpose, enabled, gate {when, configuration}, workloads [{kind, name,
    nodes}], ports [{port, at, name}], images, keeps [{what, where}], privileges
    and note. A port is at service (in the cluster), node (every node) or host.

    Example: paichart services my-cluster

    Example: paichart services --output json | jq '.services[] | select(.enabled).name'
    """
    from paichart.catalog import describe  # noqa: PLC0415 - keeps `--version` and `--help` quick
    from paichart.cli.print import print_problems  # noqa: PLC0415
    from paichart.report.services import as_data, as_text  # noqa: PLC0415
    from paichart.site import load  # noqa: PLC0415

    site = load(config_dir, config=config, layout=layout, services=services_file)
    if site.cluster is None:
        print_problems(site.problems, site.lines, output)
        raise typer.Exit(Exit.PROBLEMS)
    found = describe(site.cluster)
    if service:
        names = known_services(service, [one.name for one in found])
        found = tuple(one for one in found if one.name in names)
    if output is Output.JSON:
        typer.echo(json.dumps({"services": as_data(found)}, indent=2))
    else:
        typer.echo(as_text(found), nl=False)
