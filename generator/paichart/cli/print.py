"""What commands print: results on stdout, problems on stderr; with another --output all on stdout."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

import typer

import paichart
from paichart.cli.exits import Exit
from paichart.cli.options import Output, Report
from paichart.codes import all_codes
from paichart.derive import pylon
from paichart.derive.cluster_configuration import label_groups
from paichart.derive.network import external_url
from paichart.model import Cluster
from paichart.problems import Problem, has_errors
from paichart.report import as_github, as_json, as_sarif, as_text
from paichart.report.paths import Workspace
from paichart.site import Build, Site

Lines = Mapping[str, Sequence[str]]


def exit_code(problems: Sequence[Problem]) -> Exit:
    """Return the exit code that problems of the input lead to."""
    return Exit.PROBLEMS if has_errors(problems) else Exit.FINE


def cluster_of(site: Site, output: Output | Report = Output.TEXT) -> Cluster:
    """Return the cluster of a site, or print the problems that left none and leave."""
    if site.cluster is None:
        print_problems(site.problems, site.lines, output)
        raise typer.Exit(Exit.PROBLEMS)
    return site.cluster


def print_problems(problems: Sequence[Problem], lines: Lines, output: Output | Report) -> None:
    """Print problems in their place and how many they are; `lines` holds each file's lines by its name."""
    match output:
        case Output.JSON | Report.JSON:
            print_json({"problems": as_json.problems(problems)})
        case Report.SARIF:
            document = as_sarif.document(
                problems, lines, codes=all_codes(), version=paichart.__version__, workspace=_workspace()
            )
            print_json(document)
        case Report.GITHUB:
            typer.echo(as_github.commands(problems, all_codes(), _workspace()), nl=False)
        case _ if problems:
            colour = as_text.wants_colour(sys.stderr, os.environ)
            text = as_text.report(problems, lines, is_coloured=colour, width=columns_of(sys.stderr))
            typer.echo(text, nl=False, err=True, color=colour)


def print_checked(sites: Sequence[Site], output: Report) -> None:
    """Print the problems of sites, and in text which files have no error."""
    problems = [problem for site in sites for problem in site.problems]
    lines = {name: text for site in sites for name, text in site.lines.items()}
    print_problems(problems, lines, output)
    if output is Report.TEXT:
        for site in sites:
            if not has_errors(site.problems):
                typer.echo(f"valid: {', '.join(site.lines)}")


def print_build(site: Site, build: Build, output: Report) -> None:
    """Print what a build wrote and what to do next; for code hosts problems, and the rest on stderr."""
    problems = (*site.problems, *build.problems)
    if output is Report.JSON:
        print_json({"problems": as_json.problems(problems), "build": _as_document(build)})
        return
    print_problems(problems, site.lines, output)
    size = f"{build.file_count} files, {build.release_size / 1024:.0f} KiB as a Helm release"
    state = "wrote" if build.is_changed else "nothing changed in"
    is_for_people = output is Report.TEXT
    typer.echo(f"{state} {build.folder}: {len(build.services)} services ({size})", err=not is_for_people)
    if site.cluster is not None and is_for_people:
        print_next(next_steps(site.cluster, build))


def print_written(folder: Path, files: Collection[str]) -> None:
    """Print which inputs were written into a folder, and how many of the files there are for editors."""
    named = [name for name in files if not name.startswith(".")]
    typer.echo(f"wrote {folder}: {', '.join(named)}, and {len(files) - len(named)} schemas for editors")


def print_first_steps(folder: Path) -> None:
    """Print what is done with new inputs in a folder."""
    print_next(f"paichart {step} {shlex.quote(str(folder))}" for step in ("validate", "preflight", "build"))


def print_next(commands: Iterable[str]) -> None:
    """Print what to do next: commands to paste."""
    typer.echo("\n".join(["", "next:", *(f"  {command}" for command in commands)]))


def print_json(document: Mapping[str, Any]) -> None:
    """Print a result for programs."""
    typer.echo(json.dumps(document, indent=2))


def columns_of(stream: TextIO) -> int:
    """Return the columns of the terminal that a stream leads to; of a file or a log as many as are usual."""
    return shutil.get_terminal_size().columns if stream.isatty() else as_text.WIDTH


def next_steps(cluster: Cluster, build: Build) -> list[str]:
    """Return what the admin does after a build, as commands to paste."""
    chart = str(build.folder) if build.folder.is_absolute() else f"./{build.folder}"
    steps = [f"helm upgrade --install openpai {shlex.quote(chart)} --wait --timeout 15m"]
    if cluster.config.text("paichart", "credentials") == "external":
        steps.insert(0, "paichart credentials | kubectl apply -f -    # once, into the release's namespace")
    if command := pylon.tls_secret_command(cluster):
        steps.insert(0, command)
    if not cluster.config.flag("paichart", "label-nodes"):
        steps[:0] = label_commands(cluster)
    steps.append(f"{external_url(cluster)}    # the portal, once all pods are ready")
    return steps


def label_commands(cluster: Cluster) -> list[str]:
    """Return the kubectl commands that do what the label Job would."""
    return [
        f"kubectl label --overwrite node {' '.join(nodes)} {' '.join(f'{label}=true' for label in labels)}"
        for labels, nodes in label_groups(cluster).items()
        if labels
    ]


def _workspace() -> Workspace:
    """Return where files are told from: the checkout in GitHub's Actions, else the current folder."""
    return Workspace.of(Path(), os.environ.get("GITHUB_WORKSPACE", ""))


def _as_document(build: Build) -> dict[str, Any]:
    return {
        "folder": str(build.folder),
        "changed": build.is_changed,
        "services": list(build.services),
        "files": build.file_count,
        "release-bytes": build.release_size,
    }
