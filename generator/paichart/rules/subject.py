"""What rules look at: the three inputs, held against their schemas, and the layout's rows in typed form."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeAlias

from paichart.model import is_true
from paichart.problems import Problem, Span
from paichart.quantity import QuantityError, cores, mebibytes
from paichart.schema import Checked


@dataclass(frozen=True, slots=True)
class Row:
    """One usable row of machine-list; texts are empty and roles False where nothing usable was written."""

    index: int
    hostname: str
    address: str
    sku: str
    is_master: bool
    is_worker: bool
    is_storage: bool


@dataclass(frozen=True, slots=True)
class SkuRow:
    """One usable entry of machine-sku: cores, MiB and devices, None where nothing usable was written."""

    name: str
    cpu: Fraction | None
    memory: Fraction | None
    device_type: str
    device_count: int | None


@dataclass(frozen=True, slots=True)
class Subject:
    """Everything that rules may look at; capacity is None when no figures are recorded."""

    config: Checked
    layout: Checked
    services: Checked
    capacity: Checked | None
    rows: tuple[Row, ...]
    skus: Mapping[str, SkuRow]

    @classmethod
    def of(
        cls,
        config: Checked,
        layout: Checked,
        services: Checked,
        capacity: Checked | None = None,
    ) -> Subject:
        """Return the subject for checked inputs."""
        return cls(config, layout, services, capacity, _rows(layout.given), _skus(layout.given))

    @property
    def workers(self) -> tuple[Row, ...]:
        """Rows that carry pai-worker, in layout order."""
        return tuple(row for row in self.rows if row.is_worker)

    @property
    def is_hived_on(self) -> bool:
        """Tell whether HiveD schedules jobs."""
        return self.config.settings.flag("enable_hived_scheduler")

    def place(self, row: Row, key: str) -> Span:
        """Return where a key of a row has its value."""
        return self.layout.marks.at("machine-list", row.index, key)


@dataclass(frozen=True, slots=True)
class Rule:
    """A check, and the inputs without which it has nothing to say (`config`, `layout`, `services`)."""

    check: Check
    needs: tuple[str, ...]

    def applies_to(self, subject: Subject) -> bool:
        """Tell whether all needed inputs could be read."""
        return all(getattr(subject, name).is_readable for name in self.needs)


Check: TypeAlias = Callable[[Subject], Iterator[Problem]]


def _rows(layout: Mapping[str, Any]) -> tuple[Row, ...]:
    return tuple(
        Row(
            index,
            row.get("hostname", ""),
            row.get("hostip", ""),
            row.get("machine-type", ""),
            is_true(row.get("pai-master")),
            is_true(row.get("pai-worker")),
            is_true(row.get("pai-storage")),
        )
        for index, row in enumerate(layout.get("machine-list", ()))
        if row is not None
    )


def _skus(layout: Mapping[str, Any]) -> dict[str, SkuRow]:
    return {
        name: SkuRow(
            name,
            _amount(cores, sku.get("cpu", {}).get("vcore")),
            _amount(mebibytes, sku.get("mem")),
            sku.get("computing-device", {}).get("type", ""),
            sku.get("computing-device", {}).get("count"),
        )
        for name, sku in layout.get("machine-sku", {}).items()
    }


def _amount(read: Callable[[Any], Fraction], value: Any) -> Fraction | None:
    if value is None:
        return None
    try:
        return read(value)
    except QuantityError:
        return None
