"""`paichart build`: check a site's files and write its chart."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from paichart.cli.exits import Exit, fail
from paichart.cli.options import (
    ConfigDir,
    ConfigFile,
    CredentialsFile,
    LayoutFile,
    Report,
    ReportFormat,
    ServicesFile,
)

OutputDir = Annotated[Path, typer.Option("--output-dir", "-o", metavar="DIR", help="Folder of the chart.")]


def build(
    config_dir: ConfigDir = None,
    config: ConfigFile = None,
    layout: LayoutFile = None,
    services: ServicesFile = None,
    output_dir: OutputDir = Path("out"),
    credentials_file: CredentialsFile = None,
    output: ReportFormat = Report.TEXT,
) -> None:
    """Check the inputs and write the umbrella chart into a folder; nothing is written when a problem is an
    error.

    Example: paichart build my-cluster && helm upgrade --install openpai ./out
    """
    from paichart.cli.print import print_build, print_problems  # noqa: PLC0415 - keeps `--version` and `--help` quick
    from paichart.site import InvalidInputError, load  # noqa: PLC0415
    from paichart.site import build as build_chart  # noqa: PLC0415
    from paichart.write import NotOursError  # noqa: PLC0415

    site = load(config_dir, config=config, layout=layout, services=services)
    try:
        made = build_chart(site, output_dir, credentials=credentials_file)
    except InvalidInputError as error:
        print_problems(error.problems, site.lines, output)
        raise typer.Exit(Exit.PROBLEMS) from None
    except NotOursError as error:
        fail(f"{error}; nothing was written", error.hint, Exit.USAGE)
    print_build(site, made, output)
