"""`paichart validate`: check a site's files and write nothing."""

from __future__ import annotations

import typer

from paichart.cli.options import ConfigDir, ConfigFile, LayoutFile, Output, OutputFormat, ServicesFile


def validate(
    config_dir: ConfigDir = None,
    config: ConfigFile = None,
    layout: LayoutFile = None,
    services: ServicesFile = None,
    output: OutputFormat = Output.TEXT,
) -> None:
    """Check config.yaml, layout.yaml and services-configuration.yaml; report every problem in one run.

    Example: paichart validate my-cluster
    """
    from paichart.cli.print import exit_code, print_problems  # noqa: PLC0415 - keeps `--version` and `--help` quick
    from paichart.site import load  # noqa: PLC0415

    site = load(config_dir, config=config, layout=layout, services=services)
    print_problems(site.problems, site.lines, output)
    raise typer.Exit(exit_code(site.problems))
