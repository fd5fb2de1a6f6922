"""Values of the frameworkcontroller subchart: how failures of pods are told apart."""

from __future__ import annotations

from paichart.derive.exit_spec import controller_failures, exit_spec
from paichart.derive.json import Json
from paichart.model import Cluster


def values(cluster: Cluster) -> dict[str, Json]:
    """Return the subchart's values."""
    return {"podFailureSpec": controller_failures(exit_spec(cluster))}
