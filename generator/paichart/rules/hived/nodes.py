"""Nodes of physicalCells against the layout: they exist, no device is in two cells, cells fit the machine."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from paichart.hived import HivedSpec, Path, SkuType
from paichart.names import some_names
from paichart.problems import Problem, Related, Severity, closest_name, suggest
from paichart.rules.hived.physical import NodeCell, Survey
from paichart.rules.subject import Row, SkuRow
from paichart.source import Marks


@dataclass(frozen=True, slots=True)
class Host:
    """A row of the layout with its SKU; None where the layout names none that is defined."""

    row: Row
    sku: SkuRow | None


def check_nodes(
    marks: Marks, spec: HivedSpec, survey: Survey, hosts: Mapping[str, Host] | None
) -> Iterator[Problem]:
    """PAI165, 166, 169, 187, 188: nodes are workers, each device is in one cell, cells fit the machine.

    hosts holds the layout's rows by name; None when it can't be used: what needs it goes unchecked.
    """
    by_name: dict[str, list[NodeCell]] = {}
    for node in survey.nodes:
        by_name.setdefault(node.name, []).append(node)
    skus = {sku.name: sku for sku in spec.sku_types}
    for cells in by_name.values():
        yield from _check_shared(marks, cells, skus)
    if hosts is not None:
        yield from _check_workers(marks, survey.nodes, hosts)
        yield from _check_device_numbers(marks, survey.nodes, hosts, skus)
        yield from _check_fit(marks, by_name, hosts, skus)
        if survey.is_complete:
            yield from _check_coverage(marks, by_name, hosts)


def _check_workers(marks: Marks, nodes: Iterable[NodeCell], hosts: Mapping[str, Host]) -> Iterator[Problem]:
    workers = [name for name, host in hosts.items() if host.row.is_worker]
    for node in nodes:
        host = hosts.get(node.name)
        if host is None:
            message = f"no machine named '{node.name}' is in the layout"
            hint = suggest(node.name, workers) or "name a worker of layout.yaml, or remove this cell"
            yield Problem(marks.at(*node.path, "cellAddress"), "PAI165", message, hint)
        elif not host.row.is_worker:
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
            place = marks.at(*first[leaf].path, "cellAddress")
            yield Problem(
                marks.at(*cell.path, "cellAddress"),
                "PAI166",
                f"node '{cell.name}' has a cell of '{leaf}' on line {place.line} already",
                "each node is in one cell a leaf type",
                related=(Related(place, "the first is here"),),
            )
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
            other = marks.at(*low_path)
            yield Problem(
                marks.at(*path),
                "PAI166",
                f"device {high.start} of node '{node}' is also in the cell on line {other.line}",
                "two jobs would get the same device",
                related=(Related(other, "the other cell is here"),),
            )


def _check_device_numbers(
    marks: Marks, nodes: Iterable[NodeCell], hosts: Mapping[str, Host], skus: Mapping[str, SkuType]
) -> Iterator[Problem]:
    """PAI169: the machine has the devices that its cells count on; one warning for nodes of a kind."""
    told: set[tuple[str, str]] = set()
    for node in nodes:
        sku = _sku_of(hosts, node.name)
        if sku is None or not has_devices(skus.get(node.chain.leaf)):
            continue
        count = sku.device_count or 0
        kind = (node.chain.leaf, sku.name)
        numbers, path = max(node.devices, key=lambda d: d[0].stop, default=(range(0), node.path))
        last = numbers.stop - 1
        if last >= count and kind not in told:
            told.add(kind)
            message = (
                f"a cell stands for device {last} of node '{node.name}', "
                f"but its SKU '{sku.name}' has {count} devices, counted from 0"
            )
            hint = "jobs placed there would find no such device; correct the SKU's count or the cell type"
            yield Problem(marks.at(*path), "PAI169", message, hint, Severity.WARNING)


def _check_fit(
    marks: Marks,
    by_name: Mapping[str, Sequence[NodeCell]],
    hosts: Mapping[str, Host],
    skus: Mapping[str, SkuType],
) -> Iterator[Problem]:
    """PAI187: a node's cells together need no more than the machine has; one warning for nodes of a kind."""
    told: set[tuple[str, ...]] = set()
    for name, cells in by_name.items():
        machine = _sku_of(hosts, name)
        if machine is None or machine.cpu is None or machine.memory is None:
            continue
        kind = (machine.name, *(cell.chain.name for cell in cells))
        if kind in told or len({cell.chain.leaf for cell in cells}) < len(cells):
            continue
        told.add(kind)
        parts = [
            (skus.get(cell.chain.leaf), sum(numbers.stop - numbers.start for numbers, _ in cell.devices))
            for cell in cells
        ]
        cpu = sum(sku.cpu * number for sku, number in parts if sku)
        memory = sum(sku.memory * number for sku, number in parts if sku)
        if cpu > machine.cpu or memory > machine.memory:
            message = (
                f"the cells of node '{name}' add up to {cpu} cores and {memory} MiB, "
                f"SKU '{machine.name}' has {float(machine.cpu):g} and {float(machine.memory):g}"
            )
            hint = "jobs that fill the node would wait for ever; lower cpu or memory under skuTypes"
            yield Problem(marks.at(*cells[0].path, "cellAddress"), "PAI187", message, hint, Severity.WARNING)


def _check_coverage(
    marks: Marks, by_name: Mapping[str, Sequence[NodeCell]], hosts: Mapping[str, Host]
) -> Iterator[Problem]:
    """PAI188: every worker of the layout is in a cell, or may be meant by a cell of another name."""
    workers = {name for name, host in hosts.items() if host.row.is_worker}
    meant = {closest_name(name, workers) for name in by_name if name not in hosts}
    idle = [name for name in hosts if name in workers and name not in by_name and name not in meant]
    if idle:
        message = f"no cell holds {some_names(idle)}, so HiveD places no job there"
        hint = "add it under cellChildren, then raise childCellNumber and a virtual cluster's cellNumber"
        yield Problem(
            marks.key("physicalCluster", "physicalCells"), "PAI188", message, hint, Severity.WARNING
        )


def _sku_of(hosts: Mapping[str, Host], node: str) -> SkuRow | None:
    """Return the SKU of a worker; None for a machine that is none, which is reported already."""
    host = hosts.get(node)
    return host.sku if host and host.row.is_worker else None


def has_devices(sku: SkuType | None) -> bool:
    """Tell whether a leaf cell of this SKU type is a computing device; so is one of an unknown type."""
    return sku is None or sku.gpu > 0
