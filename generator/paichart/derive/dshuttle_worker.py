"""Values of the dshuttle-worker subchart: ports on the workers, memory, and how much of it holds files."""

from __future__ import annotations

from paichart.alluxio import memory_tier
from paichart.derive import dshuttle
from paichart.derive.json import Json
from paichart.model import Cluster
from paichart.quantity import parse, to_text


def values(cluster: Cluster) -> dict[str, Json]:
    """Return the subchart's values."""
    in_memory = memory_tier(dshuttle.tiers(cluster))
    return {
        "masterRpcPort": dshuttle.port(cluster, "master_rpc_port"),
        "ports": {
            "rpc": dshuttle.port(cluster, "worker_rpc_port"),
            "web": dshuttle.port(cluster, "worker_web_port"),
            "jobRpc": dshuttle.port(cluster, "job_worker_rpc_port"),
            "jobData": dshuttle.port(cluster, "job_worker_data_port"),
            "jobWeb": dshuttle.port(cluster, "job_worker_web_port"),
        },
        "memory": dshuttle.memory(cluster, "worker"),
        "jobWorker": {"memory": dshuttle.memory(cluster, "job_worker")},
        # Java itself keeps some files there.
        "memoryFolderSize": to_text(parse(in_memory), binary=True) if in_memory else "64Mi",
    }
