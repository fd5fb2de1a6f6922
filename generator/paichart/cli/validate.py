"""`paichart validate`: check sites' files and write nothing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from paichart.cli.options import ConfigFile, LayoutFile, Report, ReportFormat, ServicesFile

Paths = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="PATH",
        help="Folders with config.yaml and layout.yaml; a file among the inputs stands for its folder.",
        show_default="., then ./config",
    ),
]


def validate(
    paths: Paths = None,
    config: ConfigFile = None,
    layout: LayoutFile = None,
    services: ServicesFile = None,
    output: ReportFormat = Report.TEXT,
) -> None:
    """Check config.yaml, layout.yaml and services-configuration.yaml; report every problem in one run.

    Example: paichart validate my-cluster
    """
    from paichart.cli.print import exit_code, print_checked  # noqa: PLC0415 - keeps `--version` and `--help` quick
    from paichart.site import load  # noqa: PLC0415

    folders = _folders(paths or [])
    if len(folders) > 1 and (config or layout or services):
        raise typer.BadParameter(
            "several folders can't share files given by --config, --layout or --services"
        )
    sites = [load(folder, config=config, layout=layout, services=services) for folder in folders or (None,)]
    print_checked(sites, output)
    raise typer.Exit(exit_code([problem for site in sites for problem in site.problems]))


def _folders(paths: Sequence[Path]) -> tuple[Path, ...]:
    """Return each folder once; a file stands for the site in its folder, as a pre-commit hook names files."""
    from paichart.schema import FILES  # noqa: PLC0415

    for path in paths:
        if path.is_file() and path.name not in FILES.values():
            hint = "give its folder, or the file itself with --config, --layout or --services"
            raise typer.BadParameter(f"{path} has no name of an input; {hint}")
    return tuple(dict.fromkeys(path.parent if path.name in FILES.values() else path for path in paths))
