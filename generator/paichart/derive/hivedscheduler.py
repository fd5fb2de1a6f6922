"""Values of the hivedscheduler subchart: HiveD's configuration and the version of the jobs' scheduler."""

from __future__ import annotations

import re

from paichart.derive.hived_config import as_config
from paichart.derive.hived_spec import derive_hived_spec
from paichart.derive.json import Json
from paichart.model import Cluster

_VERSION = re.compile(r"v?([0-9]+\.[0-9]+)(\.[0-9]+)?")


def values(cluster: Cluster) -> dict[str, Json]:
    """Return the subchart's values; HiveD's configuration is empty when it is off."""
    spec, _ = derive_hived_spec(cluster)
    return {
        "config": as_config(spec) if spec else {},
        "kubeScheduler": {"image": {"tag": scheduler_tag(cluster)}},
    }


def scheduler_tag(cluster: Cluster) -> str:
    """Return the tag of kube-scheduler's image for the version in config.yaml, empty when there is none.

    Only plain versions are published, so what a vendor adds is cut off; a minor alone gets its first.
    """
    match = _VERSION.match(cluster.config.text("paichart", "kubernetes-version"))
    return f"v{match[1]}{match[2] or '.0'}" if match else ""
