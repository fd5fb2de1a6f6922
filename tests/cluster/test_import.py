"""`paichart import --from-cluster` on a real API server with objects as paictl left them, up to the build."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cluster.accounts import kubeconfig_of_account
from tests.cluster.conftest import ClusterFactory
from tests.cluster.legacy.shapes import made, secret
from tests.cluster.legacy.workloads import Workload
from tests.rig.cluster import Cluster

pytestmark = pytest.mark.cluster

CHECKOUT = Path(__file__).parents[2]
CONFIG = """\
# written by Bob
user: root
password: sesame-ssh
docker_image_tag: v1.6.0
kube_image_repo: mirror.example.com/google-containers
"""
LAYOUT = """\
machine-sku:
  big: {mem: 60Gi, cpu: {vcore: 24}}
  gpu: {mem: 220Gi, cpu: {vcore: 24}, computing-device: {type: nvidia.com/gpu, model: K80, count: 4}}
machine-list:
- {hostname: master, hostip: 10.0.0.1, machine-type: big, pai-master: "true"}
- {hostname: worker1, hostip: 10.0.0.2, machine-type: gpu, pai-worker: "true"}
"""
SERVICES = """\
cluster:
  common: {cluster-id: vision, qos-switch: "true"}
  docker-registry: {tag: v1.6.0, secret-name: regsecret}
rest-server:
  default-pai-admin-username: boss
  default-pai-admin-password: sesame-admin
  jwt-secret: sesame-outdated
alert-manager:
  pai-bearer-token: sesame-token
"""
KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\nsesame-key\n-----END OPENSSH PRIVATE KEY-----\n"
WORKLOADS = (
    Workload("DaemonSet", "postgresql-ds", "postgresql", env={"POSTGRES_PASSWORD": "sesame-database"}),
    Workload("DaemonSet", "rest-server-ds", "rest-server", env={"JWT_SECRET": "sesame-jwt"}),
    Workload("DaemonSet", "internal-storage-create-ds", "internal-storage-create"),
)
MUST_BE_READ = "configmaps,secrets,daemonsets.apps,deployments.apps"


@pytest.fixture(scope="module")
def cluster(cluster_factory: ClusterFactory) -> Cluster:
    """The configuration that paictl pushed, and three services with passwords that it does not tell."""
    made_cluster = cluster_factory()
    texts = {"config.yaml": CONFIG, "layout.yaml": LAYOUT, "services-configuration.yaml": SERVICES}
    objects: list[dict[str, Any]] = [
        made("ConfigMap", "pai-configuration", "default", data=texts),
        secret("job-ssh-secret", "default", {"ssh-privatekey": KEY, "ssh-publickey": "ssh-rsa k\n"}),
        secret("regsecret", "default", {".dockerconfigjson": '{"auths": {"r.example.com": {}}}'}),
        *(workload.manifest for workload in WORKLOADS),
    ]
    made_cluster.kubectl("apply", "-f", "-", input=yaml.safe_dump_all(objects))
    return made_cluster


def paichart(folder: Path, kubeconfig: Path, *args: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT / "generator"), "KUBECONFIG": str(kubeconfig)}
    command = [sys.executable, "-m", "paichart.cli", *args]
    return subprocess.run(
        command, capture_output=True, text=True, env=environment, cwd=folder, timeout=120, check=False
    )


def test_the_cluster_becomes_inputs_that_build_with_its_secrets(cluster: Cluster, tmp_path: Path) -> None:
    before = cluster.kubectl("get", "configmaps,secrets,daemonsets", "-o", "name", "-A")
    shown = ""
    for arguments in (("import", "--from-cluster", "-o", "new"), ("validate", "new"), ("build", "new")):
        result = paichart(tmp_path, cluster.kubeconfig, *arguments)
        assert result.returncode == 0, result.stderr
        shown += result.stdout + result.stderr
    assert "sesame" not in shown
    assert "machine-list (2)" in shown
    assert cluster.kubectl("get", "configmaps,secrets,daemonsets", "-o", "name", "-A") == before

    config = (tmp_path / "new/config.yaml").read_text().split("\n", 1)[1]
    assert config == "# written by Bob\ndocker_image_tag: v1.8.0\nenable_hived_scheduler: false\n"
    services = yaml.safe_load((tmp_path / "new/services-configuration.yaml").read_text())
    assert services == {
        "cluster": {
            "common": {"cluster-id": "vision", "qos-switch": "true"},
            "docker-registry": {"tag": "v1.8.0", "secret-name": "regsecret"},
        },
        "rest-server": {"default-pai-admin-username": "boss"},
        "alert-manager": {"pai-bearer-token": "sesame-token"},
        "internal-storage": {"enable": True},
    }

    built = yaml.safe_load((tmp_path / "out/values.yaml").read_text())
    data = built["cluster-configuration"]["credentials"]["data"]
    assert data["jwt-secret"] == "sesame-jwt"  # as it runs, not as it is configured
    assert data["database-password"] == "sesame-database"
    assert data["admin-password"] == "sesame-admin"
    assert (tmp_path / "out/values.yaml").read_text().count("sesame-key") == 1


def test_what_may_not_be_read_is_told_at_once_and_nothing_is_written(
    cluster: Cluster, tmp_path: Path
) -> None:
    kubeconfig = kubeconfig_of_account(cluster, tmp_path, "importer")
    arguments = ("import", "--from-cluster", "-o", "new")
    refused = paichart(tmp_path, kubeconfig, *arguments)
    assert refused.returncode == 3
    for name in ("configmaps/pai-configuration", "daemonsets/postgresql-ds", "secrets/job-ssh-secret"):
        assert name in refused.stderr
    assert not (tmp_path / "new").exists()
    cluster.kubectl("create", "role", "importer", "--verb=get", f"--resource={MUST_BE_READ}")
    cluster.kubectl(
        "create", "rolebinding", "importer", "--role=importer", "--serviceaccount=default:importer"
    )
    allowed = paichart(tmp_path, kubeconfig, *arguments)
    assert allowed.returncode == 0, allowed.stderr
