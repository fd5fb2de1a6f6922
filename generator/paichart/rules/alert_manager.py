"""Rules for what alerts do: receivers, routes that lead to them, mail templates, and the regular jobs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from paichart.alert_actions import EMAIL, RECEIVERS, SERVICE, TEMPLATES, has_email, has_token, lacks
from paichart.cron import fault
from paichart.problems import Problem, Severity, suggest
from paichart.re2 import fault as fault_of_regex
from paichart.rules.subject import Rule, Subject
from paichart.validator import Path, Violation, compile_check
from paichart.wording import problem_of

_ROUTES = (SERVICE, "customized-routes", "routes")
_RECEIVERS = (SERVICE, "customized-receivers")
_CHECKER = (SERVICE, "cert-expiration-checker")
_SCHEDULES = ((SERVICE, "cluster-utilization", "schedule"), (*_CHECKER, "schedule"))
_CONDITIONS = ("match", "match_re", "matchers")
_NEVER_ZERO = ("group_interval", "repeat_interval")
_ZERO = re.compile(r"(0+[a-z]+)+", re.ASCII)
_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*", re.ASCII)
_MATCHER = re.compile(r"\{?\s*[a-zA-Z_][a-zA-Z0-9_]*\s*(=~|!~|!=|=).*", re.ASCII | re.DOTALL)
_TLS_FROM_THE_START = 465


def check_receivers(subject: Subject) -> Iterator[Problem]:
    """PAI217: each receiver has a name of its own."""
    taken = set(RECEIVERS)
    for path, receiver in _receivers(subject):
        name = receiver.get("name", "")
        if name in RECEIVERS:
            message = f"'{name}' is a receiver that OpenPAI brings"
            hint = "choose another name, and lead to it by a route"
            yield Problem(subject.services.marks.at(*path, "name"), "PAI217", message, hint)
        elif name in taken:
            message = f"there is another receiver '{name}'"
            hint = "give each a name of its own, or put their actions together"
            yield Problem(subject.services.marks.at(*path, "name"), "PAI217", message, hint)
        taken.add(name)


def check_actions(subject: Subject) -> Iterator[Problem]:
    """PAI218: an action has what it can't do without."""
    services = subject.services
    for path, receiver in _receivers(subject):
        for action in receiver.get("actions", {}):
            missing = lacks(services.settings, action)
            if missing:
                message = f"'{action}' is left out: it needs {' and '.join(missing)}"
                hint = f"add it to {SERVICE}, or remove the action"
                span = services.marks.key(*path, "actions", action)
                yield Problem(span, "PAI218", message, hint, Severity.WARNING)


def check_templates(subject: Subject) -> Iterator[Problem]:
    """PAI219: mails are of templates that exist: the chart's, or those that `paichart.values` adds."""
    added = subject.config.settings.mapping("paichart", "values", SERVICE, "templates")
    known = (*TEMPLATES, *map(str, added))
    for path, receiver in _receivers(subject):
        for action, settings in receiver.get("actions", {}).items():
            name = (settings or {}).get("template")
            if name is not None and name not in known:
                message = f"there is no mail template '{name}', so no mail would be sent"
                hint = suggest(name, known) or f"choose one of {', '.join(sorted(known))}"
                span = subject.services.marks.at(*path, "actions", action, "template")
                yield Problem(span, "PAI219", message, hint)


def check_routes(subject: Subject) -> Iterator[Problem]:
    """PAI216, PAI223: Alertmanager can read the routes, and each leads to a receiver that exists."""
    known = {*RECEIVERS, *(receiver.get("name", "") for _, receiver in _receivers(subject))}
    yield from _check_routes(subject, _ROUTES, known)


def _check_routes(subject: Subject, path: Path, known: set[str]) -> Iterator[Problem]:
    routes = [*_items(subject, path)]
    for place, route in routes:
        name = route.get("receiver")
        is_unclear = subject.services.may_hold(*_RECEIVERS)
        if isinstance(name, str) and name not in known and not is_unclear:
            message = f"there is no receiver '{name}'"
            hint = suggest(name, known) or f"describe it under {'.'.join(_RECEIVERS)}"
            yield Problem(subject.services.marks.at(*place, "receiver"), "PAI216", message, hint)
        yield from _check_conditions(subject, place, route)
        yield from _check_times(subject, place, route)
        for inner, content in _items(subject, (*place, "routes")):
            yield from _check_schema(subject, inner, content)
        yield from _check_routes(subject, (*place, "routes"), known)
    yield from _check_order(subject, routes)


def _check_schema(subject: Subject, place: Path, route: Mapping[str, Any]) -> Iterator[Problem]:
    """Hold a route inside another against the schema, which can't say that it is one again."""
    schema = subject.services.schema
    part: Any = schema.content
    for key in _ROUTES:
        part = part["properties"][key]
    violations: list[Violation] = []
    compile_check(part["items"])(route, place, violations)
    for violation in violations:
        yield problem_of(violation, subject.services.marks, schema.vocabulary)


def _check_conditions(subject: Subject, place: Path, route: Mapping[str, Any]) -> Iterator[Problem]:
    marks = subject.services.marks
    for key in ("match", "match_re"):
        labels = route.get(key)
        for label, value in labels.items() if isinstance(labels, Mapping) else ():
            if not _LABEL.fullmatch(str(label)):
                message = f"'{label}' is not the name of a label"
                hint = "use letters, digits and _"
                yield Problem(marks.key(*place, key, label), "PAI223", message, hint)
            reason = fault_of_regex(str(value)) if key == "match_re" else ""
            if reason:
                message = f"'{value}' is not a regular expression of Alertmanager's: {reason}"
                yield Problem(marks.at(*place, key, label), "PAI223", message)
    matchers = route.get("matchers")
    for index, matcher in enumerate(matchers if isinstance(matchers, list) else ()):
        if isinstance(matcher, str) and not _MATCHER.fullmatch(matcher):
            message = f"'{matcher}' is no condition"
            hint = 'write label="value", or with !=, =~ or !~'
            yield Problem(marks.at(*place, "matchers", index), "PAI223", message, hint)


def _check_times(subject: Subject, place: Path, route: Mapping[str, Any]) -> Iterator[Problem]:
    for key in _NEVER_ZERO:
        if _ZERO.fullmatch(str(route.get(key, ""))):
            span = subject.services.marks.at(*place, key)
            yield Problem(span, "PAI223", f"'{key}' can't be zero", "write 1m or more")


def _check_order(subject: Subject, routes: list[tuple[Path, Mapping[str, Any]]]) -> Iterator[Problem]:
    """Warn of routes that no alert reaches, since one before them takes all."""
    for place, route in routes[:-1]:
        if not any(route.get(key) for key in _CONDITIONS) and route.get("continue") is not True:
            message = "this route takes every alert, so none reaches the routes after it"
            hint = "say which alerts it takes (match), put it last, or add continue: true"
            span = subject.services.marks.at(*place)
            yield Problem(span, "PAI223", message, hint, Severity.WARNING)
            return


def check_repeat_interval(subject: Subject) -> Iterator[Problem]:
    """PAI223: lasting alerts are told again after some time."""
    path = (SERVICE, "repeat-interval")
    if _ZERO.fullmatch(subject.services.settings.text(*path)):
        span = subject.services.marks.at(*path)
        yield Problem(span, "PAI223", "'repeat-interval' can't be zero", "write 1m or more")


def check_schedules(subject: Subject) -> Iterator[Problem]:
    """PAI220: a schedule is one that Kubernetes reads."""
    services = subject.services
    for path in _SCHEDULES:
        text = services.settings.text(*path)
        reason = fault(text) if services.marks.has(*path) and text else ""
        if reason:
            message = f"'{text}' is no schedule: {reason}"
            hint = 'write "minute hour day month weekday", such as "0 8 * * 1" for Mondays at 8'
            yield Problem(services.marks.at(*path), "PAI220", message, hint)


def check_readers(subject: Subject) -> Iterator[Problem]:
    """PAI221: reports and news reach somebody."""
    services, marks = subject.services.settings, subject.services.marks
    report, news = (SERVICE, "cluster-utilization", "schedule"), (SERVICE, "job-status-change-notification")
    if services.has(*report) and not has_token(services):
        message = "usage is not reported: the report needs pai-bearer-token"
        hint = "make a token on the portal's profile page, and build again"
        yield Problem(marks.at(*report), "PAI221", message, hint, Severity.WARNING)
    elif services.has(*report) and not has_email(services):
        message = "usage is reported to nobody: there are no email-configs"
        hint = f"add {'.'.join(EMAIL)}"
        yield Problem(marks.at(*report), "PAI221", message, hint, Severity.WARNING)
    missing = lacks(services, "email-user")
    if services.flag(*news, "enable") and missing:
        message = f"users get no mail about their jobs: that needs {' and '.join(missing)}"
        hint = f"add it to {SERVICE}"
        yield Problem(marks.at(*news, "enable"), "PAI221", message, hint, Severity.WARNING)


def check_mail_port(subject: Subject) -> Iterator[Problem]:
    """PAI222: the mail server's port speaks plain SMTP first, as the handler does."""
    services = subject.services
    if services.settings.value(*EMAIL, "smtp-port") == _TLS_FROM_THE_START:
        message = (
            "port 465 wants TLS from the first byte, but the handler begins in plain and asks for TLS then"
        )
        hint = "most servers offer that (STARTTLS) on port 587"
        yield Problem(services.marks.at(*EMAIL, "smtp-port"), "PAI222", message, hint, Severity.WARNING)


def check_certificate_checker(subject: Subject) -> Iterator[Problem]:
    """PAI224: the certificate checker knows where the certificate is."""
    services = subject.services
    if services.marks.has(*_CHECKER) and not services.settings.has(*_CHECKER, "cert-path"):
        message = "the certificate checker is off: it does not know where the certificate is"
        hint = "add cert-path, such as /etc/kubernetes/pki (kubeadm) or /etc/kubernetes/ssl (Kubespray)"
        yield Problem(services.marks.key(*_CHECKER), "PAI224", message, hint, Severity.WARNING)


def _receivers(subject: Subject) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    return _items(subject, _RECEIVERS)


def _items(subject: Subject, path: Path) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """Yield path and content of the usable mappings of a list."""
    node: Any = subject.services.given
    for key in path:
        if isinstance(node, Mapping):
            node = node.get(key)
        elif isinstance(node, list) and isinstance(key, int):
            node = node[key]
        else:
            return
    for index, item in enumerate(node if isinstance(node, list) else ()):
        if isinstance(item, Mapping):
            yield (*path, index), item


RULES = tuple(
    Rule(check, needs)
    for check, needs in (
        (check_receivers, ("services",)),
        (check_actions, ("services",)),
        (check_templates, ("config", "services")),
        (check_routes, ("services",)),
        (check_repeat_interval, ("services",)),
        (check_schedules, ("services",)),
        (check_readers, ("services",)),
        (check_mail_port, ("services",)),
        (check_certificate_checker, ("services",)),
    )
)
