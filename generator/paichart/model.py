"""The cluster as the user describes it: frozen facts, free of YAML and of Helm.

Everything here is built once by :mod:`paichart.inputs` from checked documents and only read afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from paichart.problems import Span

GPU_DEFAULT_TYPE = "nvidia.com/gpu"


class Secret(str):
    """A string that must not be shown: its ``repr`` is masked, so reports and logs never leak it."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'***'"


@dataclass(frozen=True, slots=True)
class Device:
    """The computing devices of a machine: extended resource name, model for display, count."""

    type: str
    model: str
    count: int


@dataclass(frozen=True, slots=True)
class Sku:
    """One kind of machine, as named under `machine-sku` in layout.yaml.

    cpu is in vcores, memory in MiB; device is None for a machine without computing devices.
    """

    name: str
    cpu: Fraction
    memory: Fraction
    device: Device | None = None


@dataclass(frozen=True, slots=True)
class Machine:
    """One row of `machine-list`: a Kubernetes node by name, its address, and the roles it carries."""

    name: str
    address: str
    sku: Sku
    is_master: bool = False
    is_worker: bool = False
    is_storage: bool = False
    no_job_exporter: bool = False
    no_log_manager: bool = False
    no_node_exporter: bool = False
    span: Span = field(default=Span("layout.yaml"), compare=False)


@dataclass(frozen=True, slots=True)
class Capacity:
    """What one node offers and what its pods already request: cpu in cores, memory in MiB."""

    cpu: Fraction
    memory: Fraction
    cpu_requested: Fraction = Fraction(0)
    memory_requested: Fraction = Fraction(0)


@dataclass(frozen=True, slots=True)
class Settings:
    """A checked input document with the schema's defaults filled in; read by path, typed at the point of use.

    Paths are given as keys: ``settings.integer("log-manager", "port")``. A wrong path or type is our bug
    and raises. Passwords are among what is read, so `repr` shows none of it.
    """

    data: Mapping[str, Any] = field(repr=False)

    def value(self, *path: str) -> Any:
        """Return the value at path, or None when it was not given and has no default."""
        node: Any = self.data
        for key in path:
            if not isinstance(node, Mapping) or key not in node:
                return None
            node = node[key]
        return node

    def has(self, *path: str) -> bool:
        """Tell whether a value other than null stands at path."""
        return self.value(*path) is not None

    def text(self, *path: str) -> str:
        """Return the string at path; an absent value is an empty string, a number its decimal form."""
        value = self.value(*path)
        if value is None:
            return ""
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, str | int | float):
            return str(value)
        raise TypeError(f"{'.'.join(path)} is not a scalar")

    def integer(self, *path: str) -> int:
        """Return the whole number at path; decimal strings are converted."""
        return int(self.value(*path))

    def flag(self, *path: str) -> bool:
        """Return the truth at path: booleans and "true"/"false" strings mean the same; absent is False."""
        return is_true(self.value(*path))

    def mapping(self, *path: str) -> Mapping[str, Any]:
        """Return the mapping at path, empty when absent."""
        value = self.value(*path)
        return value if isinstance(value, Mapping) else {}

    def items(self, *path: str) -> tuple[Any, ...]:
        """Return the list at path as a tuple, empty when absent."""
        value = self.value(*path)
        return tuple(value) if isinstance(value, list | tuple) else ()


@dataclass(frozen=True, slots=True)
class Cluster:
    """All facts about one site: machines in layout order, SKUs, and the settings of the three inputs.

    `config` is config.yaml, `services` is services-configuration.yaml, both with schema defaults filled in.
    `capacity` holds recorded node figures by node name (capacity.yaml), None when capacity comes from the
    layout.
    """

    machines: tuple[Machine, ...]
    skus: Mapping[str, Sku]
    config: Settings
    services: Settings
    capacity: Mapping[str, Capacity] | None = None
    api_server_url: str = ""
    dashboard_url: str = ""

    @property
    def master(self) -> Machine:
        """The one machine that carries pai-master."""
        return next(machine for machine in self.machines if machine.is_master)

    @property
    def workers(self) -> tuple[Machine, ...]:
        """Machines that run jobs, in layout order."""
        return tuple(machine for machine in self.machines if machine.is_worker)

    @property
    def workers_by_sku(self) -> Mapping[Sku, tuple[Machine, ...]]:
        """Workers grouped by SKU, in order of each SKU's first worker."""
        groups: dict[Sku, list[Machine]] = {}
        for machine in self.workers:
            groups.setdefault(machine.sku, []).append(machine)
        return {sku: tuple(machines) for sku, machines in groups.items()}


def is_true(value: object) -> bool:
    """Return the truth of a legacy switch: True, "true" in any case; everything else is False."""
    return value is True or (isinstance(value, str) and value.strip().lower() == "true")
