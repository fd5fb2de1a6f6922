"""Schedules as Kubernetes reads them: robfig/cron v3, ParseStandard (its parser_test.go and doc.go)."""

from __future__ import annotations

import pytest

from paichart.cron import fault


@pytest.mark.parametrize(
    "text",
    [
        "0 0 * * *",
        "*/15 0-6/2 1,15 jan-mar Mon-FRI",
        "5/10 * ? * 0",
        "59 23 31 12 6",
        "  0   8 * * 1 ",
        "@yearly",
        "@annually",
        "@monthly",
        "@weekly",
        "@daily",
        "@midnight",
        "@hourly",
        "@every 1h30m",
        "@every 1.5h",
    ],
)
def test_a_schedule(text: str) -> None:
    assert fault(text) == ""


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "it has 0 fields, not 5"),
        ("0 0 * * * *", "it has 6 fields, not 5"),
        ("60 * * * *", "minute '60' is not among 0 to 59"),
        ("* 24 * * *", "hour '24' is not among 0 to 23"),
        ("* * 0 * *", "day of the month '0' is not among 1 to 31"),
        ("* * * 13 *", "month '13' is not among 1 to 12"),
        ("* * * * 7", "day of the week '7' is not among 0 to 6"),
        ("* * * * monday", "day of the week 'monday' is not among 0 to 6"),
        ("* * * mon *", "month 'mon' is not among 1 to 12"),
        ("5-1 * * * *", "'5-1' ends before it begins"),
        ("*/0 * * * *", "'*/0' has no step"),
        ("*/x * * * *", "'*/x' has no step"),
        ("*/ * * * *", "'*/' has no step"),
        ("1,, * * * *", "minute '' is not among 0 to 59"),
        ("-1 * * * *", "minute '-1' is not among 0 to 59"),
        ("²  * * * *", "minute '²' is not among 0 to 59"),
        ("@fortnightly", "it has no word '@fortnightly'"),
        ("@every week", "it has no word '@every week'"),
        ("TZ=Europe/Berlin 0 0 * * *", "it names a time zone, which Kubernetes refuses"),
        ("CRON_TZ=UTC 0 0 * * *", "it names a time zone, which Kubernetes refuses"),
    ],
)
def test_no_schedule(text: str, reason: str) -> None:
    assert fault(text) == reason
