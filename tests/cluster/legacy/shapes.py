"""How objects of the look-alike are written down and made."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

Object = dict[str, Any]

_APIS = {
    **dict.fromkeys(("DaemonSet", "Deployment", "StatefulSet"), "apps/v1"),
    **dict.fromkeys(
        ("ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"), "rbac.authorization.k8s.io/v1"
    ),
    "CronJob": "batch/v1",
    "CustomResourceDefinition": "apiextensions.k8s.io/v1",
    "Framework": "frameworkcontroller.microsoft.com/v1",
    "PriorityClass": "scheduling.k8s.io/v1",
}


def made(kind: str, name: str, namespace: str = "", **content: Any) -> Object:
    """Return an object of that name with what else it holds."""
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    return {"apiVersion": _APIS.get(kind, "v1"), "kind": kind, "metadata": metadata, **content}


def secret(name: str, namespace: str, content: Mapping[str, str]) -> Object:
    """Return a Secret with texts by key."""
    data = {key: base64.b64encode(text.encode()).decode() for key, text in content.items()}
    return made("Secret", name, namespace, type="Opaque", data=data)


def only_on(label: str) -> Object:
    """Return the affinity to nodes whose label is true."""
    term = {"matchExpressions": [{"key": label, "operator": "In", "values": ["true"]}]}
    required = {"nodeSelectorTerms": [term]}
    return {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": required}}
