"""Customized alerts, a rule file of Prometheus as text: checked as Prometheus 2.55 does (`model/rulefmt`).

Expressions are PromQL, which only Prometheus itself can read: its pod checks them before it starts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from paichart.model import Settings
from paichart.problems import Problem, Severity, suggest
from paichart.rules.subject import Rule, Subject
from paichart.schema import FILES
from paichart.source import Document, Marks, parse_embedded
from paichart.validator import Path

CUSTOMIZED_ALERTS = ("prometheus", "customized-alerts")
"""Where services-configuration.yaml holds alerts of the admin's own, as text."""

_LIMIT = 1024 * 1024
"""Bytes that a ConfigMap may hold, names and all."""

_GROUP_KEYS = ("name", "interval", "limit", "query_offset", "rules")
_RULE_KEYS = ("alert", "record", "expr", "for", "keep_firing_for", "labels", "annotations")
_OF_ALERTS = ("for", "keep_firing_for", "annotations")
_DURATION = re.compile(
    r"(?=.)([0-9]+y)?([0-9]+w)?([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?|0", re.ASCII
)
_METRIC = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*", re.ASCII)
_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*", re.ASCII)


def check_customized_alerts(subject: Subject) -> Iterator[Problem]:
    """PAI210 to PAI215: Prometheus can read the alerts that the admin gives, and there is one that does."""
    services = subject.services
    text = services.settings.text(*CUSTOMIZED_ALERTS)
    if not text.strip():
        return
    size = len(text.encode())
    if size > _LIMIT * 0.99:
        message = f"these alerts take {size / 1024:,.0f} KiB; a ConfigMap holds {_LIMIT // 1024:,} KiB"
        hint = "leave some out, or give rules as objects to a Prometheus operator of your own"
        yield Problem(services.marks.key(*CUSTOMIZED_ALERTS), "PAI215", message, hint)
    if _nobody_reads_rules(subject.config.settings):
        message = "these alerts are not used: Prometheus is your own, and gets no objects for its operator"
        hint = "set paichart.monitoring.operator: true, or give them to your Prometheus"
        yield Problem(services.marks.key(*CUSTOMIZED_ALERTS), "PAI214", message, hint, Severity.WARNING)
    outer = Document(FILES["services-configuration"], services.given, services.marks)
    inner = parse_embedded(outer, *CUSTOMIZED_ALERTS)
    yield from inner.problems
    if inner.data is not None:
        yield from _check_file(inner.marks, inner.data)


def _nobody_reads_rules(config: Settings) -> bool:
    monitoring = ("paichart", "monitoring")
    return config.has(*monitoring, "prometheus-url") and not config.flag(*monitoring, "operator")


def _check_file(marks: Marks, data: Mapping[str, Any]) -> Iterator[Problem]:
    yield from _unknown_keys(marks, (), data, ("groups",), "a rule file")
    groups = data.get("groups")
    if groups is not None and not isinstance(groups, list):
        yield Problem(marks.at("groups"), "PAI210", "'groups' is a list", "write each group as '- name: …'")
        return
    names: set[str] = set()
    for index, group in enumerate(groups or ()):
        path = ("groups", index)
        if not isinstance(group, Mapping):
            yield Problem(marks.at(*path), "PAI210", "a group has a name and rules", "write '- name: …'")
            continue
        yield from _check_group(marks, path, group, names)


def _check_group(marks: Marks, path: Path, group: Mapping[str, Any], names: set[str]) -> Iterator[Problem]:
    yield from _unknown_keys(marks, path, group, _GROUP_KEYS, "a group")
    name = _text(group.get("name"))
    if not name:
        yield Problem(marks.at(*path), "PAI211", "this group has no name", "add name: …")
    elif name in names:
        yield Problem(
            marks.at(*path, "name"), "PAI211", f"there is another group '{name}'", "give it a name of its own"
        )
    names.add(name)
    for key in ("interval", "query_offset"):
        yield from _check_duration(marks, path, group, key)
    limit = group.get("limit", 0)
    if not isinstance(limit, int) or isinstance(limit, bool):
        yield Problem(marks.at(*path, "limit"), "PAI210", "'limit' is a whole number")
    rules = group.get("rules")
    if rules is not None and not isinstance(rules, list):
        yield Problem(
            marks.at(*path, "rules"), "PAI210", "'rules' is a list", "write each rule as '- alert: …'"
        )
        return
    for index, rule in enumerate(rules or ()):
        place = (*path, "rules", index)
        if isinstance(rule, Mapping):
            yield from _check_rule(marks, place, rule)
        else:
            yield Problem(
                marks.at(*place), "PAI210", "a rule has 'alert' or 'record', and 'expr'", "write '- alert: …'"
            )


def _check_rule(marks: Marks, path: Path, rule: Mapping[str, Any]) -> Iterator[Problem]:
    yield from _unknown_keys(marks, path, rule, _RULE_KEYS, "a rule")
    alert, record = _text(rule.get("alert")), _text(rule.get("record"))
    if bool(alert) == bool(record):
        message = "this rule is both an alert and a record" if alert else "this rule has no name"
        yield Problem(marks.at(*path), "PAI210", message, "write either alert: … or record: …")
    elif record:
        yield from _check_record(marks, path, rule, record)
    is_misspelt = any(suggest(str(key), ("expr",)) for key in rule if key not in _RULE_KEYS)
    if not _text(rule.get("expr")) and not is_misspelt:
        place = marks.at(*path, "expr") if "expr" in rule else marks.at(*path)
        what = f"rule '{alert or record}'" if alert or record else "this rule"
        yield Problem(place, "PAI212", f"{what} has no expression", "write expr: … in PromQL")
    for key in ("for", "keep_firing_for"):
        yield from _check_duration(marks, path, rule, key)
    for key in ("labels", "annotations"):
        yield from _check_names(marks, path, rule, key)


def _check_record(marks: Marks, path: Path, rule: Mapping[str, Any], name: str) -> Iterator[Problem]:
    if not _METRIC.fullmatch(name):
        yield Problem(
            marks.at(*path, "record"),
            "PAI211",
            f"'{name}' is no name of a metric",
            "use letters, digits, '_' and ':'",
        )
    for key in _OF_ALERTS:
        if key in rule:
            message = f"a recorded metric has no '{key}'"
            yield Problem(marks.key(*path, key), "PAI210", message, "remove it")


def _check_names(marks: Marks, path: Path, rule: Mapping[str, Any], key: str) -> Iterator[Problem]:
    entries = rule.get(key)
    if entries is None:
        return
    if not isinstance(entries, Mapping):
        yield Problem(marks.at(*path, key), "PAI210", f"'{key}' is a mapping of names to texts")
        return
    for name, value in entries.items():
        place = marks.key(*path, key, name)
        if not _LABEL.fullmatch(str(name)) or (key == "labels" and name == "__name__"):
            message = f"'{name}' can't be a name in '{key}'"
            yield Problem(place, "PAI211", message, "use letters, digits and '_'")
        if isinstance(value, Mapping | list):
            yield Problem(marks.at(*path, key, name), "PAI210", f"'{name}' is a text")


def _check_duration(marks: Marks, path: Path, holder: Mapping[str, Any], key: str) -> Iterator[Problem]:
    if key in holder and not _DURATION.fullmatch(_text(holder[key])):
        message = f"'{_text(holder[key])}' is no duration"
        yield Problem(
            marks.at(*path, key), "PAI213", message, "write a number and its unit: 30s, 5m, 1h30m, 7d"
        )


def _unknown_keys(
    marks: Marks, path: Path, holder: Mapping[str, Any], known: tuple[str, ...], what: str
) -> Iterator[Problem]:
    for key in holder:
        if key not in known:
            message = f"{what} has no key '{key}'"
            hint = suggest(str(key), known) or f"it has {', '.join(known)}"
            yield Problem(marks.key(*path, key), "PAI210", message, hint)


def _text(value: Any) -> str:
    """Return a scalar as Prometheus' YAML reader takes it for a text; nothing for all else."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value).strip() if isinstance(value, str | int | float) else ""


RULES = (Rule(check_customized_alerts, ("config", "services")),)
