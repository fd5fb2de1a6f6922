"""Nodes become SKUs: devices by resource and label, kinds of nodes, figures that each of them offers."""

from __future__ import annotations

from fractions import Fraction

import pytest

from paichart.model import Device
from paichart.starter.kinds import kinds_of
from paichart.starter.nodes import in_order, read_node
from tests.unit import starter_nodes as real
from tests.unit.starter_nodes import dgx, node

GIB = 1024


def kinds(*objects, wanted=(), apart=()):
    return kinds_of(in_order(read_node(item, wanted) for item in objects), apart)


def nvidia(product: str, count: str = "8", resource: str = "nvidia.com/gpu", **labels: str):
    return node(
        "n", "10.0.0.1", extended={resource: count}, labels={"nvidia.com/gpu.product": product, **labels}
    )


# Arithmetic by hand: KiB / 1024² is GiB; down to whole GiB from 100 on, halves from 50, quarters from 25.
REAL = [
    # id node SKU cores MiB device
    ("eks-m5", real.eks_cpu(1), "cpu-8c-32g", "7.9", Fraction(119, 4) * GIB, None),
    (
        "eks-p4d",
        real.eks_p4d(1),
        "a100-sxm4-40gb-8",
        "95.6",
        1103 * GIB,
        ("nvidia.com/gpu", "A100-SXM4-40GB", 8),
    ),
    ("gke-t4", real.gke_t4(2), "t4-1", "7.9", Fraction(101, 4) * GIB, ("nvidia.com/gpu", "tesla-t4", 1)),
    (
        "aks-a100",
        real.aks_a100(1),
        "standard-nc24ads-a100-v4-1",
        "23.7",
        209 * GIB,
        ("nvidia.com/gpu", "Standard_NC24ads_A100_v4", 1),
    ),
    ("kubeadm", real.control_plane("cp", "10.0.0.1"), "cpu-8c-32g", "8", Fraction(125, 4) * GIB, None),
    (
        "dgx",
        dgx("d", "10.0.0.1"),
        "a100-sxm4-80gb-8",
        "256",
        1007 * GIB,
        ("nvidia.com/gpu", "A100-SXM4-80GB", 8),
    ),
    ("k3s", real.k3s(), "cpu-16c-64g", "16", Fraction(125, 2) * GIB, None),
    (
        "amd",
        real.mi300x(1),
        "mi300x-oam-8",
        "192",
        2266 * GIB,
        ("amd.com/gpu", "Instinct_MI300X_OAM", 8),
    ),
]


@pytest.mark.parametrize(
    ("item", "name", "cpu", "memory", "device"), [pytest.param(*row[1:], id=row[0]) for row in REAL]
)
def test_a_real_node_becomes_a_sku(item, name, cpu, memory, device):
    (kind,) = kinds(item)
    assert (kind.sku.name, kind.sku.cpu, kind.sku.memory) == (name, Fraction(cpu), memory)
    assert kind.sku.device == (Device(*device) if device else None)


def test_nodes_that_differ_by_a_few_mib_share_a_sku_of_the_least():
    """1007.03, 1007.04 and 1015.08 GiB."""
    least, more, most = "1055946000Ki", "1055956000Ki", "1064390000Ki"
    (kind,) = kinds(dgx("a", "10.0.0.1", most), dgx("b", "10.0.0.2", least), dgx("c", "10.0.0.3", more))
    assert [member.name for member in kind.nodes] == ["a", "b", "c"]
    assert kind.sku.memory == 1007 * GIB


def test_another_amount_of_memory_modules_is_another_kind():
    half, whole = kinds(
        dgx("a", "10.0.0.1", "527945000Ki"),
        dgx("b", "10.0.0.2", "1055946000Ki"),
        dgx("c", "10.0.0.3", "527900000Ki"),
    )
    assert [(len(kind.nodes), kind.sku.name) for kind in (half, whole)] == [
        (2, "a100-sxm4-80gb-8-503g"),
        (1, "a100-sxm4-80gb-8-1007g"),
    ]


def test_a_kind_spans_one_per_cent_wherever_its_nodes_lie():
    """100, 100.9 and 101.1 GiB: the last is over 1 % above the least, although near to the second."""
    sizes = [str(int(gib * GIB * GIB)) + "Ki" for gib in (101.1, 100.9, 100)]
    found = kinds(*(node(f"n{i}", f"10.0.0.{i}", "8", size) for i, size in enumerate(sizes)))
    assert sorted([member.name for member in kind.nodes] for kind in found) == [["n0"], ["n1", "n2"]]


def test_whole_machines_and_those_with_a_broken_device_are_of_two_kinds():
    whole, broken = kinds(
        dgx("a", "10.0.0.1"),
        dgx("b", "10.0.0.2"),
        dgx("c", "10.0.0.3", extended={"nvidia.com/gpu": "7"}, capacity={"nvidia.com/gpu": "8"}),
    )
    assert (whole.sku.name, broken.sku.name) == ("a100-sxm4-80gb-8", "a100-sxm4-80gb-7")
    assert broken.remarks == ("1 of 8 devices are not healthy, so they are not offered",)


def test_devices_that_are_all_broken_are_told():
    (kind,) = kinds(dgx("a", "10.0.0.1", extended={"nvidia.com/gpu": "0"}, capacity={"nvidia.com/gpu": "8"}))
    assert kind.sku.device is None
    assert kind.remarks == ("none of 8 nvidia.com/gpu is healthy, so none is offered",)


def test_kinds_with_devices_come_first_then_those_of_most_machines():
    found = kinds(
        real.eks_cpu(1),
        real.eks_cpu(2),
        real.eks_cpu(3),
        dgx("z", "10.0.0.1"),
        real.mi300x(1),
        real.mi300x(2),
    )
    assert [kind.sku.name for kind in found] == ["mi300x-oam-8", "a100-sxm4-80gb-8", "cpu-8c-32g"]


def test_mig_of_one_profile_is_named_by_its_product():
    (kind,) = kinds(nvidia("NVIDIA-A100-SXM4-40GB-MIG-1g.5gb", "56"))
    assert kind.sku.device == Device("nvidia.com/gpu", "A100-SXM4-40GB-MIG-1g.5gb", 56)
    assert kind.sku.name == "a100-sxm4-40gb-mig-1g-5gb-56"
    assert "HiveD knows whole devices only" in kind.remarks[0]


def test_of_mixed_mig_the_most_numerous_profile_counts_and_the_others_are_told():
    extended = {"nvidia.com/mig-1g.5gb": "2", "nvidia.com/mig-2g.10gb": "5", "nvidia.com/gpu": "0"}
    labels = {"nvidia.com/gpu.product": "NVIDIA-A100-SXM4-40GB"}
    (kind,) = kinds(node("n", "10.0.0.1", extended=extended, labels=labels))
    assert kind.sku.device == Device("nvidia.com/mig-2g.10gb", "A100-SXM4-40GB-MIG-2g.10gb", 5)
    assert kind.remarks[0] == "also offers nvidia.com/mig-1g.5gb; a SKU has one kind of device"


def test_shared_devices_are_counted_once():
    """With time-slicing a device is offered several times; HiveD hands out numbers of real ones."""
    labels = {"nvidia.com/gpu.replicas": "4", "nvidia.com/gpu.sharing-strategy": "time-slicing"}
    (kind,) = kinds(nvidia("Tesla-T4-SHARED", "8", **labels))
    assert kind.sku.device == Device("nvidia.com/gpu", "Tesla-T4", 2)
    assert kind.sku.name == "t4-2"


@pytest.mark.parametrize(
    ("resource", "labels", "model"),
    [
        ("nvidia.com/gpu", {"nvidia.com/gpu.product": "NVIDIA-GeForce-RTX-4090"}, "GeForce-RTX-4090"),
        ("nvidia.com/gpu.shared", {"nvidia.com/gpu.product": "NVIDIA-L4-SHARED"}, "L4"),
        ("nvidia.com/gpu", {"karpenter.k8s.aws/instance-gpu-name": "h100"}, "h100"),
        ("nvidia.com/gpu", {}, "gpu"),
        ("amd.com/gpu", {"beta.amd.com/gpu.product-name.Instinct_MI210": "4"}, "Instinct_MI210"),
        ("gpu.intel.com/i915", {"gpu.intel.com/family": "Max_Series"}, "Max_Series"),
        ("habana.ai/gaudi", {}, "gaudi"),
        ("huawei.com/Ascend910", {}, "Ascend910"),
        (
            "google.com/tpu",
            {"cloud.google.com/gke-tpu-accelerator": "tpu-v5-lite-podslice"},
            "tpu-v5-lite-podslice",
        ),
        ("cambricon.com/mlu", {}, "mlu"),
    ],
)
def test_devices_of_every_vendor_are_found(resource, labels, model):
    (kind,) = kinds(node("n", "10.0.0.1", extended={resource: "4"}, labels=labels))
    assert kind.sku.device == Device(resource, model, 4)


@pytest.mark.parametrize(
    "resource",
    [
        "rdma/hca_shared",
        "vpc.amazonaws.com/efa",
        "devices.kubevirt.io/kvm",
        "nvidia.com/gpumem",
        "smarter-devices/fuse",
    ],
)
def test_what_does_not_look_like_a_device_is_told_and_can_be_asked_for(resource):
    item = node("n", "10.0.0.1", extended={resource: "4"})
    assert read_node(item).device is None
    assert read_node(item).others == (resource,)
    assert read_node(item, (resource,)).device == Device(resource, resource.partition("/")[2], 4)


def test_the_fuse_devices_of_openpai_are_no_news():
    assert read_node(node("n", "10.0.0.1", extended={"github.com/fuse": "110"})).others == ()


def test_of_several_devices_the_wanted_comes_first():
    item = dgx("n", "10.0.0.1", extended={"example.com/board": "2"})
    assert read_node(item, ("example.com/board",)).device == Device("example.com/board", "board", 2)


def test_a_master_that_works_has_a_kind_of_its_own():
    found = kinds(dgx("a", "10.0.0.1"), dgx("b", "10.0.0.2"), apart=("a",))
    assert [(kind.sku.name, [member.name for member in kind.nodes]) for kind in found] == [
        ("a100-sxm4-80gb-8", ["b"]),
        ("a100-sxm4-80gb-8-master", ["a"]),
    ]


def test_names_are_never_the_same():
    """Three kinds that differ in what no name tells: of 64 cores and 251 GiB other parts are offered."""
    sizes = [("63", "250Gi"), ("62", "250Gi"), ("62500m", "250Gi")]
    found = kinds(
        *(
            node(f"n{i}", f"10.0.0.{i}", cpu, memory, capacity={"cpu": "64", "memory": "263842000Ki"})
            for i, (cpu, memory) in enumerate(sizes)
        )
    )
    names = [kind.sku.name for kind in found]
    assert len(set(names)) == 3
    assert all(name.startswith("cpu-64c-256g") for name in names)
