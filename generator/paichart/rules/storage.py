"""Rules for the storage manager: the machines that carry it, and the Windows domain that it joins."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

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


def check_disk_image(subject: Subject) -> Iterator[Problem]:
    """PAI229, PAI233: the disk image on the master is used, and does not lie at the root of its disk."""
    services, marks = subject.services, subject.services.marks
    section = "internal-storage"
    is_on = services.settings.flag(section, "enable")
    if is_on and subject.config.settings.text("paichart", "storage", "class"):
        message = "nothing is kept on this disk image: paichart.storage.class puts the data on volumes"
        hint = "remove this line, or the storage class; the image needs a privileged container"
        yield Problem(marks.key(section, "enable"), "PAI229", message, hint, Severity.WARNING)
    path = services.settings.text(section, "root-path")
    if marks.has(section, "root-path") and PurePosixPath(path) in (PurePosixPath("/"), PurePosixPath("//")):
        message = "the master's whole disk can't be the folder of the internal storage"
        hint = "name a folder of its own, such as /mnt/paiInternal"
        yield Problem(marks.at(section, "root-path"), "PAI233", message, hint)


def _listed(keys: list[str]) -> str:
    return " and ".join((", ".join(keys[:-1]), keys[-1])) if len(keys) > 1 else keys[0]


RULES = (
    Rule(check_domain, ("config", "services")),
    Rule(check_several_machines, ("layout",)),
    Rule(check_disk_image, ("config", "services")),
    Rule(check_some_machine, ("layout", "services")),
)
