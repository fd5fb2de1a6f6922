"""What other subcharts need to know about HiveD: is it on, its schedulers' names, the default device."""

from __future__ import annotations

from paichart.hived import SCHEDULER_PREFIX
from paichart.model import GPU_DEFAULT_TYPE, Cluster, is_true


def is_hived_on(cluster: Cluster) -> bool:
    """Tell whether HiveD schedules jobs: `enable_hived_scheduler` of config.yaml, true when not given."""
    value = cluster.config.value("enable_hived_scheduler")
    return value is None or is_true(value)


def scheduler_name(virtual_cluster: str) -> str:
    """Return the scheduler name that job pods of a virtual cluster carry."""
    return SCHEDULER_PREFIX + virtual_cluster


def default_device_type(cluster: Cluster) -> str:
    """Return the resource that a job's `gpu` stands for: the first worker's device type, in layout order."""
    devices = (worker.sku.device for worker in cluster.workers)
    return next((device.type for device in devices if device), GPU_DEFAULT_TYPE)
