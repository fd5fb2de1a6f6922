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


class Report(StrEnum):
    """How problems are printed by commands whose result they are."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"
    GITHUB = "github"


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
ReportFormat = Annotated[
    Report,
    typer.Option(
        "--output", help="How to print problems: sarif for code scanning, github for annotations in Actions."
    ),
]
FromCluster = Annotated[bool, typer.Option("--from-cluster", help="Read a running cluster.")]
Kubeconfig = Annotated[
    Path | None,
    typer.Option("--kubeconfig", metavar="FILE", help="Use this kubeconfig.", show_default="kubectl's"),
]
Context = Annotated[
    str | None,
    typer.Option("--context", metavar="NAME", help="Use this context of it.", show_default="the current one"),
]
