"""The machines of a new layout: nodes with roles and SKUs, such that jobs find room on every worker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

from paichart.derive.resources import Reserve, Resources, reserve_of
from paichart.model import Capacity, Cluster, Machine, Settings, Sku
from paichart.schema import load_schema, with_defaults
from paichart.starter.kinds import Kind, kinds_of
from paichart.starter.roles import Roles, RolesError

_SMALLER = (Resources(Fraction(1), Fraction(4096)), Resources(Fraction(1, 2), Fraction(2048)))
"""What services get on a small master that runs jobs: less than they would like, yet enough for a trial."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A layout to be written: machines in its order, their kinds, and what else is to be told.

    `reservation` is what a shared master keeps for the services where the default leaves no room for jobs.
    """

    machines: tuple[Machine, ...]
    kinds: tuple[Kind, ...]
    left_out: Mapping[str, str] = field(default_factory=dict)
    why_master: str = ""
    warnings: tuple[str, ...] = ()
    taints: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    reservation: Resources | None = None

    @property
    def master(self) -> Machine:
        """The machine that runs OpenPAI's services."""
        return next(machine for machine in self.machines if machine.is_master)

    @property
    def workers(self) -> tuple[Machine, ...]:
        """Machines that run jobs."""
        return tuple(machine for machine in self.machines if machine.is_worker)

    @property
    def is_shared(self) -> bool:
        """Tell whether the master runs jobs too."""
        return self.master.is_worker


def plan(roles: Roles) -> Plan:
    """Return the layout of nodes that have roles. Raises RolesError when no worker has room for a job.

    Workers too small for one are left out, and the reason is told.
    """
    default = _default_reserve()
    reservation = None
    if roles.is_shared:
        alone = kinds_of([roles.master])[0].sku
        reserves = (default, *(Reserve(default.worker, smaller) for smaller in _SMALLER))
        fit = [reserve for reserve in reserves if _has_room(alone, reserve, is_master=True)]
        if not fit:
            raise RolesError(f"'{roles.master.name}' is too small for services and jobs", "add another node")
        reservation = fit[0].master if fit[0] is not default else None
    # A master that works keeps room for the services: in a SKU with others, all would be cut that small.
    apart = (roles.master.name,) if roles.is_shared and len(roles.workers) > 1 else ()
    small = _too_small(roles, kinds_of(roles.nodes, apart), default)
    workers = tuple(worker for worker in roles.workers if worker.name not in small)
    if not workers:
        raise RolesError("no node can run jobs", f"each {next(iter(small.values()))}")
    left_out = {**roles.left_out, **small}
    kept = replace(roles, workers=workers, left_out=left_out)
    for name in (kept.master.name, *(node.name for node in kept.storage)):
        left_out.pop(name, None)
    return _plan(kept, kinds_of(kept.nodes, apart), reservation)


def _plan(roles: Roles, kinds: Sequence[Kind], reservation: Resources | None) -> Plan:
    skus = {node.name: kind.sku for kind in kinds for node in kind.nodes}
    workers = {node.name for node in roles.workers}
    storage = {node.name for node in roles.storage}
    place = {kind.sku.name: i for i, kind in enumerate(kinds)}
    first = roles.master.name
    ordered = sorted(
        roles.nodes,
        key=lambda node: (node.name != first, node.name not in workers, place[skus[node.name].name]),
    )
    machines = tuple(
        Machine(
            node.name,
            node.address,
            skus[node.name],
            is_master=node.name == first,
            is_worker=node.name in workers,
            is_storage=node.name in storage,
        )
        for node in ordered
    )
    used = dict.fromkeys(machine.sku.name for machine in machines)
    by_name = {kind.sku.name: kind for kind in kinds}
    return Plan(
        machines,
        tuple(by_name[name] for name in used),
        roles.left_out,
        roles.why_master,
        roles.warnings,
        taints=tuple(
            dict.fromkeys(taint for node in roles.workers for taint in (*node.taints, *node.own_taints))
        ),
        others=tuple(sorted({other for node in roles.workers for other in node.others})),
        reservation=reservation,
    )


def _too_small(roles: Roles, kinds: Sequence[Kind], reserve: Reserve) -> dict[str, str]:
    """Return the workers whose SKU leaves no room for a job, and why; a master that works is none of them."""
    workers = {node.name for node in roles.workers} - {roles.master.name}
    return {
        node.name: _why_small(kind.sku, reserve)
        for kind in kinds
        if not _has_room(kind.sku, reserve, is_master=False)
        for node in kind.nodes
        if node.name in workers
    }


def _why_small(sku: Sku, reserve: Reserve) -> str:
    kept = f"{float(reserve.worker.cpu):g} cores and {float(reserve.worker.memory / 1024):g}Gi are reserved"
    if sku.device:
        return f"has {float(sku.cpu):g} cores for {sku.device.count} devices, each needs one, and {kept}"
    return f"is too small for a job: of {float(sku.cpu):g} cores and its memory {kept}"


def _has_room(sku: Sku, reserve: Reserve, *, is_master: bool) -> bool:
    """Tell whether HiveD can cut a node of the SKU into cells of at least a core and a MiB."""
    left = reserve.left(Capacity(sku.cpu, sku.memory), is_master)
    parts = sku.device.count if sku.device else 1
    return left.cpu >= parts and left.memory >= max(parts, int(left.cpu))


def _default_reserve() -> Reserve:
    """Return what the build keeps from jobs when config.yaml says nothing about it."""
    config = Settings(with_defaults({}, load_schema("config")))
    services = Settings(with_defaults({}, load_schema("services-configuration")))
    return reserve_of(Cluster((), {}, config, services))
