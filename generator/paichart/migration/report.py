"""What an import did with every key: grouped text for people, plain data for programs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from paichart import credentials
from paichart.migration.entries import Action, Entry
from paichart.report.lines import wrapped
from paichart.schema import FILES

WIDEST = 110
"""Columns of a line, however wide the terminal is."""

_NAMED_AT_MOST = 24


def as_text(entries: Sequence[Entry], width: int = WIDEST) -> str:
    """Return the report, file by file, and at its end what the admin must decide; width in columns."""
    lines: list[str] = []
    done = [entry for entry in entries if entry.action is not Action.DECISION]
    for file in sorted({entry.file for entry in done}, key=_rank):
        lines.append(file)
        for action in Action:
            for entry in done:
                if (entry.file, entry.action) == (file, action):
                    lines += wrapped(_sentence(entry), min(width, WIDEST), f"  {action.value:<12}", " " * 14)
    todo = [entry for entry in entries if entry.action is Action.DECISION]
    if todo:
        lines.append(Action.DECISION.value)
    for number, entry in enumerate(todo, 1):
        lines += wrapped(f"{entry.file}: {_sentence(entry)}", min(width, WIDEST), f"  {number}. ", "     ")
    return "".join(f"{line}\n" for line in lines)


def as_document(entries: Iterable[Entry]) -> list[dict[str, Any]]:
    """Return one object an entry; `old` and `new` are empty where no value is told."""
    return [
        {
            "action": entry.action.value,
            "file": entry.file,
            "keys": list(entry.keys),
            "reason": entry.reason,
            "old": entry.old,
            "new": entry.new,
        }
        for entry in entries
    ]


def _rank(file: str) -> tuple[int, str]:
    """Return a key that sorts the inputs first, in the order that people know."""
    order = (*FILES.values(), credentials.FILE_NAME)
    return (order.index(file) if file in order else len(order), file)


def _sentence(entry: Entry) -> str:
    keys = ", ".join(_some(entry.keys))
    change = f"{entry.old} → {entry.new}" if entry.old else f"→ {entry.new}" if entry.new else ""
    if change:
        keys = f"{keys}: {change}" if entry.old else f"{keys} {change}"
    if not entry.reason:
        return keys
    return f"{keys} ({entry.reason})" if change else f"{keys}: {entry.reason}"


def _some(names: Sequence[str]) -> Iterator[str]:
    yield from names[:_NAMED_AT_MOST]
    if len(names) > _NAMED_AT_MOST:
        yield f"{len(names) - _NAMED_AT_MOST} more"
