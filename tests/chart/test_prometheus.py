"""Prometheus: its scrape jobs, what it may do, where its data lies, and what an operator gets instead."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.chart.charts import CHARTS, ROOT, default_values, scenarios
from tests.chart.promtool import (
    EVERYTHING,
    NAMESPACE,
    config_of,
    everything,
    file_discovery,
    relabelled,
    rendered,
    rule_files,
    run,
    write_rules,
)
from tests.chart.render import Object, Objects, render
from tests.chart.scenes import whole
from tests.rig.debian import ensure

pytestmark = pytest.mark.programs

OWN = {
    "__address__": "10.244.1.7:9100",
    "__meta_kubernetes_namespace": NAMESPACE,
    "__meta_kubernetes_pod_name": "openpai-node-exporter-x7k",
    "__meta_kubernetes_pod_ip": "10.0.0.2",
    "__meta_kubernetes_pod_host_ip": "10.0.0.2",
    "__meta_kubernetes_pod_node_name": "w1",
    "__meta_kubernetes_pod_phase": "Running",
    "__meta_kubernetes_pod_container_name": "node-exporter",
    "__meta_kubernetes_pod_label_app": "node-exporter",
    "__meta_kubernetes_pod_label_app_kubernetes_io_component": "node-exporter",
    "__meta_kubernetes_pod_annotation_prometheus_io_scrape": "true",
    "__meta_kubernetes_pod_annotation_prometheus_io_port": "9100",
    "__meta_kubernetes_pod_annotation_prometheus_io_path": "/metrics",
}
"""A pod of ours as Prometheus discovers it."""


def jobs(objects: Objects) -> dict[str, dict[str, Any]]:
    return {job["job_name"]: job for job in config_of(objects)["scrape_configs"]}


def server(objects: Objects) -> Object:
    spec = objects.find("StatefulSet", "openpai-prometheus")["spec"]["template"]["spec"]
    (found,) = (entry for entry in spec["containers"] if entry["name"] == "prometheus")
    return dict(found)


def target(tmp_path: Path, job: str = "pai_service_exporter", **changes: str) -> dict[str, str] | None:
    """The target that a scrape job makes of a pod of ours; changes replace what was discovered."""
    given = {f"__meta_kubernetes_pod_{key}": value for key, value in changes.items()}
    return relabelled(jobs(everything())[job], {**OWN, **given}, tmp_path)


@pytest.mark.parametrize("scenario", [name for name in scenarios("prometheus") if name != "operator"])
def test_promtool_reads_the_configuration_of(scenario: str, tmp_path: Path) -> None:
    # Debian's promtool knows no Kubernetes: discovery is replaced, all else stands as rendered.
    objects = rendered(scenario=scenario)
    config = file_discovery(config_of(objects), tmp_path)
    config["rule_files"] = [str(path) for path in write_rules(tmp_path, rule_files(objects))]
    file = tmp_path / "prometheus.yml"
    file.write_text(yaml.safe_dump(config), encoding="utf-8")
    result = run("check", "config", file)
    assert result.returncode == 0, result.stdout + result.stderr


def discoveries() -> Iterator[tuple[str, dict[str, Any]]]:
    for objects in (everything(), rendered()):
        for job in config_of(objects)["scrape_configs"]:
            for discovery in job.get("kubernetes_sd_configs", ()):
                yield job["job_name"], discovery


def test_discovery_asks_the_api_server_for_few_objects() -> None:
    # A cluster of 5,000 nodes has 150,000 pods: Prometheus would hold them all.
    for name, discovery in discoveries():
        assert discovery.keys() <= {"role", "namespaces", "selectors"}, name
        assert discovery["role"] in ("node", "pod"), name
        (selector,) = discovery["selectors"]
        assert selector["role"] == discovery["role"], name
        assert re.fullmatch(r"[^=,]+=[^=,]+(,[^=,]+=[^=,]+)*", selector["label"]), name


def test_pods_of_the_release_are_discovered_and_no_others() -> None:
    for job in ("pai_service_exporter", "pai_pushgateway"):
        (discovery,) = jobs(everything())[job]["kubernetes_sd_configs"]
        assert discovery["namespaces"] == {"names": [NAMESPACE]}
        labels = dict(pair.split("=") for pair in discovery["selectors"][0]["label"].split(","))
        assert labels["app.kubernetes.io/part-of"] == "openpai"
        assert labels["app.kubernetes.io/instance"] == "openpai"


def test_a_pod_on_the_hosts_network(tmp_path: Path) -> None:
    # src/prometheus/deploy/prometheus-configmap.yaml.template: what dashboards and the portal join on
    assert target(tmp_path) == {
        "__address__": "10.0.0.2:9100",
        "__metrics_path__": "/metrics",
        "__scheme__": "http",
        "__scrape_interval__": "30s",
        "__scrape_timeout__": "10s",
        "instance": "10.0.0.2:9100",
        "job": "pai_service_exporter",
        "pai_service_name": "node-exporter",
        "scraped_from": "openpai-node-exporter-x7k",
    }


def test_a_pod_with_an_address_of_its_own_is_known_by_its_nodes(tmp_path: Path) -> None:
    found = target(tmp_path, ip="10.244.1.7", annotation_prometheus_io_port="9101")
    assert found is not None
    assert (found["__address__"], found["instance"]) == ("10.244.1.7:9101", "10.0.0.2:9101")


@pytest.mark.parametrize("address", ["fd00:244::7", "fd00::", "::ffff:10.0.0.7", "2001:DB8::1"])
def test_an_address_of_ipv6_gets_brackets(tmp_path: Path, address: str) -> None:
    found = target(tmp_path, ip=address, host_ip="fd00::2")
    assert found is not None
    assert (found["__address__"], found["instance"]) == (f"[{address}]:9100", "[fd00::2]:9100")


@pytest.mark.parametrize(
    "changes",
    [
        {"annotation_prometheus_io_scrape": "false"},
        {"annotation_prometheus_io_scrape": ""},
        {"phase": "Succeeded"},
        {"phase": "Failed"},
        {"container_init": "true"},
        {"label_app_kubernetes_io_component": "prometheus-pushgateway"},
    ],
)
def test_what_is_no_target(tmp_path: Path, changes: dict[str, str]) -> None:
    assert target(tmp_path, **changes) is None


def test_pushed_metrics_keep_their_labels_and_others_do_not(tmp_path: Path) -> None:
    honest = {name for name, job in jobs(everything()).items() if job.get("honor_labels")}
    # The others are the cluster's own, whose labels name the pods that they are about.
    assert honest == {"pai_pushgateway", "dcgm-exporter", "kube-state-metrics"}
    path = "/prometheus-pushgateway/metrics"
    found = target(tmp_path, "pai_pushgateway", annotation_prometheus_io_path=path)
    assert found is not None
    assert (found["__metrics_path__"], found["job"]) == (path, "pai_pushgateway")


def test_a_dcgm_exporter_is_known_by_its_node(tmp_path: Path) -> None:
    ports = {"container_port_number": "9400", "host_ip": "fd00::2"}
    found = target(tmp_path, "dcgm-exporter", **ports)
    assert found is not None
    assert (found["__address__"], found["node"]) == (OWN["__address__"], "w1")
    assert found["instance"] == "[fd00::2]:9400"
    assert "pod" not in found
    assert "namespace" not in found
    assert target(tmp_path, "dcgm-exporter", container_port_number="8080") is None


@pytest.mark.parametrize("job", ["kubelet", "kubelet-cadvisor"])
def test_kubelets_are_asked_over_https_with_the_pods_token(tmp_path: Path, job: str) -> None:
    own = jobs(everything())[job]
    token = "/var/run/secrets/kubernetes.io/serviceaccount/token"  # noqa: S105 # where it is
    assert own["authorization"] == {"credentials_file": token}
    assert own["tls_config"] == {"insecure_skip_verify": True}
    node = {"__address__": "[fd00::2]:10250", "__meta_kubernetes_node_name": "w1"}
    found = relabelled(own, node, tmp_path)
    assert found is not None
    assert (found["__scheme__"], found["node"], found["instance"]) == ("https", "w1", "[fd00::2]:10250")
    assert found["__metrics_path__"] == {"kubelet": "/metrics"}.get(job, "/metrics/cadvisor")


def test_kubelets_certificates_can_be_verified() -> None:
    objects = rendered(scenario="kubelet")
    for job in ("kubelet", "kubelet-cadvisor"):
        assert jobs(objects)[job]["tls_config"] == {"ca_file": "/etc/prometheus/kubelet-ca/ca.crt"}
    mounts = {mount["name"]: mount["mountPath"] for mount in server(objects)["volumeMounts"]}
    assert mounts["kubelet-ca"] == "/etc/prometheus/kubelet-ca"


def kept(job: Mapping[str, Any], **labels: str) -> dict[str, str] | None:
    """The labels of a series after a scrape job's metric_relabel_configs; None when it is dropped."""
    series: dict[str, str] | None = labels
    for step in job.get("metric_relabel_configs", ()):
        assert series is not None
        value = step.get("separator", ";").join(
            series.get(name, "") for name in step.get("source_labels", ())
        )
        matches = re.fullmatch(step["regex"], value)
        if (step["action"] == "keep") != bool(matches) and step["action"] in ("keep", "drop"):
            return None
        if step["action"] == "labeldrop":
            series = {name: text for name, text in series.items() if not re.fullmatch(step["regex"], name)}
    return series


def listed() -> Iterator[tuple[str, str]]:
    """(source, series) of tests/chart/data/metrics.yaml."""
    text = (ROOT / "tests/chart/data/metrics.yaml").read_text(encoding="utf-8")
    for source, metrics in yaml.safe_load(text).items():
        for name, labels in metrics.items():
            histogram = isinstance(labels, Mapping) and labels.get("histogram")
            yield from (
                (source, f"{name}{end}") for end in (("_bucket", "_sum", "_count") if histogram else ("",))
            )


JOB_OF = {
    "kubelet": "kubelet",
    "cadvisor": "kubelet-cadvisor",
    "dcgm-exporter": "dcgm-exporter",
    "kube-state-metrics": "kube-state-metrics",
    "prometheus-pushgateway": "pai_pushgateway",
}


@pytest.mark.parametrize(
    ("source", "metric"), [pair for pair in listed() if pair[0] not in ("scrape", "rules")]
)
def test_every_listed_metric_is_kept(source: str, metric: str) -> None:
    labels = {"namespace": NAMESPACE, "container": "app", "phase": "Pending"}
    if source == "kube-state-metrics":
        labels["namespace"] = "default"
    if metric == "machine_memory_bytes":
        labels = {}
    assert kept(jobs(everything())[JOB_OF.get(source, "pai_service_exporter")], __name__=metric, **labels)


@pytest.mark.parametrize(
    ("job", "labels"),
    [
        ("pai_service_exporter", {"__name__": "go_gc_duration_seconds"}),
        ("pai_service_exporter", {"__name__": "node_schedstat_running_seconds_total"}),
        ("pai_service_exporter", {"__name__": "prometheus_http_request_duration_seconds_bucket"}),
        ("pai_pushgateway", {"__name__": "process_cpu_seconds_total"}),
        ("kubelet", {"__name__": "kubelet_volume_stats_used_bytes", "namespace": NAMESPACE}),
        ("kubelet", {"__name__": "kubelet_volume_stats_available_bytes", "namespace": "shop"}),
        ("kubelet", {"__name__": "rest_client_requests_total"}),
        (
            "kubelet-cadvisor",
            {"__name__": "container_cpu_usage_seconds_total", "namespace": "shop", "container": "a"},
        ),
        ("kubelet-cadvisor", {"__name__": "container_cpu_usage_seconds_total", "namespace": "default"}),
        ("kubelet-cadvisor", {"__name__": "container_cpu_usage_seconds_total", "id": "/"}),
        ("kubelet-cadvisor", {"__name__": "container_network_receive_bytes_total", "namespace": "default"}),
        (
            "kubelet-cadvisor",
            {"__name__": "container_tasks_state", "namespace": "default", "container": "app"},
        ),
        ("dcgm-exporter", {"__name__": "DCGM_FI_DEV_ENC_UTIL"}),
        (
            "kube-state-metrics",
            {"__name__": "kube_pod_status_phase", "namespace": "default", "phase": "Running"},
        ),
        ("kube-state-metrics", {"__name__": "kube_pod_info", "namespace": "shop"}),
    ],
)
def test_what_nobody_reads_is_dropped(job: str, labels: dict[str, str]) -> None:
    assert kept(jobs(everything())[job], **labels) is None


def test_labels_that_change_with_a_driver_are_dropped() -> None:
    series = kept(
        jobs(everything())["dcgm-exporter"],
        __name__="DCGM_FI_DEV_GPU_UTIL", gpu="0", UUID="GPU-1", Hostname="x", container="app",
        namespace="default", pod="a", DCGM_FI_DRIVER_VERSION="550", GPU_I_ID="",
    )  # fmt: skip
    assert series is not None
    assert series.keys() == {"__name__", "gpu", "namespace", "pod", "GPU_I_ID"}


def test_network_of_services_is_kept_where_jobs_run_beside_them() -> None:
    config = config_of_release_in("default")
    (job,) = (job for job in config["scrape_configs"] if job["job_name"] == "kubelet-cadvisor")
    assert kept(job, __name__="container_network_receive_bytes_total", namespace="default", interface="eth0")


def config_of_release_in(namespace: str) -> dict[str, Any]:
    loaded: dict[str, Any] = config_of(render("prometheus", EVERYTHING, namespace=namespace))
    return loaded


def test_alerts_go_to_the_releases_alert_manager() -> None:
    (manager,) = config_of(rendered(scenario="kubelet"))["alerting"]["alertmanagers"]
    assert manager == {
        "api_version": "v2",
        "path_prefix": "/alert-manager",
        "static_configs": [{"targets": ["openpai-alert-manager.pai-system.svc:9093"]}],
    }
    assert "alerting" not in config_of(rendered())


def test_flags_are_those_of_prometheus_2_and_3() -> None:
    assert server(rendered(scenario="kubelet"))["args"] == [
        "--config.file=/etc/prometheus/prometheus.yml",
        "--web.listen-address=:19091",
        "--web.external-url=https://pai.example.com/prometheus/",
        "--web.route-prefix=/prometheus",
        "--storage.tsdb.path=/prometheus-data",
        "--storage.tsdb.retention.time=90d",
        "--storage.tsdb.retention.size=450GB",
    ]
    # Gone in 3.0: storage.tsdb.retention, alertmanager.timeout, web.console.*; never asked for: these two.
    flags = " ".join(server(rendered())["args"])
    assert not re.search(r"enable-lifecycle|enable-admin-api|retention=|console", flags)


def test_further_flags_come_last() -> None:
    flags = ["--enable-feature=exemplar-storage"]
    assert server(rendered({"extraArgs": flags}))["args"][-1:] == flags


def test_data_of_an_old_installation_is_found_again() -> None:
    # src/prometheus/deploy/prometheus-deployment.yaml.template: <data-path>/prometheus/data, of nobody
    objects = rendered(scenario="quick-start")
    volume = objects.find("PersistentVolume")["spec"]
    assert volume["hostPath"]["path"] == "/datastorage/prometheus/data"
    pod = objects.find("StatefulSet")["spec"]["template"]["spec"]
    assert (pod["securityContext"]["runAsUser"], pod["securityContext"]["runAsGroup"]) == (65534, 65534)
    (prepare,) = pod["initContainers"]
    assert prepare["command"][2:] == ["/data", "65534", "65534"]
    mounts = {mount["name"]: mount["mountPath"] for mount in server(objects)["volumeMounts"]}
    assert mounts["data"] == "/prometheus-data"


def test_a_volume_of_a_class_needs_no_root() -> None:
    pod = rendered(scenario="kubelet").find("StatefulSet")["spec"]["template"]["spec"]
    assert pod["securityContext"]["fsGroup"] == 65534
    assert [container["name"] for container in pod["initContainers"]] == ["check-rules"]


def rights(objects: Objects, kind: str) -> list[tuple[list[str], list[str]]]:
    return [(rule["resources"], rule["verbs"]) for role in objects.all(kind) for rule in role["rules"]]


def test_it_may_look_at_pods_and_ask_kubelets_for_metrics() -> None:
    # pkg/kubelet/server/auth.go, Kubernetes 1.25 to 1.37: /metrics and below is nodes/metrics
    pods, nodes, metrics = (
        (["pods"], ["list", "watch"]),
        (["nodes"], ["list", "watch"]),
        (["nodes/metrics"], ["get"]),
    )
    assert rights(rendered(), "Role") == [pods]
    assert rights(rendered(), "ClusterRole") == [pods, nodes, metrics]
    only_gpus = {"scrape": {"kubelet": {"enabled": False}}}
    assert rights(rendered(only_gpus), "ClusterRole") == [pods]
    only_kubelets = {"scrape": {"dcgm": {"enabled": False}}}
    assert rights(rendered(only_kubelets), "ClusterRole") == [nodes, metrics]
    assert rights(rendered(scenario="bare"), "Role") == [pods]
    assert rights(rendered(scenario="bare"), "ClusterRole") == []


def test_callers_are_let_in_by_name() -> None:
    policy = rendered({"callers": ["pylon", "grafana"]}).find("NetworkPolicy")["spec"]["ingress"]
    (rule,) = policy
    components = [peer["podSelector"]["matchLabels"]["app.kubernetes.io/component"] for peer in rule["from"]]
    assert components == ["pylon", "grafana", "prometheus", "helm-test"]


CHECK = CHARTS / "prometheus/files"


@pytest.mark.parametrize(
    ("expression", "alert"),
    [("sum(task_cpu_percent) < 1", "TooQuiet"), ("sum(task_cpu_percent < 1", "CustomizedAlertsRefused")],
)
def test_customized_alerts_that_prometheus_refuses_do_not_keep_it_from_starting(
    tmp_path: Path, expression: str, alert: str
) -> None:
    given, result = tmp_path / "customized.rules", tmp_path / "checked.rules"
    rule = {"alert": "TooQuiet", "expr": expression}
    given.write_text(yaml.safe_dump({"groups": [{"name": "mine", "rules": [rule]}]}))
    command: list[str | Path] = ["sh", CHECK / "check_rules.sh", given, CHECK / "refused.rules", result]
    path = f"{ensure('promtool').parent}:/usr/bin:/bin"
    done = subprocess.run(command, env={"PATH": path}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (group,) = yaml.safe_load(result.read_text())["groups"]
    assert [rule["alert"] for rule in group["rules"]] == [alert]
    assert ("customized alerts are off" in done.stderr) == (alert == "CustomizedAlertsRefused")
    assert run("check", "rules", result).returncode == 0


def test_customized_alerts_reach_prometheus_as_they_are() -> None:
    objects = rendered(scenario="kubelet")
    data = objects.find("ConfigMap", "openpai-prometheus-customized")["data"]
    assert "{{ $value }}" in data["customized.rules"]
    pod = objects.find("StatefulSet")["spec"]["template"]["spec"]
    (check,) = pod["initContainers"]
    assert check["command"] == [
        "sh",
        "/customized/check_rules.sh",
        "/customized/customized.rules",
        "/customized/refused.rules",
        "/checked/customized.rules",
    ]
    assert check["image"] == server(objects)["image"]
    assert config_of(objects)["rule_files"] == [
        "/etc/prometheus/rules/*.yaml",
        "/etc/prometheus/customized/*.rules",
    ]
    assert len(rendered().all("ConfigMap")) == 2


def test_rules_lie_beneath_the_limit_of_a_configmap_by_far() -> None:
    for item in everything().all("ConfigMap"):
        assert sum(map(len, item["data"].values())) < 64 * 1024


def test_an_operator_gets_the_same_rules() -> None:
    both = rendered(
        {**EVERYTHING, "global": {"monitoring": {"jobMetrics": "kubelet", "operator": {"enabled": True}}}}
    )
    specs = {item["metadata"]["name"]: item["spec"] for item in both.all("PrometheusRule")}
    files = {name: yaml.safe_load(text) for name, text in rule_files(both).items()}
    assert specs == {
        f"openpai-prometheus-{name.removesuffix('.yaml')}": content for name, content in files.items()
    }


def test_an_operator_gets_monitors_and_nothing_runs() -> None:
    objects = rendered(scenario="operator")
    assert {item["kind"] for item in objects} == {"PodMonitor", "PrometheusRule"}
    assert {item["metadata"]["labels"]["release"] for item in objects} == {"kube-prometheus-stack"}
    assert rendered().all("PodMonitor", "PrometheusRule") == ()
    customized = objects.find("PrometheusRule", "openpai-prometheus-customized")
    assert customized["spec"]["groups"][0]["name"] == "mine"


def test_a_monitor_makes_the_same_target_as_our_own_prometheus(tmp_path: Path) -> None:
    monitor = rendered(scenario="operator").find("PodMonitor", "openpai-node-exporter")
    (endpoint,) = monitor["spec"]["podMetricsEndpoints"]
    assert (endpoint["port"], endpoint["interval"]) == ("metrics", "30s")
    spelling = {"sourceLabels": "source_labels", "targetLabel": "target_label"}
    steps = [
        {spelling.get(key, key): value for key, value in step.items()} for step in endpoint["relabelings"]
    ]
    # What the operator itself adds to every target.
    added = dict.fromkeys(("namespace", "pod", "container", "endpoint"), "x")
    job = {"job_name": "operator", "relabel_configs": steps, "scrape_interval": "30s"}
    assert relabelled(job, {**OWN, **added}, tmp_path) == target(tmp_path)


def test_only_pushed_metrics_keep_their_labels_with_an_operator() -> None:
    honest = {
        item["metadata"]["name"]
        for item in rendered(scenario="operator").all("PodMonitor")
        if item["spec"]["podMetricsEndpoints"][0]["honorLabels"]
    }
    assert honest == {"openpai-prometheus-pushgateway", "openpai-prometheus-dcgm"}


def test_every_pod_that_asks_to_be_scraped_can_be() -> None:
    components = set(default_values("prometheus")["scrape"]["components"])
    scraped = 0
    for pods in whole().objects.pod_specs():
        annotations = pods.template["metadata"].get("annotations", {})
        if annotations.get("prometheus.io/scrape") != "true":
            continue
        scraped += 1
        ports = {port.get("name"): port for c in pods.containers() for port in c.spec.get("ports", ())}
        assert str(ports["metrics"]["containerPort"]) == annotations["prometheus.io/port"], str(pods)
        assert pods.component in components, str(pods)
        assert pods.labels.get("app"), str(pods)
        # What relabelling asks for.
        assert re.fullmatch(r"/[-a-z/]+", annotations["prometheus.io/path"]), str(pods)
    assert scraped >= 2


def test_a_real_prometheus_starts_with_the_charts_flags_configuration_and_rules(tmp_path: Path) -> None:
    # Debian's 2.42, with files in the place of Kubernetes.
    port = free_port()
    objects = rendered(
        {**EVERYTHING, "global": {**EVERYTHING["global"], "servicePorts": {"prometheus": port}}}
    )
    config = file_discovery(config_of(objects), tmp_path)
    config["rule_files"] = [str(path) for path in write_rules(tmp_path, rule_files(objects))]
    (tmp_path / "prometheus.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
    container = server(objects)
    places = {
        "/etc/prometheus/prometheus.yml": tmp_path / "prometheus.yml",
        "/prometheus-data": tmp_path / "data",
    }
    words = (word.partition("=") for word in container["args"])
    args = [f"{flag}={places.get(value, value)}" for flag, _, value in words]
    with subprocess.Popen(
        [ensure("prometheus"), *args],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            base = f"http://127.0.0.1:{port}"
            for kind in ("livenessProbe", "readinessProbe"):
                ask(base + container[kind]["httpGet"]["path"])
            found = json.loads(ask(f"{base}/prometheus/api/v1/rules"))["data"]["groups"]
            ask(base + annotations_of(objects)["prometheus.io/path"])
        finally:
            process.kill()
    assert {group["name"] for group in found} == {name.removesuffix(".yaml") for name in rule_files(objects)}


def annotations_of(objects: Objects) -> dict[str, str]:
    return dict(objects.find("StatefulSet")["spec"]["template"]["metadata"]["annotations"])


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def ask(url: str) -> bytes:
    """What answers at an address, once something does."""
    deadline = time.monotonic() + 30
    while True:
        try:
            with urllib.request.urlopen(url, timeout=10) as response:  # noqa: S310 # a test's own server
                return bytes(response.read())
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
