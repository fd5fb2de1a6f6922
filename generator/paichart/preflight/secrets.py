"""Secrets that the admin makes: are they there, of the right type, with their keys. Values are not kept."""

from __future__ import annotations

from collections.abc import Iterator

from paichart.derive.pylon import tls_secret_command
from paichart.preflight import needs
from paichart.preflight.finding import Finding
from paichart.preflight.plan import Plan
from paichart.preflight.snapshot import Ref, Snapshot
from paichart.problems import Severity

_SECRET = "Secret"  # noqa: S105 - the kind


def check_secrets(plan: Plan, snapshot: Snapshot) -> Iterator[Finding]:
    """PAI335, PAI336: Secrets that the configuration names are there and right."""
    for ref, need in needs.secrets(plan).items():
        if ref not in snapshot.secrets:
            continue
        shape = snapshot.secrets[ref]
        if shape is None:
            yield _finding("PAI335", ref, f"is not there: {need.purpose}", _make(plan, ref, need))
            continue
        if not need.is_met_by(shape.type):
            message = f"is of type {shape.type}, not {need.type}: {need.purpose}"
            yield _finding("PAI336", ref, message, f"{_delete(ref)} && {_make(plan, ref, need)}")
        lacking = sorted(need.keys - shape.keys)
        if lacking:
            message = f"lacks keys: {', '.join(lacking)}"
            yield _finding("PAI336", ref, message, _make(plan, ref, need))


def _make(plan: Plan, ref: Ref, need: needs.Need) -> str:
    """Return the command that makes a Secret."""
    make = f"kubectl --namespace {ref.namespace} create secret"
    if need.type == needs.TLS:
        command = tls_secret_command(plan.cluster, ref.namespace)
        return command or f"{make} tls {ref.name} --cert=portal.crt --key=portal.key"
    if need.keys or ref.name == plan.set("global", "jobPullSecret"):
        return f"paichart credentials --namespace {plan.namespace} | kubectl apply -f -"
    if need.type == needs.PULL:
        login = "--docker-server=HOST --docker-username=USER --docker-password=PASSWORD"
        return f"{make} docker-registry {ref.name} {login}"
    return f"{make} generic {ref.name} --from-literal=KEY=VALUE"


def _delete(ref: Ref) -> str:
    return f"kubectl --namespace {ref.namespace} delete secret {ref.name}"


def _finding(code: str, ref: Ref, message: str, cure: str) -> Finding:
    return Finding(code, Severity.ERROR, _SECRET, f"{ref.namespace}/{ref.name}", message, cure)
