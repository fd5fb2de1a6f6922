"""What commands print: results on stdout, problems on stderr; with --output json all on stdout."""

from __future__ import annotations

import json
import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import typer

from paichart.cli.exits import Exit
from paichart.cli.options import Output
from paichart.derive import pylon
from paichart.derive.cluster_configuration import label_groups
from paichart.derive.network import external_url
from paichart.model import Cluster
from paichart.problems import Problem, has_errors
from paichart.report import as_json, as_text
from paichart.site import Build, Site

Lines = Mapping[str, Sequence[str]]


def exit_code(problems: Sequence[Problem]) -> Exit:
    """Return the exit code that problems of the input lead to."""
    return Exit.PROBLEMS if has_errors(problems) else Exit.FINE


def print_problems(problems: Sequence[Problem], lines: Lines, output: Output) -> None:
    """Print problems in their place and how many they are; `lines` holds each file's lines by its name."""
    if output is Output.JSON:
        typer.echo(json.dumps({"problems": as_json.problems(problems)}, indent=2))
    elif problems:
        colour = as_text.wants_colour(sys.stderr, os.environ)
        text = as_text.report(problems, lines, is_coloured=colour)
        typer.echo(text, nl=False, err=True, color=colour)


def print_build(site: Site, build: Build, output: Output) -> None:
    """Print what a build wrote and what to do next."""
    problems = (*site.problems, *build.problems)
    if output is Output.JSON:
        document = {"problems": as_json.problems(problems), "build": _as_document(build)}
        typer.echo(json.dumps(document, indent=2))
        return
    print_problems(problems, site.lines, output)
    size = f"{build.file_count} files, {build.release_size / 1024:.0f} KiB as a Helm release"
    state = "wrote" if build.is_changed else "nothing changed in"
    typer.echo(f"{state} {build.folder}: {len(build.services)} services ({size})")
    if site.cluster is not None:
        typer.echo("\n".join(next_steps(site.cluster, build)))


def next_steps(cluster: Cluster, build: Build) -> list[str]:
    """Return what the admin does after a build, as lines of text with commands to paste."""
    folder = shlex.quote(str(build.folder))
    chart = folder if folder.startswith("/") else f"./{folder}"
    steps = ["", "next:", f"  helm upgrade --install openpai {chart} --wait --timeout 15m"]
    if cluster.config.text("paichart", "credentials") == "external":
        steps.insert(2, "  paichart credentials | kubectl apply -f -    # once, into the release's namespace")
    if command := pylon.tls_secret_command(cluster):
        steps.insert(2, f"  {command}")
    if not cluster.config.flag("paichart", "label-nodes"):
        steps[2:2] = [f"  {command}" for command in label_commands(cluster)]
    steps.append(f"  {external_url(cluster)}    # the portal, once all pods are ready")
    return steps


def label_commands(cluster: Cluster) -> list[str]:
    """Return the kubectl commands that do what the label Job would."""
    return [
        f"kubectl label --overwrite node {' '.join(nodes)} {' '.join(f'{label}=true' for label in labels)}"
        for labels, nodes in label_groups(cluster).items()
        if labels
    ]


def _as_document(build: Build) -> dict[str, Any]:
    return {
        "folder": str(build.folder),
        "changed": build.is_changed,
        "services": list(build.services),
        "files": build.file_count,
        "release-bytes": build.release_size,
    }
