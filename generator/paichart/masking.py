"""Hides what is secret in a line of an input file, and in words about it; columns stay as they are."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache, lru_cache
from typing import Any

from paichart.codes import all_codes
from paichart.problems import Problem
from paichart.schema import FILES, load_schema

_SOUNDS_SECRET = re.compile(r"passw|pwd|secret|token|account[-_]?key|connection[-_]?string", re.IGNORECASE)
_KEY = re.compile(r"""(?<![\w.-])["']?([\w.-]+)["']?\s*:\s*""")
_BEFORE_FIRST_KEY = re.compile(r"[\s-]*")
_VALUES_BELOW = re.compile(r"(?:[|>][-+0-9]*\s*(?:\s#.*)?)?")
_QUOTED = re.compile(r"""("(?:[^"\\]|\\.)*"|'(?:[^']|'')*')[]},\s]*(?:[,\s].*)?""")
_IN_BRACKETS = re.compile(r"[\[{]([^]\[{}]*)[]}][]},\s]*(?:[,\s].*)?")
_IN_A_MAPPING = re.compile(r"([^]\[{}\"',][^]\[{},]*)(?:,\s.*|[]},\s]*)")
_OPENING = re.compile(r"""\s*(?:-\s+)*["']?([\w.-]+)["']?\s*:(?:\s.*)?""")
_PASSWORD_AT_END = re.compile(r"""(?<=://)[^/\s@:]+:(?![0-9]{1,5}(?:[/\s"'},.;?)]|$)).+""")
_CLOSE = 0.8
_LONG = 4
_LONG_LINE = 10_000
_WORD = re.compile(r"\w{2,}")


def masked(lines: Sequence[str], index: int) -> str:
    """Return one line with stars in place of secrets: values of secret keys, and logins in addresses.

    A key is secret when a schema says so, or, if no schema knows it, when it sounds or looks like one.
    """
    line = lines[index]
    if _is_below_secret(lines, index):
        start = len(line) - len(line.lstrip(" -"))
        return line[:start] + "*" * (len(line) - start)
    for key in _KEY.finditer(line):
        if _is_secret(key[1]):
            is_first = _BEFORE_FIRST_KEY.fullmatch(line, 0, key.start()) is not None
            rest = line[key.end() :]
            start, end = _secret_part(rest, is_first) if len(rest) < _LONG_LINE else (0, len(rest))
            line = line[: key.end() + start] + "*" * (end - start) + rest[end:]
            if end == len(rest):
                break
    return _without_login(line)


def without_secret(problem: Problem, lines: Sequence[str]) -> Problem:
    """Return a problem of a document's lines that says nothing of a secret that it is about.

    Where its words hold a part of one that the line does not show elsewhere, those of its code take their
    place. Words of known keys are no part of one, unless the problem is about the secret itself.
    """
    message, hint = _without_login(problem.message), _without_login(problem.hint)
    if (message, hint) != (problem.message, problem.hint):
        problem = replace(problem, message=message, hint=hint)
    span = problem.span
    if not 0 < span.line <= len(lines):
        return problem
    line, shown = lines[span.line - 1], masked(lines, span.line - 1)
    if line == shown:
        return problem
    hidden = _hidden(line, shown)
    start, end = span.column - 1, span.column - 1 + span.width
    harmless = _words_of_keys() if line[start:end] == shown[start:end] else frozenset()
    words = (
        word for word in _WORD.findall(f"{message} {hint}") if word not in shown and word not in harmless
    )
    if not any(_is_part(word, hidden) for word in words):
        return problem
    code = all_codes()[problem.code]
    message = f"{code.title[0].lower()}{code.title[1:]}, which is not shown"
    return replace(problem, message=message, hint=f"{code.cure[0].lower()}{code.cure[1:].rstrip('.')}")


def _hidden(line: str, shown: str) -> str:
    """Return the characters of a line that are not shown, without those of no width."""
    return "".join(
        before if before != after else " "
        for before, after in zip(line, shown, strict=True)
        if unicodedata.category(before) != "Cf"
    )


def _is_part(word: str, secret: str) -> bool:
    """Tell whether a word gives away a part of a secret; short ones stand in many by chance."""
    return word in secret if len(word) >= _LONG else word in _WORD.findall(secret)


def _secret_part(rest: str, is_first: bool) -> tuple[int, int]:
    """Return where the value begins and ends in the rest of a line behind a secret key.

    What stands first in its line goes on to the end, as what is no YAML does; other keys of a mapping in
    braces stand behind a value in a well-formed one.
    """
    if _VALUES_BELOW.fullmatch(rest):
        return 0, 0
    for pattern in (_QUOTED, _IN_BRACKETS, *(() if is_first else (_IN_A_MAPPING,))):
        if found := pattern.fullmatch(rest):
            return found.start(1), found.end(1)
    return 0, len(rest)


def _without_login(text: str) -> str:
    """Return text without logins in addresses: from the first `://` to the last `@`, or what may be one."""
    start, end = text.find("://") + len("://"), text.rfind("@")
    if start < len("://"):
        return text
    if start < end:
        text = text[:start] + "*" * (end - start) + text[end:]
    return _PASSWORD_AT_END.sub(lambda found: "*" * len(found[0]), text)


def _is_below_secret(lines: Sequence[str], index: int) -> bool:
    """Tell whether a line belongs to a block of text or a list whose key, some lines above, is secret."""
    above = _lines_above(tuple(lines))[index]
    opening = _OPENING.fullmatch(lines[above].rstrip()) if above >= 0 else None
    return opening is not None and _is_secret(opening[1])


@lru_cache(maxsize=8)
def _lines_above(lines: tuple[str, ...]) -> tuple[int, ...]:
    """Return for each line the last one above that is indented less, or is no item where it is one; or -1."""
    found = []
    last_key = -1
    open_lines: list[int] = []
    for index, line in enumerate(lines):
        depth, text = _indent(line), line.lstrip()
        while text and open_lines and _indent(lines[open_lines[-1]]) >= depth:
            open_lines.pop()
        is_item = text.startswith("-")
        found.append(max(open_lines[-1] if open_lines else -1, last_key if is_item else -1))
        if text:
            open_lines.append(index)
            last_key = last_key if is_item else index
    return tuple(found)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


@lru_cache(maxsize=4096)
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


@cache
def _words_of_keys() -> frozenset[str]:
    return frozenset(word for key in _keys()[1] for word in _WORD.findall(key))


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
