"""The release stays far below what etcd takes, however large the cluster."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from tests.chart.charts import merged, scenario_values
from tests.chart.release_size import config_map_sizes, release_secret_size
from tests.chart.render import manifest, render, run_helm
from tests.chart.umbrella import all_values, umbrella

MIB = 1024 * 1024
BUDGET = 500 * 1024
MANY = 5_000


def test_packaged_umbrella_is_within_budget(tmp_path: Path) -> None:
    run_helm("package", str(umbrella()), "--destination", str(tmp_path))
    (archive,) = tmp_path.glob("*.tgz")
    assert archive.stat().st_size < BUDGET


def test_release_secret_is_within_budget() -> None:
    values = all_values()
    assert release_secret_size(manifest(umbrella(), values), umbrella(), values) < BUDGET


def test_a_large_release_would_be_noticed() -> None:
    noise = "".join(hashlib.sha256(str(number).encode()).hexdigest() for number in range(20_000))
    assert release_secret_size(noise, umbrella(), {}) > BUDGET


def many_machines(count: int) -> dict[str, Any]:
    """Values of cluster-configuration as the generator writes them for so many machines with long names."""
    names = [f"gpu-node-{number:05d}.rack-{number % 97:02d}.cluster.example.com" for number in range(count)]
    machines = [
        {
            "hostname": name,
            "hostip": f"10.{number // 65536}.{number // 256 % 256}.{number % 256}",
            "machine-type": "gpu-machine",
            "pai-worker": "true",
        }
        for number, name in enumerate(names)
    ]
    own = {
        "layout": {"machine-list": machines},
        "gpuConfiguration": {name: {"gpuType": "nvidia.com/gpu", "gpuCount": 8} for name in names},
        "nodeLabels": {"groups": [{"labels": {"pai-worker": "true"}, "nodes": names}]},
    }
    return merged(scenario_values("cluster-configuration", "quick-start"), own)


@pytest.fixture(scope="module")
def many_rendered() -> dict[str, int]:
    """Size of each ConfigMap of cluster-configuration for 5,000 machines, in bytes of its JSON."""
    return config_map_sizes(render("cluster-configuration", many_machines(MANY)))


def test_config_maps_of_5000_machines_fit(many_rendered: dict[str, int]) -> None:
    assert {name: size for name, size in many_rendered.items() if size >= MIB} == {}


def test_a_build_foretells_no_less_than_a_config_map_holds() -> None:
    values = many_machines(MANY)
    objects = render("cluster-configuration", values)
    keys = {"openpai-layout": "layout", "openpai-gpu-configuration": "gpuConfiguration"}
    for name, key in keys.items():
        content = sum(len(text.encode()) for text in objects.find("ConfigMap", name)["data"].values())
        assert content <= len(json.dumps(values[key]).encode()) <= content * 1.2, name


def test_config_maps_grow_with_the_layout(many_rendered: dict[str, int]) -> None:
    small = render("cluster-configuration", many_machines(50))
    layout = len(json.dumps(small.find("ConfigMap", "openpai-layout")).encode())
    assert many_rendered["openpai-layout"] > 20 * layout


def test_release_of_5000_machines_fits() -> None:
    values = all_values({"cluster-configuration": many_machines(MANY)})
    assert release_secret_size(manifest(umbrella(), values), umbrella(), values) < MIB
