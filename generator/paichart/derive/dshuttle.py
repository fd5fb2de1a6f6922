"""DShuttle, a cache of training data made from Alluxio: what its three subcharts share.

Legacy's settings: src/dshuttle/config/dshuttle.yaml, src/dshuttle-master/deploy/dshuttle-config.yaml.
Names of properties: Alluxio's reference, docs/en/reference/Properties-List.md of its branch 2.x.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil
from typing import Any

from paichart.alluxio import MEMORY_FOLDER, parts, size
from paichart.derive.json import Json
from paichart.model import Cluster, Settings
from paichart.quantity import parse

JOURNAL_FOLDER = "/mnt/dshuttle/journal"
FILES_FOLDER = "/mnt/dshuttle/ufs"
"""Folders of an old installation on the master."""

ON_WORKERS = ("worker", "job_worker", "csi_daemon")
"""Processes of DShuttle that run on every worker."""

_SECTION = "dshuttle"
_FIRST_HEAP = 1024**3
_FIRST_HEAP_TEXT = "1G"
_LOGS_OF_MASTERS = 4
"""master, master_audit, secondary_master and job_master write a file each, with its old ones."""

_TUNING: Mapping[str, str] = {
    "alluxio.master.ufs.path.cache.capacity": "10000000",
    "alluxio.master.journal.type": "UFS",
    "alluxio.master.journal.folder": "/journal",
    "alluxio.master.mount.table.root.ufs": "/opt/alluxio/underFSStorage",
    "alluxio.master.rpc.executor.parallelism": "200",
    "alluxio.job.master.worker.heartbeat.interval": "1sec",
    "alluxio.job.master.finished.job.retention.time": "1sec",
    "alluxio.job.worker.threadpool.size": "200",
    "alluxio.security.authentication.type": "NOSASL",
    "alluxio.security.authorization.permission.enabled": "false",
    "alluxio.security.stale.channel.purge.interval": "365d",
    "alluxio.worker.network.reader.buffer.size": "1MB",
    "alluxio.user.metrics.collection.enabled": "true",
    "alluxio.user.block.size.bytes.default": "32MB",
    "alluxio.user.block.write.location.policy.class": "alluxio.client.block.policy.MostAvailableFirstPolicy",
    "alluxio.user.ufs.block.read.location.policy": "alluxio.client.block.policy.MostAvailableFirstPolicy",
    "alluxio.user.block.worker.client.pool.min": "50",
    "alluxio.user.file.master.client.pool.size.max": "50",
    "alluxio.user.file.passive.cache.enabled": "false",
    "alluxio.user.file.readtype.default": "CACHE",
    "alluxio.user.streaming.reader.chunk.size.bytes": "256KB",
    "alluxio.user.streaming.reader.buffer.size.messages": "2",
    "alluxio.user.network.streaming.flowcontrol.window": "1MB",
    "alluxio.user.update.file.accesstime.disabled": "true",
    "alluxio.user.metadata.cache.enabled": "true",
    "alluxio.user.metadata.cache.max.size": "2000000",
    "alluxio.user.metadata.cache.expiration.time": "24h",
    "alluxio.fuse.jnifuse.enabled": "true",
}
"""What legacy set for every process; the admin changes it by `extraOptions` of dshuttle-master."""


def is_dshuttle_on(cluster: Cluster) -> bool:
    """Tell whether DShuttle is installed (`cluster.common.dshuttle`)."""
    return cluster.services.flag("cluster", "common", "dshuttle")


def environment(cluster: Cluster) -> dict[str, Json]:
    """Return the Java options of each process, by the environment variable that the image reads.

    The master's address is put in by the chart, which knows the release's name.
    """
    of = cluster.services
    return {
        "ALLUXIO_JAVA_OPTS": _properties({**_TUNING, **_ports(of)}),
        "ALLUXIO_MASTER_JAVA_OPTS": _options(of, "master", {"alluxio.master.web.bind.host": "0.0.0.0"}),  # noqa: S104
        "ALLUXIO_JOB_MASTER_JAVA_OPTS": _options(
            of,
            "job_master",
            {"alluxio.job.master.bind.host": "0.0.0.0"},  # noqa: S104
        ),
        "ALLUXIO_WORKER_JAVA_OPTS": _options(of, "worker", _worker(of)),
        "ALLUXIO_JOB_WORKER_JAVA_OPTS": _options(of, "job_worker", _job_worker(of)),
        "ALLUXIO_FUSE_JAVA_OPTS": _options(of, "fuse", {}),
        # With any value the image makes no folder in memory of its own accord.
        "ALLUXIO_WORKER_TIEREDSTORE_LEVEL0_DIRS_PATH": MEMORY_FOLDER,
    }


def memory(cluster: Cluster, process: str) -> dict[str, Json]:
    """Return request and limit of `worker`, `job_worker`, `master`, `job_master` or `csi_daemon`."""
    of = cluster.services
    return {
        "request": of.text(_SECTION, f"{process}_request_mem"),
        "limit": of.text(_SECTION, f"{process}_limit_mem"),
    }


def port(cluster: Cluster, name: str) -> int:
    """Return a port by its legacy name, such as `worker_rpc_port`."""
    return cluster.services.integer(_SECTION, name)


def tiers(cluster: Cluster) -> tuple[Mapping[str, Any], ...]:
    """Return the tiers that the cache has."""
    return cluster.services.items(_SECTION, "tieredstores")


def log(cluster: Cluster) -> dict[str, Json]:
    """Return how much is logged, and the size of a volume that holds all files of the master."""
    of = cluster.services
    file_size, old = (
        of.text(_SECTION, "log", "max_file_size"),
        of.integer(_SECTION, "log", "max_backup_index"),
    )
    needed = _LOGS_OF_MASTERS * (old + 1) * size(file_size)
    return {
        "level": of.text(_SECTION, "log", "level"),
        "maxFileSize": file_size,
        "maxBackupIndex": old,
        # One gibibyte for what Java itself writes there.
        "volumeSize": f"{ceil(needed / 1024**3) + 1}Gi",
    }


def _ports(of: Settings) -> dict[str, str]:
    names = {
        "alluxio.master.rpc.port": "master_rpc_port",
        "alluxio.master.web.port": "master_web_port",
        "alluxio.job.master.rpc.port": "job_master_rpc_port",
        "alluxio.job.master.web.port": "job_master_web_port",
        "alluxio.worker.rpc.port": "worker_rpc_port",
        "alluxio.worker.web.port": "worker_web_port",
    }
    return {name: of.text(_SECTION, key) for name, key in names.items()}


def _worker(of: Settings) -> dict[str, str]:
    """Return the worker's properties; its shell fills in the variable when the process starts."""
    every: tuple[Mapping[str, Any], ...] = of.items(_SECTION, "tieredstores")
    found = {
        "alluxio.worker.bind.host": "0.0.0.0",  # noqa: S104
        "alluxio.worker.hostname": "${ALLUXIO_WORKER_HOSTNAME}",
        "alluxio.worker.data.server.domain.socket.address": "/opt/domain",
        "alluxio.worker.data.server.domain.socket.as.uuid": "true",
        # In bytes, for Alluxio can't read Kubernetes' Gi.
        "alluxio.worker.memory.size": f"{int(parse(of.text(_SECTION, 'worker_request_mem')))}B",
        "alluxio.worker.tieredstore.levels": str(len(every)),
    }
    for tier in every:
        level = f"alluxio.worker.tieredstore.level{tier['level']}"
        found |= {
            f"{level}.alias": str(tier["alias"]),
            f"{level}.dirs.mediumtype": ",".join(parts(tier["mediumtype"])),
            f"{level}.dirs.path": ",".join(parts(tier["path"])),
            f"{level}.dirs.quota": ",".join(parts(tier["quota"])),
            f"{level}.watermark.high.ratio": str(tier["watermark_high_ratio"]),
            f"{level}.watermark.low.ratio": str(tier["watermark_low_ratio"]),
        }
    return found


def _job_worker(of: Settings) -> dict[str, str]:
    return {
        "alluxio.worker.hostname": "${ALLUXIO_WORKER_HOSTNAME}",
        "alluxio.job.worker.rpc.port": of.text(_SECTION, "job_worker_rpc_port"),
        "alluxio.job.worker.data.port": of.text(_SECTION, "job_worker_data_port"),
        "alluxio.job.worker.web.port": of.text(_SECTION, "job_worker_web_port"),
    }


def _options(of: Settings, process: str, properties: Mapping[str, str]) -> str:
    """Return a process's properties, then its heap, direct memory and cores.

    The first heap is legacy's 1G, but never above the largest: Java would not start.
    """
    heap = of.text(_SECTION, f"{process}_max_heap_size")
    first = _FIRST_HEAP_TEXT if size(heap) >= _FIRST_HEAP else heap
    java = [f"-Xms{first}", f"-Xmx{heap}"]
    if of.has(_SECTION, f"{process}_max_direct_mem_size"):
        java.append(f"-XX:MaxDirectMemorySize={of.text(_SECTION, f'{process}_max_direct_mem_size')}")
    java.append(f"-XX:ActiveProcessorCount={of.text(_SECTION, f'{process}_active_processor_count')}")
    return " ".join([_properties(properties), *java]).strip()


def _properties(properties: Mapping[str, str]) -> str:
    return " ".join(f"-D{name}={value}" for name, value in properties.items())
