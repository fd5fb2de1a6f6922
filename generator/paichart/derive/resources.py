"""What a worker has left for jobs: cpu in cores, memory in MiB, both exact.

Legacy's arithmetic (`openpai_generator.py`), from the layout or recorded figures instead of live nodes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from statistics import median_high

from paichart.derive.common import is_qos_on
from paichart.derive.dshuttle import ON_WORKERS, is_dshuttle_on
from paichart.model import Capacity, Cluster
from paichart.quantity import cores, mebibytes

RESERVED_SHARE = Fraction(1, 100)
"""Legacy keeps this share of what a node offers, at most RESERVED_CPU cores and RESERVED_MEMORY MiB."""
RESERVED_CPU = Fraction(1, 2)
RESERVED_MEMORY = Fraction(1024)

QOS_DAEMON_MEMORY = Fraction(128 + 512 + 128)
"""MiB that node-exporter, job-exporter and log-manager are counted with on each worker when qos-switch is on.

Legacy adds the first resources block of each; its cpu is never given, so no cpu is counted.
"""


@dataclass(frozen=True, slots=True)
class Resources:
    """An amount of cpu in cores and of memory in MiB."""

    cpu: Fraction
    memory: Fraction

    def __add__(self, other: Resources) -> Resources:
        return Resources(self.cpu + other.cpu, self.memory + other.memory)

    def __sub__(self, other: Resources) -> Resources:
        return Resources(self.cpu - other.cpu, self.memory - other.memory)

    @property
    def is_positive(self) -> bool:
        """Tell whether there is some of both."""
        return self.cpu > 0 and self.memory > 0


@dataclass(frozen=True, slots=True)
class Reserve:
    """What jobs can't have: on every worker, and on a worker that is the master too."""

    worker: Resources
    master: Resources

    def left(self, node: Capacity, is_master: bool) -> Resources:
        """Return what jobs can have of a node; 0 or less of one means that it can't run any."""
        offered = Resources(node.cpu, node.memory)
        left = offered - Resources(node.cpu_requested, node.memory_requested) - _margin(offered) - self.worker
        return left - self.master if is_master else left


def reserve_of(cluster: Cluster) -> Reserve:
    """Return what is kept from jobs: PAI's daemons with their requests, DShuttle, config.yaml's reservations.

    DShuttle counts whether or not its pods have requests: its processes and files fill the memory either way.
    `node-reservation` stands for the cluster's own daemons: it counts where their requests were not recorded.
    """
    daemons = QOS_DAEMON_MEMORY if is_qos_on(cluster) else Fraction(0)
    worker = Resources(Fraction(0), daemons + _dshuttle_memory(cluster))
    if cluster.capacity is None:
        worker += _setting(cluster, "node-reservation")
    return Reserve(worker, _setting(cluster, "master-reservation"))


def distinct(amounts: Iterable[Resources]) -> tuple[Resources, ...]:
    """Return each object among amounts once: thousands of workers share a few, and fractions are slow."""
    return tuple({id(amount): amount for amount in amounts}.values())


def least(amounts: Iterable[Resources]) -> Resources:
    """Return the least cpu and the least memory, each on its own."""
    every = distinct(amounts)
    return Resources(min(amount.cpu for amount in every), min(amount.memory for amount in every))


def usual(amounts: Iterable[Resources]) -> Resources:
    """Return what at least half of the amounts reach, each resource on its own."""
    every = tuple(amounts)
    if len(alike := distinct(every)) == 1:
        return alike[0]
    return Resources(median_high(a.cpu for a in every), median_high(a.memory for a in every))


def _margin(offered: Resources) -> Resources:
    return Resources(
        min(offered.cpu * RESERVED_SHARE, RESERVED_CPU),
        min(offered.memory * RESERVED_SHARE, RESERVED_MEMORY),
    )


def _dshuttle_memory(cluster: Cluster) -> Fraction:
    """Return the MiB that DShuttle asks for on a worker: 7G by default, as legacy's guide says."""
    if not is_dshuttle_on(cluster):
        return Fraction(0)
    return sum(
        (mebibytes(cluster.services.text("dshuttle", f"{name}_request_mem")) for name in ON_WORKERS),
        Fraction(0),
    )


def _setting(cluster: Cluster, name: str) -> Resources:
    """Return a reservation of config.yaml, 0 for what it does not give."""
    return Resources(
        cores(cluster.config.text("paichart", name, "cpu") or "0"),
        mebibytes(cluster.config.text("paichart", name, "memory") or "0"),
    )
