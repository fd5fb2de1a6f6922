"""Values of the dshuttle-master subchart: ports, memory, what all processes are told, and its data."""

from __future__ import annotations

from paichart.derive import dshuttle
from paichart.derive.common import persistence
from paichart.derive.json import Json
from paichart.model import Cluster


def values(cluster: Cluster) -> dict[str, Json]:
    """Return the subchart's values; the port of its pages is among the shared values."""
    return {
        "environment": dshuttle.environment(cluster),
        "ports": {
            "rpc": dshuttle.port(cluster, "master_rpc_port"),
            "jobRpc": dshuttle.port(cluster, "job_master_rpc_port"),
            "jobWeb": dshuttle.port(cluster, "job_master_web_port"),
        },
        "memory": dshuttle.memory(cluster, "master"),
        "jobMaster": {"memory": dshuttle.memory(cluster, "job_master")},
        "log": dshuttle.log(cluster),
        "persistence": {
            "journal": persistence(cluster, dshuttle.JOURNAL_FOLDER),
            "ufs": persistence(cluster, dshuttle.FILES_FOLDER),
        },
    }
