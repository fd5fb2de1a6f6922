"""Nodes of physicalCells against the layout: they exist, no device is in two cells, cells fit the machine."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise

from paichart.hived import HivedSpec, Path, SkuType
from paichart.model import Machine
from paichart.names import some_names
from paichart.problems import Problem, Severity, suggest
from paichart.rules.hived.physical import NodeCell
from paichart.source import Marks


def check_nodes(
    marks: Marks, spec: HivedSpec, nodes: Sequence[NodeCell], machines: Mapping[str, Machine] | None
) -> Iterator[Problem]:
    """PAI165, 166, 169, 187, 188: nodes are workers, each device is in one cell, cells fit the machine.

    machines holds the layout's rows by name; None when it can't be used: what needs it goes unchecked.
    """
    by_name: dict[str, list[NodeCell]] = {}
    for node in nodes:
        by_name.setdefault(node.name, []).append(node)
    skus = {sku.name: sku for sku in spec.sku_types}
    for cells in by_name.values():
        yield from _check_shared(marks, cells, skus)
    if machines is not None:
        yield from _check_workers(marks, nodes, machines)
        yield from _check_device_numbers(marks, nodes, machines, skus)
        yield from _check_fit(marks, by_name, machines, skus)
        yield from _check_coverage(marks, by_name, machines)


def _check_workers(
    marks: Marks, nodes: Iterable[NodeCell], machines: Mapping[str, Machine]
) -> Iterator[Problem]:
    workers = [machine.name for machine in machines.values() if machine.is_worker]
    for node in nodes:
        machine = machines.get(node.name)
        if machine is None:
            message = f"no machine named '{node.name}' is in the layout"
            yield Problem(marks.at(*node.path, "cellAddress"), "PAI165", message, suggest(node.name, workers))
        elif not machine.is_worker:
            message = f"'{node.name}' is no worker in the layout, so no job can run on it"
            hint = 'set pai-worker: "true" in the layout, or remove this cell'
            yield Problem(marks.at(*node.path, "cellAddress"), "PAI165", message, hint)


def _check_shared(marks: Marks, cells: Sequence[NodeCell], skus: Mapping[str, SkuType]) -> Iterator[Problem]:
    """PAI166: a node has one cell a leaf type (cores and devices may have one each), no device is in two."""
    first: dict[str, NodeCell] = {}
    devices: list[tuple[range, Path]] = []
    for cell in cells:
        leaf = cell.chain.leaf
        if leaf in first:
            line = marks.at(*first[leaf].path, "cellAddress").line
            message = f"node '{cell.name}' has a cell of '{leaf}' on line {line} already"
            hint = "each node is in one cell a leaf type"
            yield Problem(marks.at(*cell.path, "cellAddress"), "PAI166", message, hint)
            continue
        first[leaf] = cell
        if has_devices(skus.get(leaf)):
            devices += cell.devices
        else:
            yield from _check_apart(marks, cell.name, cell.devices)
    yield from _check_apart(marks, cells[0].name, devices)


def _check_apart(marks: Marks, node: str, devices: Iterable[tuple[range, Path]]) -> Iterator[Problem]:
    in_order = sorted((d for d in devices if d[0].start < d[0].stop), key=lambda d: (d[0].start, d[0].stop))
    for (low, low_path), (high, path) in pairwise(in_order):
        if high.start < low.stop:
            line = marks.at(*low_path).line
            message = f"device {high.start} of node '{node}' is also in the cell on line {line}"
            yield Problem(marks.at(*path), "PAI166", message, "two jobs would get the same device")


def _check_device_numbers(
    marks: Marks, nodes: Iterable[NodeCell], machines: Mapping[str, Machine], skus: Mapping[str, SkuType]
) -> Iterator[Problem]:
    """PAI169: the machine has the devices that its cells count on; one warning for nodes of a kind."""
    told: set[tuple[str, str]] = set()
    for node in nodes:
        machine = machines.get(node.name)
        if machine is None or not has_devices(skus.get(node.chain.leaf)):
            continue
        count = machine.sku.device.count if machine.sku.device else 0
        kind = (node.chain.leaf, machine.sku.name)
        numbers, path = max(node.devices, key=lambda d: d[0].stop, default=(range(0), node.path))
        last = numbers.stop - 1
        if last >= count and kind not in told:
            told.add(kind)
            message = (
                f"a cell stands for device {last} of node '{node.name}', "
                f"but its SKU '{machine.sku.name}' has {count} devices, counted from 0"
            )
            hint = "jobs placed there would find no such device; correct the SKU's count or the cell type"
            yield Problem(marks.at(*path), "PAI169", message, hint, Severity.WARNING)


def _check_fit(
    marks: Marks,
    by_name: Mapping[str, Sequence[NodeCell]],
    machines: Mapping[str, Machine],
    skus: Mapping[str, SkuType],
) -> Iterator[Problem]:
    """PAI187: a node's cells together need no more than the machine has; one warning for nodes of a kind."""
    told: set[tuple[str, ...]] = set()
    for name, cells in by_name.items():
        machine = machines.get(name)
        kind = (machine.sku.name if machine else "", *(cell.chain.name for cell in cells))
        if machine is None or kind in told:
            continue
        told.add(kind)
        parts = [
            (skus.get(cell.chain.leaf), sum(numbers.stop - numbers.start for numbers, _ in cell.devices))
            for cell in cells
        ]
        cpu = sum(sku.cpu * number for sku, number in parts if sku)
        memory = sum(sku.memory * number for sku, number in parts if sku)
        if cpu > machine.sku.cpu or memory > machine.sku.memory:
            message = (
                f"the cells of node '{name}' add up to {cpu} cores and {memory} MiB, "
                f"SKU '{machine.sku.name}' has {float(machine.sku.cpu):g} and {float(machine.sku.memory):g}"
            )
            hint = "jobs that fill the node would wait for ever; lower cpu or memory under skuTypes"
            yield Problem(marks.at(*cells[0].path, "cellAddress"), "PAI187", message, hint, Severity.WARNING)


def _check_coverage(
    marks: Marks, by_name: Mapping[str, Sequence[NodeCell]], machines: Mapping[str, Machine]
) -> Iterator[Problem]:
    """PAI188: every worker of the layout is in a cell."""
    idle = [
        machine.name for machine in machines.values() if machine.is_worker and machine.name not in by_name
    ]
    if idle:
        message = f"no cell holds {some_names(idle)}, so HiveD places no job there"
        hint = "add it under cellChildren, then raise childCellNumber and a virtual cluster's cellNumber"
        yield Problem(
            marks.key("physicalCluster", "physicalCells"), "PAI188", message, hint, Severity.WARNING
        )


def has_devices(sku: SkuType | None) -> bool:
    """Tell whether a leaf cell of this SKU type is a computing device; so is one of an unknown type."""
    return sku is None or sku.gpu > 0
