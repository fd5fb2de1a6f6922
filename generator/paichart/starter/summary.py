"""What was written and found, in a few lines for people and as a document for programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from paichart.starter.files import Starter
from paichart.starter.roles import left_out_lines


def remarks(starter: Starter) -> Iterator[str]:
    """Yield what an admin should know: who was left out and why, warnings, what may not be seen."""
    for line in left_out_lines(starter.plan.left_out):
        yield f"left out: {line}"
    for warning in starter.plan.warnings:
        yield f"warning: {warning}"
    for what in starter.facts.unseen if starter.facts else ():
        yield f"note: the account of the kubeconfig may not see {what}"


def roles(starter: Starter) -> Iterator[str]:
    """Yield the master, and how many workers there are of each SKU."""
    made = starter.plan
    why = f" ({made.why_master})" if made.why_master else ""
    yield f"  master   {made.master.name}{why}{', which runs jobs too' if made.is_shared else ''}"
    counts = Counter(worker.sku.name for worker in made.workers)
    for i, (sku, count) in enumerate(counts.items()):
        yield f"  {'' if i else 'workers':<8} {count} of {sku}"


def document(folder: str, files: Sequence[str], starter: Starter) -> dict[str, Any]:
    """Return what `paichart init --output json` prints: files by path in folder, memory in MiB."""
    made, facts = starter.plan, starter.facts
    return {
        "folder": folder,
        "files": list(files),
        "example": starter.is_example,
        "master": made.master.name,
        "shared-master": made.is_shared,
        "workers": [worker.name for worker in made.workers],
        "storage": [machine.name for machine in made.machines if machine.is_storage],
        "skus": {
            kind.sku.name: {
                "machines": len(kind.nodes),
                "cpu": float(kind.sku.cpu),
                "memory-mib": float(kind.sku.memory),
                "device": asdict(kind.sku.device) if kind.sku.device else None,
            }
            for kind in made.kinds
        },
        "left-out": dict(made.left_out),
        "warnings": list(made.warnings),
        "found": _with_dashes(asdict(facts)) if facts else None,
    }


def _with_dashes(found: dict[str, Any]) -> dict[str, Any]:
    return {key.replace("_", "-"): value for key, value in found.items()}
