"""`paichart init`: write the files of a new site: examples, from a running cluster, or by five questions."""

from __future__ import annotations

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
    from paichart.starter.files import Starter

_BAD_REQUEST = 400
_SECRET = "services-configuration.yaml"  # noqa: S105 # it holds one, with OIDC

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="Folder to write into.")]
Interactive = Annotated[bool, typer.Option("--interactive", "-i", help="Ask the five questions that matter.")]
Master = Annotated[
    str | None,
    typer.Option(
        metavar="NODE",
        help="This node runs OpenPAI's services.",
        show_default="the only one of the control plane",
    ),
]
Worker = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NODE|GLOB", help="This node runs jobs; may be repeated.", show_default="all with devices"
    ),
]
Storage = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NODE|GLOB",
        help="This node shares files by NFS and Samba; may be repeated.",
        show_default="none",
    ),
]
Exclude = Annotated[
    list[str] | None,
    typer.Option(metavar="NODE|GLOB", help="Leave this node out; may be repeated.", show_default="none"),
]
Selector = Annotated[
    str | None,
    typer.Option(
        metavar="LABELS", help="Only nodes with these labels run jobs.", show_default="whatever their labels"
    ),
]
Devices = Annotated[
    list[str] | None,
    typer.Option(
        "--device",
        metavar="RESOURCE",
        help="Count this extended resource as devices; may be repeated.",
        show_default="GPUs and the like",
    ),
]


def init(
    folder: Folder = Path(),
    from_cluster: FromCluster = False,
    interactive: Interactive = False,
    master: Master = None,
    worker: Worker = None,
    storage: Storage = None,
    exclude: Exclude = None,
    selector: Selector = None,
    device: Devices = None,
    kubeconfig: Kubeconfig = None,
    context: Context = None,
    output: OutputFormat = Output.TEXT,
) -> None:
    """Write commented config.yaml, layout.yaml and services-configuration.yaml for a new site.

    Example: paichart init my-cluster --from-cluster
    """
    from paichart.cli.ask import Terminal, is_answered  # noqa: PLC0415 - keeps `--version` and `--help` quick
    from paichart.kube import ClusterError, connect  # noqa: PLC0415
    from paichart.starter import begin  # noqa: PLC0415
    from paichart.starter.roles import RolesError, Wishes  # noqa: PLC0415
    from paichart.write import NotOursError  # noqa: PLC0415

    if not from_cluster:
        refuse_without_cluster(master=master, worker=worker, storage=storage, exclude=exclude)
        refuse_without_cluster(selector=selector, device=device, kubeconfig=kubeconfig, context=context)
    wishes = Wishes(master or "", *(tuple(names or ()) for names in (worker, storage, exclude)))
    try:
        _refuse_present(folder)
        if from_cluster:
            starter = begin.from_cluster(
                connect(kubeconfig, context),
                wishes,
                selector=selector or "",
                devices=device or (),
                asker=Terminal() if interactive or is_answered() else None,
                is_asking_all=interactive,
            )
        else:
            starter = begin.without_cluster(Terminal() if interactive else None)
        _write(folder, starter, output)
    except (NotOursError, RolesError) as error:
        fail(f"{error}; nothing was written", error.hint, Exit.USAGE)
    except ClusterError as error:
        if selector and error.status == _BAD_REQUEST:
            fail(f"--selector: '{selector}' is no label selector", "such as pool=gpu,team!=web", Exit.USAGE)
        fail(f"{error.message}; nothing was written", error.hint, Exit.MACHINE)
    except (KeyboardInterrupt, EOFError):
        typer.echo("\nstopped; nothing was written", err=True)
        raise typer.Exit(130) from None


def _refuse_present(folder: Path) -> None:
    """Raise NotOursError when a file would be overwritten, before anybody answers questions in vain."""
    from paichart.starter.editor import schema_files  # noqa: PLC0415
    from paichart.starter.files import INPUTS  # noqa: PLC0415
    from paichart.write import refuse_present  # noqa: PLC0415

    refuse_present(folder, (*INPUTS, *schema_files()))


def _write(folder: Path, starter: Starter, output: Output) -> None:
    """Write the files, and print what was written and found, and what to do next."""
    from paichart.cli.print import print_first_steps, print_json, print_written  # noqa: PLC0415
    from paichart.schema import FILES  # noqa: PLC0415
    from paichart.starter import summary  # noqa: PLC0415
    from paichart.starter.files import render  # noqa: PLC0415
    from paichart.write import write_new  # noqa: PLC0415

    files = render(starter)
    write_new(folder, files, private=[_SECRET] if starter.choices.oidc else ())
    if output is Output.JSON:
        print_json(summary.document(str(folder), tuple(files), starter))
        return
    for line in summary.remarks(starter):
        typer.echo(line, err=True)
    print_written(folder, files)
    for line in summary.roles(starter):
        typer.echo(line)
    if starter.is_example:
        typer.echo(f"\nThe machines are examples: replace them in {folder / FILES['layout']}.")
    print_first_steps(folder)
