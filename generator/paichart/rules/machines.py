"""The layout's rows as machines of the model."""

from __future__ import annotations

from collections.abc import Mapping

from paichart.model import Device, Machine, Sku, is_true
from paichart.rules.subject import SkuRow, Subject


def skus_of(subject: Subject) -> Mapping[str, Sku]:
    """Return the complete SKUs of the layout by name."""
    skus = ((name, _sku(subject, row)) for name, row in subject.skus.items())
    return {name: sku for name, sku in skus if sku is not None}


def machines_of(subject: Subject) -> tuple[Machine, ...] | None:
    """Return the layout's machines in its order; None when a row, or the SKU of one, is incomplete."""
    skus = skus_of(subject)
    given = subject.layout.given.get("machine-list", ())
    if len(given) != len(subject.rows):
        return None
    machines = []
    for row in subject.rows:
        if not row.hostname or not row.address or row.sku not in skus:
            return None
        written = given[row.index]
        machine = Machine(
            name=row.hostname,
            address=row.address,
            sku=skus[row.sku],
            is_master=row.is_master,
            is_worker=row.is_worker,
            is_storage=row.is_storage,
            no_job_exporter=is_true(written.get("no-jobexporter")),
            no_log_manager=is_true(written.get("no-logmanager")),
            no_node_exporter=is_true(written.get("no-nodeexporter")),
            span=subject.place(row, "hostname"),
        )
        machines.append(machine)
    return tuple(machines)


def _sku(subject: Subject, row: SkuRow) -> Sku | None:
    if row.cpu is None or row.memory is None:
        return None
    device = subject.layout.given["machine-sku"][row.name].get("computing-device")
    if device is None:
        return None if subject.layout.marks.has("machine-sku", row.name, "computing-device") else _plain(row)
    if row.device_count is None or not row.device_type:
        return None
    return Sku(
        row.name, row.cpu, row.memory, Device(row.device_type, device.get("model", ""), row.device_count)
    )


def _plain(row: SkuRow) -> Sku | None:
    return Sku(row.name, row.cpu, row.memory) if row.cpu is not None and row.memory is not None else None
