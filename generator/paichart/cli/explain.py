"""`paichart explain`: what a code of a problem means."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from paichart.cli import complete
from paichart.cli.exits import Exit, fail
from paichart.cli.options import Output, OutputFormat

if TYPE_CHECKING:
    from paichart.codes import Code


Codes = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="CODE",
        help="Codes, as PAI012, pai12 or 12.",
        show_default="all, as a list",
        autocompletion=complete.codes,
    ),
]


def explain(codes: Codes = None, output: OutputFormat = Output.TEXT) -> None:
    """Say what a problem's code means: cause, example, what paichart says about it, and cure.

    Example: paichart explain PAI012
    """
    from paichart.cli.print import columns_of, print_json  # noqa: PLC0415 - keeps `--version` and `--help` quick
    from paichart.codes import all_codes, grouped  # noqa: PLC0415
    from paichart.examples import check_example  # noqa: PLC0415
    from paichart.report import as_text, explanation  # noqa: PLC0415

    found = [_known(code) for code in codes or ()]
    colour = as_text.wants_colour(sys.stdout, os.environ)
    if output is Output.JSON:
        chosen = found or list(all_codes().values())
        data = [explanation.as_data(code, check_example(code).problems) for code in chosen]
        print_json({"codes": data})
    elif not found:
        typer.echo(explanation.list_of(grouped(), is_coloured=colour), nl=False, color=colour)
    else:
        width = columns_of(sys.stdout)
        examples = [(code, check_example(code)) for code in found]
        texts = [
            explanation.as_text(code, example.problems, example.lines, width=width, is_coloured=colour)
            for code, example in examples
        ]
        typer.echo("\n".join(texts), nl=False, color=colour)


def _known(written: str) -> Code:
    """Return the code that is meant, or leave with what may be."""
    from paichart.codes import explain as code_of  # noqa: PLC0415
    from paichart.codes import nearest  # noqa: PLC0415

    code = code_of(written)
    if code is None:
        near = [f"{one.id} ({one.title})" for one in nearest(written)]
        hint = f"did you mean {' or '.join(near)}?" if near else "`paichart explain` lists all codes"
        fail(f"there is no code '{written}'", hint, Exit.USAGE)
    return code
