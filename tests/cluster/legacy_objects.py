"""A look-alike of a running OpenPAI v1.8.0 cluster, as the old deployer left it for the layout in legacy/.

Names, labels and ports are those of a full start (templates of tag v1.8.0). Containers run nothing, as
everywhere in the rig; what matters is that every object is there with what it holds. The Framework
API is that of frameworkcontroller v0.9.0 on a cluster that was upgraded past Kubernetes 1.22.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from tests.cluster.legacy.jobs import COMPLETED, RUNNING, STARTING, submit
from tests.cluster.legacy.shapes import Object, made, secret
from tests.cluster.legacy.workloads import WORKLOADS
from tests.rig.cluster import Cluster, nodes_from_layout

FOLDER = Path(__file__).parent / "legacy"
CRD = "frameworks.frameworkcontroller.microsoft.com"
USERS = ("admin", "alice", "bob.builder")
GROUPS = ("admingroup", "default")

CONFIG_MAPS = """
    alertmanager-configmap docker-credentials fluentd-config frameworkcontroller-config gpu-configuration
    grafana-configuration group-configuration hivedscheduler-ds-default host-configuration
    k8s-job-exit-spec-configuration k8s-version pai-cluster-id pai-version prometheus-alert
    prometheus-configmap prometheus-record pylon-config runtime-exit-spec-configuration
"""
ACCOUNTS = """
    alert-manager database-controller frameworkcontroller hivedscheduler prometheus rest-server runtime
    watchdog
"""
ROLES = "alert-manager-role rest-server-role runtime-framework-role watchdog-role"
ADMINISTRATORS = "database-controller frameworkcontroller hivedscheduler prometheus"


def install(cluster: Cluster) -> None:
    """Make the machines, everything that the old deployer and its services made, and three jobs."""
    cluster.add_nodes(nodes_from_layout(FOLDER / "layout.yaml"))
    cluster.kubectl("label", "node", "pai-master", "pai-master=true", "pai-worker=false", "team=vision")
    cluster.kubectl("label", "node", "pai-worker1", "pai-worker2", "pai-worker=true")
    _apply(cluster, _definition())
    cluster.kubectl("wait", "crd", CRD, "--for=condition=Established", "--timeout=30s")
    cluster.rewrite_stored(f"apiextensions.k8s.io/customresourcedefinitions/{CRD}", _aged)
    _apply(cluster, *_base())
    _apply(cluster, *(workload.manifest for workload in WORKLOADS))
    for name in (RUNNING, STARTING, COMPLETED):
        submit(cluster, name)


def _apply(cluster: Cluster, *objects: Object) -> None:
    """As `kubectl apply` of the old deployer does, so that the fields belong to kubectl."""
    cluster.kubectl("apply", "-f", "-", input=yaml.safe_dump_all(objects, sort_keys=False))


def _base() -> Iterator[Object]:
    """Yield namespaces, users, storage, rights and configuration."""
    for name in ("pai-user-v2", "pai-group", "pai-user-token", "pai-storage"):
        yield made("Namespace", name)
    for name, value in (("pai-daemon-priority", 1000000), ("pai-job-minimal-priority", -1100000000)):
        yield made("PriorityClass", name, value=value, globalDefault=False, description="of the old deployer")
    yield from _people()
    yield from _storage()
    yield from _rights()
    text = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.yaml")}
    yield made("ConfigMap", "pai-configuration", "default", data=text)
    for name in CONFIG_MAPS.split():
        yield made("ConfigMap", name, "default", data={"content": f"of {name}"})
    cells = yaml.safe_load(text["services-configuration.yaml"])["hivedscheduler"]["config"]
    hived = f'webServerAddress: ":30096"\nwaitingPodSchedulingBlockMilliSec: 50\n{cells}'
    yield made("ConfigMap", "hivedscheduler-config", "default", data={"hivedscheduler.yaml": hived})
    yield made("ConfigMap", "host-devices", "kube-system", data={"config.json": "{}"})
    port = {"port": 30096, "targetPort": 30096, "nodePort": 30096}
    selector = {"app": "hivedscheduler-hs"}
    spec = {"type": "NodePort", "selector": selector, "ports": [port]}
    yield made("Service", "hivedscheduler-service", "default", spec=spec)
    for namespace in ("default", "kube-system"):
        login = {".dockerconfigjson": "{}"}
        kind = "kubernetes.io/dockerconfigjson"
        yield made("Secret", "pai-secret", namespace, type=kind, stringData=login)
    keys = {
        "ssh-privatekey": "-----BEGIN OPENSSH PRIVATE KEY-----\nlegacy\n",
        "ssh-publickey": "ssh-rsa legacy\n",
    }
    yield secret("job-ssh-secret", "default", keys)


def _people() -> Iterator[Object]:
    """Yield users, groups and tokens as rest-server writes them: names in hexadecimal."""
    for user in USERS:
        groups = list(GROUPS) if user == "admin" else ["default"]
        facts = {"username": user, "password": f"pbkdf2 of {user}", "email": f"{user}@example.com"}
        facts |= {"grouplist": json.dumps(groups), "extension": json.dumps({"virtualCluster": ["default"]})}
        yield secret(user.encode().hex(), "pai-user-v2", facts)
        yield secret(user.encode().hex(), "pai-user-token", {"0b1c": f"token of {user}"})
    for group in GROUPS:
        facts = {"groupname": group, "description": f"group {group}", "externalName": "", "extension": "{}"}
        yield secret(group.encode().hex(), "pai-group", facts)


def _storage() -> Iterator[Object]:
    """Yield the two Secrets of the old storage API, filled by somebody, and a shared volume."""
    empty = {
        "storage-config": {"name": "empty", "default": False},
        "storage-server": {"spn": "empty", "type": "other"},
    }
    for name, content in empty.items():
        more = {"team": json.dumps({"name": "team", "of": name})}
        yield secret(name, "pai-storage", {"empty": json.dumps(content, separators=(",", ":")), **more})
    spec = {
        "capacity": {"storage": "10Ti"},
        "accessModes": ["ReadWriteMany"],
        "mountOptions": ["nfsvers=4.1"],
        "nfs": {"server": "10.0.0.9", "path": "/data"},
        "persistentVolumeReclaimPolicy": "Retain",
        "storageClassName": "",
    }
    claim = {"accessModes": ["ReadWriteMany"], "storageClassName": "", "volumeName": "nfs-storage"}
    claim["resources"] = {"requests": {"storage": "10Ti"}}
    yield made("PersistentVolume", "nfs-storage", spec=spec)
    yield made("PersistentVolumeClaim", "nfs-storage", "default", spec=claim)


def _rights() -> Iterator[Object]:
    for name in ACCOUNTS.split():
        yield made("ServiceAccount", f"{name}-account", "default")
    rule = {"apiGroups": ["frameworkcontroller.microsoft.com"], "resources": ["frameworks"], "verbs": ["get"]}
    for name in ROLES.split():
        account = f"{name.removesuffix('-role').removesuffix('-framework')}-account"
        yield made("ClusterRole", name, rules=[rule])
        yield _binding("ClusterRoleBinding", f"{name}-binding", "ClusterRole", name, account)
    for name in ADMINISTRATORS.split():
        account = f"{name}-account"
        yield _binding("ClusterRoleBinding", f"{name}-role-binding", "ClusterRole", "cluster-admin", account)
    secrets = {"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]}
    yield made("Role", "runtime-storage-role", "pai-storage", rules=[secrets])
    role, account = "runtime-storage-role", "runtime-account"
    yield _binding("RoleBinding", f"{role}-binding", "Role", role, account, namespace="pai-storage")
    yield secret("kubernetes-dashboard-certs-openpai", "kube-system", {})
    yield made("ServiceAccount", "kubernetes-dashboard-openpai", "kube-system")
    role = "kubernetes-dashboard-minimal-openpai"
    yield made("Role", role, "kube-system", rules=[secrets])
    yield _binding("RoleBinding", role, "Role", role, "kubernetes-dashboard-openpai", namespace="kube-system")


def _binding(kind: str, name: str, role_kind: str, role: str, account: str, namespace: str = "") -> Object:
    where = "kube-system" if account.startswith("kubernetes-dashboard") else "default"
    subject = {"kind": "ServiceAccount", "name": account, "namespace": where}
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": role_kind, "name": role}
    return made(kind, name, namespace, roleRef=reference, subjects=[subject])


def _definition() -> Object:
    """Return the Framework API; controllers before v1.0.0 wrote the same, but for what `_aged` changes."""
    spec = json.loads((FOLDER.parents[1] / "chart/data/frameworkcontroller-v1.0.0-crd-spec.json").read_text())
    return made("CustomResourceDefinition", CRD, spec=spec)


def _aged(definition: dict[str, Any]) -> dict[str, Any]:
    """Return a definition as one made by API version v1beta1: fields are kept whatever the schema says."""
    return _without({**definition, "spec": {**definition["spec"], "preserveUnknownFields": True}})


def _without(part: Any) -> Any:
    if isinstance(part, dict):
        kept = {key: value for key, value in part.items() if key != "x-kubernetes-preserve-unknown-fields"}
        return {key: _without(value) for key, value in kept.items()}
    return [_without(item) for item in part] if isinstance(part, list) else part
