"""The release's Secrets as manifests, for charts that hold none (`paichart.credentials: external`)."""

from __future__ import annotations

from typing import Any

from paichart.credentials import Credentials
from paichart.derive import common
from paichart.model import Cluster
from paichart.render import dump

JOB_NAMESPACE = "default"


def manifests(cluster: Cluster, credentials: Credentials, namespace: str) -> str:
    """Return YAML of the credentials Secret, the pull secret (both namespaces) and the jobs' SSH key."""
    pull_secret = str(common.values(cluster)["jobPullSecret"])
    config = {".dockerconfigjson": str(credentials.docker_config_json)}
    ssh_key = {
        "ssh-privatekey": str(credentials.ssh_private_key),
        "ssh-publickey": credentials.ssh_public_key,
    }
    name = cluster.config.text("paichart", "credentials-secret")
    secrets = [_secret(name, namespace, {key: str(value) for key, value in credentials.data.items()})]
    secrets += [
        _secret(pull_secret, where, config, "kubernetes.io/dockerconfigjson")
        for where in dict.fromkeys((namespace, JOB_NAMESPACE))
    ]
    secrets.append(_secret("job-ssh-secret", JOB_NAMESPACE, ssh_key))
    return "".join(f"---\n{dump(secret)}" for secret in secrets)


def _secret(name: str, namespace: str, data: dict[str, str], kind: str = "Opaque") -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": namespace},
        "type": kind,
        "stringData": data,
    }
