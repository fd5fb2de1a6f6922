"""SKU types: rest-server can read their figures, and each leaf cell type has them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from paichart.hived import HivedSpec, Path, memory_mib
from paichart.problems import Problem, Severity, suggest
from paichart.rules.hived.chains import Chain
from paichart.source import Marks


def check_leaf_types(marks: Marks, spec: HivedSpec, chains: Mapping[str, Chain]) -> Iterator[Problem]:
    """PAI184: every leaf cell type is a SKU type."""
    names = [sku.name for sku in spec.sku_types]
    for leaf, chain in {chain.leaf: chain for chain in chains.values()}.items():
        if names and leaf not in names:
            message = f"leaf cell type '{leaf}' is not among skuTypes, so rest-server can't size its jobs"
            hint = suggest(leaf, (*names, *(cell_type.name for cell_type in spec.cell_types)))
            place = marks.at(*chain.levels[-1].path, "childCellType")
            yield Problem(place, "PAI184", message, hint or f"add '{leaf}' under skuTypes")


def check_unused_types(marks: Marks, spec: HivedSpec, chains: Mapping[str, Chain]) -> Iterator[Problem]:
    """PAI186: every SKU type is a leaf cell type of some physical cell."""
    leaves = {chain.leaf for chain in chains.values()}
    for sku in spec.sku_types:
        if sku.name not in leaves:
            message = f"no physical cell is built of '{sku.name}'"
            hint = (
                suggest(sku.name, leaves) or "the portal would offer it in vain: remove it or add its cells"
            )
            yield Problem(marks.key(*sku.path), "PAI186", message, hint, Severity.WARNING)


def check_figures(marks: Marks, config: Mapping[str, Any], spec: HivedSpec) -> Iterator[Problem]:
    """PAI185: cpu is at least one whole core, memory text like 4096Mi, gpu a whole number or absent."""
    for sku in spec.sku_types:
        figures = config["physicalCluster"]["skuTypes"][sku.name]
        if isinstance(figures, Mapping):
            yield from _check_figures(marks, sku.path, figures)


def _check_figures(marks: Marks, path: Path, sku: Mapping[str, Any]) -> Iterator[Problem]:
    cpu, memory, gpu = sku.get("cpu"), sku.get("memory"), sku.get("gpu")
    if not _is_whole(cpu) or int(cpu or 0) < 1:
        message = "cpu must be a whole number of cores, at least 1"
        yield Problem(
            _place(marks, path, "cpu"),
            "PAI185",
            message,
            "rest-server reads only the digits: 500m is 500 to it",
        )
    if memory_mib(memory) < 1:
        message = "memory must be whole Ki, Mi, Gi or Ti and come to at least 1 MiB"
        yield Problem(
            _place(marks, path, "memory"),
            "PAI185",
            message,
            "write it like 56064Mi; rest-server reads nothing else",
        )
    if gpu is not None and not _is_whole(gpu):
        message = "gpu must be a whole number: devices in one cell"
        yield Problem(
            _place(marks, path, "gpu"), "PAI185", message, "use 1, or leave it out for cells without devices"
        )


def _is_whole(value: object) -> bool:
    if isinstance(value, str):
        return value.isascii() and value.isdigit() and len(value) <= 9
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _place(marks: Marks, path: Path, key: str) -> Any:
    return marks.at(*path, key) if marks.has(*path, key) else marks.key(*path)
