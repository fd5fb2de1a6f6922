"""The database: its data is found again and never stood beside; the server gets what its image reads."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from threading import Timer
from typing import Any

import pytest

from tests.chart.charts import CHARTS, merged, scenario_values, scenarios
from tests.chart.render import Object, Objects, RenderError, render

pytestmark = pytest.mark.programs

FILES = CHARTS / "postgresql" / "files"
FOLDER = "/mnt/paiInternal/storage"
ON_A_FOLDER = ["quick-start", "loop-disk"]


def rendered(
    values: Mapping[str, Any] | None = None, scenario: str = "quick-start", **options: Any
) -> Objects:
    given = merged(scenario_values("postgresql", scenario), values or {})
    return render("postgresql", given, namespace="pai-system", **options)


def pod(objects: Objects) -> Object:
    spec: Object = objects.find("StatefulSet")["spec"]["template"]["spec"]
    return spec


def server(objects: Objects) -> Object:
    container: Object = pod(objects)["containers"][0]
    return container


def environment(container: Object) -> dict[str, Any]:
    return {entry["name"]: entry.get("value", entry.get("valueFrom")) for entry in container["env"]}


@pytest.mark.parametrize("scenario", scenarios("postgresql"))
def test_server_is_started_as_legacy_did(scenario: str) -> None:
    # src/postgresql/deploy/postgresql.yaml.template; the entry point of postgres:12.0 reads the variables.
    container = server(rendered(scenario=scenario))
    variables = environment(container)
    assert variables["PGDATA"] == "/var/lib/postgresql/data/pgdata"
    assert {"POSTGRES_USER", "POSTGRES_DB"} <= variables.keys()
    assert variables["POSTGRES_PASSWORD"]["secretKeyRef"]["key"] == "database-password"
    port = container["ports"][0]["containerPort"]
    assert container["args"][:3] == ["-c", f"port={port}", "-N"]
    assert "command" not in container


def test_port_and_connections_follow_their_values() -> None:
    values = {"global": {"servicePorts": {"postgresql": 6543}}, "maxConnections": 77}
    objects = rendered(values)
    assert server(objects)["args"] == ["-c", "port=6543", "-N", "77"]
    assert objects.find("Service")["spec"]["ports"][0]["port"] == 6543
    probe = server(objects)["readinessProbe"]["exec"]["command"]
    assert {"--port=6543", "--host=127.0.0.1", "--username=root", "--dbname=openpai"} <= set(probe)


def test_who_reads_jobs_may_connect() -> None:
    def callers(values: dict[str, Any]) -> list[str]:
        (rule,) = render("postgresql", values).find("NetworkPolicy")["spec"]["ingress"]
        labels = [peer["podSelector"]["matchLabels"] for peer in rule["from"]]
        return [found["app.kubernetes.io/component"] for found in labels]

    own = ["rest-server", "database-controller", "fluentd"]
    assert callers({}) == [*own, "helm-test"]
    assert callers({"callers": ["job-status-change-notification"]}) == [
        *own,
        "job-status-change-notification",
        "helm-test",
    ]


def test_stopping_does_not_wait_for_clients() -> None:
    container = server(rendered())
    assert container["lifecycle"]["preStop"]["exec"]["command"] == [
        "pg_ctl",
        "stop",
        "--mode=fast",
        "--no-wait",
    ]
    assert pod(rendered())["terminationGracePeriodSeconds"] >= 60


def test_server_can_write_where_it_must() -> None:
    mounts = {mount["mountPath"] for mount in server(rendered())["volumeMounts"]}
    assert mounts == {"/var/lib/postgresql/data", "/var/run/postgresql", "/tmp", "/dev/shm"}  # noqa: S108


def test_server_runs_as_the_images_own_user() -> None:
    spec = pod(rendered())
    assert (spec["securityContext"]["runAsUser"], spec["securityContext"]["runAsNonRoot"]) == (999, True)


def test_folder_becomes_a_volume_that_is_bound_beforehand() -> None:
    objects = rendered()
    claim, volume = objects.find("PersistentVolumeClaim"), objects.find("PersistentVolume")
    assert claim["spec"]["storageClassName"] == volume["spec"]["storageClassName"] == ""
    assert claim["spec"]["volumeName"] == volume["metadata"]["name"]
    assert volume["spec"]["claimRef"]["name"] == claim["metadata"]["name"]
    assert volume["spec"]["claimRef"]["namespace"] == claim["metadata"]["namespace"] == "pai-system"
    assert volume["spec"]["hostPath"]["path"] == FOLDER
    term = volume["spec"]["nodeAffinity"]["required"]["nodeSelectorTerms"][0]["matchExpressions"][0]
    assert (term["key"], term["values"]) == ("kubernetes.io/hostname", ["pai-master"])


def test_size_of_a_folder_can_change_without_touching_the_claim() -> None:
    # A claim on a static volume can't be resized: an upgrade with another request would fail.
    sizes = [rendered({"persistence": {"size": size}}) for size in ("30Gi", "90Gi")]
    first, second = (objects.find("PersistentVolumeClaim")["spec"] for objects in sizes)
    assert first == second


def test_storage_class_needs_neither_root_nor_the_node() -> None:
    objects = rendered(scenario="storage-class")
    assert objects.all("PersistentVolume", "ConfigMap") == ()
    claim = objects.find("PersistentVolumeClaim")["spec"]
    assert claim["storageClassName"] == "ceph-block"
    assert claim["resources"]["requests"]["storage"] == "100Gi"
    spec = pod(objects)
    assert "initContainers" not in spec
    assert spec["securityContext"]["fsGroup"] == 999
    assert not any("hostPath" in volume for volume in spec["volumes"])


def test_own_claim_is_mounted_and_none_is_made() -> None:
    objects = rendered(scenario="own-claim")
    assert objects.all("PersistentVolume", "PersistentVolumeClaim") == ()
    assert pod(objects)["volumes"][0]["persistentVolumeClaim"]["claimName"] == "my-database"


def test_claims_name_never_depends_on_where_the_data_lies() -> None:
    names = {
        rendered(scenario=scenario).find("PersistentVolumeClaim")["metadata"]["name"]
        for scenario in (*ON_A_FOLDER, "storage-class")
    }
    assert names == {"openpai-postgresql"}


@pytest.mark.parametrize("scenario", ON_A_FOLDER)
def test_folder_is_checked_before_it_is_prepared_and_used(scenario: str) -> None:
    spec = pod(rendered(scenario=scenario))
    check, prepare = spec["initContainers"]
    folder = scenario_values("postgresql", scenario)["persistence"].get("hostPath", FOLDER)
    assert check["command"][2:4] == ["/node", folder]
    mount = next(m for m in check["volumeMounts"] if m["name"] == "parent-folder")
    assert (mount["mountPath"], mount["readOnly"]) == (f"/node{Path(folder).parent}", True)
    assert prepare["securityContext"]["capabilities"] == {"add": ["CHOWN"], "drop": ["ALL"]}
    waits = int(check["command"][4]) > 0
    assert waits == (scenario == "loop-disk")
    assert (mount.get("mountPropagation") == "HostToContainer") == waits


@pytest.mark.parametrize("folder", ["/storage", "storage", "/", "/a//b", "/a/b/"])
def test_folder_must_be_a_path_of_two_levels(folder: str) -> None:
    with pytest.raises(RenderError, match="hostPath"):
        rendered({"persistence": {"hostPath": folder}})


class Node:
    """A node's folders under a temporary one, and the script that looks at them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.parent = root / "mnt/paiInternal"
        self.storage = self.parent / "storage"

    def check(self, seconds: int = 0) -> subprocess.CompletedProcess[str]:
        command = ["bash", FILES / "check_folder.sh", self.root, FOLDER, str(seconds)]
        return subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)


@pytest.fixture
def node(tmp_path: Path) -> Node:
    return Node(tmp_path)


def test_fresh_node_is_fine(node: Node) -> None:
    assert node.check().returncode == 0


def test_ordinary_folder_with_data_is_fine(node: Node) -> None:
    (node.storage / "pgdata").mkdir(parents=True)
    assert node.check().returncode == 0


def test_unmounted_disk_image_is_refused(node: Node) -> None:
    node.storage.mkdir(parents=True)
    (node.parent / "storage.ext4").touch()
    run = node.check()
    assert run.returncode == 1
    assert "/mnt/paiInternal/storage.ext4 is not mounted at /mnt/paiInternal/storage" in run.stderr


def test_mounted_disk_image_is_fine(node: Node) -> None:
    node.storage.mkdir(parents=True)
    (node.parent / "storage.ext4").touch()
    (node.storage / "READY").touch()
    assert node.check().returncode == 0
    assert node.check(seconds=1).returncode == 0


def test_loop_disk_is_needed_even_before_it_was_made(node: Node) -> None:
    run = node.check(seconds=1)
    assert run.returncode == 1
    assert "internal-storage has not mounted its disk" in run.stderr


def test_loop_disk_is_waited_for(node: Node) -> None:
    node.storage.mkdir(parents=True)
    timer = Timer(1, (node.storage / "READY").touch)
    timer.start()
    started = time.monotonic()
    run = node.check(seconds=30)
    assert run.returncode == 0, run.stderr
    assert time.monotonic() - started < 20
    assert "waiting for internal-storage" in run.stdout


@pytest.mark.skipif(os.getuid() != 0, reason="gives up root, which only root can")
def test_folder_that_cannot_be_looked_into_is_refused() -> None:
    # What can't be seen can't be told from what is not there.
    with tempfile.TemporaryDirectory() as folder:
        node = Node(Path(folder))
        node.storage.mkdir(parents=True)
        (node.parent / "storage.ext4").touch()
        node.root.chmod(0o755)
        node.parent.chmod(0o700)
        run = subprocess.run(
            [
                "setpriv",
                "--reuid=999",
                "--regid=999",
                "--clear-groups",
                "bash",
                "-s",
                "--",
                folder,
                FOLDER,
                "0",
            ],
            input=(FILES / "check_folder.sh").read_text(),
            check=False,
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert run.returncode == 1
    assert "may not look into /mnt/paiInternal" in run.stderr


def prepare(folder: Path, *prefix: str) -> None:
    owner = f"{os.getuid()}:{os.getgid()}" if not prefix else "999:999"
    subprocess.run(
        [*prefix, "bash", FILES / "prepare_folder.sh", folder, owner],
        check=True,
        capture_output=True,
        timeout=60,
    )


def test_folder_of_its_own_is_left_to_the_server(tmp_path: Path) -> None:
    prepare(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.getuid() != 0, reason="gives files away, which only root can")
@pytest.mark.parametrize("given", ["nothing", "restored as root", "of an old installation"])
def test_folder_is_given_to_the_server_with_chown_alone(tmp_path: Path, given: str) -> None:
    data = tmp_path / "pgdata"
    if given != "nothing":
        (data / "base").mkdir(parents=True)
        (data / "base" / "1").write_text("kept")
        data.chmod(0o700)
    if given == "of an old installation":
        for path in (data / "base" / "1", data / "base", data):
            os.chown(path, 999, 999)
    # As in the container: root whose only capability is CHOWN.
    prepare(tmp_path, "setpriv", "--bounding-set=-all,+chown")
    found = [data, *data.rglob("*")]
    assert {(path.stat().st_uid, path.stat().st_gid) for path in found} == {(999, 999)}
    assert data.stat().st_mode & 0o777 == 0o700
    if given != "nothing":
        assert (data / "base" / "1").read_text() == "kept"
