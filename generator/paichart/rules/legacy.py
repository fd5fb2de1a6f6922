"""Rules for what the old deployer did differently: keys it read, switches it misread, default passwords."""

from __future__ import annotations

from collections.abc import Iterator

from paichart.problems import Problem, Severity
from paichart.rules.subject import Rule, Subject
from paichart.schema import Checked

_ROLES = ("pai-master", "pai-worker", "pai-storage")
_MISREAD: tuple[tuple[str, type, str], ...] = (
    ("enable_hived_scheduler", str, "HiveD was off whatever the text said"),
    ("enable_docker_cache", str, "the cache was off whatever the text said"),
    ("enable_marketplace", bool, "the marketplace was off whatever the value was"),
    ("qos-switch", bool, "services got no limits whatever the value was, yet memory was kept free for them"),
)
"""Keys of config.yaml, the type that legacy misread, and what it then did (measured on its generator)."""

KNOWN_TO_ALL: tuple[tuple[tuple[str, ...], str], ...] = (
    (("log-manager", "admin_password"), "admin"),
    (("log-manager", "jwt_secret"), "jwt_secret"),
    (("marketplace-db", "passwd"), "passwd"),
    (("postgresql", "passwd"), "rootpass"),
    (("rest-server", "default-pai-admin-password"), "admin-password"),
    (("rest-server", "jwt-secret"), "pai-secret"),
    (("storage-manager", "smbpwd"), "smbpwd"),
)
"""Secrets of services-configuration.yaml, and the default that legacy shipped."""


def check_ignored_keys(subject: Subject) -> Iterator[Problem]:
    """PAI060: every key has an effect."""
    for source in (subject.config, subject.layout, subject.services):
        ignored = list(source.annotated("x-paichart-ignored"))
        if ignored:
            yield _ignored(source, ignored)


def _ignored(source: Checked, ignored: list[tuple[tuple[str | int, ...], str]]) -> Problem:
    reasons = dict.fromkeys(reason for _, reason in ignored)
    keys = ", ".join(".".join(map(str, path)) for path, _ in ignored)
    places = sorted(source.marks.key(*path) for path, _ in ignored)
    return Problem(places[0], "PAI060", f"ignored: {keys}", "; ".join(reasons), Severity.NOTE)


def check_misread_switches(subject: Subject) -> Iterator[Problem]:
    """PAI061: legacy would have read every switch as it is read here."""
    for key, misread, effect in _MISREAD:
        if isinstance(subject.config.given.get(key), misread):
            kind = "quoted" if misread is str else "unquoted"
            message = f"{kind}, the old deployer misread this switch: {effect}"
            hint = "here it means what it says"
            yield Problem(subject.config.marks.at(key), "PAI061", message, hint, Severity.NOTE)


def check_misread_roles(subject: Subject) -> Iterator[Problem]:
    """PAI022: legacy would have seen every role in the layout."""
    rows = subject.layout.given.get("machine-list", ())
    unseen = [
        (i, role)
        for i, row in enumerate(rows)
        for role in _ROLES
        if row is not None and row.get(role) is True
    ]
    if unseen:
        i, role = unseen[0]
        further = f" and {len(unseen) - 1} more" if len(unseen) > 1 else ""
        message = f"unquoted, the old deployer did not see this role{further}"
        hint = f'here it counts; {role}: "true" is read alike by both'
        yield Problem(
            subject.layout.marks.at("machine-list", i, role), "PAI022", message, hint, Severity.NOTE
        )


def check_known_passwords(subject: Subject) -> Iterator[Problem]:
    """PAI062: no secret is one that the old deployer shipped."""
    services = subject.services
    for path, shipped in KNOWN_TO_ALL:
        if services.settings.text(*path) == shipped:
            message = f"'{path[-1]}' is the old deployer's default, which everybody knows"
            hint = "remove the line to have a new one made; an existing database keeps its password"
            yield Problem(services.marks.at(*path), "PAI062", message, hint, Severity.WARNING)


RULES = (
    Rule(check_ignored_keys, ()),
    Rule(check_misread_switches, ()),
    Rule(check_misread_roles, ()),
    Rule(check_known_passwords, ()),
)
