"""Rules for signing in: identity provider, groups, and where job logs need a login."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from paichart.model import is_true
from paichart.names import some_names
from paichart.problems import Problem, Severity, suggest
from paichart.rules.subject import Rule, Subject
from paichart.source import Document, parse_embedded

_AAD_KEYS = ("wellKnownURL", "tenantID", "clientID", "clientSecret")
_DEFAULT = "default"
_HIVED = ("hivedscheduler", "config")
_GROUPS = ("authentication", "group-manager")
_LOG_KEYS = ("log_azure_storage_account", "log_azure_storage_account_key", "log_azure_storage_container_name")


def check_identity_provider(subject: Subject) -> Iterator[Problem]:
    """PAI050: OIDC has its provider, and the provider everything that a sign-in needs."""
    services, marks = subject.services.settings, subject.services.marks
    if not services.flag("authentication", "OIDC"):
        return
    switch = marks.key("authentication", "OIDC")
    if not marks.has("authentication", "OIDC-type"):
        yield Problem(switch, "PAI050", "OIDC is on, but 'OIDC-type' is missing", "add 'OIDC-type: AAD'")
    missing = [key for key in _AAD_KEYS if not marks.has("authentication", "AAD", key)]
    if missing:
        span = marks.key("authentication", "AAD") if marks.has("authentication", "AAD") else switch
        message = f"OIDC is on, but authentication.AAD lacks {', '.join(missing)}"
        yield Problem(span, "PAI050", message, "the portal shows them at the registered application")
    if marks.has("rest-server", "default-pai-admin-password"):
        span = marks.key("rest-server", "default-pai-admin-password")
        message = "with OIDC there is no first administrator with a password"
        yield Problem(
            span, "PAI050", message, "remove it; members of the admin group administer", Severity.NOTE
        )


def check_group_source(subject: Subject) -> Iterator[Problem]:
    """PAI051: the source of group membership works with the way users sign in."""
    services, marks = subject.services.settings, subject.services.marks
    source = services.text(*_GROUPS, "group-data-source")
    is_oidc_on = services.flag("authentication", "OIDC")
    span = marks.at(*_GROUPS, "group-data-source")
    if source == "winbind" and not services.has(*_GROUPS, "winbind-server-address"):
        message = "groups come from winbind, but its address is missing"
        yield Problem(span, "PAI051", message, "add 'winbind-server-address: http://…'")
    if source == "ms-graph" and not is_oidc_on:
        message = "groups come from Azure AD, but users don't sign in there"
        yield Problem(span, "PAI051", message, "set OIDC: true, or group-data-source: basic")
    if source == "basic" and is_oidc_on:
        message = "with OIDC and group source 'basic', users sign in once and are refused the second time"
        hint = "set group-data-source: ms-graph or winbind"
        yield Problem(marks.key("authentication", "OIDC"), "PAI051", message, hint, Severity.WARNING)


def check_group_names(subject: Subject) -> Iterator[Problem]:
    """PAI052: no two groups have the same name."""
    first: dict[str, str] = {}
    for path, group in _groups(subject):
        name = group.get("groupname", "")
        if not name:
            continue
        if name in first:
            message = f"the group '{name}' is also {first[name]}"
            yield Problem(
                subject.services.marks.at(*path, "groupname"), "PAI052", message, "rename one of the two"
            )
        else:
            first[name] = "in grouplist" if isinstance(path[-1], int) else f"the {path[-1]}"


def check_group_mapping(subject: Subject) -> Iterator[Problem]:
    """PAI053: groups from outside are known by different names there."""
    services, marks = subject.services.settings, subject.services.marks
    if services.text(*_GROUPS, "group-data-source") not in ("winbind", "ms-graph"):
        return
    first: dict[str, str] = {}
    for path, group in _groups(subject):
        external, name = group.get("externalName", ""), group.get("groupname", "")
        span = marks.at(*path, "externalName")
        if not external:
            message = f"the group '{name}' has no 'externalName', so nobody is in it"
            yield Problem(
                span, "PAI053", message, "give the name that the group source uses", Severity.WARNING
            )
        elif first.setdefault(external, name) != name:
            message = f"'{first[external]}' has the same externalName, so one of the two groups stays empty"
            yield Problem(span, "PAI053", message, "give each group its own", Severity.WARNING)


def check_some_administrator(subject: Subject) -> Iterator[Problem]:
    """PAI054: members of the admin group administer, members of the default group don't."""
    services, marks = subject.services.settings, subject.services.marks
    for name, expected in (("admin-group", True), ("default-group", False)):
        path = (*_GROUPS, name, "extension", "acls", "admin")
        if is_true(services.value(*path)) is not expected:
            who = "nobody administers" if expected else "every user administers"
            message = f"{who} OpenPAI with this setting of the {name}"
            yield Problem(
                marks.at(*path), "PAI054", message, f"set admin: {str(expected).lower()}", Severity.WARNING
            )


def check_log_storage(subject: Subject) -> Iterator[Problem]:
    """PAI056: logs on Azure have an account, its key and a container."""
    services, marks = subject.services.settings, subject.services.marks
    if services.text("rest-server", "log-server") != "azure_storage":
        return
    missing = [key for key in _LOG_KEYS if not marks.has("rest-server", key)]
    if missing:
        message = f"job logs are read from Azure, but rest-server lacks {', '.join(missing)}"
        hint = "give them, or set log-server: log_manager"
        yield Problem(marks.at("rest-server", "log-server"), "PAI056", message, hint)


def check_virtual_clusters_of_groups(subject: Subject) -> Iterator[Problem]:
    """PAI234: groups may use virtual clusters that there are."""
    known = _virtual_clusters(subject)
    if known is None:
        return
    for path, group in _groups(subject):
        acls = group.get("extension", {}).get("acls", {})
        names = acls.get("virtualClusters") if isinstance(acls, Mapping) else None
        for i, name in enumerate(names if isinstance(names, list) else ()):
            place = (*path, "extension", "acls", "virtualClusters", i)
            if isinstance(name, str) and name not in known and subject.services.marks.has(*place):
                message = f"there is no virtual cluster '{name}' that this group could use"
                hint = (
                    suggest(name, known) or f"there {'are' if len(known) > 1 else 'is'} {some_names(known)}"
                )
                yield Problem(subject.services.marks.at(*place), "PAI234", message, hint, Severity.WARNING)


def _virtual_clusters(subject: Subject) -> tuple[str, ...] | None:
    """Return the names of the virtual clusters; None when HiveD's configuration is given and can't be read.

    Without one HiveD gets `default` for the first kind of workers, and `vc1`, `vc2` and so on for the others.
    """
    services = subject.services
    if not subject.is_hived_on:
        return (_DEFAULT,)
    if services.settings.text(*_HIVED).strip():
        outer = Document("", services.given, services.marks)
        clusters = (parse_embedded(outer, *_HIVED).data or {}).get("virtualClusters")
        return tuple(map(str, clusters)) if isinstance(clusters, Mapping) else None
    kinds = len({row.sku for row in subject.workers})
    return (_DEFAULT, *(f"vc{i}" for i in range(1, kinds)))


def _groups(subject: Subject) -> Iterator[tuple[tuple[str | int, ...], Mapping[str, Any]]]:
    """Yield path and content of every group."""
    manager = subject.services.settings.mapping(*_GROUPS)
    for name in ("admin-group", "default-group"):
        yield (*_GROUPS, name), manager.get(name, {})
    for i, group in enumerate(manager.get("grouplist", ())):
        if group is not None:
            yield (*_GROUPS, "grouplist", i), group


RULES = (
    *(
        Rule(check, ("services",))
        for check in (
            check_identity_provider,
            check_group_source,
            check_group_names,
            check_group_mapping,
            check_some_administrator,
            check_log_storage,
        )
    ),
    Rule(check_virtual_clusters_of_groups, ("config", "layout", "services")),
)
