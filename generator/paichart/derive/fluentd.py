"""Values of the fluentd subchart: where it keeps what waits for the database."""

from __future__ import annotations

from paichart.derive import common
from paichart.derive.json import Json
from paichart.model import Cluster


def is_wanted(cluster: Cluster) -> bool:
    """Tell whether the history of jobs is kept: `cluster.common.job-history`, as rest-server follows it."""
    return cluster.services.flag("cluster", "common", "job-history")


def values(cluster: Cluster) -> dict[str, Json]:
    """Return the subchart's values; the database is among the shared values, its password a credential."""
    return {"persistence": common.persistence(cluster, common.data_path(cluster, "fluentd"))}
