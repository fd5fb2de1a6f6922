"""Clusters that are hard on a report: a large one, and one whose every free text is hostile."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction

from paichart.model import Cluster, Device, Machine, Settings, Sku
from tests.unit.derived import site

_SKUS = {
    name: Sku(
        name, Fraction(cpu), Fraction(memory * 1024), Device("nvidia.com/gpu", model, gpus) if gpus else None
    )
    for name, cpu, memory, model, gpus in (
        ("service", 64, 256, "", 0),
        ("a100", 96, 900, "A100", 8),
        ("h100", 192, 1800, "H100", 8),
        ("v100", 40, 448, "V100", 4),
        ("cpu", 64, 200, "", 0),
    )
}
_OF_TWENTY = ("a100",) * 9 + ("h100",) * 5 + ("v100",) * 3 + ("cpu",) * 3

EVIL = (
    "\"'></title><script>alert(1)</script><img src=x onerror=alert(2)>{{ 7 * 7 }}{% raw %}\u202egnp.exe\u2066"
)


def large(count: int) -> Cluster:
    """So many machines: a master, one for storage, and workers of four kinds, `a100` first: 9 of 20."""
    service = _SKUS["service"]
    machines = [
        Machine("services-1", "10.0.0.1", service, is_master=True),
        Machine("storage-1", "10.0.0.2", service, is_storage=True),
    ]
    for i in range(count - len(machines)):
        kind = _OF_TWENTY[i % len(_OF_TWENTY)]
        address = f"10.{1 + i // 65536}.{i // 256 % 256}.{i % 256}"
        machines.append(Machine(f"{kind}-{i:05}.example.com", address, _SKUS[kind], is_worker=True))
    return replace(site(), machines=tuple(machines), skus=_SKUS)


def hostile() -> Cluster:
    """A cluster whose every free text is hostile; the rules refuse some of them, the page relies on none."""
    sku = Sku(EVIL, Fraction(8), Fraction(4096), Device("nvidia.com/gpu", EVIL, 2))
    machines = tuple(
        replace(machine, name=f"{machine.name}{EVIL}", address=EVIL, sku=sku) for machine in site().machines
    )
    node = {"cellType": "a-node", "cellAddress": EVIL, "pinnedCellId": EVIL}
    spec = {
        "physicalCluster": {
            "skuTypes": {"a": {"gpu": 1, "cpu": 1, "memory": "1Gi"}},
            "cellTypes": {"a-node": {"childCellType": "a", "childCellNumber": 2, "isNodeLevel": True}},
            "physicalCells": [node],
        },
        "virtualClusters": {EVIL: {"pinnedCells": [{"pinnedCellId": EVIL}]}},
    }
    services = {
        **site().services.data,
        "cluster": {"common": {**site().services.mapping("cluster", "common"), "cluster-id": EVIL}},
        "hivedscheduler": {**site().services.mapping("hivedscheduler"), "config": json.dumps(spec)},
    }
    return replace(site(), machines=machines, skus={EVIL: sku}, services=Settings(services))
