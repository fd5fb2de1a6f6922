"""Values of device-plugin. Legacy offers 110 FUSE devices (src/device-plugin/deploy/device-plugin.yaml)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from paichart.derive import device_plugin
from paichart.model import Cluster, Settings
from paichart.schema import load_schema, with_defaults


def derived(paichart: Mapping[str, Any] | None = None, services: Mapping[str, Any] | None = None) -> Any:
    given = {"docker_image_tag": "v1.8.0", "paichart": paichart or {}}
    cluster = Cluster(
        machines=(),
        skus={},
        config=Settings(with_defaults(given, load_schema("config"))),
        services=Settings(with_defaults(services or {}, load_schema("services-configuration"))),
    )
    return device_plugin.values(cluster)


def test_a_worker_offers_legacys_number_of_fuse_devices() -> None:
    assert derived() == {"kubeletRoot": "/var/lib/kubelet", "fuse": {"numDevices": 110}}


def test_count_and_kubelets_folder_can_be_given() -> None:
    values = derived({"fuse-device-count": 250, "kubelet-root": "/var/lib/k0s/kubelet/"})
    assert values == {"kubeletRoot": "/var/lib/k0s/kubelet", "fuse": {"numDevices": 250}}


def test_plugins_of_gpus_are_left_to_the_cluster() -> None:
    assert derived(services={"device-plugin": {"devices": ["nvidia.com/gpu", "amd.com/gpu"]}}) == derived()
