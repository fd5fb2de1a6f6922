"""A release's whole life on a real control plane: install, upgrade, roll back, uninstall, install again."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import yaml

from paichart.sizes import release_size
from tests.chart.charts import files_in
from tests.rig.cluster import Cluster, nodes_from_layout
from tests.rig.jobs import JobRun, run_label_job

pytestmark = pytest.mark.cluster

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
RELEASE = "openpai"
RELEASE_LIMIT = 700 * 1024
"""Bytes that Helm's record of the largest release may take: 1 MiB is what etcd stores."""

KEPT = {
    ("CustomResourceDefinition", "", "frameworks.frameworkcontroller.microsoft.com"),
    ("Namespace", "", "pai-group"),
    ("Namespace", "", "pai-storage"),
    ("Namespace", "", "pai-user-token"),
    ("Namespace", "", "pai-user-v2"),
    ("Secret", "default", "job-ssh-secret"),
    ("Secret", "pai-storage", "storage-config"),
    ("Secret", "pai-storage", "storage-server"),
}
"""What `helm uninstall` leaves besides volumes: all that holds data. NOTES.txt names it."""

VOLUMES = ("alert-manager", "fluentd", "grafana", "marketplace-db", "postgresql", "prometheus")
"""Services that keep data on a volume of their own."""

MORE_VOLUMES = (
    *VOLUMES,
    "docker-cache",
    "dshuttle-master-journal",
    "dshuttle-master-ufs",
)
"""The same with everything on."""


COMPONENTS = {
    "alert-handler",
    "alert-manager",
    "database-controller",
    "device-plugin-fuse",
    "fluentd",
    "frameworkcontroller",
    "grafana",
    "hivedscheduler",
    "job-exporter",
    "kube-scheduler",
    "log-manager",
    "marketplace-db",
    "marketplace-restserver",
    "marketplace-webportal",
    "node-exporter",
    "postgresql",
    "prometheus",
    "pylon",
    "rest-server",
    "watchdog",
    "webportal",
}


class Site:
    """A copy of an example on its way through build, install and upgrade."""

    def __init__(
        self, cluster: Cluster, folder: Path, example: str, namespace: str = "default", helm: int = 4
    ) -> None:
        self.cluster, self.namespace, self.helm = cluster, namespace, helm
        self.config, self.out = folder / "config", folder / "out"
        shutil.copytree(EXAMPLES / example, self.config, ignore=shutil.ignore_patterns("credentials.yaml"))
        self.labelled: list[str] = []

    def build(self) -> None:
        subprocess.run(
            [sys.executable, "-m", "paichart.cli", "build", self.config, "--output-dir", self.out],
            check=True,
            capture_output=True,
        )

    def change_layout(self, change) -> None:
        path = self.config / "layout.yaml"
        layout = yaml.safe_load(path.read_text())
        change(layout)
        path.write_text(yaml.safe_dump(layout))

    def apply(self, *verb: str) -> JobRun:
        """Run helm with --wait while the label Job's program does its work."""
        with ThreadPoolExecutor(1) as pool:
            job = pool.submit(run_label_job, self.cluster, self.namespace, RELEASE, done=tuple(self.labelled))
            self.helm_waits(*verb, chart=self.out)
            run = job.result()
        self.labelled.append(run.job)
        return run

    def helm_waits(self, *verb: str, chart: Path | None = None) -> None:
        """Run helm with --wait; by itself for a change that moves no role, so that no label Job runs."""
        words = [*verb, RELEASE, *([chart] if chart else []), "--namespace", self.namespace]
        self.cluster.helm(*words, "--wait", "--timeout", "5m", version=self.helm)

    def objects(self) -> set[tuple[str, str, str]]:
        """Return (kind, namespace, name) of every object that carries the release's label."""
        kinds = self.cluster.kubectl("api-resources", "--verbs=list", "--output=name").split()
        kinds = [kind for kind in kinds if not kind.startswith(("events", "componentstatuses", "endpoints"))]
        listed = self.cluster.kubectl(
            "get",
            ",".join(kinds),
            "--all-namespaces",
            f"--selector=app.kubernetes.io/instance={RELEASE}",
            "--output=json",
        )
        return {
            (item["kind"], item["metadata"].get("namespace", ""), item["metadata"]["name"])
            for item in json.loads(listed)["items"]
        }

    def pods(self) -> dict[str, dict[str, str]]:
        """Return {component: {pod name: uid}} of the release's pods that are not finished."""
        selector = f"app.kubernetes.io/instance={RELEASE}"
        listed = json.loads(
            self.cluster.kubectl("get", "pods", "-n", self.namespace, "-l", selector, "-o", "json")
        )
        found: dict[str, dict[str, str]] = {}
        for pod in listed["items"]:
            if pod["status"].get("phase") not in ("Succeeded", "Failed"):
                component = pod["metadata"]["labels"]["app.kubernetes.io/component"]
                found.setdefault(component, {})[pod["metadata"]["name"]] = pod["metadata"]["uid"]
        return found


def roles(cluster: Cluster) -> dict[str, set[str]]:
    return {
        node["metadata"]["name"]: {label for label in node["metadata"]["labels"] if label.startswith("pai-")}
        for node in cluster.get("nodes")["items"]
    }


def remaining(namespace: str, volumes: tuple[str, ...] = VOLUMES) -> set[tuple[str, str, str]]:
    """Return (kind, namespace, name) of what an uninstalled release leaves."""
    kept = {
        (kind, where.format(namespace=namespace), name.format(namespace=namespace))
        for kind, where, name in KEPT
    }
    for volume in volumes:
        kept.add(("PersistentVolume", "", f"{namespace}-{RELEASE}-{volume}"))
        kept.add(("PersistentVolumeClaim", namespace, f"{RELEASE}-{volume}"))
    return kept


@pytest.fixture(scope="module")
def cluster(cluster_factory) -> Cluster:
    return cluster_factory(EXAMPLES / "quick-start" / "layout.yaml", master_taint=True)


@pytest.fixture(scope="module")
def site(cluster, tmp_path_factory) -> Site:
    """The quick-start release, installed with Helm 4 into `default`."""
    site = Site(cluster, tmp_path_factory.mktemp("site"), "quick-start")
    site.build()
    run = site.apply("install")
    assert run.exit_code == 0, run.output
    return site


def test_every_pod_is_ready_and_the_nodes_carry_the_layouts_roles(site):
    assert roles(site.cluster) == {
        "pai-master": {"pai-master"},
        "pai-worker1": {"pai-worker"},
        "pai-worker2": {"pai-worker"},
    }
    pods = json.loads(
        site.cluster.kubectl("get", "pods", "-A", "-l", f"app.kubernetes.io/instance={RELEASE}", "-o", "json")
    )
    unready = [
        pod["metadata"]["name"]
        for pod in pods["items"]
        if pod["status"].get("phase") != "Succeeded"
        and not any(
            c["type"] == "Ready" and c["status"] == "True" for c in pod["status"].get("conditions", [])
        )
    ]
    assert unready == []
    assert set(site.pods()) == COMPONENTS


def test_services_run_on_the_master_and_log_managers_everywhere(site):
    pods = json.loads(
        site.cluster.kubectl("get", "pods", "-l", f"app.kubernetes.io/instance={RELEASE}", "-o", "json")
    )
    places: dict[str, set[str]] = {}
    for pod in pods["items"]:
        places.setdefault(pod["metadata"]["labels"]["app.kubernetes.io/component"], set()).add(
            pod["spec"]["nodeName"]
        )
    assert places["log-manager"] == {"pai-master", "pai-worker1", "pai-worker2"}
    assert places["device-plugin-fuse"] == {"pai-worker1", "pai-worker2"}
    for component in (
        "rest-server",
        "webportal",
        "pylon",
        "postgresql",
        "database-controller",
        "hivedscheduler",
    ):
        assert places[component] == {"pai-master"}, component


def test_helm_test_asks_every_service_that_answers_on_a_port(site):
    site.cluster.helm("test", RELEASE, "--timeout", "2m")
    manifest = site.cluster.helm("get", "hooks", RELEASE)
    tested = {doc["metadata"]["name"] for doc in yaml.safe_load_all(manifest) if doc}
    assert tested == {
        f"openpai-{name}-test"
        for name in (
            "alert-manager",
            "database-controller",
            "grafana",
            "hivedscheduler",
            "job-exporter",
            "log-manager",
            "marketplace-db",
            "marketplace-restserver",
            "marketplace-webportal",
            "node-exporter",
            "postgresql",
            "prometheus",
            "pylon",
            "rest-server",
            "watchdog",
            "webportal",
        )
    }


def test_the_claim_of_the_database_is_bound_to_the_masters_disk(site):
    claim = site.cluster.get("pvc", "openpai-postgresql", "default")
    volume = site.cluster.get("pv", claim["spec"]["volumeName"])
    assert claim["status"]["phase"] == "Bound"
    assert volume["spec"]["hostPath"]["path"] == "/mnt/paiInternal/storage"
    assert volume["spec"]["persistentVolumeReclaimPolicy"] == "Retain"


def test_the_same_chart_again_restarts_nothing(site):
    before = site.pods()
    site.cluster.helm("upgrade", RELEASE, site.out, "--wait", "--timeout", "3m")
    assert site.pods() == before


def test_another_layout_moves_roles_and_restarts_only_who_reads_it_and_goes_back(site):
    cluster = site.cluster
    job_pod = start_job_pod(cluster)
    old_uids, old_roles = site.pods(), roles(cluster)

    def change(layout) -> None:
        machines = layout["machine-list"]
        machines[:] = [machine for machine in machines if machine["hostname"] != "pai-worker1"]
        machines.append(
            {
                "hostname": "pai-worker3",
                "hostip": "10.0.0.4",
                "machine-type": "gpu-machine",
                "pai-worker": "true",
            }
        )

    site.change_layout(change)
    site.build()
    cluster.add_nodes([m for m in nodes_from_layout(site.config / "layout.yaml") if m.name == "pai-worker3"])
    run = site.apply("upgrade")
    assert run.exit_code == 0, run.output
    assert roles(cluster) == {
        "pai-master": {"pai-master"},
        "pai-worker1": set(),
        "pai-worker2": {"pai-worker"},
        "pai-worker3": {"pai-worker"},
    }
    new = site.pods()
    restarted = {
        component
        for component in old_uids
        if not set(old_uids[component].values()) & set(new[component].values())
    }
    # HiveD reads its cells, rest-server shows them, pylon leads to the log managers of all machines.
    assert restarted <= {"hivedscheduler", "rest-server", "pylon"}
    assert set(old_uids["log-manager"].values()) <= set(new["log-manager"].values())
    assert uid(cluster, job_pod) == job_pod["metadata"]["uid"]

    cluster.helm("rollback", RELEASE, "--wait", "--timeout", "3m")
    undone = run_label_job(cluster, site.namespace, RELEASE, done=(run.job,))
    assert undone.exit_code == 0, undone.output
    assert roles(cluster) == {**old_roles, "pai-worker3": set()}
    assert uid(cluster, job_pod) == job_pod["metadata"]["uid"]
    cluster.kubectl("delete", "pod", "running-job", "--now")


def start_job_pod(cluster: Cluster) -> dict:
    """Start a pod shaped like a job's: what a user would lose if an upgrade touched it."""
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": "running-job",
            "namespace": "default",
            "labels": {"type": "kube-launcher-task"},
            "annotations": {"paichart.test/keep-running": "true"},
        },
        "spec": {
            "hostNetwork": True,
            "restartPolicy": "Never",
            "serviceAccountName": "runtime-account",
            "priorityClassName": "pai-job-minimal-priority",
            "imagePullSecrets": [{"name": "pai-secret"}],
            "affinity": {
                "nodeAffinity": {
                    "requiredDuringSchedulingIgnoredDuringExecution": {
                        "nodeSelectorTerms": [
                            {
                                "matchExpressions": [
                                    {"key": "pai-worker", "operator": "In", "values": ["true"]}
                                ]
                            }
                        ]
                    }
                }
            },
            "containers": [
                {
                    "name": "app",
                    "image": "example.com/job:1",
                    "resources": {"limits": {"github.com/fuse": "1", "cpu": "5", "memory": "55808Mi"}},
                    "securityContext": {
                        "capabilities": {"add": ["SYS_ADMIN", "IPC_LOCK"], "drop": ["MKNOD"]}
                    },
                    "volumeMounts": [
                        {"name": "ssh", "mountPath": "/usr/local/pai/ssh-secret"},
                        {"name": "exit-spec", "mountPath": "/usr/local/pai-config"},
                    ],
                }
            ],
            "volumes": [
                {"name": "ssh", "secret": {"secretName": "job-ssh-secret"}},
                {"name": "exit-spec", "configMap": {"name": "runtime-exit-spec-configuration"}},
            ],
        },
    }
    cluster.kubectl("create", "-f", "-", input=json.dumps(pod))
    cluster.kubectl("wait", "pod/running-job", "--for=condition=Ready", "--timeout=60s")
    return cluster.get("pod", "running-job", "default")


def uid(cluster: Cluster, pod: dict) -> str:
    return cluster.get("pod", pod["metadata"]["name"], "default")["metadata"]["uid"]


def test_uninstall_leaves_what_holds_data_and_a_new_install_finds_it(site):
    cluster = site.cluster
    claim = cluster.get("pvc", "openpai-postgresql", "default")["metadata"]["uid"]
    cluster.helm("uninstall", RELEASE, "--wait", "--timeout", "3m")
    assert site.objects() == remaining("default")
    cluster.helm("install", RELEASE, site.out, "--wait", "--timeout", "5m")
    assert cluster.get("pvc", "openpai-postgresql", "default")["metadata"]["uid"] == claim
    cluster.helm("uninstall", RELEASE, "--wait", "--timeout", "3m")


def test_helm_3_installs_into_a_namespace_of_its_own(cluster_factory, tmp_path):
    cluster = cluster_factory(EXAMPLES / "quick-start" / "layout.yaml")
    site = Site(cluster, tmp_path, "quick-start", namespace="pai-system", helm=3)
    site.build()
    run = site.apply("install", "--create-namespace")
    assert run.exit_code == 0, run.output
    assert "rest-server" in site.pods()
    cluster.helm("upgrade", RELEASE, site.out, "-n", "pai-system", "--wait", "--timeout", "3m", version=3)
    cluster.helm("uninstall", RELEASE, "-n", "pai-system", "--wait", "--timeout", "3m", version=3)
    assert site.objects() == remaining("pai-system")
    cluster.stop()


def test_one_machine_runs_services_and_jobs(cluster_factory, tmp_path):
    cluster = cluster_factory(EXAMPLES / "single-node" / "layout.yaml")
    site = Site(cluster, tmp_path, "single-node")
    site.build()
    run = site.apply("install")
    assert run.exit_code == 0, run.output
    assert roles(cluster) == {"workstation": {"pai-master", "pai-worker"}}
    start_job_pod(cluster)
    cluster.stop()


def test_a_company_brings_registry_storage_ingress_sign_in_and_virtual_clusters(cluster_factory, tmp_path):
    cluster = cluster_factory(EXAMPLES / "company" / "layout.yaml")
    cluster.add_storage_class("ceph-block", volumes=6, size="100Gi")
    site = Site(cluster, tmp_path, "company", namespace="pai-system")
    site.build()
    run = site.apply("install", "--create-namespace")
    assert run.exit_code == 0, run.output
    assert roles(cluster)["t4-2.example.com"] == {"pai-worker"}
    logs = json.loads(
        cluster.kubectl("get", "pods", "-n", "pai-system", "-l", "app=log-manager", "-o", "json")
    )
    assert "t4-2.example.com" not in {pod["spec"]["nodeName"] for pod in logs["items"]}
    claim = cluster.get("pvc", "openpai-postgresql", "pai-system")
    assert (claim["spec"]["storageClassName"], claim["status"]["phase"]) == ("ceph-block", "Bound")
    (rule,) = cluster.get("ingress", "openpai-pylon", "pai-system")["spec"]["rules"]
    assert rule["host"] == "pai.example.com"
    scheduler = cluster.get("configmap", "openpai-kube-scheduler", "pai-system")["data"]["config.yaml"]
    names = [profile["schedulerName"] for profile in yaml.safe_load(scheduler)["profiles"]]
    assert names == ["hivedscheduler-ds-default", "hivedscheduler-ds-vision"]
    cluster.stop()


@pytest.mark.parametrize("helm", [4, 3])
def test_everything_installs_upgrades_goes_back_and_leaves_only_data(cluster_factory, tmp_path, helm):
    cluster = cluster_factory(EXAMPLES / "everything" / "layout.yaml")
    site = Site(cluster, tmp_path, "everything", namespace="pai-system", helm=helm)
    site.build()
    run = site.apply("install", "--create-namespace")
    assert run.exit_code == 0, run.output
    installed = site.pods()
    # What the build foretells is no less than what Helm then keeps.
    assert record_size(cluster, "pai-system", revision=1) <= foretold_size(site.out) < RELEASE_LIMIT

    services = yaml.safe_load((site.config / "services-configuration.yaml").read_text())
    services["prometheus"]["scrape_interval"] = 60
    (site.config / "services-configuration.yaml").write_text(yaml.safe_dump(services))
    site.build()
    site.helm_waits("upgrade", chart=site.out)
    restarted = {component for component, pods in site.pods().items() if pods != installed.get(component)}
    # The interval is read by whoever reads, draws or counts what was scraped, and by nobody else.
    assert restarted == {"grafana", "job-exporter", "prometheus", "webportal"}

    site.helm_waits("rollback")
    cluster.helm("test", RELEASE, "--namespace", "pai-system", "--timeout", "4m", version=helm)
    cluster.helm("uninstall", RELEASE, "--namespace", "pai-system", "--wait", "--timeout", "3m", version=helm)
    assert site.objects() == remaining("pai-system", MORE_VOLUMES)
    cluster.stop()


def foretold_size(out: Path) -> int:
    """Return the size of the release in bytes as the build reckons it."""
    return release_size(files_in(out))


def record_size(cluster: Cluster, namespace: str, revision: int) -> int:
    """Return the bytes that etcd holds of Helm's record of a release."""
    secret = cluster.get("secret", f"sh.helm.release.v1.{RELEASE}.v{revision}", namespace)
    return len(base64.b64decode(secret["data"]["release"]))
