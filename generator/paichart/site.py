"""The three calls of the library and the command line: load a site, check it, build its chart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from paichart import credentials as credentials_file
from paichart.credentials import Credentials
from paichart.derive.hived_spec import derive_hived_spec
from paichart.inputs import InputPaths, find, read
from paichart.model import Cluster
from paichart.problems import Problem, has_errors, in_order
from paichart.release import enabled_services
from paichart.render import render
from paichart.resources import charts_dir
from paichart.sizes import check_sizes, release_size
from paichart.values import derive_values
from paichart.write import write_build


class InvalidInputError(Exception):
    """The inputs hold errors, so nothing was written; `problems` has all of them."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(f"{p.span}: {p.severity.value} {p.code}: {p.message}" for p in problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Site:
    """What an admin's files say. `cluster` is None when errors leave no cluster to speak of."""

    paths: InputPaths
    cluster: Cluster | None
    problems: tuple[Problem, ...]
    lines: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)
    """Lines of each file by its name, for showing a problem in its place."""


@dataclass(frozen=True, slots=True)
class Build:
    """A chart on the disk: its folder, whether anything changed, its services, and how big it is (bytes)."""

    folder: Path
    is_changed: bool
    services: tuple[str, ...]
    file_count: int
    release_size: int
    problems: tuple[Problem, ...] = ()


def load(
    config_dir: str | Path | None = None,
    *,
    config: str | Path | None = None,
    layout: str | Path | None = None,
    services: str | Path | None = None,
) -> Site:
    """Read and check a site's files; without a folder they are looked for in `.`, then in `./config`.

    Raises nothing for what a user wrote or forgot: a missing file is a problem like any other.
    """
    paths = find(
        *(Path(path) if path is not None else None for path in (config_dir, config, layout, services))
    )
    inputs = read(paths)
    problems = [
        *inputs.problems,
        *(derive_hived_spec(inputs.cluster)[1] if inputs.cluster is not None else ()),
    ]
    cluster = None if has_errors(problems) else inputs.cluster
    return Site(paths, cluster, in_order(problems), inputs.documents.lines())


def check(site: Site) -> tuple[Problem, ...]:
    """Return every problem of a site, sorted by file, line and column."""
    return site.problems


def build(site: Site, output_dir: str | Path = "out", *, credentials: str | Path | None = None) -> Build:
    """Write a site's chart into a folder, whole or not at all.

    Credentials are read from, and missing ones added to, the file `credentials` (credentials.yaml beside
    config.yaml).
    Raises InvalidInputError when a problem is an error, NotOursError when the folder holds what no build
    wrote, OSError when
    the machine fails.
    """
    if site.cluster is None:
        raise InvalidInputError(site.problems)
    cluster = site.cluster
    secrets, found = release_credentials(site, credentials)
    values = derive_values(cluster, secrets)
    services = tuple(service.name for service in enabled_services(cluster))
    files = render(charts_dir(), services, values)
    size = release_size(files)
    found = in_order([*found, *check_sizes(values, size, site.paths.layout.as_posix())])
    if has_errors(found):
        raise InvalidInputError(in_order([*site.problems, *found]))
    folder = Path(output_dir)
    return Build(folder, write_build(folder, files), services, len(files), size, found)


def release_credentials(
    site: Site, path: str | Path | None
) -> tuple[Credentials | None, tuple[Problem, ...]]:
    """Return a site's credentials and problems of their file; None when the admin's own Secret has them."""
    if site.cluster is None or site.cluster.config.text("paichart", "credentials") == "external":
        return None, ()
    return complete_credentials(site, path)


def complete_credentials(site: Site, path: str | Path | None) -> tuple[Credentials, tuple[Problem, ...]]:
    """Return a site's credentials, adding what is missing. Raises InvalidInputError for a faulty file."""
    assert site.cluster is not None  # noqa: S101 - callers have a cluster
    file = Path(path) if path is not None else credentials_file.default_path(site.paths.config.parent)
    known, problems = credentials_file.read(file)
    if has_errors(problems):
        raise InvalidInputError(in_order([*site.problems, *problems]))
    return credentials_file.complete(file, known, site.cluster), problems
