"""Values of the openpai-runtime subchart: why jobs fail, by patterns, and what job pods get when created."""

from __future__ import annotations

from paichart.derive.exit_spec import exit_spec, runtime_patterns
from paichart.derive.json import Json
from paichart.model import Cluster


def values(cluster: Cluster) -> dict[str, Json]:
    """Return the subchart's values."""
    found: dict[str, Json] = {"exitSpec": runtime_patterns(exit_spec(cluster))}
    if runtime_class := cluster.config.text("paichart", "gpu-runtime-class"):
        found["jobPodPolicy"] = {"enabled": True, "runtimeClassName": runtime_class}
    return found
