"""A problem in sentences, for readers who see no mark below the line; and sentences as Markdown."""

from __future__ import annotations

import re

from paichart.problems import Problem

_CODE_SPAN = re.compile(r"(`[^`]*`)")
_SPECIAL = re.compile(r"([<*])")
_PLAIN_WORD = re.compile(r"[a-z]+(?=[ ,;]|$)")


def sentences(problem: Problem) -> tuple[str, ...]:
    """Return the message and, if there is one, the hint, each as a sentence."""
    return tuple(_sentence(text) for text in (problem.message, problem.hint) if text)


def as_markdown(text: str) -> str:
    """Return text in which nothing but what stands in backticks has a meaning in Markdown."""
    parts = _CODE_SPAN.split(text)
    return "".join(part if part.startswith("`") else _SPECIAL.sub(r"\\\1", part) for part in parts)


def _sentence(text: str) -> str:
    """Return text with a capital letter, unless it begins with a key or name, and with a full stop."""
    if _PLAIN_WORD.match(text):
        text = text[0].upper() + text[1:]
    return text if text.endswith(("?", ".", "!", "…")) else f"{text}."
