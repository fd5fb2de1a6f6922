"""Which of a node's resources are computing devices, and what they are called.

Resource and label names are those of the vendors' device plugins and feature discovery: NVIDIA, AMD, Intel,
Habana, Huawei, AWS Neuron, Google's GPU and TPU node labels, Karpenter.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from paichart.model import Device
from paichart.quantity import QuantityError, parse

INSTANCE_TYPE = "node.kubernetes.io/instance-type"

_MOST = 1024
"""As many devices as a SKU may have (layout.schema.json)."""

_OWN = "github.com/fuse"
_MIG = "nvidia.com/mig-"
_DEVICE = re.compile(
    r"(gpu(\.shared)?|mig-.+|[cdqst]px_nps[0-9]|gaudi[0-9]?|npu|tpu|mlu|dcu|gcu|xpu|i915|xe|qaic"
    r"|neuron|neurondevice|neuroncore|Ascend\w+|fpga.*)"
)
_PREFERRED = ("nvidia.com/gpu", "amd.com/gpu", "aws.amazon.com/neuron")
_PRODUCT_LABELS = {
    "nvidia.com": (
        "nvidia.com/gpu.product",
        "cloud.google.com/gke-accelerator",
        "k8s.amazonaws.com/accelerator",
        "karpenter.k8s.aws/instance-gpu-name",
    ),
    "amd.com": ("amd.com/gpu.product-name", "beta.amd.com/gpu.product-name"),
    "gpu.intel.com": ("gpu.intel.com/product", "gpu.intel.com/family"),
    "google.com": ("cloud.google.com/gke-tpu-accelerator",),
    "aws.amazon.com": ("karpenter.k8s.aws/instance-accelerator-name",),
}
_MAKERS = re.compile(r"^(nvidia|amd|intel|huawei)[-_ ]+", re.IGNORECASE)
_SHARED = re.compile(r"-SHARED$")


@dataclass(frozen=True, slots=True)
class Found:
    """What a node has: its devices or None, its other extended resources by name, and what to know."""

    device: Device | None = None
    others: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


def find(
    allocatable: Mapping[str, str],
    capacity: Mapping[str, str],
    labels: Mapping[str, str],
    wanted: Collection[str] = (),
) -> Found:
    """Return a node's devices: one resource, for a SKU has one; of several the wanted, the whole, the most.

    `wanted` names resources that count as devices although nobody here knows them.
    """
    counts = dict(_counts(allocatable))
    names = [name for name in counts if name in wanted or _is_device(name)]
    others = tuple(sorted(name for name in counts if name not in names))
    if not names:
        return Found(None, others, tuple(_missing(capacity, counts)))
    name = min(names, key=lambda name: (name not in wanted, _rank(name), -counts[name], name))
    replicas = _replicas(name, labels)
    device = Device(name, _model(name, labels), min(max(counts[name] // replicas, 1), _MOST))
    further = tuple(sorted(other for other in names if other != name))
    remarks = (*_further(further), *_sharing(replicas), *_mig(device), *_unwell(name, capacity, counts))
    return Found(device, others, remarks)


def _counts(resources: Mapping[str, str]) -> Iterator[tuple[str, int]]:
    """Yield the extended resources of which there are any."""
    for name, amount in resources.items():
        domain, slash, _ = name.partition("/")
        if not slash or name == _OWN or domain.endswith("kubernetes.io"):
            continue
        try:
            count = int(parse(amount))
        except QuantityError:
            continue
        if count > 0:
            yield name, count


def _is_device(name: str) -> bool:
    return _DEVICE.fullmatch(name.partition("/")[2]) is not None


def _rank(name: str) -> int:
    return _PREFERRED.index(name) if name in _PREFERRED else len(_PREFERRED)


def _replicas(name: str, labels: Mapping[str, str]) -> int:
    """Return how often each device is offered: above 1 with time-slicing or MPS."""
    if not name.startswith("nvidia.com/"):
        return 1
    written = labels.get("nvidia.com/gpu.replicas", "")
    return max(int(written), 1) if written.isdigit() else 1


def _model(name: str, labels: Mapping[str, str]) -> str:
    """Return the device's model by the labels of its vendor, else the machine's type, else the resource."""
    domain, _, resource = name.partition("/")
    if name.startswith(_MIG):
        profile = resource.removeprefix("mig-")
        whole = labels.get(f"{name}.product")
        product = labels.get("nvidia.com/gpu.product", "")
        return _plain(whole or (f"{product}-MIG-{profile}" if product else f"MIG-{profile}"))
    for label in (*_PRODUCT_LABELS.get(domain, ()), f"{name}.product"):
        if found := _label(labels, label):
            return _plain(found)
    return labels.get(INSTANCE_TYPE) or resource


def _label(labels: Mapping[str, str], label: str) -> str:
    """Return a label's value; AMD's older labeller writes the value into the key instead."""
    if labels.get(label):
        return labels[label]
    return next((key.removeprefix(f"{label}.") for key in sorted(labels) if key.startswith(f"{label}.")), "")


def _plain(product: str) -> str:
    return _MAKERS.sub("", _SHARED.sub("", product))


def _further(names: tuple[str, ...]) -> Iterator[str]:
    if names:
        yield f"also offers {', '.join(names)}; a SKU has one kind of device"


def _sharing(replicas: int) -> Iterator[str]:
    if replicas > 1:
        yield f"each device is offered {replicas} times (shared); counted are the real ones"


def _mig(device: Device) -> Iterator[str]:
    if "MIG-" in device.model or device.type.startswith(_MIG):
        yield "MIG instances: HiveD knows whole devices only; see enable_hived_scheduler in config.yaml"


def _unwell(name: str, capacity: Mapping[str, str], counts: Mapping[str, int]) -> Iterator[str]:
    built_in = dict(_counts(capacity)).get(name, 0)
    if built_in > counts[name]:
        yield f"{built_in - counts[name]} of {built_in} devices are not healthy, so they are not offered"


def _missing(capacity: Mapping[str, str], counts: Mapping[str, int]) -> Iterator[str]:
    for name, count in sorted(_counts(capacity)):
        if _is_device(name) and name not in counts:
            yield f"none of {count} {name} is healthy, so none is offered"
