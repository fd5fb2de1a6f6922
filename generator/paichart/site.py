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
    """A problem of the inputs is an error, so no chart was written.

    `problems` has all of them, warnings and notes too, sorted by file, line and column; as text it is a line
    each.
    """

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(f"{p.span}: {p.severity.value} {p.code}: {p.message}" for p in problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Site:
    """What an admin's files say, as :func:`load` found it.

    `cluster` is None when a problem is an error, so that there is no cluster to speak of; its shape may
    change in any release. `problems` are sorted by file, line and column.
    """

    paths: InputPaths
    cluster: Cluster | None
    problems: tuple[Problem, ...]
    lines: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)
    """Lines of each file by its name (the `file` of a span), for showing a problem in its place."""


@dataclass(frozen=True, slots=True)
class Build:
    """A chart on the disk, as :func:`build` left it.

    folder is where it is, is_changed whether a byte of it differs from what was there. services are the names
    of its subcharts, in order. release_size is what Helm will keep of the release, in bytes; Kubernetes
    allows 1 MiB. problems are warnings of the build itself, beside those of the site.
    """

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
    """Read and check a site's files; nothing is written.

    `config_dir` is the folder of config.yaml, layout.yaml and, if there are such files,
    services-configuration.yaml and capacity.yaml. Without it they are looked for in `.`, then in `./config`.
    `config`, `layout` and `services` are paths of single files, used instead of those in the folder;
    capacity.yaml lies beside layout.yaml.

    Raises nothing for what a user wrote or forgot: a file that is missing or can't be read is a problem like
    any other.
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
    """Return every problem of a site, sorted by file, line and column: errors, warnings and notes.

    Raises nothing. The site is as it was when it was loaded.
    """
    return site.problems


def build(site: Site, output_dir: str | Path = "out", *, credentials: str | Path | None = None) -> Build:
    """Write a site's chart into a folder, whole or not at all, and return what was written.

    `output_dir` is made if needed; a chart that an earlier build wrote there is replaced. `credentials` is
    the file that the release's passwords and keys are read from, and missing ones are made and added to; None
    stands for credentials.yaml beside config.yaml. The same inputs and credentials give the same bytes.

    Raises InvalidInputError when a problem of the site, of the credentials or of the chart's size is an
    error, NotOursError when the folder holds something that no build wrote, and OSError when the machine
    fails (disk full, no permission). The folder is then as it was before.
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
