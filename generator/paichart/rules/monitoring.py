"""Rules for a Prometheus of the admin's: what it is asked for, it must have been told."""

from __future__ import annotations

from collections.abc import Iterator

from paichart.problems import Problem, Severity
from paichart.rules.subject import Rule, Subject

_PATH = ("paichart", "monitoring")


def check_recorded_metrics(subject: Subject) -> Iterator[Problem]:
    """PAI232: metrics of jobs that recording rules make have a Prometheus that gets these rules."""
    config = subject.config.settings
    is_own = config.has(*_PATH, "prometheus-url")
    is_recorded = config.text(*_PATH, "job-metrics") == "kubelet"
    if is_own and is_recorded and not config.flag(*_PATH, "operator"):
        message = "nobody records metrics of jobs: Prometheus is your own, and gets no rules from here"
        hint = "set paichart.monitoring.operator: true, or leave job-metrics out"
        place = subject.config.marks.at(*_PATH, "job-metrics")
        yield Problem(place, "PAI232", message, hint, Severity.WARNING)


RULES = (Rule(check_recorded_metrics, ("config",)),)
