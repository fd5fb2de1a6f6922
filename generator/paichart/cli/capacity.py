"""`paichart capacity`: record what the nodes really offer, so that HiveD's cells are sized from it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from paichart.cli.exits import Exit
from paichart.cli.options import ConfigDir, ConfigFile, LayoutFile, Output, OutputFormat, ServicesFile

FromCluster = Annotated[bool, typer.Option("--from-cluster", help="Read the nodes of a running cluster.")]
Kubeconfig = Annotated[
    Path | None,
    typer.Option("--kubeconfig", metavar="FILE", help="Use this kubeconfig.", show_default="kubectl's"),
]
Context = Annotated[
    str | None,
    typer.Option("--context", metavar="NAME", help="Use this context of it.", show_default="the current one"),
]


def capacity(
    config_dir: ConfigDir = None,
    config: ConfigFile = None,
    layout: LayoutFile = None,
    services: ServicesFile = None,
    from_cluster: FromCluster = False,
    kubeconfig: Kubeconfig = None,
    context: Context = None,
    output: OutputFormat = Output.TEXT,
) -> None:
    """Record what the workers' nodes offer, and what else runs there, in capacity.yaml beside layout.yaml.

    Example: paichart capacity my-cluster --from-cluster
    """
    from paichart import capacity as recording  # noqa: PLC0415 - keeps `--version` and `--help` quick
    from paichart.cli.print import print_problems  # noqa: PLC0415
    from paichart.site import load  # noqa: PLC0415

    if not from_cluster:
        raise typer.BadParameter("give it: there is nothing else to record from", param_hint="--from-cluster")
    site = load(config_dir, config=config, layout=layout, services=services)
    if site.cluster is None:
        print_problems(site.problems, output)
        raise typer.Exit(Exit.PROBLEMS)
    path = site.paths.layout.parent / recording.FILE_NAME
    try:
        recorded, problems = recording.record(recording.connect(kubeconfig, context), site.cluster)
        if problems:
            print_problems(problems, output)
            raise typer.Exit(Exit.PROBLEMS)
        is_changed = recording.write(path, recording.as_text(recorded))
    except recording.ClusterError as error:
        typer.echo(f"error: {error.message}; nothing was written\n  {error.hint}", err=True)
        raise typer.Exit(Exit.MACHINE) from None
    except recording.ForeignFileError as error:
        typer.echo(f"error: {error}; nothing was written\n  move it away, then record again", err=True)
        raise typer.Exit(Exit.USAGE) from None
    if output is Output.JSON:
        typer.echo(json.dumps({"file": str(path), "changed": is_changed, "nodes": len(recorded)}, indent=2))
    else:
        state = "wrote" if is_changed else "nothing changed in"
        typer.echo(f"{state} {path}: {len(recorded)} nodes")
