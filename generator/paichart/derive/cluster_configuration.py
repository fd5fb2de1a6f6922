"""Values of the cluster-configuration subchart: the layout as images read it, and the nodes' role labels."""

from __future__ import annotations

from paichart.derive.json import Json
from paichart.model import Cluster, Machine

TRUE = "true"


def values(cluster: Cluster) -> dict[str, Json]:
    """Return the subchart's values, without credentials."""
    return {
        "layout": layout(cluster),
        "gpuConfiguration": gpu_configuration(cluster),
        "nodeLabels": {
            "enabled": cluster.config.flag("paichart", "label-nodes"),
            "groups": [
                {"labels": dict.fromkeys(labels, TRUE), "nodes": list(nodes)}
                for labels, nodes in label_groups(cluster).items()
            ],
        },
    }


def node_labels(machine: Machine) -> dict[str, str]:
    """Return the labels of a machine's node: its roles and opt-outs, each "true"."""
    roles = {
        "pai-master": machine.is_master,
        "pai-worker": machine.is_worker,
        "pai-storage": machine.is_storage,
        "no-jobexporter": machine.no_job_exporter,
        "no-logmanager": machine.no_log_manager,
        "no-nodeexporter": machine.no_node_exporter,
    }
    return {label: TRUE for label, carried in roles.items() if carried}


def label_groups(cluster: Cluster) -> dict[tuple[str, ...], list[str]]:
    """Return sets of labels and the nodes that carry them, by first appearance; every machine once."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for machine in cluster.machines:
        groups.setdefault(tuple(node_labels(machine)), []).append(machine.name)
    return groups


def gpu_configuration(cluster: Cluster) -> dict[str, Json]:
    """Return {node: {gpuType, gpuCount}} of machines with computing devices, as the job exporter reads it."""
    return {
        machine.name: {"gpuType": machine.sku.device.type, "gpuCount": machine.sku.device.count}
        for machine in cluster.machines
        if machine.sku.device
    }


def layout(cluster: Cluster) -> dict[str, Json]:
    """Return the machine list that rest-server shows: host name, address, SKU and roles of every machine."""
    return {
        "machine-list": [
            {
                "hostname": machine.name,
                "hostip": machine.address,
                "machine-type": machine.sku.name,
                **node_labels(machine),
            }
            for machine in cluster.machines
        ]
    }
