"""`paichart services`: all services, what each is and may do, and which ones a site gets."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from paichart.cli import complete
from paichart.cli.exits import Exit, fail
from paichart.cli.options import (
    ConfigDir,
    ConfigFile,
    LayoutFile,
    Output,
    OutputFormat,
    ServicesFile,
    known_services,
)

if TYPE_CHECKING:
    from paichart.catalog import Description
    from paichart.model import Cluster

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

OnMachine = Annotated[
    str | None,
    typer.Option(
        "--machine",
        metavar="NAME",
        help="List what runs on this machine only.",
        show_default="all",
        autocompletion=complete.machines,
    ),
]


def services(
    config_dir: ConfigDir = None,
    config: ConfigFile = None,
    layout: LayoutFile = None,
    services_file: ServicesFile = None,
    service: Only = None,
    machine: OnMachine = None,
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
    from paichart.cli.print import cluster_of, columns_of, print_json  # noqa: PLC0415
    from paichart.report.services import as_data, as_text  # noqa: PLC0415
    from paichart.site import load  # noqa: PLC0415

    cluster = cluster_of(load(config_dir, config=config, layout=layout, services=services_file), output)
    found = describe(cluster)
    if service:
        names = known_services(service, [one.name for one in found])
        found = tuple(one for one in found if one.name in names)
    if machine is not None:
        found = _on_machine(machine, found, cluster)
    if output is Output.JSON:
        print_json({"services": as_data(found)})
    else:
        typer.echo(as_text(found, columns_of(sys.stdout)), nl=False)


def _on_machine(name: str, services: Sequence[Description], cluster: Cluster) -> tuple[Description, ...]:
    """Return the services of which pods run, or may run, on the machine of that name; leave without one."""
    from paichart.catalog import runs_on  # noqa: PLC0415 - keeps `--version` and `--help` quick
    from paichart.problems import suggest  # noqa: PLC0415

    machines = {machine.name: machine for machine in cluster.machines}
    if name not in machines:
        hint = suggest(name, machines) or "see machine-list in layout.yaml"
        fail(f"there is no machine '{name}'", hint, Exit.USAGE)
    machine = machines[name]
    return tuple(
        service
        for service in services
        if service.is_on and any(runs_on(work.nodes, machine) for work in service.workloads)
    )
