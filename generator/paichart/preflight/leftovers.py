"""What is in the cluster already: a legacy installation, releases of ours, and rivals of our controllers."""

from __future__ import annotations

import re
from collections.abc import Iterator

from paichart.preflight import recorded, reduce
from paichart.preflight.finding import NAMES, Finding
from paichart.preflight.machines import pairs
from paichart.preflight.plan import Plan, shared_objects
from paichart.preflight.snapshot import Meta, Ref, Snapshot, Workload
from paichart.problems import Severity

_FUSE = "github.com/fuse"
_LEGACY_NAME = re.compile(r"-(ds|sts|hs|daemonset|openpai)$|^hivedscheduler-ds-")
_FUSE_PROGRAMS = ("k8s-host-device-plugin", "smarter-device-manager")
_CONTROLLERS = ("frameworkcontroller", "hivedscheduler")
_SINGULAR = {
    "namespaces": "namespace",
    "priorityclasses": "priorityclass",
    "customresourcedefinitions": "crd",
}
_MIGRATE = "docs/migrate.md tells how to move; `paichart import --from-cluster` writes today's inputs"


def legacy_workloads(snapshot: Snapshot) -> Iterator[tuple[str, str, str]]:
    """Yield kind, namespace and name of what runs; nothing without a sign that says it is legacy's.

    Others too call a Deployment grafana: such names count beside the configuration or a name of paictl's own.
    """
    found = [(work.kind, work.namespace, work.name) for work in snapshot.workloads or () if _is_listed(work)]
    found += [("CronJob", ref.namespace, ref.name) for ref in _present(snapshot, "cronjobs", "CronJob")]
    is_pushed = any(_present(snapshot, "configmaps", "ConfigMap"))
    if is_pushed or any(_LEGACY_NAME.search(name) for _, _, name in found):
        yield from found


def check_configuration(plan: Plan, snapshot: Snapshot) -> Iterator[Finding]:
    """PAI343: the configuration of a legacy installation lies in the cluster."""
    for ref in _present(snapshot, "configmaps", "ConfigMap"):
        message = "is of a legacy installation (paictl config push)"
        cure = f"{_MIGRATE}; afterwards:\nkubectl delete configmap --namespace {ref.namespace} {NAMES}"
        yield Finding("PAI343", Severity.WARNING, "ConfigMap", ref.name, message, cure)
    for ref in _present(snapshot, "namespaces", "Namespace"):
        message = "is of an installation before v1.0: its users are not read any more"
        yield Finding("PAI343", Severity.NOTE, "namespace", ref.name, message, _MIGRATE)


def check_legacy_workloads(plan: Plan, snapshot: Snapshot) -> Iterator[Finding]:
    """PAI344: no service of a legacy installation runs beside ours: they share ports, jobs and data."""
    for kind, namespace, name in sorted(legacy_workloads(snapshot)):
        yield Finding(
            "PAI344",
            Severity.ERROR,
            "workload",
            f"{kind.lower()}/{name}",
            "is of a legacy installation: it and ours would fight over ports, jobs and data",
            "first the backup and the order of docs/migrate.md; what is left then (data stays):\n"
            f"kubectl delete --namespace {namespace} {NAMES}",
        )


def check_owners(plan: Plan, snapshot: Snapshot) -> Iterator[Finding]:
    """PAI345, PAI346: what is there under a compiled-in name belongs to this release, or Helm refuses."""
    for ref in shared_objects(plan):
        meta = snapshot.objects.get(ref)
        if meta is None or _is_this_releases(meta, plan):
            continue
        owner = _owner(meta)
        kind = _SINGULAR.get(ref.resource, ref.resource.removesuffix("s"))
        shown = f"{kind} in {ref.namespace}" if ref.namespace else kind
        if owner:
            message = f"belongs to Helm release {owner}: two releases can't share it"
            cure = f"if that is the one: paichart preflight --release {_helm_words(meta)}\n"
            cure += (
                f"else upgrade it, or uninstall it (helm uninstall {_helm_words(meta)}) and give this one "
            )
            cure += "what it left:\n"
            cure += _adopt(ref, kind, plan)
            yield Finding("PAI346", Severity.ERROR, shown, ref.name, message, cure)
        else:
            message = "is there and belongs to no Helm release: helm install would refuse"
            cure = "give Helm --take-ownership (3.17 or newer), or give this to the release now; "
            cure += "Helm 4 also wants --force-conflicts where others wrote:\n"
            cure += _adopt(ref, kind, plan)
            yield Finding("PAI345", Severity.ERROR, shown, ref.name, message, cure)


def check_revisions(plan: Plan, snapshot: Snapshot) -> Iterator[Finding]:
    """PAI347: an earlier revision of this release is there, whole or not."""
    if not snapshot.revisions:
        return
    last = max(snapshot.revisions, key=lambda revision: revision.number)
    name = f"{plan.release} in {plan.namespace}"
    if last.status.startswith("pending"):
        message = f"has revision {last.number} in state {last.status}: Helm refuses to upgrade"
        cure = f"helm rollback {plan.release} --namespace {plan.namespace}"
        if last.number == 1:
            cure = f"(data stays)\nhelm uninstall {plan.release} --namespace {plan.namespace}"
        yield Finding("PAI347", Severity.ERROR, "release", name, message, cure)
    else:
        message = f"is installed (revision {last.number}, {last.status}): this will be an upgrade"
        cure = f"helm upgrade --install {plan.release} ./out --namespace {plan.namespace}"
        yield Finding("PAI347", Severity.NOTE, "release", name, message, cure)


def check_fuse(plan: Plan, snapshot: Snapshot) -> Iterator[Finding]:
    """PAI348: one plugin alone advertises the FUSE devices that every job takes."""
    if "device-plugin" not in plan.services or snapshot.revisions:
        return
    rivals = [work for work in _strangers(snapshot) if _runs(work, _FUSE_PROGRAMS)]
    for work in rivals:
        message = f"may advertise {_FUSE} beside our device plugin: kubelets keep the last that registers"
        cure = "stop it for this device, or leave ours out: paichart.values.device-plugin.enabled: false"
        yield Finding("PAI348", Severity.WARNING, work.kind, f"{work.namespace}/{work.name}", message, cure)
    for machine, node in pairs(plan, snapshot) if not rivals else ():
        if machine.is_worker and node.devices.get(_FUSE, 0):
            message = f"offers {_FUSE} already: another device plugin runs there"
            cure = "leave ours out (paichart.values.device-plugin.enabled: false), or stop the other; look:\n"
            cure += "kubectl get daemonset --all-namespaces | grep -i -e fuse -e device"
            yield Finding("PAI348", Severity.WARNING, "node", node.name, message, cure, "", machine.span)


def check_controllers(plan: Plan, snapshot: Snapshot) -> Iterator[Finding]:
    """PAI349: nobody else works on Frameworks or gives GPUs to jobs."""
    for work in _strangers(snapshot):
        if _runs(work, _CONTROLLERS):
            message = "works on the same jobs or GPUs as ours would"
            what = f"{work.kind.lower()}/{work.name}"
            cure = f"kubectl scale --namespace {work.namespace} {what} --replicas=0"
            if work.kind == "DaemonSet":
                cure = f"kubectl delete --namespace {work.namespace} {what}"
            yield Finding("PAI349", Severity.ERROR, work.kind, f"{work.namespace}/{work.name}", message, cure)


def _present(snapshot: Snapshot, resource: str, kind: str) -> Iterator[Ref]:
    """Yield the legacy objects of a kind that are there."""
    for namespace, name in recorded.legacy()[kind]:
        ref = Ref(resource, namespace, name)
        if snapshot.objects.get(ref):
            yield ref


def _is_listed(work: Workload) -> bool:
    rows = recorded.legacy().get(work.kind, ())
    return not work.is_ours and not work.is_helms and reduce.is_listed(work.namespace, work.name, rows)


def _strangers(snapshot: Snapshot) -> Iterator[Workload]:
    """Yield the workloads that are neither ours nor told as legacy ones."""
    legacy = set(legacy_workloads(snapshot))
    for work in snapshot.workloads or ():
        if not work.is_ours and (work.kind, work.namespace, work.name) not in legacy:
            yield work


def _runs(work: Workload, programs: tuple[str, ...]) -> bool:
    return any(program in image for image in work.images for program in programs)


def _owner(meta: Meta) -> str:
    """Return the Helm release of an object as `namespace/name`, empty for none."""
    if meta.labels.get(reduce.MANAGED_BY) != "Helm":
        return ""
    name = meta.annotations.get(reduce.RELEASE_NAME, "")
    return f"{meta.annotations.get(reduce.RELEASE_NAMESPACE, '')}/{name}" if name else ""


def _is_this_releases(meta: Meta, plan: Plan) -> bool:
    return _owner(meta) == f"{plan.namespace}/{plan.release}"


def _helm_words(meta: Meta) -> str:
    release = meta.annotations.get(reduce.RELEASE_NAME, "")
    return f"{release} --namespace {meta.annotations.get(reduce.RELEASE_NAMESPACE, '')}"


def _adopt(ref: Ref, kind: str, plan: Plan) -> str:
    """Return the commands that give objects to the release; what they hold stays as it is."""
    where = f" --namespace {ref.namespace}" if ref.namespace else ""
    release = f"{reduce.RELEASE_NAME}={plan.release} {reduce.RELEASE_NAMESPACE}={plan.namespace}"
    return (
        f"kubectl annotate{where} --overwrite {kind} {NAMES} {release}\n"
        f"kubectl label{where} --overwrite {kind} {NAMES} {reduce.MANAGED_BY}=Helm"
    )
