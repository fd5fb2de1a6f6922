"""Rules for the Kubernetes dashboard: one of the release, or one of the admin's."""

from __future__ import annotations

from collections.abc import Iterator

from paichart.addresses import leads_to
from paichart.problems import Problem, Severity
from paichart.rules.subject import Rule, Subject

_URL = ("kubernetes", "dashboard-url")
_SWITCH = ("cluster", "common", "k8s-rbac")


def check_one_dashboard(subject: Subject) -> Iterator[Problem]:
    """PAI244: a dashboard is installed, or one that runs elsewhere is named; not both."""
    url = subject.layout.settings.text(*_URL)
    masters = [row for row in subject.rows if row.is_master]
    is_elsewhere = url and not any(leads_to(url, row.hostname, row.address) for row in masters)
    if is_elsewhere and subject.services.settings.flag(*_SWITCH):
        message = "this dashboard is used, and none is installed although k8s-rbac is true"
        hint = "remove one of the two"
        yield Problem(subject.layout.marks.at(*_URL), "PAI244", message, hint, Severity.NOTE)


RULES = (Rule(check_one_dashboard, ("layout", "services")),)
