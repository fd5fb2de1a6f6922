"""Values of the docker-cache subchart: what is cached, where layers are kept, and the port on the nodes.

Legacy's quick start wrote the `docker_cache_*` keys of config.yaml into the section docker-cache of
services-configuration.yaml; so that section wins, key by key.
"""

from __future__ import annotations

from paichart.derive import common
from paichart.derive.json import Json
from paichart.model import Cluster

SECTION = "docker-cache"
LOGIN_KEYS = ("docker_cache_registry_htpasswd", "docker_cache_htpasswd")
"""The key of config.yaml that legacy read, and the one that it documented."""


def is_wanted(cluster: Cluster) -> bool:
    """Tell whether the cache is asked for: `docker-cache.enabled`, else `enable_docker_cache`."""
    if cluster.services.has(SECTION, "enabled"):
        return cluster.services.flag(SECTION, "enabled")
    return cluster.config.flag("enable_docker_cache")


def values(cluster: Cluster) -> dict[str, Json]:
    """Return the subchart's values; the key of the Azure account and the login are credentials."""
    return {
        # The registry appends /v2/.
        "remoteUrl": _setting(cluster, "remote_url").rstrip("/"),
        "login": {"enabled": _has_login(cluster)},
        "port": cluster.services.integer(SECTION, "container_port"),
        "service": {"nodePort": cluster.services.integer(SECTION, "service_nodeport")},
        **(_in_azure(cluster) if _setting(cluster, "storage_backend") == "azure" else _on_disk(cluster)),
    }


def _in_azure(cluster: Cluster) -> dict[str, Json]:
    account = {
        "accountName": _setting(cluster, "azure_account_name"),
        "container": _setting(cluster, "azure_container_name"),
    }
    return {"storage": {"backend": "azure", "azure": dict(account)}}


def _on_disk(cluster: Cluster) -> dict[str, Json]:
    folder = "/" + "/".join(filter(None, _setting(cluster, "fs_mount_path").split("/")))
    return {
        "storage": {"backend": "filesystem", "filesystem": {"rootDirectory": folder}},
        "persistence": common.persistence(
            cluster, common.data_path(cluster, SECTION), size="image-cache-size"
        ),
    }


def _setting(cluster: Cluster, key: str) -> str:
    return cluster.services.text(SECTION, key) or cluster.config.text(f"docker_cache_{key}")


def _has_login(cluster: Cluster) -> bool:
    given = [cluster.services.text(SECTION, "registry-htpasswd"), *map(cluster.config.text, LOGIN_KEYS)]
    return any(given)
