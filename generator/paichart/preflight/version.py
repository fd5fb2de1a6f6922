"""The cluster's version against what the charts and their scheduler need."""

from __future__ import annotations

import re
from collections.abc import Iterator

from paichart.preflight.finding import Finding
from paichart.preflight.plan import Plan
from paichart.preflight.snapshot import Snapshot
from paichart.problems import Severity

OLDEST = 25
"""Minor version of the oldest Kubernetes that the umbrella chart's `kubeVersion` allows."""

NEWEST = 37
"""Minor version of the newest Kubernetes that the charts are tested with."""

_CLUSTER = "cluster"
_VERSION = re.compile(r"v?1\.(\d+)")


def minor_of(version: str) -> int | None:
    """Return 31 of `v1.31.4-gke.1`; None for what is no version 1."""
    match = _VERSION.match(version)
    return int(match[1]) if match else None


def check_version(plan: Plan, snapshot: Snapshot) -> Iterator[Finding]:
    """PAI319: the version is one that the charts are made for."""
    minor = minor_of(snapshot.version)
    if minor is not None and minor < OLDEST:
        yield Finding(
            "PAI319",
            Severity.ERROR,
            _CLUSTER,
            snapshot.version,
            f"is older than v1.{OLDEST}, the oldest Kubernetes that the chart installs on",
            "upgrade the cluster",
        )
    elif minor is not None and minor > NEWEST:
        yield Finding(
            "PAI319",
            Severity.WARNING,
            _CLUSTER,
            snapshot.version,
            f"is newer than v1.{NEWEST}, the newest Kubernetes that this paichart was tested with",
            "look for a newer paichart",
        )


def check_scheduler(plan: Plan, snapshot: Snapshot) -> Iterator[Finding]:
    """PAI320: the scheduler's image, if its version is given, fits: never newer, at most one minor older."""
    given = plan.cluster.config.text("paichart", "kubernetes-version")
    exact = re.split(r"[-+]", snapshot.version)[0]
    own, server = minor_of(given), minor_of(snapshot.version)
    if "hivedscheduler" not in plan.services or own is None or server is None:
        return
    if not server - 1 <= own <= server:
        yield Finding(
            "PAI320",
            Severity.ERROR if own > server else Severity.WARNING,
            _CLUSTER,
            snapshot.version,
            f"does not go with paichart.kubernetes-version: {given}, the version of the jobs' scheduler",
            f"config.yaml: paichart.kubernetes-version: {exact}",
        )
