"""Rules for a Grafana of the admin's, whose pages the portal frames."""

from __future__ import annotations

from collections.abc import Iterator

from paichart.problems import Problem, Severity
from paichart.rules.subject import Rule, Subject

_PATH = ("paichart", "monitoring", "grafana-url")


def check_own_grafana(subject: Subject) -> Iterator[Problem]:
    """PAI245: a Grafana of the admin's gets the pages, and a browser shows them in the portal's frames."""
    config = subject.config.settings
    url = config.text(*_PATH)
    if not url:
        return
    span = subject.config.marks.at(*_PATH)
    if not config.flag("paichart", "monitoring", "operator"):
        message = "this Grafana gets none of OpenPAI's dashboards"
        hint = "set paichart.monitoring.operator: true if it has a sidecar, or import them by hand"
        yield Problem(span, "PAI245", message, hint, Severity.NOTE)
    if url.lower().startswith("http://") and _is_portal_secure(subject):
        message = "users open the portal over https, where browsers show no frame of an http:// address"
        yield Problem(span, "PAI245", message, f"write https://{url.split('://', 1)[1]}", Severity.WARNING)


def _is_portal_secure(subject: Subject) -> bool:
    given = subject.config.settings.text("paichart", "external-url")
    if given:
        return given.lower().startswith("https://")
    return subject.config.settings.has("paichart", "tls") or subject.services.settings.has("pylon", "ssl")


RULES = (Rule(check_own_grafana, ("config", "services")),)
