"""Text in lines that fit: words and addresses stay whole, so that they can be copied."""

from __future__ import annotations

from textwrap import wrap


def wrapped(text: str, width: int, first: str = "", further: str = "") -> list[str]:
    """Return text in lines of at most so many columns; `first` and `further` begin them."""
    return wrap(
        text,
        width,
        initial_indent=first,
        subsequent_indent=further,
        break_long_words=False,
        break_on_hyphens=False,
    )
