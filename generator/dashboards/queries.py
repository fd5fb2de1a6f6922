"""PromQL that several dashboards share; tests/chart/data/metrics.yaml lists metrics and their labels."""

from __future__ import annotations

from collections.abc import Mapping

NODE = "instance=~`${node:regex}(:[0-9]+)?`"
"""Everything that a node's exporters say; the variable holds the address alone, as the portal gives it."""
ON_HOST = 'host_ip="$node"'
"""What watchdog says of a node."""
POD_INTERFACES = "veth|cali|cilium|lxc|cni|docker|br-|flannel|tunl|vxlan|kube-ipvs|virbr|dummy|nodelocaldns"
NETWORK = f'device!~"lo|({POD_INTERFACES}).*"'
"""Interfaces of the machine, without those of pods and of the pod network, which would count bytes twice."""
DISKS = 'device!~"loop.*|ram.*|sr.*|dm-.*|md.*"'
"""Disks, without what is built on top of them."""
FILES = 'device=~"/dev/.*",fstype!~"squashfs|iso9660|tmpfs"'
"""File systems on disks."""


def selector(*conditions: str) -> str:
    """Return `{a,b}` of the conditions that are not empty; nothing without any."""
    given = ",".join(condition for condition in conditions if condition)
    return f"{{{given}}}" if given else ""


def rate(metric: str, *conditions: str) -> str:
    """Return the growth a second, over a window that fits scrape interval and screen."""
    return f"rate({metric}{selector(*conditions)}[$__rate_interval])"


def by_host(how: str, query: str) -> str:
    """Return query summed up for each machine: exporters of one machine differ in the port of `instance`."""
    return f'{how} by (host) (label_replace({query}, "host", "$1", "instance", "(.*?)(:[0-9]+)?"))'


def cpu_percent(*conditions: str, by: str = "") -> str:
    """Return how busy processors are, in percent of all of them."""
    how = f"avg by ({by})" if by else "avg"
    idle = rate("node_cpu_seconds_total", 'mode="idle"', *conditions)
    return f"100 * (1 - {how} ({idle}))"


def memory_percent(*conditions: str) -> str:
    """Return how much memory is neither free nor given back on demand, in percent."""
    where = selector(*conditions)
    return f"100 * (1 - sum(node_memory_MemAvailable_bytes{where}) / sum(node_memory_MemTotal_bytes{where}))"


def memory_parts(*conditions: str) -> Mapping[str, str]:
    """Return what memory is used for: {legend: query}, which add up to all of it."""
    where = selector(*conditions)
    total, available = (
        f"sum(node_memory_MemTotal_bytes{where})",
        f"sum(node_memory_MemAvailable_bytes{where})",
    )
    free = f"sum(node_memory_MemFree_bytes{where})"
    return {
        "used": f"{total} - {available}",
        "cache and buffers": f"{available} - {free}",
        "free": free,
    }


def network(*conditions: str) -> Mapping[str, str]:
    """Return what machines receive and send: {legend: query}."""
    return {
        "in": f"sum({rate('node_network_receive_bytes_total', NETWORK, *conditions)})",
        "out": f"sum({rate('node_network_transmit_bytes_total', NETWORK, *conditions)})",
    }


def disk(*conditions: str) -> Mapping[str, str]:
    """Return what machines read from and write to disks: {legend: query}."""
    return {
        "read": f"sum({rate('node_disk_read_bytes_total', DISKS, *conditions)})",
        "write": f"sum({rate('node_disk_written_bytes_total', DISKS, *conditions)})",
    }


def full_percent(*conditions: str) -> str:
    """Return how full each file system is, in percent."""
    where = selector(FILES, *conditions)
    return f"100 * (1 - node_filesystem_avail_bytes{where} / node_filesystem_size_bytes{where})"


def temperature(*conditions: str) -> str:
    """Return how hot each card is, whoever made it."""
    where = selector(*conditions)
    return f"nvidiasmi_temperature{where} or rocmsmi_temperature{where}"


def or_zero(query: str) -> str:
    """Return query, or 0 where it finds nothing: for counts of what should not be."""
    return f"{query} or vector(0)"


def cards_held(*conditions: str) -> str:
    """Return which cards tasks hold: one series a card and virtual cluster."""
    return f"max by (virtual_cluster, instance, minor_number) (task_gpu_percent{selector(*conditions)})"
