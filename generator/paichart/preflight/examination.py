"""Preflight as a whole: read the cluster, run every check."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from paichart.kube import Api
from paichart.model import Cluster
from paichart.preflight import (
    access,
    capacity,
    classes,
    leftovers,
    machines,
    namespaces,
    ports,
    secrets,
    software,
    version,
)
from paichart.preflight.finding import Finding, Group, groups
from paichart.preflight.plan import Plan
from paichart.preflight.reading import read
from paichart.preflight.snapshot import Snapshot
from paichart.problems import Severity

CHECKS: tuple[Callable[[Plan, Snapshot], Iterator[Finding]], ...] = (
    machines.check_missing,
    machines.check_extra,
    machines.check_ready,
    machines.check_cordoned,
    machines.check_address,
    machines.check_hostname_label,
    capacity.check_amounts,
    capacity.check_recorded,
    capacity.check_devices,
    capacity.check_room,
    software.check_platform,
    software.check_kubelet,
    software.check_runtime,
    software.check_troubles,
    software.check_master_taints,
    software.check_worker_taints,
    version.check_version,
    version.check_scheduler,
    classes.check_storage_class,
    classes.check_claim,
    classes.check_runtime_class,
    classes.check_priority_class,
    classes.check_ingress,
    classes.check_gateway,
    classes.check_operator,
    classes.check_dcgm,
    classes.check_policy,
    namespaces.check_jobs_security,
    namespaces.check_services_security,
    namespaces.check_namespace,
    namespaces.check_limits,
    namespaces.check_webhooks,
    secrets.check_secrets,
    ports.check_host_ports,
    ports.check_node_ports,
    access.check_missing_rights,
    access.check_ungrantable,
    access.check_refusals,
    leftovers.check_configuration,
    leftovers.check_legacy_workloads,
    leftovers.check_owners,
    leftovers.check_revisions,
    leftovers.check_fuse,
    leftovers.check_controllers,
)
"""Every check, in the order of its code."""


@dataclass(frozen=True, slots=True)
class Examination:
    """What was looked at, and what was found: the cluster's context, address and version, the release.

    `options` are the words by which a cure's commands reach the same cluster and inputs (`finding.cured`).
    """

    context: str
    address: str
    version: str
    release: str
    namespace: str
    machine_count: int
    node_count: int | None
    is_admin: bool | None
    groups: tuple[Group, ...]
    options: Mapping[str, str]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All findings, errors first."""
        return tuple(finding for group in self.groups for finding in group.findings)

    @property
    def has_errors(self) -> bool:
        """Whether a finding is an error, so that the release should not be installed yet."""
        return any(finding.severity is Severity.ERROR for finding in self.findings)


def examine(
    api: Api, cluster: Cluster, release: str, namespace: str, options: Mapping[str, str]
) -> Examination:
    """Hold a cluster against a site and its release. Raises ClusterError when it tells nothing."""
    plan = Plan.of(cluster, release, namespace)
    snapshot = read(api, plan)
    return Examination(
        context=api.context,
        address=api.address,
        version=snapshot.version,
        release=release,
        namespace=namespace,
        machine_count=len(cluster.machines),
        node_count=None if snapshot.nodes is None else len(snapshot.nodes),
        is_admin=snapshot.rights.is_admin if snapshot.rights else None,
        groups=groups(check(plan, snapshot)),
        options=options,
    )


def check(plan: Plan, snapshot: Snapshot) -> Iterator[Finding]:
    """Yield what every check finds."""
    for one in CHECKS:
        yield from one(plan, snapshot)
