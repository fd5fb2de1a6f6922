"""`paichart cells`: which virtual cluster has how many of which cells."""

from __future__ import annotations

from typing import Annotated

import typer

from paichart.cli import complete
from paichart.cli.exits import Exit, fail
from paichart.cli.options import ConfigDir, ConfigFile, LayoutFile, Output, OutputFormat, ServicesFile

Only = Annotated[
    list[str] | None,
    typer.Option(
        "--virtual-cluster",
        metavar="NAME",
        help="Show this virtual cluster only; may be repeated.",
        show_default="all",
        autocompletion=complete.virtual_clusters,
    ),
]


def cells(
    config_dir: ConfigDir = None,
    config: ConfigFile = None,
    layout: LayoutFile = None,
    services: ServicesFile = None,
    virtual_cluster: Only = None,
    output: OutputFormat = Output.TEXT,
) -> None:
    """Show HiveD's cell chains: what a cell is, and how many of them each virtual cluster has.

    --output json prints {"chains": [...]}, for each chain an object with name,
    makeup, leaf, cells, unassigned, and virtual-clusters [{name, cells,
    percent, quotas [{number, cell-type, pinned-cell}]}].

    Example: paichart cells my-cluster --virtual-cluster default
    """
    from paichart.cells import trees  # noqa: PLC0415 - keeps `--version` and `--help` quick
    from paichart.cli.print import cluster_of, print_json  # noqa: PLC0415
    from paichart.derive.hived_spec import derive_hived_spec  # noqa: PLC0415
    from paichart.problems import suggest  # noqa: PLC0415
    from paichart.report.cells import as_data, as_text  # noqa: PLC0415
    from paichart.site import load  # noqa: PLC0415

    cluster = cluster_of(load(config_dir, config=config, layout=layout, services=services), output)
    spec, _ = derive_hived_spec(cluster)
    if spec is None:
        fail(
            "HiveD is off: there is one virtual cluster, and no cells",
            "see enable_hived_scheduler",
            Exit.USAGE,
        )
    for name in virtual_cluster or ():
        if name not in spec.virtual_cluster_names:
            known = spec.virtual_cluster_names
            hint = suggest(name, known) or f"there are: {', '.join(known)}"
            fail(f"there is no virtual cluster '{name}'", hint, Exit.USAGE)
    chains = trees(spec)
    if output is Output.JSON:
        print_json({"chains": as_data(chains, virtual_cluster or ())})
    else:
        typer.echo(as_text(chains, virtual_cluster or ()), nl=False)
