"""`paichart credentials`: the release's Secrets as manifests, for who keeps them outside the chart."""

from __future__ import annotations

import typer

from paichart.cli.exits import Exit
from paichart.cli.options import (
    ConfigDir,
    ConfigFile,
    CredentialsFile,
    LayoutFile,
    Output,
    ReleaseNamespace,
    ServicesFile,
)


def credentials(
    config_dir: ConfigDir = None,
    config: ConfigFile = None,
    layout: LayoutFile = None,
    services: ServicesFile = None,
    credentials_file: CredentialsFile = None,
    namespace: ReleaseNamespace = "default",
) -> None:
    """Print the release's Secrets as manifests, for kubectl apply or for sealing (with
    `paichart.credentials: external`).

    Example: paichart credentials my-cluster --namespace pai | kubectl apply -f -
    """
    from paichart.cli.print import print_problems  # noqa: PLC0415 - keeps `--version` and `--help` quick
    from paichart.secret_manifests import manifests  # noqa: PLC0415
    from paichart.site import InvalidInputError, complete_credentials, load  # noqa: PLC0415

    site = load(config_dir, config=config, layout=layout, services=services)
    try:
        if site.cluster is None:
            raise InvalidInputError(site.problems)
        known, _ = complete_credentials(site, credentials_file)
    except InvalidInputError as error:
        print_problems(error.problems, site.lines, Output.TEXT)
        raise typer.Exit(Exit.PROBLEMS) from None
    typer.echo(manifests(site.cluster, known, namespace), nl=False)
