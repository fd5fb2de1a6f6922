"""What runs on nodes: operating system, kubelet, container runtime; and their troubles and taints."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from paichart.catalog import entries
from paichart.derive.hived import is_hived_on
from paichart.derive.monitoring import has_job_exporter
from paichart.model import Machine
from paichart.preflight.finding import NAMES, Finding
from paichart.preflight.machines import about, pairs
from paichart.preflight.plan import Plan, has_job_pod_policy, tolerates_all
from paichart.preflight.snapshot import Snapshot, Taint
from paichart.preflight.version import OLDEST, minor_of
from paichart.problems import Severity

_PLATFORM = "linux/amd64"
_RUNTIMES = ("containerd", "cri-o", "docker")
_SKEW = 3
"""Minor versions that a kubelet may be older than its API server; 2 before v1.28, which OLDEST sees to."""

_TOLD_OTHERWISE = (
    "node.kubernetes.io/not-ready",
    "node.kubernetes.io/unreachable",
    "node.kubernetes.io/unschedulable",
    "node.kubernetes.io/disk-pressure",
    "node.kubernetes.io/memory-pressure",
    "node.kubernetes.io/pid-pressure",
    "node.kubernetes.io/network-unavailable",
)
"""Taints that Kubernetes sets for what other findings tell."""

_CONTROL_PLANE: Mapping[str, Any] = {
    "key": "node-role.kubernetes.io/control-plane",
    "operator": "Exists",
    "effect": "NoSchedule",
}


def check_platform(plan: Plan, snapshot: Snapshot) -> Iterator[Finding]:
    """PAI313: the images are for Linux on amd64."""
    for machine, node in pairs(plan, snapshot):
        if node.platform not in (_PLATFORM, "/"):
            yield about(
                machine,
                "PAI313",
                Severity.ERROR,
                f"is no {_PLATFORM}: OpenPAI's images don't run there",
                "take the machine out of layout.yaml",
                node.platform,
            )


def check_kubelet(plan: Plan, snapshot: Snapshot) -> Iterator[Finding]:
    """PAI314: kubelets fit the API server (Kubernetes' version skew policy)."""
    server = minor_of(snapshot.version)
    for machine, node in pairs(plan, snapshot):
        own = minor_of(node.kubelet)
        if server is None or own is None:
            continue
        if own < OLDEST or own > server or server - own > _SKEW:
            yield about(
                machine,
                "PAI314",
                Severity.ERROR if own < OLDEST else Severity.WARNING,
                f"has a kubelet that does not fit the API server's {snapshot.version}",
                f"upgrade the kubelet: at least v1.{max(OLDEST, server - _SKEW)}, at most v1.{server}",
                node.kubelet,
            )


def check_runtime(plan: Plan, snapshot: Snapshot) -> Iterator[Finding]:
    """PAI315: job-exporter knows the container runtime."""
    if not has_job_exporter(plan.cluster) or "job-exporter" not in plan.services:
        return
    for machine, node in pairs(plan, snapshot):
        name = node.runtime.partition("://")[0]
        if name and name not in _RUNTIMES and not machine.no_job_exporter:
            yield about(
                machine,
                "PAI315",
                Severity.WARNING,
                "has a container runtime that job-exporter does not know: its jobs may have no metrics",
                "use containerd, CRI-O or Docker, or set paichart.monitoring.job-metrics: kubelet",
                node.runtime,
            )


def check_troubles(plan: Plan, snapshot: Snapshot) -> Iterator[Finding]:
    """PAI316: nodes have disk, memory and process numbers left."""
    for machine, node in pairs(plan, snapshot):
        if node.troubles:
            yield about(
                machine,
                "PAI316",
                Severity.WARNING,
                "is short of something: it takes no new pods and may throw out those that it has",
                f"free some on it; look:\nkubectl describe node {NAMES}",
                ", ".join(node.troubles),
            )


def check_master_taints(plan: Plan, snapshot: Snapshot) -> Iterator[Finding]:
    """PAI317: the services run on the master in spite of its taints."""
    services = [
        entry.name
        for entry in entries()
        if entry.name in plan.services and any(work.nodes == "the master" for work in entry.workloads)
    ]
    for machine, node in pairs(plan, snapshot):
        if not machine.is_master:
            continue
        for taint in _barring(node.taints):
            kept = [name for name in services if not _is_tolerated(taint, _tolerations(name, plan))]
            if kept:
                yield about(
                    machine,
                    "PAI317",
                    Severity.ERROR,
                    f"has taint {taint}, which keeps services away from the master",
                    f"kubectl taint node {NAMES} {taint.key}:{taint.effect}-\nor let each tolerate it: "
                    f"paichart.values.SERVICE.tolerations",
                    f"{len(kept)} services: {', '.join(kept[:3])}{'…' if len(kept) > 3 else ''}",
                )


def check_worker_taints(plan: Plan, snapshot: Snapshot) -> Iterator[Finding]:
    """PAI318: jobs run on the workers in spite of their taints; job pods tolerate only what is asked for."""
    policy = plan.values.mapping("openpai-runtime", "jobPodPolicy") if has_job_pod_policy(plan) else {}
    tolerations = tuple(policy.get("tolerations") or ())
    for machine, node in pairs(plan, snapshot):
        if machine.is_worker:
            for taint in _barring(node.taints):
                if not _is_tolerated(taint, tolerations):
                    severity, message = _barred(taint, machine, plan)
                    yield about(
                        machine,
                        "PAI318",
                        severity,
                        f"has taint {taint}, {message}",
                        f"kubectl taint node {NAMES} {taint.key}:{taint.effect}-\nor let them: "
                        "paichart.values.openpai-runtime.jobPodPolicy {enabled: true, tolerations: […]}",
                    )


def _barring(taints: Sequence[Taint]) -> Iterator[Taint]:
    for taint in taints:
        if taint.effect in ("NoSchedule", "NoExecute") and taint.key not in _TOLD_OTHERWISE:
            yield taint


def _barred(taint: Taint, machine: Machine, plan: Plan) -> tuple[Severity, str]:
    """Return how bad a taint is that job pods don't tolerate by themselves.

    Without HiveD they ask for the devices by name, and then the admission plugin ExtendedResourceToleration,
    which is on in GKE and EKS, adds the toleration.
    """
    device = machine.sku.device
    is_of_device = device is not None and (taint.key, taint.effect) == (device.type, "NoSchedule")
    if is_of_device and not is_hived_on(plan.cluster):
        message = (
            "which job pods tolerate only where the API server has ExtendedResourceToleration (GKE, EKS)"
        )
        return Severity.WARNING, message
    return Severity.ERROR, "which job pods don't tolerate: no job runs there"


def _tolerations(service: str, plan: Plan) -> Sequence[Mapping[str, Any]]:
    """Return the tolerations of a service's pods: of the values, else those of its chart."""
    if plan.values.value(service, "tolerations") is not None:
        return plan.values.items(service, "tolerations")
    return ({"operator": "Exists"},) if tolerates_all(service) else (_CONTROL_PLANE,)


def _is_tolerated(taint: Taint, tolerations: Sequence[Mapping[str, Any]]) -> bool:
    """Tell whether one of the tolerations meets the taint. Source: k8s.io/api, core/v1 `ToleratesTaint`."""
    return any(
        toleration.get("effect") in (None, "", taint.effect)
        and toleration.get("key") in (None, "", taint.key)
        and (
            toleration.get("operator") == "Exists"
            or (toleration.get("key") == taint.key and (toleration.get("value") or "") == taint.value)
        )
        for toleration in tolerations
    )
