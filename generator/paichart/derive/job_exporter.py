"""Values of the job-exporter subchart: what the daemon listens to, how often, and how much it logs."""

from __future__ import annotations

from paichart.derive.json import Json
from paichart.model import Cluster


def values(cluster: Cluster) -> dict[str, Json]:
    """Return the subchart's values; the port and which of daemon and job-info runs are among the shared ones.

    The daemon looks as often as Prometheus scrapes, as in legacy.
    """
    settings = cluster.services
    runtime_class = cluster.config.text("paichart", "gpu-runtime-class")
    return {
        "loggingLevel": settings.text("job-exporter", "logging-level"),
        "interface": settings.text("job-exporter", "interface"),
        "scrapeIntervalSeconds": settings.integer("prometheus", "scrape_interval"),
        **({"nvidia": {"runtimeClassName": runtime_class}} if runtime_class else {}),
    }
