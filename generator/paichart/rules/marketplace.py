"""Rules for the marketplace's database: one of its own, or another server."""

from __future__ import annotations

from collections.abc import Iterator

from paichart.problems import Problem, Severity
from paichart.rules.subject import Rule, Subject

_API = "marketplace-restserver"
_DATABASE = "marketplace-db"
_SAME = (("db_user", "user"), ("db", "db"), ("db_password", "passwd"), ("db_port", "port"))
"""Keys of the API's section, and of the database's, that mean the same of the release's own database."""


def check_own_database(subject: Subject) -> Iterator[Problem]:
    """PAI235: the API asks the release's own database for what that has."""
    if not _is_on(subject) or _other_server(subject):
        return
    services = subject.services
    for asked, has in _SAME:
        given = services.settings.text(_API, asked)
        if (
            given
            and services.settings.has(_DATABASE, has)
            and given != services.settings.text(_DATABASE, has)
        ):
            message = f"'{asked}' is not the '{has}' of marketplace-db, which the API asks here"
            hint = "write the same in both, or remove this line; db_host names another server"
            yield Problem(services.marks.at(_API, asked), "PAI235", message, hint, Severity.WARNING)


def check_other_database(subject: Subject) -> Iterator[Problem]:
    """PAI236: the password of a database elsewhere is known."""
    host = _other_server(subject)
    services = subject.services.settings
    is_known = services.has(_API, "db_password") or services.has(_DATABASE, "passwd")
    is_elsewhere = subject.config.settings.text("paichart", "credentials") == "external"
    if host and _is_on(subject) and not is_known and not is_elsewhere:
        message = f"the password of the database at '{host}' is not given, so a new one is made up for it"
        hint = "give db_password, or marketplace-database-password in credentials.yaml"
        yield Problem(subject.services.marks.at(_API, "db_host"), "PAI236", message, hint, Severity.WARNING)


def _is_on(subject: Subject) -> bool:
    services = subject.services.settings
    if services.has("cluster", "common", "marketplace"):
        return services.flag("cluster", "common", "marketplace")
    return subject.config.settings.flag("enable_marketplace")


def _other_server(subject: Subject) -> str:
    """Return the host of a database elsewhere; empty when it is the release's own.

    The old installation's own answered at the master's address.
    """
    services = subject.services.settings
    host = services.text(_API, "db_host")
    masters = {name for row in subject.rows if row.is_master for name in (row.hostname, row.address)}
    port = services.text(_API, "db_port")
    is_own = host in masters and port in ("", services.text(_DATABASE, "port"))
    return "" if is_own else host


RULES = (
    Rule(check_own_database, ("config", "layout", "services")),
    Rule(check_other_database, ("config", "layout", "services")),
)
