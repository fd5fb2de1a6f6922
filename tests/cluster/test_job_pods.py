"""The policy that completes job pods, on a real API server: they get what they lack, and keep the rest."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.chart.charts import subchart
from tests.chart.render import Object
from tests.cluster.conftest import ClusterFactory
from tests.rig.cluster import Cluster
from tests.rig.processes import RigError

pytestmark = pytest.mark.cluster

GPU_TAINT = {"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}
TEAM_TAINT = {
    "key": "team",
    "operator": "Equal",
    "value": "ai",
    "effect": "NoExecute",
    "tolerationSeconds": 300,
}
POLICY = {
    "enabled": True,
    "runtimeClassName": "nvidia",
    "appArmorField": True,
    "tolerations": [GPU_TAINT, TEAM_TAINT],
    "imagePullSecrets": ["mirror-login", "pai-secret"],
    "imageMirror": "mirror.example.com:5000/hub",
}


@pytest.fixture(scope="module")
def cluster(cluster_factory: ClusterFactory, tmp_path_factory: pytest.TempPathFactory) -> Cluster:
    cluster = cluster_factory()
    for name in ("nvidia", "kata"):
        runtime_class = {"metadata": {"name": name}, "handler": name}
        cluster.api.post("/apis/node.k8s.io/v1/runtimeclasses", runtime_class)
    values = tmp_path_factory.mktemp("values") / "values.json"
    values.write_text(json.dumps({"jobPodPolicy": POLICY}))
    cluster.helm("install", "openpai", subchart("openpai-runtime"), f"--values={values}")

    def works() -> bool:
        return "runtimeClassName" in created(cluster, job_pod())["spec"]

    cluster.wait(works, 30, "the policy completes job pods")
    return cluster


def job_pod(image: str = "ubuntu:22.04", **spec: Any) -> Object:
    """A pod as rest-server v1.8.0 describes it (src/models/v2/job/k8s.js), shortened."""
    return {
        "metadata": {
            "generateName": "job-",
            "labels": {"type": "kube-launcher-task"},
            "annotations": {"container.apparmor.security.beta.kubernetes.io/app": "unconfined"},
        },
        "spec": {
            "serviceAccountName": "runtime-account",
            "initContainers": [{"name": "init", "image": "docker.io/openpai/openpai-runtime:v1.8.0"}],
            "containers": [
                {"name": "app", "image": image, "securityContext": {"capabilities": {"drop": ["MKNOD"]}}}
            ],
            "imagePullSecrets": [{"name": "pai-secret"}],
            "hostNetwork": True,
            **spec,
        },
    }


def created(cluster: Cluster, pod: Object, namespace: str = "default") -> Object:
    """What the API server makes of a pod; nothing is stored."""
    return cluster.api.post(f"/api/v1/namespaces/{namespace}/pods?dryRun=All", pod)


def own_tolerations(pod: Object) -> list[Object]:
    """A pod's tolerations without those that Kubernetes adds."""
    return [
        entry for entry in pod["spec"]["tolerations"] if not entry["key"].startswith("node.kubernetes.io/")
    ]


def test_a_job_pod_gets_all_that_it_lacks(cluster: Cluster) -> None:
    pod = created(cluster, job_pod())
    assert pod["spec"]["runtimeClassName"] == "nvidia"
    assert pod["spec"]["containers"][0]["securityContext"]["appArmorProfile"] == {"type": "Unconfined"}
    assert pod["spec"]["containers"][0]["securityContext"]["capabilities"] == {"drop": ["MKNOD"]}
    assert own_tolerations(pod) == [GPU_TAINT, TEAM_TAINT]
    assert pod["spec"]["imagePullSecrets"] == [{"name": "pai-secret"}, {"name": "mirror-login"}]
    assert pod["spec"]["initContainers"][0]["image"] == "docker.io/openpai/openpai-runtime:v1.8.0"


def test_what_a_job_pod_has_stays(cluster: Cluster) -> None:
    own = {"key": "own", "operator": "Exists"}
    pod = created(cluster, job_pod(runtimeClassName="kata", tolerations=[own]))
    assert pod["spec"]["runtimeClassName"] == "kata"
    assert own_tolerations(pod) == [own, GPU_TAINT, TEAM_TAINT]


# Docker's rules: the first part is a host if it has a dot or a port, or is localhost; else the image is of
# Docker Hub, and in `library` if it has one part.
IMAGES = [
    ("official", "ubuntu:22.04", "mirror.example.com:5000/hub/library/ubuntu:22.04"),
    ("of-a-user", "openpai/standard:v1", "mirror.example.com:5000/hub/openpai/standard:v1"),
    ("hub-by-name", "docker.io/openpai/standard", "mirror.example.com:5000/hub/openpai/standard"),
    ("digest", "a@sha256:" + "0" * 64, "mirror.example.com:5000/hub/library/a@sha256:" + "0" * 64),
    ("elsewhere", "ghcr.io/a/b:1", "ghcr.io/a/b:1"),
    ("port", "registry:5000/a:1", "registry:5000/a:1"),
    ("local", "localhost/a:1", "localhost/a:1"),
    ("mirrored", "mirror.example.com:5000/hub/a/b:1", "mirror.example.com:5000/hub/a/b:1"),
]


@pytest.mark.parametrize(("image", "pulled"), [pytest.param(*row[1:], id=row[0]) for row in IMAGES])
def test_images_of_docker_hub_come_from_the_mirror(cluster: Cluster, image: str, pulled: str) -> None:
    assert created(cluster, job_pod(image))["spec"]["containers"][0]["image"] == pulled


def test_other_pods_stay_as_they_are(cluster: Cluster) -> None:
    ordinary = job_pod()
    ordinary["metadata"]["labels"] = {"type": "other"}
    assert "runtimeClassName" not in created(cluster, ordinary)["spec"]
    cluster.kubectl("create", "namespace", "elsewhere")
    cluster.kubectl("create", "serviceaccount", "runtime-account", "--namespace=elsewhere")
    assert "runtimeClassName" not in created(cluster, job_pod(), "elsewhere")["spec"]


def test_uninstalling_takes_the_policy_along(tmp_path: Path) -> None:
    with Cluster() as own:
        values = tmp_path / "values.json"
        values.write_text(json.dumps({"jobPodPolicy": POLICY}))
        own.helm("install", "openpai", subchart("openpai-runtime"), f"--values={values}", version=3)
        assert own.get("mutatingadmissionpolicies")["items"]
        own.helm("uninstall", "openpai", version=3)
        left = [
            own.get(kind)["items"]
            for kind in ("mutatingadmissionpolicies", "mutatingadmissionpolicybindings")
        ]
        assert left == [[], []]
        with pytest.raises(RigError, match="not found"):
            own.get("serviceaccount", "runtime-account", "default")
