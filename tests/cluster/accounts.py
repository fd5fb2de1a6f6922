"""Runs our scripts as a service account of a cluster, since a simulated pod runs no program."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlsplit

import yaml

from tests.rig.cluster import Cluster


def environment_of(cluster: Cluster, namespace: str, account: str, folder: Path) -> dict[str, str]:
    """The environment by which a pod's script finds the API server, and its account's token in the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "token").write_text(cluster.token(namespace, account), encoding="utf-8")
    (folder / "ca.crt").write_bytes(cluster.ca_file.read_bytes())
    server = urlsplit(cluster.server_url)
    return {
        "PATH": os.environ["PATH"],
        "PAICHART_SERVICEACCOUNT_DIR": str(folder),
        "KUBERNETES_SERVICE_HOST": str(server.hostname),
        "KUBERNETES_SERVICE_PORT": str(server.port),
    }


def may(cluster: Cluster, namespace: str, account: str, *what: str) -> bool:
    """Whether an account may do something, worded as for `kubectl auth can-i`."""
    user = f"--as=system:serviceaccount:{namespace}:{account}"
    return cluster.kubectl("auth", "can-i", *what, user, check=False).strip() == "yes"


def kubeconfig_of_account(cluster: Cluster, folder: Path, account: str) -> Path:
    """Make a service account in the namespace default, and a kubeconfig that acts as it."""
    cluster.kubectl("create", "serviceaccount", account)
    path = folder / "kubeconfig"
    user = {"name": account, "user": {"token": cluster.token("default", account)}}
    server = {"server": cluster.server_url, "certificate-authority": str(cluster.ca_file)}
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "c", "cluster": server}],
        "users": [user],
        "contexts": [{"name": account, "context": {"cluster": "c", "user": account}}],
        "current-context": account,
    }
    path.write_text(yaml.safe_dump(config))
    return path
