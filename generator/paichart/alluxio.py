"""Alluxio's own words, as DShuttle's settings have them: sizes, lists, and tiers of the cache."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

MEMORY_FOLDER = "/dev/shm"  # noqa: S108 # a volume in memory, mounted there
DISK_FOLDER = "/mnt/ssd"
"""Where the workers have room for cached files."""

_SIZE = re.compile(r"([0-9]+)([kmgt]?)b?", re.IGNORECASE | re.ASCII)
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}


def memory_tier(tiers: Sequence[Mapping[str, Any]]) -> int:
    """Return how many bytes of files the tiers keep in memory."""
    return sum(
        size(quota)
        for tier in tiers
        for path, quota in zip(parts(tier["path"]), parts(tier["quota"]), strict=False)
        if path == MEMORY_FOLDER
    )


def size(text: str) -> int:
    """Return a size of Java or Alluxio in bytes: `4G`, `4GB` and `4g` are 4 * 1024³. 0 if it is none."""
    match = _SIZE.fullmatch(text.strip())
    return int(match[1]) * 1024 ** _POWERS[match[2].lower()] if match else 0


def parts(text: str) -> list[str]:
    """Return what stands between commas."""
    return [part.strip() for part in text.split(",")]
