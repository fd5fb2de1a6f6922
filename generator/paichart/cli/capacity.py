"""`paichart capacity`: record what the nodes really offer, so that HiveD's cells are sized from it."""

from __future__ import annotations

from dataclasses import replace

import typer

from paichart.cli.exits import Exit, fail
from paichart.cli.options import (
    ConfigDir,
    ConfigFile,
    Context,
    FromCluster,
    Kubeconfig,
    LayoutFile,
    Output,
    OutputFormat,
    ServicesFile,
)


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
    from paichart.cli.print import print_json, print_problems  # noqa: PLC0415
    from paichart.inputs import find, read  # noqa: PLC0415
    from paichart.kube import ClusterError, connect  # noqa: PLC0415
    from paichart.schema import FILES  # noqa: PLC0415
    from paichart.write import NotOursError, write_marked  # noqa: PLC0415

    if not from_cluster:
        raise typer.BadParameter(
            "it must be given: there is nothing else to record from", param_hint="--from-cluster"
        )
    # An old recording may be what is wrong, so it is not read.
    paths = replace(find(config_dir, config, layout, services), capacity=None)
    inputs = read(paths)
    if inputs.cluster is None:
        print_problems(inputs.problems, inputs.documents.lines(), output)
        raise typer.Exit(Exit.PROBLEMS)
    path = paths.layout.parent / FILES["capacity"]
    try:
        recorded, problems = recording.record(connect(kubeconfig, context), inputs.cluster)
        if problems:
            print_problems(problems, inputs.documents.lines(), output)
            raise typer.Exit(Exit.PROBLEMS)
        is_changed = write_marked(path, recording.as_text(recorded), recording.MARKER)
    except ClusterError as error:
        fail(f"{error.message}; nothing was written", error.hint, Exit.MACHINE)
    except NotOursError as error:
        fail(f"{error}; nothing was written", error.hint, Exit.USAGE)
    if output is Output.JSON:
        print_json({"file": str(path), "changed": is_changed, "nodes": len(recorded)})
    else:
        state = "wrote" if is_changed else "nothing changed in"
        typer.echo(f"{state} {path}: {len(recorded)} nodes")
