"""`paichart preflight`: hold the live cluster against the inputs before Helm does."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path

import typer

from paichart.cli.exits import Exit, fail
from paichart.cli.options import (
    ConfigDir,
    ConfigFile,
    Context,
    Kubeconfig,
    LayoutFile,
    Output,
    OutputFormat,
    ReleaseName,
    ReleaseNamespace,
    ServicesFile,
)


def preflight(
    config_dir: ConfigDir = None,
    config: ConfigFile = None,
    layout: LayoutFile = None,
    services: ServicesFile = None,
    kubeconfig: Kubeconfig = None,
    context: Context = None,
    namespace: ReleaseNamespace = "default",
    release: ReleaseName = "openpai",
    output: OutputFormat = Output.TEXT,
) -> None:
    """Check the cluster against the inputs: nodes, ports, rights, leftovers; nothing in it is changed.

    --output json prints {cluster, release, account, findings, summary}; a
    finding has severity, code, kind, name, message, detail, cure, file, line
    and column. Exit code 1 tells that a finding is an error.

    Example: paichart preflight my-cluster --context my-context
    """
    from paichart.cli.print import cluster_of, columns_of, print_json  # noqa: PLC0415 - keeps `--version` and `--help` quick
    from paichart.kube import ClusterError, connect  # noqa: PLC0415
    from paichart.preflight.as_json import as_data  # noqa: PLC0415
    from paichart.preflight.as_text import as_text  # noqa: PLC0415
    from paichart.preflight.examination import examine  # noqa: PLC0415
    from paichart.report.as_text import wants_colour  # noqa: PLC0415
    from paichart.site import load  # noqa: PLC0415

    cluster = cluster_of(load(config_dir, config=config, layout=layout, services=services), output)
    files = {"": config_dir, "--config": config, "--layout": layout, "--services": services}
    options = _options(kubeconfig, context, files)
    try:
        examination = examine(connect(kubeconfig, context), cluster, release, namespace, options)
    except ClusterError as error:
        fail(error.message, error.hint, Exit.MACHINE)
    if output is Output.JSON:
        print_json(as_data(examination))
    else:
        colour = wants_colour(sys.stdout, os.environ)
        text = as_text(examination, is_coloured=colour, width=columns_of(sys.stdout))
        typer.echo(text, nl=False, color=colour)
    raise typer.Exit(Exit.PROBLEMS if examination.has_errors else Exit.FINE)


def _options(
    kubeconfig: Path | None, context: str | None, files: Mapping[str, Path | None]
) -> Mapping[str, str]:
    """Return by command what it needs to reach the same cluster, and the same inputs."""
    cluster = {"--kubeconfig": kubeconfig, "--context": context}
    return {
        "kubectl": _words(cluster),
        "helm": _words({"--kubeconfig": kubeconfig, "--kube-context": context}),
        "paichart capacity": _words({**files, **cluster}),
        "paichart credentials": _words(files),
        "paichart import": _words(cluster),
        "paichart preflight": _words({**files, **cluster}),
    }


def _words(given: Mapping[str, Path | str | None]) -> str:
    """Return what was given as words of a shell; an empty name is that of an argument."""
    pairs = ((name, str(value)) for name, value in given.items() if value is not None)
    return shlex.join(word for pair in pairs for word in pair if word)
