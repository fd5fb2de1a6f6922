"""Regular expressions as Go reads them (RE2): what frameworkcontroller and Alertmanager take or refuse.

Syntax: https://github.com/google/re2/wiki/Syntax, as Go's `regexp/syntax` has it.
"""

from __future__ import annotations

import re

_PIECE = re.compile(
    r"\\Q.*?(?:\\E|$)|\\.|\[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*\]?|\(\?[^:)]*[:)]?|.", re.DOTALL
)
_GROUP = re.compile(r"\(\?(?:P<\w+>.*|[imsU]*(?:-[imsU]+)?[:)])", re.DOTALL | re.ASCII)
_LOOKING = re.compile(r"\(\?<?[=!]")
_ESCAPES = frozenset("aftnrvxAbBdDsSwWzpPQE")
_ONLY_GO = re.compile(r"\\[zpPQE]|\[\[:|\(\?[imsU-]+[:)]")
_MOST_REPEATS = 1000
_REPEAT = re.compile(r"\{(\d+)(?:,(\d*))?\}", re.ASCII)


def fault(pattern: str) -> str:
    """Return what Go would refuse in a pattern; an empty string for nothing.

    What only Go knows is not looked into, so a fault beside it may be missed.
    """
    for piece in _PIECE.findall(pattern):
        reason = _fault_of_piece(piece)
        if reason:
            return reason
    for low, high in _REPEAT.findall(pattern):
        if max(int(low), int(high or 0)) > _MOST_REPEATS:
            return f"it repeats something more than {_MOST_REPEATS:,} times"
    if _ONLY_GO.search(pattern):
        return ""
    try:
        re.compile(pattern)
    except re.error as error:
        return str(error)
    return "it repeats what is repeated already" if re.search(r"[^\\][*+?}]\+", pattern) else ""


def _fault_of_piece(piece: str) -> str:
    if piece.startswith("(?"):
        if _LOOKING.match(piece):
            return "it can't look around"
        return "" if _GROUP.match(piece) else f"it can't have the group '{piece}'"
    if piece.startswith("\\"):
        if piece[1:2] in tuple("123456789"):
            return "it can't refer back"
        is_word = piece[1:2].isalpha() and piece[1:2].isascii()
        return f"'{piece[:2]}' means nothing" if is_word and piece[1] not in _ESCAPES else ""
    return ""
