"""The inputs of a site: found on the disk, read, checked, and made into a :class:`Cluster`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from paichart import rules
from paichart.masking import without_secret
from paichart.model import Capacity, Cluster, Device, Machine, Settings, Sku, is_true
from paichart.problems import Problem, Severity, Span, has_errors, in_order
from paichart.quantity import cores, mebibytes
from paichart.rules.subject import Subject
from paichart.schema import FILES, check_document
from paichart.source import Document, absent, is_there, load

_MISSING_KEY = "PAI202"


@dataclass(frozen=True, slots=True)
class InputPaths:
    """Where the inputs lie; `services` and `capacity` are None when there is no such file."""

    config: Path
    layout: Path
    services: Path | None = None
    capacity: Path | None = None


@dataclass(frozen=True, slots=True)
class Documents:
    """The inputs as read; those that a site may do without are None when it does."""

    config: Document
    layout: Document
    services: Document | None = None
    capacity: Document | None = None

    def lines(self) -> Mapping[str, tuple[str, ...]]:
        """Return the lines of each document by its name, for showing problems in their place."""
        documents = (self.config, self.layout, self.services, self.capacity)
        return {document.name: document.marks.lines for document in documents if document is not None}


@dataclass(frozen=True, slots=True)
class Inputs:
    """What was read and found: `cluster` is None when a problem is an error."""

    documents: Documents
    cluster: Cluster | None
    problems: tuple[Problem, ...]


def find(
    folder: Path | None = None,
    config: Path | None = None,
    layout: Path | None = None,
    services: Path | None = None,
) -> InputPaths:
    """Return the paths of the inputs: as given, else in folder, else in `.`, else in `./config`.

    A file that must be there has a path even when it is missing; reading it then tells so.
    """
    base = folder if folder is not None else _default_folder()
    layout_path = layout or base / FILES["layout"]
    return InputPaths(
        config or base / FILES["config"],
        layout_path,
        services or _if_present(base / FILES["services-configuration"]),
        _if_present(layout_path.parent / FILES["capacity"]),
    )


def read(paths: InputPaths) -> Inputs:
    """Read and check the inputs at paths; never raises for what a user wrote."""
    documents = Documents(
        load(paths.config),
        load(paths.layout),
        load(paths.services) if paths.services is not None else None,
        load(paths.capacity) if paths.capacity is not None else None,
    )
    cluster, problems = check(documents)
    return Inputs(documents, cluster, problems)


def check(documents: Documents) -> tuple[Cluster | None, tuple[Problem, ...]]:
    """Return the cluster that the documents describe and all problems, in order; no cluster with an error."""
    services = documents.services or absent(FILES["services-configuration"])
    subject = Subject.of(
        check_document(documents.config, "config"),
        check_document(documents.layout, "layout"),
        check_document(services, "services-configuration"),
        check_document(documents.capacity, "capacity") if documents.capacity is not None else None,
    )
    lines = documents.lines()
    problems = in_order(
        without_secret(problem, lines.get(problem.span.file, ()))
        for problem in _without_echoes(_of_reading(documents), _of_meaning(subject))
    )
    return (None if has_errors(problems) else _cluster(subject)), problems


def _of_reading(documents: Documents) -> Iterator[Problem]:
    """Yield what is wrong with the texts as such."""
    for document in (documents.config, documents.layout, documents.services, documents.capacity):
        if document is not None:
            yield from document.problems


def _of_meaning(subject: Subject) -> Iterator[Problem]:
    """Yield what is wrong with what the texts say."""
    for checked in (subject.config, subject.layout, subject.services, subject.capacity):
        if checked is not None:
            yield from checked.problems
    yield from rules.check(subject)


def _without_echoes(of_reading: Iterable[Problem], of_meaning: Iterable[Problem]) -> Iterator[Problem]:
    """Yield the problems, one a place: a value that was misread needs no word about what it was read as.

    A missing key stands at its parent's place, so it is never an echo. Where the meaning is wrong because of
    a doubtful reading, the doubt becomes an error.
    """
    misread = {_place(problem): problem for problem in of_reading}
    for problem in of_meaning:
        cause = misread.get(_place(problem))
        if cause is None or problem.code == _MISSING_KEY:
            yield problem
        elif problem.severity is Severity.ERROR:
            misread[_place(problem)] = replace(cause, severity=Severity.ERROR)
    yield from misread.values()


def _place(problem: Problem) -> tuple[str, int, int]:
    return problem.span.file, problem.span.line, problem.span.column


def _cluster(subject: Subject) -> Cluster:
    """Return the facts of inputs that have no error, so that nothing is missing or of another type."""
    layout = subject.layout.settings
    skus = {name: _sku(name, written) for name, written in layout.mapping("machine-sku").items()}
    return Cluster(
        machines=tuple(
            _machine(written, skus, subject.layout.marks.at("machine-list", i, "hostname"))
            for i, written in enumerate(layout.items("machine-list"))
        ),
        skus=skus,
        config=subject.config.settings,
        services=subject.services.settings,
        capacity=_capacity(subject.capacity.settings) if subject.capacity is not None else None,
        api_server_url=layout.text("kubernetes", "api-servers-url"),
        dashboard_url=layout.text("kubernetes", "dashboard-url"),
    )


def _sku(name: str, written: Mapping[str, Any]) -> Sku:
    device = written.get("computing-device")
    return Sku(
        name,
        cores(written["cpu"]["vcore"]),
        mebibytes(written["mem"]),
        Device(device["type"], device["model"], device["count"]) if device is not None else None,
    )


def _machine(written: Mapping[str, Any], skus: Mapping[str, Sku], span: Span) -> Machine:
    return Machine(
        name=written["hostname"],
        address=written["hostip"],
        sku=skus[written["machine-type"]],
        is_master=is_true(written.get("pai-master")),
        is_worker=is_true(written.get("pai-worker")),
        is_storage=is_true(written.get("pai-storage")),
        no_job_exporter=is_true(written.get("no-jobexporter")),
        no_log_manager=is_true(written.get("no-logmanager")),
        no_node_exporter=is_true(written.get("no-nodeexporter")),
        span=span,
    )


def _capacity(settings: Settings) -> Mapping[str, Capacity]:
    return {
        name: Capacity(
            cores(node["cpu"]),
            mebibytes(node["memory"]),
            cores(node["cpu-requested"]),
            mebibytes(node["memory-requested"]),
        )
        for name, node in settings.mapping("nodes").items()
    }


def _default_folder() -> Path:
    """Return `.` when an input lies there, else `config` when one lies there, else `.`."""
    names = (FILES["config"], FILES["layout"])
    for folder in (Path(), Path("config")):
        if any(is_there(folder / name) for name in names):
            return folder
    return Path()


def _if_present(path: Path) -> Path | None:
    return path if is_there(path) else None
