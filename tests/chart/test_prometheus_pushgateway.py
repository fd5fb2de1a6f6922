"""The pushgateway, with our cleaner beside it."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.chart.charts import CHARTS, merged, scenario_values
from tests.chart.render import Object, Objects, render
from tests.rig.debian import ensure

pytestmark = pytest.mark.programs

GATEWAY, CLEANER = "prometheus-pushgateway", "metrics-cleaner"
SCRIPT = CHARTS / "prometheus-pushgateway/files/metrics_cleaner.py"


def rendered(values: Mapping[str, Any] | None = None, scenario: str = "quick-start") -> Objects:
    return render(
        "prometheus-pushgateway", merged(scenario_values("prometheus-pushgateway", scenario), values or {})
    )


def container(objects: Objects, name: str) -> Object:
    spec = objects.find("Deployment", "openpai-prometheus-pushgateway")["spec"]["template"]["spec"]
    (found,) = (entry for entry in spec["containers"] if entry["name"] == name)
    return dict(found)


def scrape_annotations(objects: Objects) -> dict[str, str]:
    metadata = objects.find("Deployment")["spec"]["template"]["metadata"]
    return {key: value for key, value in metadata["annotations"].items() if key.startswith("prometheus.io/")}


@pytest.mark.parametrize(("scenario", "port"), [("quick-start", 9097), ("host-port", 19097)])
def test_clients_and_prometheus_find_it_where_legacy_had_it(scenario: str, port: int) -> None:
    # src/prometheus-pushgateway/deploy: path prefix, and the port that the annotation names
    objects = rendered(scenario=scenario)
    args = container(objects, GATEWAY)["args"]
    assert args == [f"--web.listen-address=:{port}", "--web.route-prefix=/prometheus-pushgateway"]
    assert scrape_annotations(objects) == {
        "prometheus.io/scrape": "true",
        "prometheus.io/port": str(port),
        "prometheus.io/path": "/prometheus-pushgateway/metrics",
    }
    (own,) = container(objects, GATEWAY)["ports"]
    assert (own["name"], own["containerPort"]) == ("metrics", port)
    assert objects.find("Service")["spec"]["ports"][0]["port"] == port


def test_nobody_can_wipe_or_stop_it() -> None:
    assert not [word for word in container(rendered(), GATEWAY)["args"] if "enable" in word]


@pytest.mark.parametrize(
    ("scenario", "host_port", "kind", "node_port"),
    [
        ("quick-start", None, "ClusterIP", None),
        ("host-port", 19097, "ClusterIP", None),
        ("node-port", None, "NodePort", 30097),
    ],
)
def test_machines_outside_reach_it_if_told_so(
    scenario: str, host_port: int | None, kind: str, node_port: int | None
) -> None:
    objects = rendered(scenario=scenario)
    assert container(objects, GATEWAY)["ports"][0].get("hostPort") == host_port
    service = objects.find("Service")["spec"]
    assert (service["type"], service["ports"][0].get("nodePort")) == (kind, node_port)


def test_kubernetes_may_choose_the_port_of_nodes() -> None:
    objects = rendered({"exposure": {"type": "nodePort", "nodePort": 0}})
    assert "nodePort" not in objects.find("Service")["spec"]["ports"][0]


def test_everybody_may_push_unless_ranges_are_given() -> None:
    (rule,) = rendered().find("NetworkPolicy")["spec"]["ingress"]
    assert "from" not in rule
    prometheus, ranges = rendered(scenario="host-port").find("NetworkPolicy")["spec"]["ingress"]
    components = [
        peer["podSelector"]["matchLabels"]["app.kubernetes.io/component"] for peer in prometheus["from"]
    ]
    assert components == ["prometheus", "helm-test"]
    assert [peer["ipBlock"]["cidr"] for peer in ranges["from"]] == ["10.1.0.0/16", "fd00:1::/64"]


def test_cleaner_is_told_what_legacys_was_told() -> None:
    # src/prometheus-pushgateway/src/metrics-cleaner/main.py
    objects = rendered(scenario="host-port")
    env = {entry["name"]: entry["value"] for entry in container(objects, CLEANER)["env"]}
    assert env.pop("HEARTBEAT").startswith("/run/cleaner/")
    assert env == {
        "PROMETHEUS_PUSHGATEWAY_URI": "http://localhost:19097",
        "JOB_TIME_TO_LIVE": "600",
        "CLEAN_INTERVAL": "60",
    }


def test_one_copy_holds_all_that_is_pushed() -> None:
    spec = rendered().find("Deployment")["spec"]
    assert (spec["replicas"], spec["strategy"]["type"]) == (1, "Recreate")


def test_qos_gives_legacys_figures() -> None:
    # src/prometheus-pushgateway/deploy/prometheus-pushgateway.yaml.template
    resources = container(rendered(scenario="host-port"), GATEWAY)["resources"]
    assert resources == {
        "limits": {"cpu": "1", "memory": "2Gi"},
        "requests": {"cpu": "500m", "memory": "512Mi"},
    }


@contextmanager
def gateway() -> Iterator[str]:
    """A real pushgateway (Debian's 1.5), started with the chart's own arguments on a free port."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    objects = rendered({"global": {"servicePorts": {"prometheus-pushgateway": port}}})
    with subprocess.Popen(
        [ensure("prometheus-pushgateway"), *container(objects, GATEWAY)["args"]],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            process.kill()


def ask(url: str, body: bytes | None = None) -> bytes:
    deadline = time.monotonic() + 20
    while True:
        try:
            with urllib.request.urlopen(url, data=body, timeout=10) as response:  # noqa: S310
                return bytes(response.read())
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def groups(base: str) -> list[dict[str, str]]:
    return [group["labels"] for group in json.loads(ask(f"{base}/api/v1/metrics"))["data"]]


def test_a_real_gateway_is_probed_and_cleaned(tmp_path: Path) -> None:
    with gateway() as uri:
        for kind in ("readinessProbe", "livenessProbe"):
            ask(uri + container(rendered(), GATEWAY)[kind]["httpGet"]["path"])
        ask(uri + scrape_annotations(rendered())["prometheus.io/path"])
        base = f"{uri}/prometheus-pushgateway"
        # Plain, with a label, and with values that only base64 can say: `a/b/ü`, `..` and nothing.
        for path in (
            "job/plain",
            "job/plain/instance/x%20y",
            "job@base64/YS9iL8O8/up@base64/Li4/none@base64/=",
        ):
            ask(f"{base}/metrics/{path}", b"a 1\n")
        assert len(groups(base)) == 3
        env = {"PROMETHEUS_PUSHGATEWAY_URI": uri, "JOB_TIME_TO_LIVE": "2", "CLEAN_INTERVAL": "1"}
        with subprocess.Popen(
            [sys.executable, SCRIPT],
            env={**env, "HEARTBEAT": str(tmp_path / "heartbeat")},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as script:
            try:
                deadline = time.monotonic() + 20
                while time.monotonic() < deadline:
                    ask(f"{base}/metrics/job/kept", b"b 2\n")
                    if groups(base) == [{"job": "kept"}]:
                        break
                    time.sleep(0.2)
                assert groups(base) == [{"job": "kept"}]
            finally:
                script.kill()
        assert (tmp_path / "heartbeat").exists()
