"""`paichart import`: today's inputs from the configuration of an installation that paictl made."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from paichart.cli.exits import Exit, fail
from paichart.cli.options import (
    Context,
    FromCluster,
    Kubeconfig,
    Output,
    OutputFormat,
    refuse_without_cluster,
)

if TYPE_CHECKING:
    from paichart.migration.importing import Imported
    from paichart.migration.legacy import Legacy

LegacyDir = Annotated[
    Path | None,
    typer.Argument(metavar="DIR", help="Folder that `paictl config push` took.", show_default=False),
]
OutputDir = Annotated[
    Path, typer.Option("--output-dir", "-o", metavar="DIR", help="Folder of the new inputs.")
]


def import_(
    legacy_dir: LegacyDir = None,
    from_cluster: FromCluster = False,
    kubeconfig: Kubeconfig = None,
    context: Context = None,
    output_dir: OutputDir = Path(),
    output: OutputFormat = Output.TEXT,
) -> None:
    """Write today's inputs from a paictl configuration, and say what became of each key; secrets in use are
    kept in credentials.yaml and not shown.

    Example: paichart import --from-cluster -o my-cluster && paichart validate my-cluster
    """
    from paichart.cli.print import print_problems  # noqa: PLC0415 - keeps `--version` and `--help` quick
    from paichart.credentials import FILE_NAME  # noqa: PLC0415
    from paichart.migration.importing import translate  # noqa: PLC0415
    from paichart.problems import has_errors  # noqa: PLC0415
    from paichart.schema import FILES  # noqa: PLC0415
    from paichart.write import NotOursError, refuse_present, write_new  # noqa: PLC0415

    if (legacy_dir is not None) is from_cluster:
        raise typer.BadParameter("give a folder, or --from-cluster", param_hint="DIR")
    if not from_cluster:
        refuse_without_cluster(kubeconfig=kubeconfig, context=context)
    try:
        # An input that stands there already would be read together with the new ones.
        refuse_present(output_dir, (*FILES.values(), FILE_NAME))
        imported = translate(_legacy(legacy_dir, kubeconfig, context))
        if has_errors(imported.problems):
            print_problems(imported.problems, imported.lines, output)
            raise typer.Exit(Exit.PROBLEMS)
        write_new(output_dir, imported.files, private=imported.private)
    except NotOursError as error:
        fail(f"{error}; nothing was written", error.hint, Exit.USAGE)
    _print(imported, output_dir, output)


def _legacy(folder: Path | None, kubeconfig: Path | None, context: str | None) -> Legacy:
    from paichart.kube import ClusterError, connect  # noqa: PLC0415
    from paichart.migration.cluster import from_cluster  # noqa: PLC0415
    from paichart.migration.legacy import from_folder  # noqa: PLC0415

    if folder is not None:
        return from_folder(folder)
    try:
        return from_cluster(connect(kubeconfig, context))
    except ClusterError as error:
        fail(f"{error.message}; nothing was written", error.hint, Exit.MACHINE)


def _print(imported: Imported, folder: Path, output: Output) -> None:
    from paichart.cli.print import columns_of, print_first_steps, print_json, print_written  # noqa: PLC0415
    from paichart.migration import report  # noqa: PLC0415

    if output is Output.JSON:
        keys = report.as_document(imported.entries)
        print_json({"folder": str(folder), "files": list(imported.files), "keys": keys})
        return
    typer.echo(report.as_text(imported.entries, columns_of(sys.stdout)), nl=False)
    print_written(folder, imported.files)
    print_first_steps(folder)
