"""What a plain YAML scalar stands for, and whether people and parsers may disagree about it.

YAML 1.1, which the legacy tools read, and YAML 1.2, which editors lean to, give some words two meanings.
Such a word gets its legacy meaning here (a number or date stays text) and a trap that tells what to write.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from paichart.problems import Severity
from paichart.source.characters import disguised

_FIRST_LETTERS = frozenset("+-.0123456789~yYnNtToOfF")
_WORDS = {"true": True, "false": False, "yes": True, "no": False, "on": True, "off": False}
_NULLS = ("null", "Null", "NULL", "~")
_MAX_DIGITS = 1000


@dataclass(frozen=True, slots=True)
class Trap:
    """Why a scalar may be read in another way than it was meant, and how to write it so that it can't be."""

    code: str
    message: str
    hint: str
    severity: Severity = Severity.ERROR


def resolve(text: str) -> tuple[Any, Trap | None]:
    """Return the value of an unquoted scalar and, when it has two readings, its trap.

    The value is a str, int, float, bool or None; dates and clock times stay text.
    """
    if not text:
        return None, None
    if text[0] not in _FIRST_LETTERS or not text.isascii():
        return text, _disguise(text)
    if text in _NULLS:
        return None, None
    lower = text.lower()
    if lower in _WORDS and text in (lower, lower.upper(), lower.capitalize()):
        return _word(text, _WORDS[lower])
    if text[0] in "+-.0123456789":
        return _number(text)
    return text, None


def _disguise(text: str) -> Trap | None:
    found = None if text.isascii() else disguised(text, is_key=False)
    return Trap("PAI246", *found, Severity.WARNING) if found is not None else None


def _word(text: str, value: bool) -> tuple[bool, Trap | None]:
    if text.lower() in ("true", "false"):
        return value, None
    meaning = "true" if value else "false"
    trap = Trap(
        "PAI112",
        f"'{text}' is read as {meaning} by some YAML parsers and as text by others",
        f'write {meaning} for a switch, or quote it for text: "{text}"',
        Severity.WARNING,
    )
    return value, trap


def _number(text: str) -> tuple[Any, Trap | None]:
    for pattern, read in _READERS:
        if pattern.fullmatch(text):
            return read(text)
    return text, None


def _integer(text: str) -> tuple[int | str, Trap | None]:
    if len(text) > _MAX_DIGITS:
        return text, Trap("PAI117", f"this number has {len(text)} digits", "quote it if it is text")
    digits = text.replace("_", "")
    return int(digits, 0 if "b" in digits or "x" in digits else 10), None


def _float(text: str) -> tuple[float | str, Trap | None]:
    number = float(text.replace("_", ""))
    if math.isfinite(number):
        return number, None
    return text, Trap("PAI117", f"'{text}' is too large a number", "quote it if it is text")


def _not_finite(text: str) -> tuple[str, Trap]:
    return text, Trap("PAI117", f"'{text}' is not a finite number", "quote it if it is text")


def _octal(text: str) -> tuple[str, Trap]:
    digits = text.replace("_", "").lstrip("+-").lstrip("0") or "0"
    message = f"'{text}' begins with 0, so some YAML parsers read it as an octal number"
    return text, Trap(
        "PAI113", message, f'write {digits} for a decimal number, or quote it for text: "{text}"'
    )


def _sexagesimal(text: str) -> tuple[str, Trap]:
    message = f"'{text}' is read as a number of base 60, as if it were hours and minutes"
    return text, Trap("PAI114", message, f'quote it: "{text}"')


def _date(text: str) -> tuple[str, Trap]:
    return text, Trap("PAI115", f"'{text}' is read as a date", f'quote it: "{text}"')


_READERS: tuple[tuple[re.Pattern[str], Callable[[str], tuple[Any, Trap | None]]], ...] = (
    (re.compile(r"[-+]?(?:0|[1-9][0-9_]*)"), _integer),
    (re.compile(r"[-+]?0[0-9_]+"), _octal),
    (re.compile(r"[-+]?0(?:b[01]+|x[0-9a-fA-F]+)"), _integer),
    (re.compile(r"(?:[-+]?[0-9][0-9_]*\.[0-9_]*|\.[0-9][0-9_]*)(?:[eE][-+][0-9]+)?"), _float),
    (re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"), _not_finite),
    (re.compile(r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?"), _sexagesimal),
    (re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}"), _date),
    (re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}.*"), _date),
)
