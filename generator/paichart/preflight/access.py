"""What the account may not do: to install the release, and to look at the cluster."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from paichart.preflight.finding import Finding
from paichart.preflight.plan import Plan
from paichart.preflight.snapshot import Right, Snapshot
from paichart.problems import Severity

_RIGHT = "right"


def check_missing_rights(plan: Plan, snapshot: Snapshot) -> Iterator[Finding]:
    """PAI340: the account may make, change and remove all objects of the release."""
    missing = snapshot.rights.missing if snapshot.rights else ()
    for name, verbs in _by_object(missing):
        yield Finding(
            "PAI340",
            Severity.ERROR,
            _RIGHT,
            name,
            "is not the account's: helm install makes such objects",
            "install with another account, or have an administrator bind the ClusterRole cluster-admin to it",
            verbs,
        )


def check_ungrantable(plan: Plan, snapshot: Snapshot) -> Iterator[Finding]:
    """PAI341: the account may give the release's accounts their rights: it has them, or may escalate."""
    ungrantable = snapshot.rights.ungrantable if snapshot.rights else ()
    for name, verbs in _by_object(ungrantable):
        yield Finding(
            "PAI341",
            Severity.ERROR,
            _RIGHT,
            name,
            "can't be granted: Kubernetes lets an account grant only what it has itself",
            "install with another account, or have an administrator allow it to escalate and bind "
            "(verbs on roles and clusterroles of rbac.authorization.k8s.io)",
            verbs,
        )


def check_refusals(plan: Plan, snapshot: Snapshot) -> Iterator[Finding]:
    """PAI342: everything could be looked at."""
    for refusal in snapshot.refusals:
        yield Finding(
            "PAI342",
            Severity.WARNING,
            _RIGHT,
            refusal.right,
            "is not the account's: this was not looked at",
            "run preflight with an account that may, such as one with the ClusterRole view and these rights",
            refusal.skipped,
        )


def _by_object(rights: Iterable[Right]) -> Iterator[tuple[str, str]]:
    """Yield what rights are about, such as `secrets in default`, and their verbs."""
    named = sorted((str(right).removeprefix(f"{right.verb} "), right.verb) for right in rights)
    for name, alike in groupby(named, key=lambda pair: pair[0]):
        yield name, ", ".join(verb for _, verb in alike)
