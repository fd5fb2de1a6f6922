"""Rules for the roles that machines carry."""

from __future__ import annotations

from collections.abc import Iterator

from paichart.problems import Problem, Related, Severity
from paichart.rules.subject import Rule, Subject

_ROLES = ("pai-master", "pai-worker", "pai-storage")


def check_one_master(subject: Subject) -> Iterator[Problem]:
    """PAI014: exactly one machine carries pai-master."""
    masters = [row for row in subject.rows if row.is_master]
    if not masters and not _is_unclear(subject, "pai-master"):
        span = subject.layout.marks.key("machine-list")
        yield Problem(span, "PAI014", "no machine is the master", 'give one machine pai-master: "true"')
    for row in masters[1:]:
        first, name = subject.place(masters[0], "pai-master"), masters[0].hostname
        yield Problem(
            subject.place(row, "pai-master"),
            "PAI014",
            f"'{row.hostname}' is a second master; '{name}' on line {first.line} is the first",
            "keep pai-master on one machine",
            related=(Related(first, "the first is here"),),
        )


def check_some_worker(subject: Subject) -> Iterator[Problem]:
    """PAI015: at least one machine carries pai-worker."""
    if not subject.workers and not _is_unclear(subject, "pai-worker"):
        span = subject.layout.marks.key("machine-list")
        yield Problem(span, "PAI015", "no machine is a worker", 'give those that run jobs pai-worker: "true"')


def check_master_apart(subject: Subject) -> Iterator[Problem]:
    """PAI016: the master is no worker, unless config.yaml allows it."""
    switch = ("paichart", "shared-master")
    if subject.config.settings.flag(*switch) or subject.config.may_hold(*switch):
        return
    for row in subject.rows:
        if row.is_master and row.is_worker:
            message = f"the master '{row.hostname}' is a worker too"
            hint = "take pai-worker off it, or set paichart.shared-master: true in config.yaml"
            yield Problem(subject.place(row, "pai-worker"), "PAI016", message, hint)


def check_one_device_type(subject: Subject) -> Iterator[Problem]:
    """PAI017: without HiveD all workers have devices of one type, since jobs can't say which they want."""
    if subject.is_hived_on:
        return
    types: dict[str, str] = {}
    for row in subject.workers:
        sku = subject.skus.get(row.sku)
        if sku is not None and sku.device_type:
            types.setdefault(sku.device_type, sku.name)
    first, *others = types or ("",)
    for device_type in others:
        span = subject.layout.marks.at("machine-sku", types[device_type], "computing-device", "type")
        message = f"workers have devices of type '{device_type}' and '{first}', which needs HiveD"
        yield Problem(
            span, "PAI017", message, "set enable_hived_scheduler: true, or use one type for all workers"
        )


def check_every_role(subject: Subject) -> Iterator[Problem]:
    """PAI021: every machine has a role."""
    idle = [
        row
        for row in subject.rows
        if row.sku
        and row.address
        and not (row.is_master or row.is_worker or row.is_storage)
        and not any(_is_misread(subject, row.index, role) for role in _ROLES)
    ]
    if idle:
        further = f" and {len(idle) - 1} more" if len(idle) > 1 else ""
        message = f"'{idle[0].hostname}'{further} has no role, so no job runs there"
        hint = 'give it pai-worker: "true", or remove it'
        yield Problem(subject.place(idle[0], "hostname"), "PAI021", message, hint, Severity.NOTE)


def _is_unclear(subject: Subject, role: str) -> bool:
    """Tell whether a row, or its role, could not be read: then nobody can say that no machine carries it."""
    rows = subject.layout.given.get("machine-list")
    if not rows:
        return True
    return any(row is None or _is_misread(subject, i, role) for i, row in enumerate(rows))


def _is_misread(subject: Subject, index: int, role: str) -> bool:
    """Tell whether a role is written in a row, but as nothing that could be read."""
    layout, path = subject.layout, ("machine-list", index, role)
    is_written = layout.marks.has(*path) or layout.may_hold(*path)
    return is_written and role not in layout.given["machine-list"][index]


RULES = (
    Rule(check_one_master, ("layout",)),
    Rule(check_some_worker, ("layout",)),
    Rule(check_master_apart, ("config", "layout")),
    Rule(check_one_device_type, ("config", "layout")),
    Rule(check_every_role, ("layout",)),
)
