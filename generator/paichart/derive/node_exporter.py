"""Values of the node-exporter subchart: none; its port is among the shared values."""

from __future__ import annotations

from paichart.derive.json import Json
from paichart.model import Cluster


def values(_cluster: Cluster) -> dict[str, Json]:
    """Return the subchart's values."""
    return {}
