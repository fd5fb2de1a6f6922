"""Characters that look like those YAML is made of, and are others: blanks, quotes and colons of documents."""

from __future__ import annotations

import re
import unicodedata

_BLANKS = "\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"
_UNSEEN = "\u00ad\u200b-\u200f\u2060\ufeff"
_DASHES = "\u2010-\u2015\u2212\uff0d"
_COLONS = "\uff1a\ufe55"
WIDE_COMMA = "\uff0c"
_OPENING_QUOTES = "\u201c\u201e\u201f\u2018\u201a\u201b\u00ab\u2039\uff02\uff07"
_CLOSING_QUOTES = "\u201d\u201c\u2019\u2018\u00bb\u203a\uff02\uff07"

_ANY = re.compile(f"[{_BLANKS}{_UNSEEN}{_COLONS}]")
_AT_AN_END_OR_UNSEEN = re.compile(f"^[{_BLANKS}]|[{_BLANKS}]$|[{_UNSEEN}]")
_IN_THE_STRUCTURE = re.compile(
    f"(?:^ *|:|^ *(?:- +)*-)(?=[{_BLANKS}{_UNSEEN}])|(?=[{_COLONS}])|^ *(?=[{_DASHES}] )"
)
_QUOTED = re.compile(f"[{_OPENING_QUOTES}](.*)[{_CLOSING_QUOTES}]", re.DOTALL)


def begins_unseen(text: str) -> bool:
    """Tell whether a text begins with what looks like an indentation, but is none."""
    return re.match(f"[{_BLANKS}{_UNSEEN}]", text) is not None


def without_lookalikes(text: str) -> str:
    """Return the text as it was meant: without quotes of word processors and what can't be seen."""
    quoted = _QUOTED.fullmatch(text)
    return _ANY.sub("", quoted[1] if quoted is not None else text)


def disguised(text: str, *, is_key: bool) -> tuple[str, str] | None:
    """Return what is wrong with an unquoted text, and the cure, when a character of it is not what it seems.

    A key has none of these characters; in a value those that change nothing, as a blank between words, are
    let be.
    """
    quoted = _QUOTED.fullmatch(text)
    if quoted is not None:
        return f"'{text}' stands in quotes that YAML takes for text", f'write "{quoted[1]}"'
    found = (_ANY if is_key else _AT_AN_END_OR_UNSEEN).search(text)
    if found is None:
        return None
    character = found[0]
    return f"'{without_lookalikes(text)}' is written with {named(character)}", cure(character)


def in_structure(line: str) -> int | None:
    """Return the column, from 0, of the first such character where YAML needs a blank or colon."""
    found = _IN_THE_STRUCTURE.search(line)
    return None if found is None else found.end()


def named(character: str) -> str:
    """Return what messages call a character: its Unicode name and number."""
    return f"a {unicodedata.name(character, 'character').lower()} (U+{ord(character):04X})"


def cure(character: str) -> str:
    """Return what to write instead of a character."""
    if re.match(f"[{_COLONS}]", character):
        return "write ':' and a space"
    if re.match(f"[{_DASHES}]", character):
        return "write '-'"
    return "write an ordinary space" if re.match(f"[{_BLANKS}]", character) else "remove it"
