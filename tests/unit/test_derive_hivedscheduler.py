"""Values of hivedscheduler. The figures are worked by hand as legacy's `openpai_generator.py` works them out:
24 cores less 1 % are 23.76, a quarter of which is 5 whole ones; 220Gi less 1024Mi, a quarter: 56064Mi."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import pytest

from paichart.derive import hivedscheduler
from paichart.model import Cluster, Device, Machine, Settings, Sku
from paichart.schema import load_schema, with_defaults

MASTER = Sku("master-machine", Fraction(24), Fraction(61440))
GPU = Sku("gpu-machine", Fraction(24), Fraction(225280), Device("nvidia.com/gpu", "K80", 4))

ADMINS_OWN = """
physicalCluster:
  skuTypes: {K80: {gpu: 1, cpu: 4, memory: 8192Mi}}
  cellTypes: {K80-NODE: {childCellType: K80, childCellNumber: 4, isNodeLevel: true}}
  physicalCells: [{cellType: K80-NODE, cellAddress: pai-worker1}]
virtualClusters:
  research: {virtualCells: [{cellType: K80-NODE, cellNumber: 1}]}
waitingPodSchedulingBlockMilliSec: 10
"""


def cluster(services: Mapping[str, Any] | None = None, **config: Any) -> Cluster:
    """The quick-start layout, its settings as they are once defaults are filled in."""
    workers = [Machine(f"pai-worker{n}", f"10.0.0.{n + 1}", GPU, is_worker=True) for n in (1, 2)]
    given = {"docker_image_tag": "v1.8.0", **config}
    return Cluster(
        machines=(Machine("pai-master", "10.0.0.1", MASTER, is_master=True), *workers),
        skus={sku.name: sku for sku in (MASTER, GPU)},
        config=Settings(with_defaults(given, load_schema("config"))),
        services=Settings(with_defaults(services or {}, load_schema("services-configuration"))),
    )


def test_configuration_is_what_legacy_made() -> None:
    nothing_reserved = {"node-reservation": {"cpu": "0", "memory": "0"}}
    assert hivedscheduler.values(cluster(paichart=nothing_reserved))["config"] == {
        "physicalCluster": {
            "skuTypes": {"gpu-machine": {"gpu": 1, "cpu": 5, "memory": "56064Mi"}},
            "cellTypes": {
                "gpu-machine-NODE": {
                    "childCellType": "gpu-machine",
                    "childCellNumber": 4,
                    "isNodeLevel": True,
                },
                "gpu-machine-NODE-POOL": {"childCellType": "gpu-machine-NODE", "childCellNumber": 2},
            },
            "physicalCells": [
                {
                    "cellType": "gpu-machine-NODE-POOL",
                    "cellChildren": [{"cellAddress": "pai-worker1"}, {"cellAddress": "pai-worker2"}],
                }
            ],
        },
        "virtualClusters": {
            "default": {
                "virtualCells": [{"cellType": "gpu-machine-NODE-POOL.gpu-machine-NODE", "cellNumber": 2}]
            }
        },
    }


def test_a_configuration_of_the_admin_is_kept() -> None:
    config: Any = hivedscheduler.values(cluster({"hivedscheduler": {"config": ADMINS_OWN}}))["config"]
    assert config["virtualClusters"] == {
        "research": {"virtualCells": [{"cellType": "K80-NODE", "cellNumber": 1}]}
    }
    assert config["waitingPodSchedulingBlockMilliSec"] == 10


@pytest.mark.parametrize(
    ("version", "tag"),
    [
        pytest.param("", "", id="the-cluster's-own"),
        pytest.param("v1.30.4", "v1.30.4", id="plain"),
        pytest.param("1.29.4-gke.100", "v1.29.4", id="gke"),
        pytest.param("v1.30.5+k3s1", "v1.30.5", id="k3s"),
        pytest.param("1.31", "v1.31.0", id="minor-alone"),
    ],
)
def test_the_scheduler_has_the_version_that_is_given(version: str, tag: str) -> None:
    values: Any = hivedscheduler.values(cluster(paichart={"kubernetes-version": version}))
    assert values["kubeScheduler"]["image"] == {"tag": tag}
