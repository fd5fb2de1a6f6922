"""Where keys belong, and which word was meant by one that is slightly wrong."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from paichart.validator import Path

_LISTED_AT_MOST = 12
_GLUED = re.compile(r"([\w.-]+?)\s*[:=\s]\s*(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Where keys belong: their paths in the schema at hand, and the files of other inputs' top-level keys."""

    homes: Mapping[str, tuple[Path, ...]]
    other_files: Mapping[str, str]

    @classmethod
    def of(cls, schema: Mapping[str, Any], other_files: Mapping[str, str]) -> Vocabulary:
        """Return the vocabulary of a schema."""
        homes: dict[str, tuple[Path, ...]] = {}
        for path in _paths_of_keys(schema):
            key = str(path[-1])
            homes[key] = (*homes.get(key, ()), path)
        return cls(homes, other_files)

    def meant(self, key: str, path: Path, siblings: Sequence[str]) -> Path | None:
        """Return the path, as in the schema, of the key that was likely meant by an unknown one."""
        glued, _ = _unglued(key, siblings)
        if glued:
            return (*path, glued)
        close = closest(key, siblings)
        homes = self.homes.get(key, ())
        if len(homes) == 1 and _plain(close) != _plain(key):
            return homes[0]
        return (*path, close) if close else None

    def home_of(self, key: str, path: Path, siblings: Sequence[str]) -> str:
        """Return where an unknown key belongs, or which known one was meant; path is that of its mapping."""
        glued, value = _unglued(key, siblings)
        if glued:
            return f"write '{glued}: {value}'" if value else f"put ': ' behind '{glued}'"
        meant = self.meant(key, path, siblings)
        if meant is not None and meant[:-1] != path:
            return _place_of(meant)
        if not path and key in self.other_files:
            return f"it belongs into {self.other_files[key]}"
        if meant is not None:
            return f"did you mean '{meant[-1]}'?"
        if len(siblings) <= _LISTED_AT_MOST:
            return f"known here: {', '.join(siblings)}" if siblings else "remove it"
        return "check its spelling, or remove it"


def closest(word: str, known: Iterable[str]) -> str:
    """Return the known word that was most likely meant, an empty string when none is close.

    Case, hyphens and underscores count for nothing; otherwise at least 6 of 10 letters must agree.
    """
    return _closest(word, tuple(known))


@lru_cache(maxsize=4096)
def _closest(word: str, known: tuple[str, ...]) -> str:
    plain = {_plain(candidate): candidate for candidate in known}
    if _plain(word) in plain:
        return plain[_plain(word)]
    close = difflib.get_close_matches(_plain(word), tuple(plain), n=1, cutoff=0.6)
    return plain[close[0]] if close else ""


def _unglued(key: str, siblings: Sequence[str]) -> tuple[str, str]:
    """Return the known key that an unknown one begins with, and the value that is written right behind it."""
    found = _GLUED.fullmatch(key)
    return (found[1], found[2]) if found is not None and found[1] in siblings else ("", "")


def _plain(word: str) -> str:
    return word.lower().replace("_", "").replace("-", "")


def _paths_of_keys(schema: Mapping[str, Any], path: Path = ()) -> Iterator[Path]:
    """Yield the path of every key that a schema names; `*` stands for names and items that users choose."""
    for name, part in schema.get("properties", {}).items():
        yield (*path, name)
        yield from _paths_of_keys(part, (*path, name))
    for keyword in ("additionalProperties", "items"):
        if isinstance(schema.get(keyword), Mapping):
            yield from _paths_of_keys(schema[keyword], (*path, "*"))


def _place_of(home: Path) -> str:
    """Return where a key with this path in the schema belongs."""
    if len(home) == 1:
        return "it belongs at the top level"
    if home[-2] == "*":
        return f"it belongs into each entry of '{home[-3]}'"
    parents = home[:-1]
    last_own = max((i for i, step in enumerate(parents) if step == "*"), default=-1)
    return f"it belongs under '{'.'.join(map(str, parents[last_own + 1 :]))}'"
