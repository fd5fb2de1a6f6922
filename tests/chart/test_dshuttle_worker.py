"""dshuttle-worker and dshuttle-csi: what they read of the master; that an upgrade leaves jobs their data."""

from __future__ import annotations

from typing import Any

import pytest

from tests.chart.charts import default_values
from tests.chart.render import Object, Objects, render

CHARTS = ("dshuttle-worker", "dshuttle-csi")


def daemon(chart: str, values: dict[str, Any] | None = None) -> Objects:
    return render(chart, values)


def spec(objects: Objects) -> Object:
    found: Object = objects.find("DaemonSet")["spec"]["template"]["spec"]
    return found


def container(objects: Objects, name: str) -> Object:
    return next(item for item in spec(objects)["containers"] if item["name"] == name)


def volumes(objects: Objects) -> dict[str, Object]:
    return {item["name"]: item for item in spec(objects)["volumes"]}


@pytest.mark.parametrize("subject", CHARTS)
def test_configuration_is_the_masters(subject: str) -> None:
    theirs = {item["metadata"]["name"] for item in render("dshuttle-master").all("ConfigMap")}
    objects = daemon(subject)
    read = {
        source["configMapRef"]["name"]
        for item in spec(objects)["containers"]
        for source in item.get("envFrom", [])
    }
    read.add(volumes(objects)["log-config"]["configMap"]["name"])
    assert read == theirs
    assert objects.all("ConfigMap") == ()


@pytest.mark.parametrize("subject", CHARTS)
def test_an_upgrade_replaces_no_pod_that_jobs_read_through(subject: str) -> None:
    daemons = daemon(subject).find("DaemonSet")["spec"]
    assert daemons["updateStrategy"] == {"type": "OnDelete"}
    # With a checksum Helm 4 would wait for pods that nobody replaces.
    assert (
        "annotations" not in daemons["template"]["metadata"]
        or not daemons["template"]["metadata"]["annotations"]
    )
    now = daemon(subject, {"updateStrategy": "RollingUpdate"}).find("DaemonSet")["spec"]["updateStrategy"]
    assert now == {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "10%"}}


@pytest.mark.parametrize("subject", CHARTS)
def test_it_runs_on_workers_on_their_network(subject: str) -> None:
    pod = spec(daemon(subject))
    terms = pod["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"][
        "nodeSelectorTerms"
    ]
    assert terms[0]["matchExpressions"] == [{"key": "pai-worker", "operator": "In", "values": ["true"]}]
    assert (pod["hostNetwork"], pod["dnsPolicy"]) == (True, "ClusterFirstWithHostNet")
    assert pod["tolerations"] == [{"operator": "Exists"}]


def test_both_use_one_folder_for_the_socket() -> None:
    paths = {chart: volumes(daemon(chart))["socket"]["hostPath"]["path"] for chart in CHARTS}
    assert set(paths.values()) == {"/var/run/dshuttle"}
    for chart in CHARTS:
        mounts = [
            m for c in spec(daemon(chart))["containers"] for m in c["volumeMounts"] if m["name"] == "socket"
        ]
        # Where alluxio.worker.data.server.domain.socket.address says.
        assert {mount["mountPath"] for mount in mounts} == {"/opt/domain"}


# The worker


def test_the_worker_waits_for_the_master_and_owns_its_folders() -> None:
    init = {item["name"]: item for item in spec(daemon("dshuttle-worker"))["initContainers"]}
    assert init["wait-for-dependencies"]["args"][1:] == ["tcp://openpai-dshuttle.default.svc:30998"]
    prepared = [name.removeprefix("prepare-folder-") for name in init if name.startswith("prepare-folder")]
    assert prepared == ["socket", "cache", "logs"]
    for name in prepared:
        assert init[f"prepare-folder-{name}"]["command"][2:] == ["/data", "1000", "1000"]
        assert {"name": name, "mountPath": "/data"} in init[f"prepare-folder-{name}"]["volumeMounts"]


def test_the_worker_takes_legacys_ports_of_its_machine() -> None:
    objects = daemon("dshuttle-worker")
    ports = {p["name"]: p["hostPort"] for c in spec(objects)["containers"] for p in c["ports"]}
    # src/dshuttle/config/dshuttle.yaml
    assert ports == {"rpc": 4999, "web": 5000, "job-rpc": 5001, "job-data": 5002, "job-web": 5003}
    options = default_values("dshuttle-master")["environment"]
    assert f"-Dalluxio.worker.rpc.port={ports['rpc']} " in options["ALLUXIO_JAVA_OPTS"] + " "
    assert f"-Dalluxio.job.worker.data.port={ports['job-data']} " in options["ALLUXIO_JOB_WORKER_JAVA_OPTS"]


def test_the_worker_is_told_its_machines_address() -> None:
    for name in ("dshuttle-worker", "dshuttle-job-worker"):
        (entry,) = container(daemon("dshuttle-worker"), name)["env"]
        assert entry == {
            "name": "ALLUXIO_WORKER_HOSTNAME",
            "valueFrom": {"fieldRef": {"fieldPath": "status.hostIP"}},
        }


def test_files_in_memory_have_a_bound() -> None:
    memory = volumes(daemon("dshuttle-worker", {"memoryFolderSize": "4Gi"}))["memory"]
    assert memory["emptyDir"] == {"medium": "Memory", "sizeLimit": "4Gi"}


@pytest.mark.parametrize(
    ("subject", "name", "resources"),
    [
        ("dshuttle-worker", "dshuttle-worker", {"requests": {"memory": "2G"}, "limits": {"memory": "8G"}}),
        (
            "dshuttle-worker",
            "dshuttle-job-worker",
            {"requests": {"memory": "1G"}, "limits": {"memory": "3G"}},
        ),
        ("dshuttle-csi", "dshuttle-csi-daemon", {"requests": {"memory": "4G"}, "limits": {"memory": "10G"}}),
    ],
)
def test_legacys_memory_comes_with_qos(subject: str, name: str, resources: dict[str, Any]) -> None:
    assert container(daemon(subject), name)["resources"] == {}
    assert container(daemon(subject, {"global": {"qos": True}}), name)["resources"] == resources


def test_the_registrar_asks_for_no_cpu() -> None:
    # HiveD's cells leave out memory alone for DShuttle (paichart.derive.resources).
    objects = daemon("dshuttle-csi", {"global": {"qos": True}})
    assert container(objects, "node-driver-registrar")["resources"]["requests"]["cpu"] == "0"


# The driver


def test_kubernetes_knows_the_driver_by_the_name_that_rest_server_knows() -> None:
    # src/rest-server/src/models/v2/storage.js: spec.csi.driver === 'dshuttle'
    driver = daemon("dshuttle-csi").find("CSIDriver")
    assert (driver["apiVersion"], driver["metadata"]["name"]) == ("storage.k8s.io/v1", "dshuttle")
    assert driver["spec"] == {
        "attachRequired": False,
        "podInfoOnMount": True,
        "volumeLifecycleModes": ["Persistent"],
        "fsGroupPolicy": "None",
    }


@pytest.mark.parametrize("root", ["/var/lib/kubelet", "/var/lib/k0s/kubelet"])
def test_the_driver_lives_where_kubelet_does(root: str) -> None:
    objects = daemon("dshuttle-csi", {"kubeletRoot": root})
    paths = {
        name: volume["hostPath"]["path"] for name, volume in volumes(objects).items() if "hostPath" in volume
    }
    assert paths == {
        "plugin": f"{root}/plugins/csi-dshuttle-plugin",
        "pods": f"{root}/pods",
        "registration": f"{root}/plugins_registry",
        "socket": "/var/run/dshuttle",
        "logs": "/var/log/dshuttle",
    }
    registrar, driver = (
        container(objects, name) for name in ("node-driver-registrar", "dshuttle-csi-daemon")
    )
    assert f"--kubelet-registration-path={root}/plugins/csi-dshuttle-plugin/csi.sock" in registrar["args"]
    (mount,) = (m for m in driver["volumeMounts"] if m["name"] == "pods")
    # kubelet names the path of its own view, and what is mounted must show in the jobs' containers.
    assert mount == {"name": "pods", "mountPath": f"{root}/pods", "mountPropagation": "Bidirectional"}


def test_the_driver_is_started_as_legacy_did() -> None:
    driver = container(daemon("dshuttle-csi"), "dshuttle-csi-daemon")
    assert driver["command"] == ["/usr/local/bin/dshuttle-csi"]
    assert driver["args"] == ["--v=4", "--nodeid=$(NODE_ID)", "--endpoint=$(CSI_ENDPOINT)"]
    env = {
        item["name"]: item.get("value") or item["valueFrom"]["fieldRef"]["fieldPath"]
        for item in driver["env"]
    }
    assert env == {
        "ALLUXIO_CLIENT_HOSTNAME": "status.hostIP",
        "ALLUXIO_CLIENT_JAVA_OPTS": "-Dalluxio.user.hostname=$(ALLUXIO_CLIENT_HOSTNAME)"
        " -Dalluxio.worker.hostname=$(ALLUXIO_CLIENT_HOSTNAME)",
        "CSI_ENDPOINT": "unix://plugin/csi.sock",
        "NODE_ID": "spec.nodeName",
    }
    assert "livenessProbe" not in driver


def test_nothing_of_the_machine_is_edited() -> None:
    # Legacy's init container rewrote /etc/updatedb.conf, and broke it.
    objects = daemon("dshuttle-csi")
    assert "initContainers" not in spec(objects)
    assert "/etc" not in [v["hostPath"]["path"] for v in volumes(objects).values() if "hostPath" in v]


def test_an_own_registry_serves_both_images() -> None:
    images = {
        c["image"]
        for c in spec(daemon("dshuttle-csi", {"global": {"imageRegistry": "m.example.org"}}))["containers"]
    }
    assert images == {
        "m.example.org/sig-storage/csi-node-driver-registrar:v2.17.0",
        "m.example.org/dshuttle/dshuttle-csi:25037dc",
    }
