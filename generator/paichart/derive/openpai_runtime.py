"""Values of the openpai-runtime subchart: by which patterns the runtime recognises why a job failed."""

from __future__ import annotations

from paichart.derive.exit_spec import exit_spec, runtime_patterns
from paichart.derive.json import Json
from paichart.model import Cluster


def values(cluster: Cluster) -> dict[str, Json]:
    """Return the subchart's values."""
    return {"exitSpec": runtime_patterns(exit_spec(cluster))}
