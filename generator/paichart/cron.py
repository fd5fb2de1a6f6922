"""When a CronJob runs, as Kubernetes reads it: five fields, or a word such as `@daily`.

Source: github.com/robfig/cron/v3, ParseStandard, by which the API server checks a schedule.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_WORDS = ("@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly")
_EVERY = re.compile(r"@every ([0-9]+(\.[0-9]*)?(ns|us|µs|ms|s|m|h))+", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Field:
    """One field: the numbers that it takes, and names for some of them."""

    name: str
    numbers: range
    names: Mapping[str, int] = field(default_factory=dict)


_FIELDS = (
    _Field("minute", range(60)),
    _Field("hour", range(24)),
    _Field("day of the month", range(1, 32)),
    _Field("month", range(1, 13), {name: number for number, name in enumerate(_MONTHS, 1)}),
    _Field("day of the week", range(7), {name: number for number, name in enumerate(_DAYS)}),
)


def fault(text: str) -> str:
    """Return what is wrong with a schedule; an empty text when nothing is."""
    if "TZ=" in text:
        return "it names a time zone, which Kubernetes refuses"
    if text.startswith("@"):
        return "" if text in _WORDS or _EVERY.fullmatch(text) else f"it has no word '{text}'"
    parts = text.split()
    if len(parts) != len(_FIELDS):
        return f"it has {len(parts)} fields, not 5"
    found = (
        _fault_of(part, kind) for kind, whole in zip(_FIELDS, parts, strict=True) for part in whole.split(",")
    )
    return next(filter(None, found), "")


def _fault_of(part: str, kind: _Field) -> str:
    """Return what is wrong with one part of a field, such as `*/5`, `1-5` or `mon`."""
    span, slash, step = part.partition("/")
    if slash and (not _is_number(step) or int(step) == 0):
        return f"'{part}' has no step"
    if span in ("*", "?"):
        return ""
    low, dash, high = span.partition("-")
    first, last = _number(low, kind), _number(high if dash else low, kind)
    if first is None or last is None:
        return f"{kind.name} '{part}' is not among {kind.numbers.start} to {kind.numbers.stop - 1}"
    return f"'{part}' ends before it begins" if first > last else ""


def _number(text: str, kind: _Field) -> int | None:
    number = int(text) if _is_number(text) else kind.names.get(text.lower())
    return number if number in kind.numbers else None


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()
