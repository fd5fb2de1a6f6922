"""What became of a key of the legacy configuration, for people to read; nothing secret stands here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from paichart.validator import Path


class Action(StrEnum):
    """What was done with a key, or must be done by the admin."""

    KEPT = "kept"
    TRANSLATED = "translated"
    IGNORED = "ignored"
    DECISION = "needs a decision"


@dataclass(frozen=True, slots=True)
class Entry:
    """Keys of one file with which the same was done for one reason; `old` and `new` are values to show."""

    action: Action
    file: str
    keys: tuple[str, ...]
    reason: str = ""
    old: str = ""
    new: str = ""


def dotted(path: Path) -> str:
    """Return a path as people write it; rows of a list are not told apart."""
    text = ""
    for step in path:
        text += "[]" if isinstance(step, int) else f".{step}" if text else step
    return text


def grouped(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """Return the entries, those that differ by their key alone as one; a key of many rows is named once."""
    keys: dict[Entry, dict[str, None]] = {}
    for entry in entries:
        same = Entry(entry.action, entry.file, (), entry.reason, entry.old, entry.new)
        keys.setdefault(same, {}).update(dict.fromkeys(entry.keys))
    return tuple(
        Entry(same.action, same.file, tuple(names), same.reason, same.old, same.new)
        for same, names in keys.items()
    )
