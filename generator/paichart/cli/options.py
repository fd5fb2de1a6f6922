"""Arguments and options that several commands share, worded once."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from paichart.cli import complete
from paichart.cli.exits import Exit, fail


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


def _name(longest: int) -> Callable[[str], str]:
    """Return what lets names through that Kubernetes takes (RFC 1123, of so many characters), no others."""

    def checked(value: str) -> str:
        if not re.fullmatch(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?", value) or len(value) > longest:
            rule = f"lower case letters, digits and hyphens between, at most {longest} characters"
            raise typer.BadParameter(f"'{value}' can't be the name of one: {rule}")
        return value

    return checked


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
ReleaseNamespace = Annotated[
    str, typer.Option("--namespace", "-n", help="Namespace of the release.", callback=_name(63))
]
# Helm keeps a release in a Secret whose name has the release's in it.
ReleaseName = Annotated[str, typer.Option("--release", help="Name of the release.", callback=_name(53))]
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
    typer.Option(
        "--context",
        metavar="NAME",
        help="Use this context of it.",
        show_default="the current one",
        autocompletion=complete.contexts,
    ),
]


def refuse_without_cluster(**given: object) -> None:
    """Leave with an option that speaks of a cluster, where none is read."""
    for name, value in given.items():
        if value:
            fail(f"--{name} says something of a cluster that is not read", "add --from-cluster", Exit.USAGE)


def known_services(names: Sequence[str], known: Collection[str]) -> frozenset[str]:
    """Return names of services as a set, or leave with the one that is not known and what was meant."""
    from paichart.problems import suggest  # noqa: PLC0415 - keeps `--version` and `--help` quick

    for name in names:
        if name not in known:
            message = f"there is no service '{name}'"
            fail(message, suggest(name, known) or "`paichart services` lists all", Exit.USAGE)
    return frozenset(names)
