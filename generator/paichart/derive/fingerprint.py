"""Fingerprints of files: pods carry one of each file that they read once, and restart when it changes."""

from __future__ import annotations

import hashlib
import json

from paichart.derive.json import Json


def fingerprint(content: Json) -> str:
    """Return 16 hexadecimal digits that stand for content, whatever the order of its keys."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]
