"""Nodes grouped into SKUs: nodes of one kind share one, and its figures are never above what one offers.

Two nodes are of one kind when they have the same devices, the same cores to a tenth, and memory within one
per cent: firmware and kernels keep some MiB more or less of the same machine for themselves, while another
amount of memory modules is a difference of far more. The tenth, for kubelets reserve parts of a core; whole
cores would cost a machine of 7.9 cores a cell.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil, floor, log2

from paichart.derive.hived_spec import NOTICEABLE_MEMORY
from paichart.model import Device, Sku
from paichart.starter.nodes import Node

_TENTHS = 10
_GIB = 1024
_MAX_NAME = 63
_BRANDS = frozenset({"nvidia", "amd", "intel", "tesla", "geforce", "instinct"})


@dataclass(frozen=True, slots=True)
class Kind:
    """One SKU and the nodes that have it, at least one."""

    sku: Sku
    nodes: tuple[Node, ...]

    @property
    def remarks(self) -> tuple[str, ...]:
        """What an admin should know of its devices, each once."""
        return tuple(dict.fromkeys(remark for node in self.nodes for remark in node.remarks))


def kinds_of(nodes: Sequence[Node], apart: Collection[str] = ()) -> tuple[Kind, ...]:
    """Return the kinds of nodes in a fixed order: those with devices first, then by number of nodes and name.

    Every node is in exactly one. Nodes named in `apart` get a kind of their own.
    """
    groups = [
        group
        for is_apart in (False, True)
        for group in _groups([node for node in nodes if (node.name in apart) is is_apart])
    ]
    unnamed = [(Kind(_sku(group), tuple(group)), group[0].name in apart) for group in groups]
    unnamed.sort(key=lambda pair: _order(*pair))
    names = _names(unnamed)
    kinds = [
        Kind(replace(kind.sku, name=name), kind.nodes) for (kind, _), name in zip(unnamed, names, strict=True)
    ]
    return tuple(kinds)


def _groups(nodes: Sequence[Node]) -> Iterator[list[Node]]:
    """Yield the nodes of each kind, in their order; none has over 1 % more memory than the kind's least."""
    alike: dict[tuple[Device | None, int], list[Node]] = {}
    for node in nodes:
        alike.setdefault((node.device, floor(node.cpu * _TENTHS)), []).append(node)
    position = {node.name: i for i, node in enumerate(nodes)}
    for members in alike.values():
        group: list[Node] = []
        for node in sorted(members, key=lambda node: (node.memory, position[node.name])):
            if group and node.memory > group[0].memory * (1 + NOTICEABLE_MEMORY):
                yield sorted(group, key=lambda node: position[node.name])
                group = []
            group.append(node)
        yield sorted(group, key=lambda node: position[node.name])


def _sku(nodes: Sequence[Node]) -> Sku:
    """Return the figures of a kind: what each of its nodes offers at least."""
    cpu = Fraction(floor(min(node.cpu for node in nodes) * _TENTHS), _TENTHS)
    return Sku("", cpu, _round_memory(min(node.memory for node in nodes)), nodes[0].device)


def _round_memory(mib: Fraction) -> Fraction:
    """Return an amount that reads well, at most one per cent less: whole GiB, or quarters, or MiB."""
    for step in (_GIB, _GIB // 2, _GIB // 4):
        if step <= mib * NOTICEABLE_MEMORY or not mib % step:
            return Fraction(mib // step * step)
    return Fraction(floor(mib))


def _order(kind: Kind, is_apart: bool) -> tuple[object, ...]:
    device = kind.sku.device
    named = (device.type, device.model, -device.count) if device else ("", "", 0)
    return device is None, is_apart, -len(kind.nodes), named, -kind.sku.cpu, -kind.sku.memory


def _names(kinds: Sequence[tuple[Kind, bool]]) -> list[str]:
    """Return a name a kind, each once: more is said of those that would have the same."""
    says: tuple[Callable[[Sku], str], ...] = (
        lambda sku: "",
        lambda sku: f"-{round(sku.memory / _GIB)}g",
        lambda sku: f"-{ceil(sku.cpu)}c-{round(sku.memory / _GIB)}g",
        lambda sku: f"-{ceil(sku.cpu)}c-{floor(sku.memory)}m",
    )
    bases = [f"{_base(kind)}{'-master' if is_apart else ''}" for kind, is_apart in kinds]
    names = bases
    for say in says:
        count = Counter(names)
        names = [
            name if count[name] == 1 else base + say(kind.sku)
            for name, base, (kind, _) in zip(names, bases, kinds, strict=True)
        ]
    return list(_unique(names))


def _unique(names: Sequence[str]) -> Iterator[str]:
    taken: set[str] = set()
    for name in names:
        free = next(
            free
            for free in (name, *(f"{name}-{number}" for number in range(2, len(names) + 2)))
            if free not in taken
        )
        taken.add(free)
        yield free


def _base(kind: Kind) -> str:
    device = kind.sku.device
    if device is None:
        cpu, memory = kind.nodes[0].box
        return f"cpu-{ceil(cpu or kind.sku.cpu)}c-{_as_sold(memory or kind.sku.memory)}g"
    words = [word for word in re.split("[^a-z0-9]+", device.model.lower()) if word and word not in _BRANDS]
    model = "-".join(words) or "device"
    count = f"-{device.count}"
    return f"{model[: _MAX_NAME // 2].strip('-')}{count}"


def _as_sold(mib: Fraction) -> int:
    """Return the GiB that a machine was sold with: kernel and firmware keep up to some per cent of them."""
    gib = mib / _GIB
    if gib.denominator == 1 or gib < 1:
        return ceil(gib)
    step = 1 << max(0, round(log2(gib / 16)))
    return ceil(gib / step) * step
