"""Builds OpenPAI's Grafana dashboards, so that panels of one kind look and behave alike everywhere.

`panels` makes single panels, `layout` puts them on a page, `queries` holds PromQL that several pages share;
each other module is a page or a family of pages. `python generator/grafana_dashboards.py` writes them.
"""

from __future__ import annotations

from collections.abc import Mapping

from dashboards import cluster, gpus, health, jobs, nodes, services
from paichart.derive.json import Json


def all_dashboards() -> Mapping[str, Mapping[str, Json]]:
    """Return every dashboard by its uid."""
    pages = (
        cluster.cluster_view(),
        nodes.node_view(),
        nodes.tasks_in_node(),
        gpus.gpus_in_node(),
        jobs.job_view(),
        jobs.role_view(),
        jobs.task_view(),
        services.service_view(),
        health.service_health(),
    )
    return {str(page["uid"]): page for page in pages}
