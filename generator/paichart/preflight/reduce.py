"""What the API server says of one object, reduced to what preflight looks at."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from fractions import Fraction
from typing import Any

from paichart.preflight import recorded
from paichart.preflight.snapshot import (
    Class,
    Limit,
    Meta,
    Node,
    Pod,
    Revision,
    SecretShape,
    Service,
    Taint,
    Workload,
)
from paichart.quantity import QuantityError, cores, mebibytes

Json = Mapping[str, Any]

PART_OF = "app.kubernetes.io/part-of"
INSTANCE = "app.kubernetes.io/instance"
MANAGED_BY = "app.kubernetes.io/managed-by"
RELEASE_NAME = "meta.helm.sh/release-name"
RELEASE_NAMESPACE = "meta.helm.sh/release-namespace"
US = "openpai"

_DEFAULT_CLASS = "ingressclass.kubernetes.io/is-default-class"

KNOWN_IMAGES = (
    "/frameworkcontroller:",
    "/hivedscheduler:",
    "/k8s-host-device-plugin:",
    "smarter-device-manager",
)
"""Programs of which a cluster has one."""

_LASTING = ("DaemonSet", "ReplicaSet", "StatefulSet", "Node")
_GKE_QUOTA = "gke-resource-quotas"
_TROUBLES = ("DiskPressure", "MemoryPressure", "PIDPressure", "NetworkUnavailable")
_PLAIN_RESOURCES = ("cpu", "memory", "pods", "ephemeral-storage", "hugepages-", "attachable-volumes-")
_LABELS = (
    MANAGED_BY,
    PART_OF,
    INSTANCE,
    "pod-security.kubernetes.io/enforce",
)
_ANNOTATIONS = (
    RELEASE_NAME,
    RELEASE_NAMESPACE,
    _DEFAULT_CLASS,
)


def node(item: Json) -> Node:
    """Return a node."""
    status = item.get("status", {})
    allocatable = status.get("allocatable", {})
    conditions = {condition["type"]: condition for condition in status.get("conditions", ())}
    ready = conditions.get("Ready", {})
    is_ready = ready.get("status") == "True"
    info = status.get("nodeInfo", {})
    return Node(
        name=item["metadata"]["name"],
        addresses=tuple(a["address"] for a in status.get("addresses", ()) if a["type"] == "InternalIP"),
        unready=""
        if is_ready
        else ready.get("message") or ready.get("reason") or "its kubelet never reported",
        since="" if is_ready else ready.get("lastTransitionTime", ""),
        is_cordoned=bool(item.get("spec", {}).get("unschedulable")),
        cpu=_amount(allocatable, "cpu", cores),
        memory=_amount(allocatable, "memory", mebibytes),
        devices=dict(_devices(allocatable)),
        platform=f"{info.get('operatingSystem', '')}/{info.get('architecture', '')}",
        kubelet=info.get("kubeletVersion", ""),
        runtime=info.get("containerRuntimeVersion", ""),
        taints=tuple(
            Taint(taint["key"], taint.get("value", ""), taint["effect"])
            for taint in item.get("spec", {}).get("taints") or ()
        ),
        troubles=tuple(name for name in _TROUBLES if conditions.get(name, {}).get("status") == "True"),
        hostname_label=(item["metadata"].get("labels") or {}).get("kubernetes.io/hostname", ""),
    )


def pod_of(masters: Collection[str]) -> Callable[[Json], Pod | None]:
    """Return what reduces a pod, None for one that neither takes ports of its node nor runs on a master."""

    def reduce(item: Json) -> Pod | None:
        spec, meta = item["spec"], item["metadata"]
        name = spec.get("nodeName", "")
        ports = tuple(_host_ports(spec))
        if not name or not (ports or name in masters):
            return None
        requests = [c.get("resources", {}).get("requests") or {} for c in spec["containers"]]
        return Pod(
            namespace=meta["namespace"],
            name=meta["name"],
            node=name,
            owner=_owner(meta),
            release=_release(meta),
            ports=ports,
            cpu=sum((_amount(request, "cpu", cores) for request in requests), Fraction(0)),
            memory=sum((_amount(request, "memory", mebibytes) for request in requests), Fraction(0)),
        )

    return reduce


def service(item: Json) -> Service | None:
    """Return a Service with its node ports of TCP, None for one without any."""
    spec, meta = item["spec"], item["metadata"]
    ports = [port for port in spec.get("ports") or () if port.get("protocol", "TCP") == "TCP"]
    numbers = [port.get("nodePort", 0) for port in ports]
    numbers.append(spec.get("healthCheckNodePort", 0))
    taken = tuple(number for number in numbers if number)
    return Service(meta["namespace"], meta["name"], _release(meta), taken) if taken else None


def workload_of(kind: str) -> Callable[[Json], Workload | None]:
    """Return what reduces a workload of a kind, None for one that can't be in our way."""
    rows = recorded.legacy().get(kind, ())

    def reduce(item: Json) -> Workload | None:
        meta = item["metadata"]
        where, name = meta["namespace"], meta["name"]
        template = item["spec"]["template"]["spec"]
        images = tuple(
            container["image"]
            for container in template["containers"]
            if any(known in f"/{container['image'].partition('@')[0]}:" for known in KNOWN_IMAGES)
        )
        if not images and not is_listed(where, name, rows):
            return None
        labels = meta.get("labels") or {}
        return Workload(
            kind,
            where,
            name,
            images,
            is_ours=labels.get(PART_OF) == US,
            is_helms=labels.get(MANAGED_BY) == "Helm",
        )

    return reduce


def is_listed(namespace: str, name: str, rows: Collection[tuple[str, str]]) -> bool:
    """Tell whether an object is among (namespace, name) rows, where a name may end in *."""
    return any(
        namespace == where and (name == listed or (listed[-1] == "*" and name.startswith(listed[:-1])))
        for where, listed in rows
    )


def meta(item: Json) -> Meta:
    """Return labels and annotations of an object, those that matter."""
    own = item["metadata"]
    labels, annotations = own.get("labels") or {}, own.get("annotations") or {}
    return Meta(
        {key: labels[key] for key in _LABELS if key in labels},
        {key: annotations[key] for key in _ANNOTATIONS if key in annotations},
        "deletionTimestamp" in own,
    )


def secret(item: Json) -> SecretShape:
    """Return type and keys of a Secret, without its values."""
    return SecretShape(item.get("type", "Opaque"), frozenset(item.get("data") or {}))


def ingress_class(item: Json) -> Class:
    """Return an IngressClass from its metadata."""
    default = meta(item).annotations.get(_DEFAULT_CLASS) == "true"
    return Class(item["metadata"]["name"], default)


def revision(item: Json) -> Revision | None:
    """Return a revision of a Helm release from the metadata of Helm's Secret."""
    labels = item["metadata"].get("labels") or {}
    number = labels.get("version", "")
    return Revision(int(number), labels.get("status", "")) if number.isdecimal() else None


def quota(item: Json) -> Limit | None:
    """Return a ResourceQuota, None for GKE's own, which is in every namespace and larger than a release."""
    own = item["metadata"]
    if own["name"] == _GKE_QUOTA:
        return None
    hard = item.get("spec", {}).get("hard") or {}
    return Limit("ResourceQuota", own["namespace"], own["name"], tuple(sorted(hard)))


def limit_range(item: Json) -> Limit:
    """Return a LimitRange: `limits.cpu` among its defaults is a limit that every container gets."""
    own = item["metadata"]
    what: list[str] = []
    defaults: set[str] = set()
    for row in item.get("spec", {}).get("limits") or ():
        for bound in ("max", "min"):
            amounts = (row.get(bound) or {}).items()
            what += [f"{bound} {name} {amount} a {row['type'].lower()}" for name, amount in amounts]
        if row["type"] == "Container":
            defaults |= {f"limits.{name}" for name in row.get("default") or ()}
            defaults |= {f"requests.{name}" for name in row.get("defaultRequest") or row.get("default") or ()}
    return Limit("LimitRange", own["namespace"], own["name"], tuple(what), frozenset(defaults))


def strict_webhook_of(namespaces: Collection[str]) -> Callable[[Json], str | None]:
    """Return what reduces a webhook configuration to its name, None for one that can't stop pods there."""

    names = [{"kubernetes.io/metadata.name": name} for name in namespaces]

    def reduce(item: Json) -> str | None:
        for hook in item.get("webhooks") or ():
            is_strict = hook.get("failurePolicy", "Fail") == "Fail"
            is_met = any(_meets_pods(rule) for rule in hook.get("rules") or ())
            is_asked = _may_select(hook.get("namespaceSelector"), names)
            if is_strict and is_met and is_asked and _may_select(hook.get("objectSelector"), [{}]):
                return str(item["metadata"]["name"])
        return None

    return reduce


def _may_select(selector: Json | None, labels: Collection[Mapping[str, str]]) -> bool:
    """Tell whether a selector meets any of these labels; a label that must be there and is not never does.

    Of namespaces only the name is known: whoever asked for a webhook by a label of his own knows of it.
    """
    wanted = [
        {"key": key, "operator": "In", "values": [value]}
        for key, value in ((selector or {}).get("matchLabels") or {}).items()
    ]
    wanted += (selector or {}).get("matchExpressions") or ()
    return any(all(_meets(one, own) for one in wanted) for own in labels)


def _meets(wanted: Json, labels: Mapping[str, str]) -> bool:
    """Tell whether labels meet one requirement. Source: k8s.io/apimachinery, pkg/labels `Requirement`."""
    own, values = labels.get(wanted["key"]), wanted.get("values") or ()
    match wanted["operator"]:
        case "In":
            return own in values
        case "NotIn":
            return own not in values
        case "Exists":
            return own is not None
    return own is None


def _meets_pods(rule: Json) -> bool:
    return (
        bool({"", "*"} & set(rule.get("apiGroups") or ()))
        and bool({"pods", "*", "*/*", "pods/*"} & set(rule.get("resources") or ()))
        and bool({"CREATE", "*"} & set(rule.get("operations") or ()))
    )


def _host_ports(spec: Json) -> Iterator[tuple[str, int]]:
    """Yield protocol and number of the ports that a pod takes of its node."""
    for container in (*spec["containers"], *(spec.get("initContainers") or ())):
        for port in container.get("ports") or ():
            number = port.get("hostPort") or (port["containerPort"] if spec.get("hostNetwork") else 0)
            if number:
                yield port.get("protocol", "TCP"), number


def _devices(amounts: Json) -> Iterator[tuple[str, int]]:
    for name in amounts:
        if not name.startswith(_PLAIN_RESOURCES):
            yield name, int(_amount(amounts, name, cores))


def _amount(amounts: Json, name: str, read: Callable[[str], Fraction]) -> Fraction:
    try:
        return read(amounts.get(name, "0"))
    except QuantityError:
        return Fraction(0)


def _owner(meta: Json) -> str:
    """Return what makes a pod again when it goes, or the namespace for one that nothing does."""
    for owner in meta.get("ownerReferences") or ():
        if owner["kind"] in _LASTING:
            return f"{owner['kind']} {meta['namespace']}/{owner['name']}"
    return f"a pod in namespace {meta['namespace']}"


def _release(meta: Json) -> str:
    """Return the release of ours that an object belongs to, empty for none."""
    labels = meta.get("labels") or {}
    return labels.get(INSTANCE, "") if labels.get(PART_OF) == US else ""
