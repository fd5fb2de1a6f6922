"""`paichart services`: all services, what each is and may do, and which ones a site gets."""

from __future__ import annotations

import json

import typer

from paichart.cli.exits import Exit
from paichart.cli.options import ConfigDir, ConfigFile, LayoutFile, Output, OutputFormat, ServicesFile


def services(
    config_dir: ConfigDir = None,
    config: ConfigFile = None,
    layout: LayoutFile = None,
    services_file: ServicesFile = None,
    output: OutputFormat = Output.TEXT,
) -> None:
    """List all services: what switches each on and whether it is, nodes, ports, images, what it keeps and
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
    if output is Output.JSON:
        typer.echo(json.dumps({"services": as_data(found)}, indent=2))
    else:
        typer.echo(as_text(found), nl=False)
