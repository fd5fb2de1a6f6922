"""What the account of the kubeconfig may do, by reviews that the API server answers about itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any

from paichart.kube import Api
from paichart.preflight.plan import Plan, rights_to_bind, rights_to_grant, rights_to_install
from paichart.preflight.snapshot import Right, Rights

_GROUP = "/apis/authorization.k8s.io/v1"
_ALL = "*"
_RBAC = "rbac.authorization.k8s.io"


def rights_of(api: Api, plan: Plan) -> Rights:
    """Return what the account lacks to install a release. Raises ClusterError.

    One question is enough for an administrator. Else each namespace is one request where the server lists
    all rules, and every right that no rule gives is asked for alone.
    """
    if _may(api, Right(_ALL, _ALL, _ALL)):
        return Rights(is_admin=True)
    missing = tuple(_refused(api, rights_to_install(plan)))
    escalate = tuple(Right("escalate", _RBAC, kind) for kind in ("clusterroles", "roles"))
    bind = tuple(Right("bind", _RBAC, kind) for kind in ("clusterroles", "roles"))
    if all(_may(api, right) for right in (*escalate, *bind)):
        return Rights(missing=missing)
    granted = _refused(api, rights_to_grant(plan))
    bound = (right for right in rights_to_bind(plan) if not _may(api, right))
    return Rights(missing=missing, ungrantable=(*granted, *bound))


def _refused(api: Api, rights: Iterable[Right]) -> Iterator[Right]:
    """Yield the rights that the account lacks, asking once a namespace where that is enough."""
    by_namespace = sorted(rights, key=lambda right: right.namespace)
    for namespace, wanted in groupby(by_namespace, key=lambda right: right.namespace):
        rules = _rules(api, namespace) if namespace else ()
        for right in wanted:
            if not any(_gives(rule, right) for rule in rules) and not _may(api, right):
                yield right


def _may(api: Api, right: Right) -> bool:
    """Ask for one right."""
    spec: dict[str, Any]
    if right.resource.startswith("/"):
        spec = {"nonResourceAttributes": {"path": right.resource, "verb": right.verb}}
    else:
        resource, _, subresource = right.resource.partition("/")
        attributes = {
            "verb": right.verb,
            "group": right.group,
            "resource": resource,
            "subresource": subresource,
            "namespace": right.namespace,
            "name": right.name,
        }
        spec = {"resourceAttributes": {key: value for key, value in attributes.items() if value}}
    body = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview", "spec": spec}
    answer = api.create(f"{_GROUP}/selfsubjectaccessreviews", body)
    return bool(answer.get("status", {}).get("allowed"))


def _rules(api: Api, namespace: str) -> tuple[Mapping[str, Any], ...]:
    """Return the rules that the server knows to hold in a namespace; there may be more."""
    kind = "SelfSubjectRulesReview"
    body = {"apiVersion": "authorization.k8s.io/v1", "kind": kind, "spec": {"namespace": namespace}}
    answer = api.create(f"{_GROUP}/selfsubjectrulesreviews", body)
    return tuple(answer.get("status", {}).get("resourceRules") or ())


def _gives(rule: Mapping[str, Any], right: Right) -> bool:
    names = rule.get("resourceNames") or ()
    return (
        bool({right.verb, _ALL} & set(rule.get("verbs") or ()))
        and bool({right.group, _ALL} & set(rule.get("apiGroups") or ()))
        and bool({right.resource, _ALL} & set(rule.get("resources") or ()))
        and (not names or right.name in names)
    )
