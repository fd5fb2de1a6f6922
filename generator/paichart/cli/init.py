"""`paichart init`: write the files of a new site: examples, from a running cluster, or by five questions."""

from __future__ import annotations

import json
import shlex
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from paichart.cli.exits import Exit, fail
from paichart.cli.options import Context, FromCluster, Kubeconfig, Output, OutputFormat

if TYPE_CHECKING:
    from paichart.cli.ask import Terminal
    from paichart.starter.files import Starter
    from paichart.starter.roles import Wishes

_BAD_REQUEST = 400
_NEXT = ("validate", "preflight", "build")

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
    from paichart.cli.ask import Terminal  # noqa: PLC0415 - keeps `--version` and `--help` quick
    from paichart.kube import ClusterError  # noqa: PLC0415
    from paichart.starter.editor import schema_files  # noqa: PLC0415
    from paichart.starter.files import INPUTS, render  # noqa: PLC0415
    from paichart.starter.roles import RolesError, Wishes  # noqa: PLC0415
    from paichart.write import NotOursError, refuse_present, write_new  # noqa: PLC0415

    of_cluster = {
        "--master": master,
        "--worker": worker,
        "--storage": storage,
        "--exclude": exclude,
        "--selector": selector,
        "--device": device,
        "--kubeconfig": kubeconfig,
        "--context": context,
    }
    if given := [name for name, value in of_cluster.items() if value and not from_cluster]:
        fail(f"{given[0]} says something of a cluster that is not read", "add --from-cluster", Exit.USAGE)
    wishes = Wishes(master or "", *(tuple(names or ()) for names in (worker, storage, exclude)))
    asker = Terminal() if interactive else None
    try:
        refuse_present(folder, (*INPUTS, *schema_files()))  # before anybody answers questions in vain
        if from_cluster:
            starter = _from_cluster(kubeconfig, context, selector or "", tuple(device or ()), wishes, asker)
        else:
            starter = _without_cluster(asker)
        files = render(starter)
        secret = ("services-configuration.yaml",) if starter.choices.oidc else ()
        write_new(folder, files, private=secret)
    except NotOursError as error:
        fail(f"{error}; nothing was written", error.hint, Exit.USAGE)
    except RolesError as error:
        fail(f"{error.message}; nothing was written", error.hint, Exit.USAGE)
    except ClusterError as error:
        fail(f"{error.message}; nothing was written", error.hint, Exit.MACHINE)
    except (KeyboardInterrupt, EOFError):
        typer.echo("\nstopped; nothing was written", err=True)
        raise typer.Exit(130) from None
    _print(folder, tuple(files), starter, output)


def _from_cluster(
    kubeconfig: Path | None,
    context: str | None,
    selector: str,
    devices: tuple[str, ...],
    wishes: Wishes,
    asker: Terminal | None,
) -> Starter:
    """Return the files' content by a cluster's nodes, asking what they don't say."""
    from paichart.cli import ask  # noqa: PLC0415
    from paichart.kube import ClusterError, connect  # noqa: PLC0415
    from paichart.starter.choices import Choices  # noqa: PLC0415
    from paichart.starter.files import Starter  # noqa: PLC0415
    from paichart.starter.plan import plan  # noqa: PLC0415
    from paichart.starter.questions import ask_choices, ask_master, ask_roles  # noqa: PLC0415
    from paichart.starter.roles import UnclearMasterError, assign  # noqa: PLC0415
    from paichart.starter.survey import survey  # noqa: PLC0415

    try:
        found = survey(connect(kubeconfig, context), selector, devices)
    except ClusterError as error:
        if error.status == _BAD_REQUEST and selector:
            fail(f"--selector: '{selector}' is no label selector", "such as pool=gpu,team!=web", Exit.USAGE)
        raise
    wishes = replace(wishes, selected=found.selected)
    if asker:
        made = plan(ask_roles(asker, found.nodes, wishes))
        return Starter(made, ask_choices(asker, made.master.address, found.facts), found.facts, found.nodes)
    try:
        roles = assign(found.nodes, wishes)
    except UnclearMasterError as error:
        if not ask.is_answered():
            raise
        terminal = ask.Terminal()
        terminal.say(f"{error.message}.")
        master = ask_master(terminal, found.nodes, wishes)
        roles = replace(assign(found.nodes, replace(wishes, master=master)), why_master="as you said")
    return Starter(plan(roles), Choices(), found.facts, found.nodes)


def _without_cluster(asker: Terminal | None) -> Starter:
    """Return the files' content by answers, else by examples."""
    from paichart.starter.choices import Choices  # noqa: PLC0415
    from paichart.starter.files import Starter  # noqa: PLC0415
    from paichart.starter.lines import example  # noqa: PLC0415
    from paichart.starter.plan import plan  # noqa: PLC0415
    from paichart.starter.questions import ask_choices, ask_machines  # noqa: PLC0415

    if asker is None:
        return Starter(plan(example()), Choices(), is_example=True)
    roles, is_example = ask_machines(asker)
    made = plan(roles)
    return Starter(made, ask_choices(asker, made.master.address, None), is_example=is_example)


def _print(folder: Path, files: tuple[str, ...], starter: Starter, output: Output) -> None:
    """Print what was written and found, and what to do next."""
    from paichart.starter.roles import left_out_lines  # noqa: PLC0415

    made, facts = starter.plan, starter.facts
    if output is Output.JSON:
        typer.echo(json.dumps(_document(folder, files, starter), indent=2))
        return
    for line in left_out_lines(made.left_out):
        typer.echo(f"left out: {line}", err=True)
    for warning in made.warnings:
        typer.echo(f"warning: {warning}", err=True)
    for what in facts.unseen if facts else ():
        typer.echo(f"note: the account of the kubeconfig may not see {what}", err=True)
    schemas = [name for name in files if name.startswith(".")]
    inputs = [name for name in files if name not in schemas]
    typer.echo(f"wrote {folder}: {', '.join(inputs)}, and {len(schemas)} schemas for editors")
    typer.echo(_summary(starter))
    name = shlex.quote(str(folder))
    if starter.is_example:
        typer.echo(f"\nThe machines are examples: replace them in {name}/layout.yaml.")
    typer.echo("\n".join(["", "next:", *(f"  paichart {step} {name}" for step in _NEXT)]))


def _summary(starter: Starter) -> str:
    made = starter.plan
    kinds = dict.fromkeys(worker.sku.name for worker in made.workers)
    master = f"  master   {made.master.name}{f' ({made.why_master})' if made.why_master else ''}"
    lines = [f"{master}{', which runs jobs too' if made.is_shared else ''}"]
    for kind in kinds:
        count = sum(worker.sku.name == kind for worker in made.workers)
        lines.append(f"  {'workers ' if kind == next(iter(kinds)) else '        '} {count} of {kind}")
    return "\n".join(lines)


def _document(folder: Path, files: tuple[str, ...], starter: Starter) -> dict[str, Any]:
    made, facts = starter.plan, starter.facts
    return {
        "folder": str(folder),
        "files": list(files),
        "example": starter.is_example,
        "master": made.master.name,
        "shared-master": made.is_shared,
        "workers": [worker.name for worker in made.workers],
        "storage": [machine.name for machine in made.machines if machine.is_storage],
        "skus": {
            kind.sku.name: {
                "machines": len(kind.nodes),
                "cpu": float(kind.sku.cpu),
                "memory-mib": float(kind.sku.memory),
                "device": asdict(kind.sku.device) if kind.sku.device else None,
            }
            for kind in made.kinds
        },
        "left-out": dict(made.left_out),
        "warnings": list(made.warnings),
        "found": asdict(facts) if facts else None,
    }
