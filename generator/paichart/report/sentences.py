"""A problem in sentences, for readers who see no mark below the line: message, then hint."""

from __future__ import annotations

import re

from paichart.problems import Problem

_PLAIN_WORD = re.compile(r"[a-z]+(?=[ ,;]|$)")


def sentences(problem: Problem) -> tuple[str, ...]:
    """Return the message and, if there is one, the hint, each as a sentence."""
    return tuple(_sentence(text) for text in (problem.message, problem.hint) if text)


def _sentence(text: str) -> str:
    """Return text with a capital letter, unless it begins with a key or name, and with a full stop."""
    if _PLAIN_WORD.match(text):
        text = text[0].upper() + text[1:]
    return text if text.endswith(("?", ".", "!", "…")) else f"{text}."
