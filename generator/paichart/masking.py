"""Hides what is secret in a line of an input file, and in words about it; columns stay as they are."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from paichart.codes import all_codes
from paichart.problems import Problem
from paichart.schema import FILES, load_schema

_VALUE = r"""("[^"]*"?|'[^']*'?|[^\s#,}\]][^,}\]]*)"""
_BLOCK_HEADER = r"[|>][-+0-9]*\s*(?:#.*)?$"
_SOUNDS_SECRET = re.compile(r"passw|pwd|secret|token|account[-_]?key|connection[-_]?string", re.IGNORECASE)
_PAIR = re.compile(rf"""(?<![\w-])["']?([\w.-]+)["']?\s*:\s*(?!{_BLOCK_HEADER}|[\[{{]){_VALUE}""")
_OPENING = re.compile(r"""\s*(?:-\s+)*["']?([\w.-]+)["']?\s*:(?:\s.*)?""")
_LOGIN = re.compile(r"(?<=://)[^/\s@]+(?=@)")
_IN_BRACKETS = re.compile(r"""(?<![\w-])["']?([\w.-]+)["']?\s*:\s*[\[{]([^\]}]*)""")
_CLOSE = 0.8
_WORD = re.compile(r"\w{2,}")


def masked(lines: Sequence[str], index: int) -> str:
    """Return one line with stars in place of secrets: values of secret keys, and logins in addresses.

    A key is secret when a schema says so, or, if no schema knows it, when it sounds or looks like one.
    """
    line = lines[index]
    if _is_below_secret(lines, index):
        start = len(line) - len(line.lstrip(" -"))
        return line[:start] + "*" * (len(line) - start)
    for pattern in (_PAIR, _IN_BRACKETS):
        line = pattern.sub(_hide_value, line)
    return _without_login(line)


def without_secret(problem: Problem, lines: Sequence[str]) -> Problem:
    """Return a problem of a document's lines that says nothing of a secret that it is about.

    Where its words hold a part of one that the line does not show elsewhere, those of its code take their
    place.
    """
    message, hint = _without_login(problem.message), _without_login(problem.hint)
    if (message, hint) != (problem.message, problem.hint):
        problem = replace(problem, message=message, hint=hint)
    span = problem.span
    if not 0 < span.line <= len(lines):
        return problem
    line, shown = lines[span.line - 1], masked(lines, span.line - 1)
    marked = slice(span.column - 1, span.column - 1 + span.width)
    if line[marked] == shown[marked]:
        return problem
    secret = "".join(character for character in line[marked] if unicodedata.category(character) != "Cf")
    words = _WORD.findall(f"{problem.message} {problem.hint}")
    if not any(word in secret and word not in shown for word in words):
        return problem
    code = all_codes()[problem.code]
    message = f"{code.title[0].lower()}{code.title[1:]}, which is not shown"
    return replace(problem, message=message, hint=f"{code.cure[0].lower()}{code.cure[1:].rstrip('.')}")


def _without_login(text: str) -> str:
    return _LOGIN.sub(lambda found: "*" * len(found[0]), text)


def _hide_value(found: re.Match[str]) -> str:
    if not _is_secret(found[1]):
        return found[0]
    return found[0][: found.start(2) - found.start()] + "*" * len(found[2])


def _is_below_secret(lines: Sequence[str], index: int) -> bool:
    """Tell whether a line belongs to a block of text or a list whose key, some lines above, is secret."""
    depth = _indent(lines[index])
    is_item = lines[index].lstrip().startswith("-")
    for above in reversed(lines[:index]):
        if above.strip() and (_indent(above) < depth or (is_item and not above.lstrip().startswith("-"))):
            opening = _OPENING.fullmatch(above.rstrip())
            return opening is not None and _is_secret(opening[1])
    return False


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _is_secret(key: str) -> bool:
    secret, known = _keys()
    if key in secret or key in known:
        return key in secret
    return bool(_SOUNDS_SECRET.search(key) or difflib.get_close_matches(key, secret, n=1, cutoff=_CLOSE))


@cache
def _keys() -> tuple[frozenset[str], frozenset[str]]:
    """Return the keys that the schemas call secret, and all that they know."""
    found = [pair for name in FILES for pair in _properties(load_schema(name).content)]
    return frozenset(key for key, is_secret in found if is_secret), frozenset(key for key, _ in found)


def _properties(schema: Any) -> Iterator[tuple[str, bool]]:
    """Yield each key that a schema has at any depth, and whether it is secret."""
    if isinstance(schema, Mapping):
        for key, part in schema.get("properties", {}).items():
            yield key, "x-paichart-secret" in part
        for part in schema.values():
            yield from _properties(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from _properties(part)
