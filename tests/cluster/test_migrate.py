"""docs/migrate.md, run as it stands: from a look-alike of a paictl cluster to the release, and back."""

from __future__ import annotations

import base64
import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests import pages
from tests.cluster.conftest import ClusterFactory
from tests.cluster.legacy.workloads import DATABASE_PASSWORD, JWT_SECRET, WORKLOADS
from tests.cluster.legacy_objects import CRD, FOLDER, USERS, install
from tests.rig.cluster import Cluster, RigError
from tests.rig.jobs import run_label_job
from tests.rig.tools import ensure

pytestmark = pytest.mark.cluster

PAGE = (Path(__file__).parents[2] / "docs" / "migrate.md").read_text(encoding="utf-8")
JOB_PODS = "type=kube-launcher-task"
USER_NAMESPACES = ("pai-user-v2", "pai-group", "pai-user-token", "pai-storage")
TAKEN_OVER = {
    ("ConfigMap", "default", "pai-version"),
    ("ConfigMap", "default", "runtime-exit-spec-configuration"),
    ("PriorityClass", "", "pai-daemon-priority"),
    ("PriorityClass", "", "pai-job-minimal-priority"),
    ("Secret", "default", "pai-secret"),
    ("ServiceAccount", "default", "runtime-account"),
}
"""What the release takes over and `helm uninstall` removes; the way back makes it anew."""

Key = tuple[str, str, str]


def section(title: str) -> tuple[pages.Step, ...]:
    """Return the steps below a heading of the page; no step at all is a fault of the test."""
    (found,) = re.findall(rf"^### {re.escape(title)}.*?\n(.*?)(?=^##|\Z)", PAGE, re.MULTILINE | re.DOTALL)
    steps = pages.steps(found)
    assert steps, title
    return steps


@dataclass
class Migration:
    """An old cluster on its way, the reader's folder, and what of it must survive."""

    cluster: Cluster
    folder: Path
    helm: int
    of_kubernetes: frozenset[Key]
    before: Mapping[Key, Any] = field(default_factory=dict)
    output: dict[str, list[str]] = field(default_factory=dict)

    def follow(self, title: str) -> None:
        """Run the commands below a heading, and hold what they print against the page."""
        steps = section(title)
        self.output[title] = pages.run(steps, self.folder, self.environment)
        for step, printed in zip(steps, self.output[title], strict=True):
            pages.check(step, printed)

    @property
    def environment(self) -> dict[str, str]:
        """The cluster's, with the reader's programs."""
        return with_programs(self.cluster.environment, self.folder.parent / "bin", self.helm)

    def lost(self, but: set[Key] = frozenset()) -> list[str]:
        """Tell what of before is gone or another object now, or holds something else."""
        now = survivors(self.cluster)
        return [
            f"{key}: {value} → {now.get(key)}"
            for key, value in self.before.items()
            if key not in but and now.get(key) != value
        ]


def with_programs(environment: Mapping[str, str], folder: Path, helm: int) -> dict[str, str]:
    """Return an environment that finds kubectl, Helm of that major version, Python and paichart."""
    folder.mkdir(exist_ok=True)
    python = shlex.quote(sys.executable)
    programs = {
        "kubectl": shlex.quote(str(ensure("kubectl"))),
        "helm": shlex.quote(str(ensure(f"helm{helm}"))),
        "python3": python,
        "paichart": f"{python} -m paichart.cli",
    }
    for name, command in programs.items():
        program = folder / name
        program.write_text(f'#!/bin/sh\nexec {command} "$@"\n', encoding="utf-8")
        program.chmod(0o755)
    return {**environment, "PATH": f"{folder}:{environment['PATH']}"}


def survivors(cluster: Cluster) -> dict[Key, Any]:
    """Return identity and content of all that a migration must leave alone, by kind, namespace and name."""
    asked = [
        ["namespaces", *USER_NAMESPACES],
        ["priorityclasses"],
        ["crd", CRD],
        ["persistentvolume", "nfs-storage"],
        ["--namespace=default", "persistentvolumeclaim", "nfs-storage"],
        ["--namespace=default", "serviceaccount", "runtime-account"],
        ["--namespace=default", "secrets,configmaps", "--selector=!app.kubernetes.io/instance"],
        ["--namespace=default", "secrets", "pai-secret", "job-ssh-secret"],
        ["--namespace=default", "frameworks"],
        ["--namespace=default", "pods", f"--selector={JOB_PODS}"],
        *([f"--namespace={name}", "secrets"] for name in USER_NAMESPACES),
    ]
    found = {}
    for words in asked:
        answer = json.loads(cluster.kubectl("get", "--ignore-not-found", "-o", "json", *words) or "{}")
        for item in answer.get("items", [answer] if answer else []):
            metadata = item["metadata"]
            if "-attempt" in metadata["name"] or item["kind"] != "ConfigMap":
                key = (item["kind"], metadata.get("namespace", ""), metadata["name"])
                found[key] = (metadata["uid"], _content(item))
    return {key: value for key, value in found.items() if not key[2].startswith(("openpai", "sh.helm"))}


def _content(item: Mapping[str, Any]) -> Any:
    """Return what may not change; of what the release takes over only its identity and what is immutable."""
    match item["kind"]:
        case "Secret" if item["metadata"]["name"] != "pai-secret":
            return item["data"]
        case "PriorityClass":
            return item["value"]
        case "Framework":
            notes = [item["metadata"].get(part) for part in ("labels", "annotations", "generation")]
            return [item["spec"], item["status"], *notes]
        case "Pod":
            status = item["status"]
            runs = [[one["restartCount"], one["state"]] for one in status.get("containerStatuses", [])]
            return [item["spec"], item["metadata"]["annotations"], status["phase"], runs]
        case "PersistentVolume" | "PersistentVolumeClaim":
            return [item["spec"], item["status"]["phase"]]
    return None


def small_objects(cluster: Cluster) -> frozenset[Key]:
    """Return kind, namespace and name of configuration and rights that are not the release's."""
    kinds = "configmaps,secrets,serviceaccounts,services,roles,rolebindings,clusterroles,clusterrolebindings"
    words = ("get", kinds, "--all-namespaces", "-o", "json")
    items = json.loads(cluster.kubectl(*words, "--selector=app.kubernetes.io/instance!=openpai"))["items"]
    keys = {(item["kind"], item["metadata"].get("namespace", ""), item["metadata"]["name"]) for item in items}
    return frozenset(key for key in keys if not key[2].startswith("sh.helm.release."))


def is_there(cluster: Cluster, kind: str, name: str, namespace: str) -> bool:
    words = ("get", kind, name, "--namespace", namespace, "--ignore-not-found", "-o", "name")
    return bool(cluster.kubectl(*words).strip())


@pytest.fixture(scope="module", params=[4, 3])
def migration(
    request: pytest.FixtureRequest, cluster_factory: ClusterFactory, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Migration]:
    """The old cluster after steps 0 to 2: saved, imported, checked, and not changed. Tests go on in order."""
    cluster = cluster_factory()
    of_kubernetes = small_objects(cluster)
    install(cluster)
    folder = tmp_path_factory.mktemp("migrate") / "reader"
    folder.mkdir()
    found = Migration(cluster, folder, request.param, of_kubernetes)
    cluster.wait(lambda: all(old_workloads(cluster).values()), 60, "the old services run")
    found.before = survivors(cluster)
    for title in ("0. What you need", "1. Write today's inputs", "2. Read the report"):
        found.follow(title)
    assert found.lost() == []
    assert len(old_workloads(cluster)) == len(WORKLOADS)
    yield found
    cluster.stop()


def old_workloads(cluster: Cluster) -> dict[str, bool]:
    """Return the names of old workloads that are there, and whether their pods are ready."""
    found = {}
    for item in cluster.get("daemonsets,deployments,statefulsets,cronjobs")["items"]:
        if item["metadata"]["name"] in {workload.name for workload in WORKLOADS}:
            status = item["status"]
            ready = status.get("numberReady", status.get("readyReplicas", 0))
            wanted = status.get("desiredNumberScheduled", item["spec"].get("replicas", 0))
            found[item["metadata"]["name"]] = item["kind"] == "CronJob" or 0 < wanted <= ready
    return found


def test_the_look_alike_has_what_a_migration_could_lose(migration: Migration) -> None:
    """So that the comparisons below compare something."""
    kinds = [kind for kind, _, _ in migration.before]
    counts = {kind: kinds.count(kind) for kind in ("Framework", "Pod", "ConfigMap", "Namespace")}
    assert counts == {"Framework": 3, "Pod": 4, "ConfigMap": 2, "Namespace": 4}
    for user in USERS:
        assert ("Secret", "pai-user-v2", user.encode().hex()) in migration.before
        assert ("Secret", "pai-user-token", user.encode().hex()) in migration.before
    definition = migration.cluster.get("crd", CRD)["spec"]
    assert definition["preserveUnknownFields"] is True
    assert len(old_workloads(migration.cluster)) == len(WORKLOADS)


def test_helm_takes_nothing_over_unless_it_is_told_to(migration: Migration) -> None:
    with pytest.raises(RigError, match=r"exists and cannot be imported into the current release"):
        migration.cluster.helm("install", "openpai", migration.folder / "out", version=migration.helm)
    assert migration.cluster.helm("list", "--short", version=migration.helm).strip() == ""
    assert not is_there(migration.cluster, "deployment", "openpai-rest-server", "default")
    assert migration.lost() == []


def test_the_old_services_stop_and_jobs_do_not_notice(migration: Migration) -> None:
    assert all(old_workloads(migration.cluster).values())
    migration.follow("3. Stop the old services")
    assert old_workloads(migration.cluster) == {}
    assert preflight_errors(migration) == {"PAI345"}
    pods = migration.cluster.get("pods")["items"]
    assert {pod["metadata"]["labels"].get("type") for pod in pods} == {"kube-launcher-task"}
    assert migration.lost() == []


def preflight_errors(migration: Migration) -> set[str]:
    """Return the codes of what `paichart preflight` takes for an error."""
    command = ["paichart", "preflight", "my-cluster", "--output", "json"]
    answer = subprocess.run(
        command,
        cwd=migration.folder,
        env=migration.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    findings = json.loads(answer.stdout)["findings"]
    return {found["code"] for found in findings if found["severity"] == "error"}


def test_helm_4_stops_half_way_over_fields_of_kubectl_and_nothing_is_lost(migration: Migration) -> None:
    if migration.helm == 3:
        pytest.skip("Helm 3 knows no owners of fields")
    words = ("upgrade", "--install", "openpai", migration.folder / "out", "--take-ownership")
    keep = ("--set", "database-controller.retainMode=true")
    with pytest.raises(RigError, match=r'conflict with "kubectl-client-side-apply"'):
        migration.cluster.helm(*words, *keep)
    assert migration.lost() == []


def test_the_release_takes_over_and_loses_nothing(migration: Migration) -> None:
    cluster = migration.cluster
    migration.follow("4. Install the release" if migration.helm == 4 else "Helm before 3.17")
    run = run_label_job(cluster, "default", "openpai")
    assert run.exit_code == 0, run.output
    assert migration.lost() == []
    for name in ("rest-server", "pylon", "hivedscheduler", "kube-scheduler"):
        assert cluster.get("deployment", f"openpai-{name}", "default")["status"]["readyReplicas"] >= 1, name
    for name in ("postgresql", "frameworkcontroller", "database-controller"):
        assert cluster.get("statefulset", f"openpai-{name}", "default")["status"]["readyReplicas"] == 1, name
    # The image is mounted again after a reboot.
    assert cluster.get("daemonset", "openpai-internal-storage", "default")["status"]["numberReady"] == 1


def test_the_framework_api_is_the_new_controllers_own(migration: Migration) -> None:
    definition = migration.cluster.get("crd", CRD)
    assert "preserveUnknownFields" not in definition["spec"]
    states = {entry["type"]: entry["status"] for entry in definition["status"]["conditions"]}
    assert states.get("NonStructuralSchema", "False") == "False"


def test_the_release_runs_with_the_old_credentials(migration: Migration) -> None:
    cluster = migration.cluster
    pod = cluster.get("deployment", "openpai-rest-server", "default")["spec"]["template"]["spec"]
    (server,) = [entry for entry in pod["containers"] if entry["name"] == "rest-server"]
    env = {entry["name"]: entry for entry in server["env"]}
    assert env["SQL_CONNECTION_STR"]["value"].startswith("postgresql://root:")
    assert credential(cluster, env["JWT_SECRET"]) == JWT_SECRET
    assert credential(cluster, env["DATABASE_PASSWORD_URLENCODED"]) == DATABASE_PASSWORD
    pod = cluster.get("statefulset", "openpai-postgresql", "default")["spec"]["template"]["spec"]
    env = {entry["name"]: entry for entry in pod["containers"][0]["env"]}
    assert credential(cluster, env["POSTGRES_PASSWORD"]) == DATABASE_PASSWORD
    assert env["POSTGRES_USER"]["value"] == "root"
    volume = cluster.get("pv", "default-openpai-postgresql")["spec"]["hostPath"]["path"]
    assert volume == "/mnt/paiInternal/storage"


def credential(cluster: Cluster, variable: Mapping[str, Any]) -> str:
    """Return the text that a variable gets from a Secret."""
    source = variable["valueFrom"]["secretKeyRef"]
    return base64.b64decode(cluster.get("secret", source["name"], "default")["data"][source["key"]]).decode()


def test_nodes_have_their_roles_and_keep_labels_of_the_admin(migration: Migration) -> None:
    nodes = {node["metadata"]["name"]: node for node in migration.cluster.get("nodes")["items"]}
    labels = {name: node["metadata"]["labels"] for name, node in nodes.items()}
    roles = {name: {k: v for k, v in own.items() if k.startswith("pai-")} for name, own in labels.items()}
    assert roles == {
        "pai-master": {"pai-master": "true"},
        "pai-worker1": {"pai-worker": "true"},
        "pai-worker2": {"pai-worker": "true"},
    }
    assert labels["pai-master"]["team"] == "vision"


def test_jobs_are_kept_even_from_an_empty_database_until_it_was_looked_at(migration: Migration) -> None:
    def retains() -> set[str]:
        pod = migration.cluster.get("statefulset", "openpai-database-controller", "default")["spec"]
        env = [e for c in pod["template"]["spec"]["containers"] for e in c.get("env", [])]
        return {entry["value"] for entry in env if entry["name"] == "RETAIN_MODE_ENABLED"}

    assert retains() == {"true"}
    migration.follow("5. Check")
    assert retains() == {"false"}
    assert migration.lost() == []


def test_what_is_left_over_can_go(migration: Migration) -> None:
    if migration.helm == 3:
        pytest.skip("with Helm 3 the way back is gone from before the clean-up")
    migration.follow("6. Clean up")
    assert migration.lost() == []
    left = small_objects(migration.cluster) - migration.of_kubernetes - migration.before.keys()
    # Each namespace has these of Kubernetes.
    assert {key for key in left if key[2] not in ("default", "kube-root-ca.crt")} == set()


def test_the_way_back_brings_the_old_services_and_loses_nothing(migration: Migration) -> None:
    cluster = migration.cluster
    if migration.helm == 4:
        cluster.kubectl("create", "-f", migration.folder / "backup" / "left-over.yaml")
    migration.follow("The way back")
    assert migration.lost(but=TAKEN_OVER) == []
    for kind, namespace, name in TAKEN_OVER:
        assert is_there(cluster, kind, name, namespace or "default"), name
    in_default = {workload.name for workload in WORKLOADS if workload.namespace == "default"}
    cluster.wait(lambda: all(old_workloads(cluster).values()), 60, "the old services run again")
    assert old_workloads(cluster).keys() == in_default
    account = cluster.get("serviceaccount", "rest-server-account", "default")
    assert "app.kubernetes.io/instance" not in account["metadata"].get("labels", {})


def test_a_second_try_finds_all_again(migration: Migration) -> None:
    migration.before = survivors(migration.cluster)
    migration.follow("3. Stop the old services")
    migration.follow("4. Install the release")
    assert migration.lost() == []


def test_a_new_cluster_gets_people_and_storage_of_the_old(
    cluster_factory: ClusterFactory, tmp_path: Path
) -> None:
    old, new = cluster_factory(), cluster_factory(FOLDER / "layout.yaml")
    install(old)
    folder = tmp_path / "reader"
    folder.mkdir()
    environment = with_programs(old.environment, tmp_path / "bin", helm=4)
    environment |= {"OLD": str(old.kubeconfig), "NEW": str(new.kubeconfig)}
    pages.run((*section("1. Write today's inputs"),), folder, environment)
    build = pages.Step("paichart build my-cluster --output-dir out\n", "", 0)
    with ThreadPoolExecutor(1) as pool:
        job = pool.submit(run_label_job, new, "default", "openpai", timeout_s=120)
        pages.run((build, *section("B3"), *section("B4"), *section("B5")), folder, environment)
        assert job.result().exit_code == 0, job.result().output
    for namespace in USER_NAMESPACES:
        assert secrets(new, namespace) == secrets(old, namespace) != {}
    claim = new.get("pvc", "nfs-storage", "default")
    assert (claim["status"]["phase"], claim["spec"]["volumeName"]) == ("Bound", "nfs-storage")
    assert new.get("frameworks")["items"] == []
    old.stop()
    new.stop()


def secrets(cluster: Cluster, namespace: str) -> dict[str, Any]:
    """Return the content of a namespace's Secrets by name."""
    return {
        item["metadata"]["name"]: item["data"]
        for item in cluster.get("secrets", namespace=namespace)["items"]
    }
