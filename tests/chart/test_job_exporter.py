"""The job exporter as its image v1.8.0 expects it, and job-info, which takes its place in kubelet mode."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.chart.charts import merged, scenario_values
from tests.chart.render import Object, Objects, render

GPU = "nvidia.com/gpu.present"


def rendered(
    scenario: str = "quick-start", values: Mapping[str, Any] | None = None, **options: Any
) -> Objects:
    return render("job-exporter", merged(scenario_values("job-exporter", scenario), values or {}), **options)


def pod(objects: Objects, name: str = "openpai-job-exporter") -> Object:
    found: Object = objects.find("DaemonSet", name)["spec"]["template"]["spec"]
    return found


def container(objects: Objects, name: str = "openpai-job-exporter") -> Object:
    (found,) = pod(objects, name)["containers"]
    return dict(found)


def plain_env(spec: Object) -> dict[str, str]:
    return {entry["name"]: entry["value"] for entry in spec["env"] if "value" in entry}


def fields(spec: Object) -> dict[str, str]:
    return {e["name"]: e["valueFrom"]["fieldRef"]["fieldPath"] for e in spec["env"] if "valueFrom" in e}


def terms(objects: Objects, name: str) -> list[dict[tuple[str, str], list[str] | None]]:
    required = pod(objects, name)["affinity"]["nodeAffinity"][
        "requiredDuringSchedulingIgnoredDuringExecution"
    ]
    return [
        {(e["key"], e["operator"]): e.get("values") for e in term["matchExpressions"]}
        for term in required["nodeSelectorTerms"]
    ]


@pytest.mark.parametrize(
    ("scenario", "port", "interval", "interface"),
    [("quick-start", "9102", "30", "eth0,eno2"), ("nvidia-runtime-class", "9202", "60", "bond0")],
)
def test_it_is_started_with_what_is_configured(
    scenario: str, port: str, interval: str, interface: str
) -> None:
    spec = container(rendered(scenario))
    assert spec["command"] == [
        *("python3", "/paichart/start.py", "run"),
        *(f"--port={port}", f"--interval={interval}", f"--interface={interface}"),
    ]
    assert spec["livenessProbe"]["exec"]["command"][-2:] == ["check", f"--port={port}"]
    assert [entry["containerPort"] for entry in spec["ports"]] == [int(port)]


def test_the_image_gets_every_variable_that_it_reads() -> None:
    # src/job-exporter/src: main.py (NV_DRIVER, HOSTNAME, HOST_IP, LOGGING_LEVEL), nvidia.py (LAUNCHER_TYPE),
    # collector.py (NODE_NAME). Without NV_DRIVER it ends; the layout is looked up by HOSTNAME.
    spec = container(rendered())
    assert fields(spec) == {
        "HOSTNAME": "spec.nodeName",
        "HOST_IP": "status.hostIP",
        "NODE_NAME": "spec.nodeName",
    }
    assert plain_env(spec) == {
        "LAUNCHER_TYPE": "k8s",
        "LOGGING_LEVEL": "INFO",
        "NV_DRIVER": "/var/drivers/nvidia/current",
        "NVIDIA_VISIBLE_DEVICES": "all",
        "NVIDIA_DRIVER_CAPABILITIES": "utility",
        "PAICHART_NAMESPACE": "default",
        "PAICHART_POD_PREFIX": "openpai-",
    }


def test_the_lookalikes_are_programs_in_the_folder_of_the_start_script() -> None:
    objects = rendered()
    assert set(objects.find("ConfigMap")["data"]) == {"docker", "nvidia-smi", "start.py"}
    (scripts,) = (volume for volume in pod(objects)["volumes"] if volume["name"] == "scripts")
    assert scripts["configMap"]["defaultMode"] == 0o755
    mounts = {m["name"]: m["mountPath"] for m in container(objects)["volumeMounts"]}
    assert mounts["scripts"] == "/paichart"


def test_the_lookalikes_find_what_they_read() -> None:
    objects = rendered()
    paths = {v["name"]: v["hostPath"]["path"] for v in pod(objects)["volumes"] if "hostPath" in v}
    mounts = {
        m["mountPath"]: (paths[m["name"]], m.get("readOnly", False))
        for m in container(objects)["volumeMounts"]
        if m["name"] in paths
    }
    script = objects.find("ConfigMap")["data"]["docker"]
    assert mounts == {
        "/dev": ("/dev", False),
        "/host/cgroup": ("/sys/fs/cgroup", True),
        "/host/containers": ("/var/log/containers", True),
    }
    assert '"/host/cgroup"' in script
    assert '"/host/containers"' in script


def test_no_socket_of_a_runtime_is_mounted() -> None:
    assert ".sock" not in str(pod(rendered())["volumes"])


def test_the_layouts_gpus_do_not_restart_every_pod() -> None:
    template = rendered().find("DaemonSet")["spec"]["template"]
    assert {n for n in template["metadata"]["annotations"] if n.startswith("checksum/")} == {
        "checksum/scripts"
    }
    (volume,) = (v for v in template["spec"]["volumes"] if v["name"] == "gpu-configuration")
    assert volume["configMap"]["name"] == "openpai-gpu-configuration"
    # A file that is mounted alone would not change in a running pod.
    assert not any("subPath" in mount for mount in template["spec"]["containers"][0]["volumeMounts"])


def test_prometheus_finds_it() -> None:
    metadata = rendered("nvidia-runtime-class").find("DaemonSet", "openpai-job-exporter-nvidia")["spec"][
        "template"
    ]["metadata"]
    assert metadata["labels"]["app"] == "job-exporter"
    scrape = {k: v for k, v in metadata["annotations"].items() if k.startswith("prometheus.io/")}
    assert scrape == {
        "prometheus.io/scrape": "true",
        "prometheus.io/path": "/metrics",
        "prometheus.io/port": "9202",
    }


def test_one_daemon_runs_wherever_nobody_opts_out() -> None:
    # src/job-exporter/deploy/service.yaml: notin no-jobexporter
    objects = rendered()
    assert len(objects.all("DaemonSet")) == 1
    assert terms(objects, "openpai-job-exporter") == [{("no-jobexporter", "NotIn"): ["true"]}]
    assert "runtimeClassName" not in pod(objects)


def test_a_runtime_class_gives_nodes_with_gpus_a_daemon_of_their_own() -> None:
    objects = rendered(values={"nvidia": {"runtimeClassName": "nvidia"}})
    own = {("no-jobexporter", "NotIn"): ["true"]}
    assert terms(objects, "openpai-job-exporter") == [{**own, (GPU, "NotIn"): ["true"]}]
    assert terms(objects, "openpai-job-exporter-nvidia") == [{**own, (GPU, "In"): ["true"]}]
    assert pod(objects, "openpai-job-exporter-nvidia")["runtimeClassName"] == "nvidia"
    assert "runtimeClassName" not in pod(objects)


def test_no_node_gets_two_daemons_with_the_admins_affinity_either() -> None:
    objects = rendered("nvidia-runtime-class")
    for name, operator in (("openpai-job-exporter", "NotIn"), ("openpai-job-exporter-nvidia", "In")):
        assert terms(objects, name) == [
            {("pai-worker", "Exists"): None, (GPU, operator): ["true"]},
            {("pai-master", "Exists"): None, (GPU, operator): ["true"]},
        ]


def test_a_driver_of_an_old_installation_is_mounted_where_the_image_looks() -> None:
    objects = rendered("driver-folder")
    path = "/var/drivers/nvidia/current"
    assert plain_env(container(objects))["NV_DRIVER"] == path
    assert {m["name"]: m["mountPath"] for m in container(objects)["volumeMounts"]}["nvidia-driver"] == path


def test_qos_gives_legacys_memory() -> None:
    # src/job-exporter/deploy/job-exporter.yaml.template
    resources = container(rendered("nvidia-runtime-class"))["resources"]
    assert resources["limits"] == {"memory": "512Mi"}
    # HiveD's cells leave out no cpu for it (paichart.derive.resources), so a full machine has none to give.
    assert resources["requests"]["cpu"] == "0"


def test_in_kubelet_mode_nothing_touches_a_node() -> None:
    objects = rendered("kubelet")
    assert objects.all("DaemonSet") == ()
    specs = [pods.spec for pods in objects.pod_specs()]
    assert not any(spec.get("hostNetwork") or spec.get("hostPID") for spec in specs)
    assert not any("hostPath" in volume for spec in specs for volume in spec.get("volumes", []))


def test_job_info_reads_the_pods_of_jobs_alone() -> None:
    objects = rendered("kubelet", namespace="pai-system")
    assert objects.all("ClusterRole", "ClusterRoleBinding") == ()
    role = objects.find("Role", "pai-system-openpai-job-info", "default")
    assert role["rules"] == [{"apiGroups": [""], "resources": ["pods"], "verbs": ["list", "watch"]}]
    (subject,) = objects.find("RoleBinding", namespace="default")["subjects"]
    assert (subject["name"], subject["namespace"]) == ("openpai-job-info", "pai-system")


def test_job_info_answers_where_prometheus_and_the_test_ask() -> None:
    objects = rendered("kubelet")
    template = objects.find("Deployment")["spec"]["template"]
    assert template["metadata"]["labels"]["app"] == "job-info"
    assert template["metadata"]["annotations"]["prometheus.io/port"] == "9104"
    (spec,) = template["spec"]["containers"]
    assert spec["command"] == ["python3", "/paichart/job_info.py", "--port=9104"]
    assert spec["ports"] == [{"name": "metrics", "containerPort": 9104, "protocol": "TCP"}]
    assert objects.find("Service", "openpai-job-info")["spec"]["ports"][0]["port"] == 9104
    (test,) = objects.find("Pod")["spec"]["containers"]
    assert test["args"][-1] == "http://openpai-job-info.default.svc:9104/metrics"


@pytest.mark.parametrize("scenario", ["quick-start", "kubelet"])
def test_the_mode_keeps_what_the_other_one_needs_out(scenario: str) -> None:
    objects = rendered(scenario)
    (config,) = objects.all("ConfigMap")
    names = {"quick-start": "openpai-job-exporter", "kubelet": "openpai-job-info"}
    assert config["metadata"]["name"] == names[scenario]
    assert [account["metadata"]["name"] for account in objects.all("ServiceAccount")] == [names[scenario]]
