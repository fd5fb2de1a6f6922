"""Arguments and options that several commands share, worded once."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Output(StrEnum):
    """How results are printed."""

    TEXT = "text"
    JSON = "json"


ConfigDir = Annotated[
    Path | None,
    typer.Argument(help="Folder with config.yaml and layout.yaml.", show_default="., then ./config"),
]
ConfigFile = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="Use this config.yaml.", show_default="CONFIG_DIR's"),
]
LayoutFile = Annotated[
    Path | None,
    typer.Option("--layout", metavar="FILE", help="Use this layout.yaml.", show_default="CONFIG_DIR's"),
]
ServicesFile = Annotated[
    Path | None,
    typer.Option(
        "--services",
        metavar="FILE",
        help="Use this services-configuration.yaml.",
        show_default="CONFIG_DIR's, if there is one",
    ),
]
CredentialsFile = Annotated[
    Path | None,
    typer.Option(
        "--credentials-file",
        metavar="FILE",
        help="Keep the credentials here.",
        show_default="credentials.yaml beside config.yaml",
    ),
]
OutputFormat = Annotated[Output, typer.Option("--output", help="How to print the result.")]
FromCluster = Annotated[bool, typer.Option("--from-cluster", help="Read a running cluster.")]
Kubeconfig = Annotated[
    Path | None,
    typer.Option("--kubeconfig", metavar="FILE", help="Use this kubeconfig.", show_default="kubectl's"),
]
Context = Annotated[
    str | None,
    typer.Option("--context", metavar="NAME", help="Use this context of it.", show_default="the current one"),
]
