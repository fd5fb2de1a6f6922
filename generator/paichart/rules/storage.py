"""Rules for the storage manager: the machines that carry it, and the Windows domain that it joins."""

from __future__ import annotations

from collections.abc import Iterator

from paichart.problems import Problem, Severity
from paichart.rules.subject import Rule, Subject

_SECTION = "storage-manager"
_NEEDED = ("default_realm", "domainuser", "domainpwd")


def check_domain(subject: Subject) -> Iterator[Problem]:
    """PAI237: a storage manager that joins a Windows domain knows the domain and who joins it."""
    services, marks = subject.services.settings, subject.services.marks
    if services.text(_SECTION, "security-type") != "ADS":
        return
    is_elsewhere = subject.config.settings.text("paichart", "credentials") == "external"
    needed = _NEEDED[:-1] if is_elsewhere else _NEEDED
    missing = [key for key in needed if not marks.has(_SECTION, key)]
    if missing:
        verb = "are" if len(missing) > 1 else "is"
        message = f"the storage manager joins a Windows domain, but {_listed(missing)} {verb} missing"
        hint = f"give {_listed(missing)}, or set security-type: AUTO"
        yield Problem(marks.at(_SECTION, "security-type"), "PAI237", message, hint)


def check_several_machines(subject: Subject) -> Iterator[Problem]:
    """PAI238: one machine shares its files, or the admin knows that each shares its own."""
    machines = [row for row in subject.rows if row.is_storage]
    for row in machines[1:]:
        message = f"'{row.hostname}' shares files of its own, not those of '{machines[0].hostname}'"
        hint = "mount each at its own address; the Service inside the cluster is left out"
        yield Problem(subject.place(row, "pai-storage"), "PAI238", message, hint, Severity.NOTE)


def check_some_machine(subject: Subject) -> Iterator[Problem]:
    """PAI239: a storage manager that is set up has a machine."""
    if _SECTION in subject.services.given and not any(row.is_storage for row in subject.rows):
        message = "no machine has pai-storage, so there is no storage manager"
        hint = 'give one machine of layout.yaml pai-storage: "true", or remove this section'
        yield Problem(subject.services.marks.key(_SECTION), "PAI239", message, hint, Severity.NOTE)


def _listed(keys: list[str]) -> str:
    return " and ".join((", ".join(keys[:-1]), keys[-1])) if len(keys) > 1 else keys[0]


RULES = (
    Rule(check_domain, ("config", "services")),
    Rule(check_several_machines, ("layout",)),
    Rule(check_some_machine, ("layout", "services")),
)
