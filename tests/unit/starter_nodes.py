"""Nodes as clusters of several vendors report them, and a double of an API server that lists them.

Figures and labels are those of real nodes: EKS m5.2xlarge and p4d.24xlarge, GKE n1-standard-8 with a T4,
AKS Standard_NC24ads_A100_v4, kubeadm with a DGX, k3s, MIG in both strategies, AMD's node labeller.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.unit.fake_api import TOKEN, FakeApi, Request, serving

LINUX = {"kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64"}
CONTROL_PLANE = "node-role.kubernetes.io/control-plane"
GPU_TAINT = {"key": "nvidia.com/gpu", "value": "present", "effect": "NoSchedule"}


def node(
    name: str,
    address: str,
    cpu: str = "64",
    memory: str = "263842000Ki",
    *,
    extended: Mapping[str, str] | None = None,
    labels: Mapping[str, str] | None = None,
    capacity: Mapping[str, str] | None = None,
    taints: Sequence[Mapping[str, str]] = (),
    ready: str = "True",
    cordoned: bool = False,
    addresses: Sequence[Mapping[str, str]] | None = None,
    kubelet: str = "v1.33.4",
) -> dict[str, Any]:
    """Return a node whose allocatable is given; its capacity is the same but for what is given."""
    resources = {"cpu": cpu, "memory": memory, "pods": "110", "hugepages-2Mi": "0", **(extended or {})}
    spec: dict[str, Any] = {"taints": list(taints)} if taints else {}
    if cordoned:
        spec["unschedulable"] = True
    return {
        "metadata": {"name": name, "labels": {**LINUX, **(labels or {})}},
        "spec": spec,
        "status": {
            "allocatable": resources,
            "capacity": {**resources, **(capacity or {})},
            "addresses": addresses or [{"type": "InternalIP", "address": address}],
            "conditions": [
                {"type": "MemoryPressure", "status": "False"},
                {"type": "Ready", "status": ready},
            ],
            "nodeInfo": {"kubeletVersion": kubelet, "operatingSystem": "linux", "architecture": "amd64"},
        },
    }


def control_plane(name: str, address: str, **more: Any) -> dict[str, Any]:
    labels = {CONTROL_PLANE: "", "node.kubernetes.io/exclude-from-external-load-balancers": ""}
    taint = {"key": CONTROL_PLANE, "effect": "NoSchedule"}
    return node(name, address, "8", "32864000Ki", labels=labels, taints=[taint], **more)


def eks_cpu(number: int) -> dict[str, Any]:
    return node(
        f"ip-10-0-1-{number}.us-west-2.compute.internal",
        f"10.0.1.{number}",
        "7910m",
        "31369712Ki",
        extended={"attachable-volumes-aws-ebs": "25"},
        labels={"node.kubernetes.io/instance-type": "m5.2xlarge"},
        capacity={"cpu": "8", "memory": "32386544Ki"},
    )


def eks_p4d(number: int, memory: str = "1157300000Ki") -> dict[str, Any]:
    return node(
        f"ip-10-0-2-{number}.us-west-2.compute.internal",
        f"10.0.2.{number}",
        "95690m",
        memory,
        extended={"nvidia.com/gpu": "8", "vpc.amazonaws.com/efa": "4"},
        labels={
            "node.kubernetes.io/instance-type": "p4d.24xlarge",
            "nvidia.com/gpu.product": "NVIDIA-A100-SXM4-40GB",
            "nvidia.com/gpu.count": "8",
            "nvidia.com/gpu.replicas": "1",
        },
        capacity={"cpu": "96", "memory": "1176329484Ki"},
    )


def fargate() -> dict[str, Any]:
    return node(
        "fargate-ip-10-0-3-9",
        "10.0.3.9",
        "2",
        "3988352Ki",
        labels={"eks.amazonaws.com/compute-type": "fargate"},
        taints=[{"key": "eks.amazonaws.com/compute-type", "value": "fargate", "effect": "NoSchedule"}],
    )


def gke_t4(number: int) -> dict[str, Any]:
    return node(
        f"gke-lab-t4-pool-3f9a6c21-x{number}q2",
        f"10.138.0.{number}",
        "7910m",
        "26625332Ki",
        extended={"nvidia.com/gpu": "1"},
        labels={
            "node.kubernetes.io/instance-type": "n1-standard-8",
            "cloud.google.com/gke-accelerator": "nvidia-tesla-t4",
        },
        taints=[GPU_TAINT],
    )


def aks_a100(number: int) -> dict[str, Any]:
    return node(
        f"aks-gpu-31415926-vmss00000{number}",
        f"10.224.0.{number}",
        "23740m",
        "220152580Ki",
        extended={"nvidia.com/gpu": "1"},
        labels={
            "node.kubernetes.io/instance-type": "Standard_NC24ads_A100_v4",
            "accelerator": "nvidia",
            "kubernetes.azure.com/accelerator": "nvidia",
        },
    )


def aks_virtual() -> dict[str, Any]:
    return node("virtual-node-aci-linux", "10.224.0.90", "10k", "4Ti", labels={"type": "virtual-kubelet"})


def aks_windows() -> dict[str, Any]:
    return node("akswin000000", "10.224.0.91", labels={"kubernetes.io/os": "windows"})


def dgx(name: str, address: str, memory: str = "1055946000Ki", **more: Any) -> dict[str, Any]:
    labels = {"nvidia.com/gpu.product": "NVIDIA-A100-SXM4-80GB", **more.pop("labels", {})}
    extended = {"nvidia.com/gpu": "8", **more.pop("extended", {})}
    return node(name, address, "256", memory, extended=extended, labels=labels, **more)


def k3s(name: str = "desk", extended: Mapping[str, str] | None = None, **more: Any) -> dict[str, Any]:
    labels = {CONTROL_PLANE: "true", "node-role.kubernetes.io/master": "true"}
    given = {"cpu": "16", "memory": "65759500Ki", "kubelet": "v1.33.4+k3s1", **more}
    return node(name, "192.168.1.10", extended=extended, labels=labels, **given)


def mi300x(number: int) -> dict[str, Any]:
    return node(
        f"amd-{number}",
        f"10.9.0.{number}",
        "192",
        "2377000000Ki",
        extended={"amd.com/gpu": "8"},
        labels={"amd.com/gpu.product-name": "AMD_Instinct_MI300X_OAM", "amd.com/gpu.vram": "192G"},
    )


@dataclass(slots=True)
class Lists(FakeApi):
    """An API server that lists what it is given, a path each, and refuses the paths that it is told to."""

    lists: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    objects: dict[str, dict[str, Any]] = field(default_factory=dict)
    refused: tuple[str, ...] = ()

    def truth(self, request: Request) -> tuple[int, Any] | bytes:
        if request.path in self.refused:
            return 403, {"message": "forbidden"}
        if request.path in self.objects:
            return 200, self.objects[request.path]
        if request.path not in self.lists:
            return 404, {"message": "not found"}
        items = self.lists[request.path]
        for selector in request.query.get("labelSelector", ()):
            if "=" not in selector:
                continue  # sets, which only the daemon sets are asked for with
            key, _, value = selector.partition("=")
            items = [item for item in items if item["metadata"].get("labels", {}).get(key) == value]
        start = int(request.query.get("continue", ["0"])[0])
        end = start + min(self.page_size, int(request.query["limit"][0]))
        more = {"continue": str(end)} if end < len(items) else {}
        return 200, {"metadata": more, "items": items[start:end]}


NODES = "/api/v1/nodes"


def cluster(*nodes: dict[str, Any], version: str = "v1.33.4", **more: Any) -> Lists:
    """Return the API server of a cluster that has these nodes and nothing else."""
    lists = {NODES: list(nodes), **more.pop("lists", {})}
    objects = {"/version": {"gitVersion": version}, **more.pop("objects", {})}
    return Lists(lists=lists, objects=objects, **more)


@contextmanager
def kubeconfig_of(api: FakeApi, folder: Path) -> Iterator[Path]:
    """Serve the double on loopback; yield a kubeconfig that leads to it."""
    folder.mkdir(exist_ok=True)
    with serving(api, folder) as environment:
        server = f"https://127.0.0.1:{environment['KUBERNETES_SERVICE_PORT']}"
        content = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [
                {"name": "c", "cluster": {"server": server, "certificate-authority": str(folder / "ca.crt")}}
            ],
            "users": [{"name": "u", "user": {"token": TOKEN}}],
            "contexts": [{"name": "lab", "context": {"cluster": "c", "user": "u"}}],
            "current-context": "lab",
        }
        path = folder / "kubeconfig"
        path.write_text(yaml.safe_dump(content), encoding="utf-8")
        yield path
