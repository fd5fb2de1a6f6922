"""Namespaces: what pods they admit, and what limits pods in them."""

from __future__ import annotations

from collections.abc import Iterator

from paichart.derive.common import is_qos_on
from paichart.preflight.finding import NAMES, Finding
from paichart.preflight.plan import JOBS, Plan
from paichart.preflight.snapshot import Limit, Meta, Ref, Snapshot
from paichart.problems import Severity

_ENFORCE = "pod-security.kubernetes.io/enforce"
_OPENSHIFT = "security.openshift.io/v1"
_STRICT = ("baseline", "restricted")
_NAMESPACE = "namespace"
_COMPUTE = ("cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory")


def check_jobs_security(plan: Plan, snapshot: Snapshot) -> Iterator[Finding]:
    """PAI330: the namespace of jobs admits them: they use the machine's network and folders."""
    yield from _constrained("PAI330", JOBS, "jobs", snapshot)
    level = _level(snapshot, JOBS)
    if level in _STRICT:
        message = f"enforces Pod Security {level}, which refuses the pods of jobs"
        yield _admit("PAI330", JOBS, message)


def check_services_security(plan: Plan, snapshot: Snapshot) -> Iterator[Finding]:
    """PAI331: the release's namespace admits the services: some see devices and folders of the machine."""
    if plan.namespace != JOBS:
        yield from _constrained("PAI331", plan.namespace, "services", snapshot)
    level = _level(snapshot, plan.namespace)
    if plan.namespace != JOBS and level in _STRICT:
        message = (
            f"enforces Pod Security {level}, which refuses pods that see the machine's devices or folders"
        )
        yield _admit("PAI331", plan.namespace, message)


def check_namespace(plan: Plan, snapshot: Snapshot) -> Iterator[Finding]:
    """PAI332: the release's namespace is there, or to be made; none that is needed is being deleted."""
    own = Ref("namespaces", "", plan.namespace)
    if own in snapshot.objects and snapshot.objects[own] is None:
        message = "is not there yet: Helm makes it when told to"
        cure = f"helm upgrade --install {plan.release} ./out --namespace {plan.namespace} --create-namespace"
        yield Finding("PAI332", Severity.NOTE, _NAMESPACE, plan.namespace, message, cure)
    for ref, meta in snapshot.objects.items():
        if ref.resource == "namespaces" and meta and meta.is_deleted:
            message = "is being deleted: nothing can be made in it"
            cure = f"wait until it is gone; look:\nkubectl describe namespace {NAMES}"
            yield Finding("PAI332", Severity.ERROR, _NAMESPACE, ref.name, message, cure)


def check_limits(plan: Plan, snapshot: Snapshot) -> Iterator[Finding]:
    """PAI333: quotas and limits let the pods of services and jobs in."""
    for limit in snapshot.limits or ():
        lacking = _refused_by(limit, snapshot) if limit.namespace == plan.namespace else ()
        if lacking and not is_qos_on(plan.cluster):
            yield _limit(
                limit,
                Severity.ERROR,
                f"counts {', '.join(lacking)}, and refuses services' pods: they don't say how much they take",
                "set qos-switch: true in config.yaml, or add a LimitRange with defaults to the namespace",
            )
        elif limit.what:
            who = "jobs" if limit.namespace == JOBS else "services"
            what = ", ".join(limit.what)
            yield _limit(
                limit,
                Severity.WARNING,
                f"limits what {who} take ({what}): what goes beyond is refused",
                f"kubectl describe {limit.kind.lower()} {limit.name} --namespace {limit.namespace}",
            )


def check_webhooks(plan: Plan, snapshot: Snapshot) -> Iterator[Finding]:
    """PAI334: when a strict webhook does not answer, no pod is made."""
    for name in snapshot.webhooks or ():
        yield Finding(
            "PAI334",
            Severity.NOTE,
            "webhook",
            name,
            "decides about new pods: when it does not answer, neither services nor jobs start",
            "know it when pods are refused; a namespaceSelector can leave namespaces out",
        )


def _level(snapshot: Snapshot, namespace: str) -> str:
    meta = snapshot.objects.get(Ref("namespaces", "", namespace)) or Meta()
    return meta.labels.get(_ENFORCE, "")


def _admit(code: str, namespace: str, message: str) -> Finding:
    cure = f"kubectl label --overwrite namespace {namespace} {_ENFORCE}=privileged"
    return Finding(code, Severity.ERROR, _NAMESPACE, namespace, message, cure)


def _constrained(code: str, namespace: str, who: str, snapshot: Snapshot) -> Iterator[Finding]:
    """Yield that OpenShift decides about pods its own way; whether it lets ours in can't be seen."""
    if _OPENSHIFT in (snapshot.served or ()):
        message = f"is OpenShift's: unless granted, its security context constraints refuse pods of {who}"
        cure = f"oc adm policy add-scc-to-group privileged system:serviceaccounts:{namespace}"
        yield Finding(code, Severity.WARNING, _NAMESPACE, namespace, message, cure)


def _limit(limit: Limit, severity: Severity, message: str, cure: str) -> Finding:
    return Finding("PAI333", severity, limit.kind, f"{limit.namespace}/{limit.name}", message, cure)


def _refused_by(limit: Limit, snapshot: Snapshot) -> tuple[str, ...]:
    """Return what a quota counts that pods must therefore state and no LimitRange states for them."""
    if limit.kind != "ResourceQuota":
        return ()
    given = {
        default
        for other in snapshot.limits or ()
        if other.namespace == limit.namespace
        for default in other.defaults
    }
    counted = (what for what in limit.what if what in _COMPUTE)
    return tuple(what for what in counted if what not in given and f"requests.{what}" not in given)
