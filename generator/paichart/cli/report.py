"""`paichart report`: one page of what a site's release will be."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from paichart.cli.exits import Exit, fail
from paichart.cli.options import ConfigDir, ConfigFile, LayoutFile, Output, ServicesFile

PageFile = Annotated[
    Path, typer.Option("--output-file", "-o", metavar="FILE", help="Write the page here; - is stdout.")
]


def report(
    config_dir: ConfigDir = None,
    config: ConfigFile = None,
    layout: LayoutFile = None,
    services: ServicesFile = None,
    output_file: PageFile = Path("report.html"),
) -> None:
    """Write one HTML page of what will be installed: machines, services, ports, images, rights.

    Example: paichart report my-cluster -o my-cluster.html
    """
    from paichart.cli.print import print_problems  # noqa: PLC0415 - keeps `--version` and `--help` quick
    from paichart.page.document import MARKER, page  # noqa: PLC0415
    from paichart.site import load  # noqa: PLC0415
    from paichart.write import NotOursError, write_marked  # noqa: PLC0415

    site = load(config_dir, config=config, layout=layout, services=services)
    print_problems(site.problems, site.lines, Output.TEXT)
    if site.cluster is None:
        raise typer.Exit(Exit.PROBLEMS)
    text = page(site.cluster, site.problems)
    if output_file == Path("-"):
        typer.echo(text.encode(), nl=False)
        return
    if output_file.is_dir() or not output_file.parent.is_dir():
        fail(
            f"{output_file}: no file can be written there", "give a file in a folder that exists", Exit.USAGE
        )
    try:
        is_changed = write_marked(output_file, text, MARKER)
    except NotOursError as error:
        fail(f"{error}; nothing was written", error.hint, Exit.USAGE)
    state = "wrote" if is_changed else "nothing changed in"
    typer.echo(f"{state} {output_file}: {len(text.encode()) / 1024:.0f} KiB, open it in a browser")
