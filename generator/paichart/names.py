"""Lists of names as messages show them."""

from __future__ import annotations

from collections.abc import Sequence

_NAMED_AT_MOST = 5


def some_names(names: Sequence[str]) -> str:
    """Return the first few names, quoted, and how many more there are."""
    shown = ", ".join(f"'{name}'" for name in names[:_NAMED_AT_MOST])
    rest = len(names) - _NAMED_AT_MOST
    return f"{shown} and {rest} more" if rest > 0 else shown
