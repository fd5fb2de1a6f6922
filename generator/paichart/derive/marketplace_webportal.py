"""Values of the marketplace-webportal subchart: where users' browsers find the marketplace's API."""

from __future__ import annotations

from paichart.derive.json import Json
from paichart.derive.marketplace import api_url
from paichart.model import Cluster


def values(cluster: Cluster) -> dict[str, Json]:
    """Return the subchart's values."""
    return {"apiUrl": api_url(cluster)}
