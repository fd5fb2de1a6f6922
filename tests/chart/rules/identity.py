"""Names, namespaces, labels and what must never change about an object."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from tests.chart.render import Object, title
from tests.chart.rules.rendering import LASTING, Rendering, rule

CLUSTER_SCOPED = (
    "Namespace",
    "PersistentVolume",
    "StorageClass",
    "PriorityClass",
    "ClusterRole",
    "ClusterRoleBinding",
    "CustomResourceDefinition",
    "CSIDriver",
    "RuntimeClass",
    "MutatingAdmissionPolicy",
    "MutatingAdmissionPolicyBinding",
)
SELECTOR = {"app.kubernetes.io/name", "app.kubernetes.io/instance", "app.kubernetes.io/component"}
LABELS = {
    *SELECTOR,
    "app.kubernetes.io/part-of",
    "app.kubernetes.io/managed-by",
    "app.kubernetes.io/version",
    "helm.sh/chart",
}

# Names that an image or the API has compiled in, so two releases in one cluster can't both have them.
FIXED_NAMES: Mapping[str, str] = {
    "Namespace -/pai-storage": "rest-server lists the volumes of this namespace",
    "Namespace -/pai-user-v2": "rest-server keeps users here",
    "Namespace -/pai-group": "rest-server keeps groups here",
    "Namespace -/pai-user-token": "rest-server keeps tokens here",
    "PriorityClass -/pai-daemon-priority": "named by value; job priorities are made to lie below it",
    "PriorityClass -/pai-job-minimal-priority": "rest-server gives it to jobs",
    "CustomResourceDefinition -/frameworks.frameworkcontroller.microsoft.com": "the API's own name",
    "ConfigMap default/pai-version": "rest-server reads it",
    "ConfigMap default/runtime-exit-spec-configuration": "rest-server mounts it into jobs",
    "Secret pai-storage/storage-config": "clients of the old storage API read it",
    "Secret pai-storage/storage-server": "clients of the old storage API read it",
    "ServiceAccount default/runtime-account": "rest-server runs jobs as this account",
    "Secret default/job-ssh-secret": "rest-server v1.8.0 mounts it into jobs",
    "Secret default/pai-secret": "the pull secret that rest-server names in job pods",
    "CSIDriver -/dshuttle": "rest-server and volumes know DShuttle by it",
}
# Namespaces besides the release's own that may get objects, and why.
OTHER_NAMESPACES: Mapping[str, str] = {
    "default": "jobs run here: rest-server, database-controller and the runtime have the name compiled in",
    "pai-storage": "rest-server lists the volumes of this namespace",
    "pai-user-v2": "rest-server keeps users here",
    "pai-group": "rest-server keeps groups here",
    "pai-user-token": "rest-server keeps tokens here",
    "kube-system": "a RoleBinding to extension-apiserver-authentication-reader can only stand here",
}
# What uninstalling must leave, by kind; Secrets and ConfigMaps by name.
HOLD_DATA = ("PersistentVolumeClaim", "PersistentVolume", "Namespace", "CustomResourceDefinition")
KEPT_BY_NAME = ("Secret default/job-ssh-secret",)

_DNS_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?")
# A Service is a DNS label; the pods of others carry the name, and a suffix, in a label of at most 63.
_LONGEST = {"Service": 63, "Job": 63, "CronJob": 52, "StatefulSet": 52, "DaemonSet": 63, "Deployment": 63}
# The names of RBAC objects may hold colons.
_FREE_NAMES = ("Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding")


@rule
def each_object_is_rendered_once(rendering: Rendering) -> Iterator[str]:
    """No two objects share kind, namespace and name."""
    for name, times in Counter(title(item) for item in rendering.objects).items():
        if times > 1:
            yield f"{name} is rendered {times} times"


@rule
def namespaces_are_stated(rendering: Rendering) -> Iterator[str]:
    """A namespaced object states its namespace; a cluster-scoped one states none."""
    for item in rendering.objects:
        if item["kind"] in CLUSTER_SCOPED:
            if "namespace" in item["metadata"]:
                yield f"{title(item)} is cluster-scoped but states a namespace"
        elif not item["metadata"].get("namespace"):
            yield f"{title(item)} states no namespace"


@rule
def other_namespaces_are_listed(rendering: Rendering) -> Iterator[str]:
    """Objects lie in the release namespace or in OTHER_NAMESPACES; in kube-system only RoleBindings do."""
    for item in rendering.objects:
        namespace = item["metadata"].get("namespace", rendering.namespace)
        is_listed = namespace == rendering.namespace or namespace in OTHER_NAMESPACES
        if not is_listed or (namespace == "kube-system" and item["kind"] != "RoleBinding"):
            yield f"{title(item)} lies in a namespace that OTHER_NAMESPACES does not allow it"


@rule
def shared_places_get_unique_names(rendering: Rendering) -> Iterator[str]:
    """Names of what is shared by releases start with the release namespace, or are FIXED_NAMES."""
    for item in rendering.objects:
        is_own_place = item["metadata"].get("namespace") == rendering.namespace
        if is_own_place or title(item) in FIXED_NAMES or rendering.is_admins_own(item["metadata"]["name"]):
            continue
        if not item["metadata"]["name"].startswith(f"{rendering.namespace}-"):
            yield f"{title(item)} would clash with another release: its name lacks the release namespace"


@rule
def names_are_valid(rendering: Rendering) -> Iterator[str]:
    """Names are DNS names, short enough for their kind and for the labels made from them."""
    for item in rendering.objects:
        name = item["metadata"]["name"]
        if item["kind"] not in _FREE_NAMES and not _DNS_NAME.fullmatch(name):
            yield f"{title(item)}: the name is no DNS name"
        if len(name) > _LONGEST.get(item["kind"], 253):
            yield f"{title(item)}: the name has {len(name)} characters"
        labels = item["metadata"].get("labels", {})
        for key, value in labels.items():
            if len(str(value)) > 63:
                yield f"{title(item)}: label {key} has {len(str(value))} characters"


@rule
def objects_carry_the_standard_labels(rendering: Rendering) -> Iterator[str]:
    """Every object carries the recommended labels of Kubernetes and Helm."""
    for item in rendering.objects:
        missing = sorted(LABELS - item["metadata"].get("labels", {}).keys())
        if missing:
            yield f"{title(item)} lacks the labels {', '.join(missing)}"


@rule
def selectors_hold_the_three_labels(rendering: Rendering) -> Iterator[str]:
    """Selectors of workloads, Services, budgets and policies hold name, instance and component only."""
    for item in rendering.objects:
        selector = _selector(item)
        if selector is not None and set(selector) != SELECTOR:
            yield f"{title(item)} selects by {', '.join(sorted(selector)) or 'nothing'}"


@rule
def claims_carry_no_version(rendering: Rendering) -> Iterator[str]:
    """Claim templates and claim names are immutable, so no version and no chart label enters them."""
    for item in rendering.objects.all("StatefulSet"):
        for claim in item["spec"].get("volumeClaimTemplates", []):
            extra = sorted(claim["metadata"].get("labels", {}).keys() - SELECTOR)
            if extra:
                yield f"{title(item)}: claim template {claim['metadata']['name']} carries {', '.join(extra)}"
    for item in (
        *rendering.objects.all("PersistentVolumeClaim", "PersistentVolume"),
        *_claim_templates(rendering),
    ):
        version = item["metadata"].get("labels", {}).get("app.kubernetes.io/version", "")
        if re.search(r"\d+\.\d+", item["metadata"]["name"]) or (
            version and version in item["metadata"]["name"]
        ):
            yield f"{title(item)} has a version in its name"


@rule
def only_tests_are_hooks(rendering: Rendering) -> Iterator[str]:
    """No hook but `test`: Argo CD and `--wait` handle others differently, and Helm never uninstalls them."""
    for item in rendering.objects:
        hook = item["metadata"].get("annotations", {}).get("helm.sh/hook")
        if hook not in (None, "test"):
            yield f"{title(item)} is a hook: {hook}"


@rule
def data_is_kept(rendering: Rendering) -> Iterator[str]:
    """Objects that hold data carry `helm.sh/resource-policy: keep`; claims of a StatefulSet are retained."""
    for item in rendering.objects:
        policy = item["metadata"].get("annotations", {}).get("helm.sh/resource-policy")
        if (item["kind"] in HOLD_DATA or title(item) in KEPT_BY_NAME) and policy != "keep":
            yield f"{title(item)} holds data but does not say helm.sh/resource-policy: keep"
        if (
            item["kind"] == "PersistentVolume"
            and item["spec"].get("persistentVolumeReclaimPolicy") != "Retain"
        ):
            yield f"{title(item)} does not retain its data"
        if item["kind"] == "StatefulSet":
            retention = item["spec"].get("persistentVolumeClaimRetentionPolicy", {})
            if "Delete" in retention.values():
                yield f"{title(item)} deletes its claims"


@rule
def nothing_is_null(rendering: Rendering) -> Iterator[str]:
    """No field is null: server-side apply takes ownership of it, and Helm 3 and 4 differ about it."""
    for item in rendering.objects:
        # A schema of a CustomResourceDefinition may speak of null; nothing else does.
        for path in _nulls(item, ""):
            yield f"{title(item)}: {path} is null"


@rule
def custom_resources_have_one_owner(rendering: Rendering) -> Iterator[str]:
    """No caBundle and no status is rendered: controllers write them, and server-side apply would conflict."""
    for item in rendering.objects:
        if "status" in item:
            yield f"{title(item)} has a status"
        if "caBundle" in str(item):
            yield f"{title(item)} has a caBundle"


def _selector(item: Object) -> Mapping[str, Any] | None:
    """The labels that an object selects its pods by; None for a kind without a selector."""
    if item["kind"] in (*LASTING, "PodDisruptionBudget"):
        return dict(item["spec"]["selector"]["matchLabels"])
    if item["kind"] == "NetworkPolicy":
        return dict(item["spec"]["podSelector"].get("matchLabels", {}))
    if item["kind"] == "Service":
        return dict(item["spec"].get("selector", {}))
    return None


def _claim_templates(rendering: Rendering) -> Iterator[Object]:
    for item in rendering.objects.all("StatefulSet"):
        for claim in item["spec"].get("volumeClaimTemplates", []):
            yield {"kind": "PersistentVolumeClaim", **claim}


def _nulls(node: Any, path: str) -> Iterator[str]:
    if node is None:
        yield path
    elif isinstance(node, Mapping):
        for key, value in node.items():
            yield from _nulls(value, f"{path}.{key}".lstrip("."))
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from _nulls(value, f"{path}[{index}]")
