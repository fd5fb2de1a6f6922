"""What the shell offers for values: services, machines, virtual clusters, codes, contexts of a kubeconfig.

Nobody reads an error while typing, so whatever fails offers nothing. Files and folders are completed by the
shell itself.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import typer

if TYPE_CHECKING:
    from paichart.inputs import InputPaths

_HOSTNAME = re.compile(r"(?m)^[^#\n]*\bhostname[\"']?:[ \t]+[\"']?([A-Za-z0-9.-]+)")
"""A machine's name in a line of a layout, in block or flow style."""

Offer: TypeAlias = list[tuple[str, str]]
"""Values, each with a word on it that zsh and fish show; the word may be empty."""

Complete: TypeAlias = Callable[[typer.Context], Offer]


def _silent(complete: Callable[[typer.Context], Iterator[tuple[str, str]]]) -> Complete:
    """Return a function for `autocompletion=`, which offers nothing when anything fails.

    Typer keeps of what is offered that which begins as typed.
    """

    def offer(ctx: typer.Context) -> Offer:
        try:
            return list(complete(ctx))
        except Exception:  # a traceback between the words of a command helps nobody
            return []

    offer.__doc__ = complete.__doc__
    return offer


@_silent
def services(ctx: typer.Context) -> Iterator[tuple[str, str]]:
    """Yield all services that are not named yet, with what they are for."""
    from paichart.catalog import entries  # noqa: PLC0415 - only for who asks for a service

    given = ctx.params.get("service") or ()
    yield from ((entry.name, entry.purpose) for entry in entries() if entry.name not in given)


@_silent
def services_running(ctx: typer.Context) -> Iterator[tuple[str, str]]:
    """Yield the services of the site that is typed already; all where it can't be read, or with --all."""
    from paichart.catalog import entries, services_running  # noqa: PLC0415
    from paichart.inputs import read  # noqa: PLC0415

    given = ctx.params.get("service") or ()
    only = None
    if not ctx.params.get("show_all"):
        cluster = read(_paths(ctx)).cluster
        only = services_running(cluster) if cluster is not None else None
    for entry in entries():
        if entry.name not in given and (only is None or entry.name in only):
            yield entry.name, entry.purpose


@_silent
def machines(ctx: typer.Context) -> Iterator[tuple[str, str]]:
    """Yield the machines of the layout that is typed already, whatever else is wrong with it."""
    text = _paths(ctx).layout.read_text(encoding="utf-8", errors="replace")
    yield from ((name, "") for name in dict.fromkeys(_HOSTNAME.findall(text)))


@_silent
def virtual_clusters(ctx: typer.Context) -> Iterator[tuple[str, str]]:
    """Yield the virtual clusters of the site that is typed already that are not named yet."""
    from paichart.derive.hived_spec import derive_hived_spec  # noqa: PLC0415
    from paichart.inputs import read  # noqa: PLC0415

    cluster = read(_paths(ctx)).cluster
    spec = derive_hived_spec(cluster)[0] if cluster is not None else None
    given = ctx.params.get("virtual_cluster") or ()
    yield from ((name, "") for name in (spec.virtual_cluster_names if spec else ()) if name not in given)


@_silent
def codes(ctx: typer.Context) -> Iterator[tuple[str, str]]:
    """Yield the codes of problems that are not named yet, with their titles."""
    from paichart.codes import all_codes  # noqa: PLC0415

    given = ctx.params.get("codes") or ()
    yield from ((id_, code.title) for id_, code in all_codes().items() if id_ not in given)


@_silent
def contexts(ctx: typer.Context) -> Iterator[tuple[str, str]]:
    """Yield the contexts of the kubeconfig that is typed already, else of kubectl's, with their clusters."""
    seen = set()
    for path in _kubeconfigs(ctx.params.get("kubeconfig")):
        for context in _listed(path, "contexts"):
            name = str(context["name"])
            if name not in seen:
                seen.add(name)
                yield name, str(context.get("context", {}).get("cluster", ""))


def _paths(ctx: typer.Context) -> InputPaths:
    """Return the files of the site that is typed already."""
    from paichart.inputs import find  # noqa: PLC0415

    # Before the value of an option, a folder that stands in front is not parsed yet: it is in `args`.
    folder = ctx.params.get("config_dir") or next(iter(ctx.args), None)
    files = (ctx.params.get(name) for name in ("config", "layout", "services"))
    return find(*(Path(path) if path else None for path in (folder, *files)))


def _kubeconfigs(given: Path | None) -> list[Path]:
    """Return the files that kubectl would read."""
    if given is not None:
        return [given.expanduser()]
    paths = [Path(path) for path in os.environ.get("KUBECONFIG", "").split(os.pathsep) if path]
    return paths or [Path.home() / ".kube" / "config"]


def _listed(path: Path, key: str) -> list[Mapping[str, Any]]:
    """Return the list at a key of a YAML file; nothing for a file that is not there or can't be read."""
    import yaml  # noqa: PLC0415

    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
        return [item for item in content[key] if "name" in item]
    except (OSError, ValueError, TypeError, KeyError, yaml.YAMLError):
        return []
