"""The command `paichart`: one module a subcommand, registered here."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from typing import Annotated, Any

import typer

import paichart
from paichart.cli.build import build
from paichart.cli.capacity import capacity
from paichart.cli.cells import cells
from paichart.cli.credentials import credentials
from paichart.cli.exits import Exit
from paichart.cli.explain import explain
from paichart.cli.graph import graph
from paichart.cli.import_ import import_
from paichart.cli.init import init
from paichart.cli.preflight import preflight
from paichart.cli.report import report
from paichart.cli.services import services
from paichart.cli.validate import validate

app = typer.Typer(
    name="paichart",
    help="Turn OpenPAI's config.yaml and layout.yaml into a Helm chart for today's Kubernetes.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 fine, 1 problems in the input, 2 wrong usage, 3 the machine failed.\n\n"
    "The Tab key completes commands and names once --install-completion has added a file "
    "below ~/.bash_completions (and a line to ~/.bashrc), ~/.zfunc (~/.zshrc) or ~/.config/fish/completions.",
)

for command in (
    init,
    import_,
    validate,
    explain,
    build,
    preflight,
    report,
    services,
    graph,
    cells,
    credentials,
    capacity,
):
    app.command(command.__name__.rstrip("_"))(command)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"paichart {paichart.__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit."),
    ] = False,
) -> None:
    """Turn OpenPAI's config.yaml and layout.yaml into a Helm chart for today's Kubernetes."""


def main() -> None:
    """Run the command line; a failing machine is one line and exit code 3, never a traceback."""
    gc.disable()  # a command soon ends; looking for cycles in a large layout takes a sixth of its time
    _run(app)


def _run(command: Callable[[], Any]) -> None:
    try:
        command()
    except SystemExit as end:
        # Typer makes a silent exit of Ctrl-C.
        if end.__context__ is not None and isinstance(end.__context__.__cause__, KeyboardInterrupt):
            sys.stderr.write("\nstopped; nothing was changed\n")
        raise
    except BrokenPipeError:
        sys.stderr.close()  # the reader of our output left; Python would complain again at exit
        sys.exit(Exit.MACHINE)
    except OSError as error:
        sys.stderr.write(
            f"error: {error.strerror or error}{f': {error.filename}' if error.filename else ''}\n"
        )
        sys.exit(Exit.MACHINE)
