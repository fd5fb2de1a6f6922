"""What else a running cluster has that config.yaml can say: storage, ways in, monitoring, runtime, version.

Each is read on its own; what the account may not see is told and left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from paichart.kube import Api, ClusterError

_DEFAULT_CLASS = (
    "storageclass.kubernetes.io/is-default-class",
    "storageclass.beta.kubernetes.io/is-default-class",
)
_DEFAULT_INGRESS = "ingressclass.kubernetes.io/is-default-class"
_NODE_EXPORTERS = "app.kubernetes.io/name in (node-exporter,prometheus-node-exporter)"
_KUBELET_ROOTS = {"+k0s": "/var/lib/k0s/kubelet"}
_PROMETHEUS_PORT = 9090
_SERVICES = "/api/v1/namespaces/default/services/kubernetes"


@dataclass(frozen=True, slots=True)
class Prometheus:
    """A Prometheus of the operator's: its namespace, where pods reach it, and what it picks rules by."""

    namespace: str
    url: str
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Facts:
    """What was seen; empty or None where there is none. `unseen` says what the account may not read."""

    context: str = ""
    version: str = ""
    storage_class: str = ""
    storage_classes: tuple[str, ...] = ()
    ingress_class: str = ""
    gateway: tuple[str, str] | None = None
    prometheus: Prometheus | None = None
    node_exporter: str = ""
    runtime_class: str = ""
    api_address: str = ""
    unseen: tuple[str, ...] = ()


def read_facts(api: Api) -> Facts:
    """Return what a cluster has. Raises ClusterError when it does not answer."""
    unseen: list[str] = []
    version = api.get("/version") or {}

    def items(what: str, path: str, **query: str) -> list[Mapping[str, Any]]:
        try:
            return list(api.items(path, **query))
        except ClusterError as error:
            if not error.is_refusal:
                raise
            unseen.append(what)
            return []

    classes = items("storage classes", "/apis/storage.k8s.io/v1/storageclasses")
    ingresses = items("ingress classes", "/apis/networking.k8s.io/v1/ingressclasses")
    gateways = items("gateways", "/apis/gateway.networking.k8s.io/v1/gateways")
    prometheuses = items("Prometheus objects", "/apis/monitoring.coreos.com/v1/prometheuses")
    exporters = items("daemon sets", "/apis/apps/v1/daemonsets", labelSelector=_NODE_EXPORTERS)
    runtimes = items("runtime classes", "/apis/node.k8s.io/v1/runtimeclasses")
    return Facts(
        context=api.context,
        version=str(version.get("gitVersion", "")),
        storage_class=next(_marked(classes, _DEFAULT_CLASS), ""),
        storage_classes=tuple(_names(classes)),
        ingress_class=_ingress_class(ingresses),
        gateway=next(map(_place, gateways), None),
        prometheus=next(map(_prometheus, prometheuses), None),
        node_exporter="/".join(next(map(_place, exporters), ())),
        runtime_class=next((name for name in _names(runtimes) if name == "nvidia"), ""),
        api_address=_api_address(api),
        unseen=tuple(unseen),
    )


def kubelet_root(versions: Iterable[str]) -> str:
    """Return the kubelets' root folder where their version tells of one that is not the usual."""
    every = tuple(versions)
    return next(
        (root for mark, root in _KUBELET_ROOTS.items() if any(mark in version for version in every)), ""
    )


def _names(objects: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    return (str(item["metadata"]["name"]) for item in objects)


def _place(item: Mapping[str, Any]) -> tuple[str, str]:
    return str(item["metadata"]["namespace"]), str(item["metadata"]["name"])


def _marked(objects: Iterable[Mapping[str, Any]], annotations: tuple[str, ...]) -> Iterator[str]:
    """Yield the names of objects that one of the annotations marks as the default."""
    for item in objects:
        given = item["metadata"].get("annotations") or {}
        if any(given.get(annotation) == "true" for annotation in annotations):
            yield str(item["metadata"]["name"])


def _ingress_class(objects: list[Mapping[str, Any]]) -> str:
    """Return the default ingress class, else the only one."""
    alone = next(_names(objects), "") if len(objects) == 1 else ""
    return next(_marked(objects, (_DEFAULT_INGRESS,)), alone)


def _prometheus(item: Mapping[str, Any]) -> Prometheus:
    """Return where an operator's Prometheus is: the operator makes the Service `prometheus-operated`."""
    namespace, _ = _place(item)
    spec = item.get("spec") or {}
    selector = spec.get("ruleSelector") or spec.get("podMonitorSelector") or {}
    prefix = str(spec.get("routePrefix") or "").strip("/")
    url = f"http://prometheus-operated.{namespace}.svc:{_PROMETHEUS_PORT}{f'/{prefix}' if prefix else ''}"
    return Prometheus(namespace, url, dict(selector.get("matchLabels") or {}))


def _api_address(api: Api) -> str:
    """Return the address of the API server inside the cluster, empty when it may not be seen."""
    try:
        service = api.get(_SERVICES) or {}
    except ClusterError as error:
        if not error.is_refusal:
            raise
        return ""
    address = str((service.get("spec") or {}).get("clusterIP", ""))
    return f"https://[{address}]:443" if ":" in address else f"https://{address}:443" if address else ""
