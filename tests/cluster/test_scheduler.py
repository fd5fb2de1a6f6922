"""The jobs' scheduler with its rendered configuration and account, on a real control plane.

HiveD itself is played by a small server that answers as HiveD v0.3.4 does (pkg/scheduler/scheduler.go,
pkg/webserver/webserver.go): Go field names as keys, nulls included, and the binding done by HiveD's account.
"""

from __future__ import annotations

import http.client
import json
import ssl
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from tests.chart.charts import merged, scenario_values
from tests.chart.render import Object, Objects, render
from tests.cluster.conftest import ClusterFactory
from tests.rig.cluster import Cluster, Machine
from tests.rig.processes import Processes, free_ports
from tests.rig.tools import ensure

pytestmark = pytest.mark.cluster

NAMESPACE = "pai-system"
# kube-scheduler by itself looks no further once it has found 100 nodes that fit.
WORKERS = tuple(f"worker{number:03}" for number in range(120))
WAIT_REASON = "Pod is waiting for preemptible or free resource to appear"
ENABLED = "hivedscheduler.microsoft.com/pod-scheduling-enable"
BIND_INFO = "hivedscheduler.microsoft.com/pod-bind-info"


@dataclass
class Hived:
    """Answers the scheduler: `plan` says where each pod goes, `victims` whom it pushes out; others wait.

    Pods in `unknown` are refused once: HiveD learns of a pod as the scheduler does, and may be later.
    """

    cluster: Cluster
    token: str
    plan: dict[str, str] = field(default_factory=dict)
    victims: dict[str, tuple[str, str]] = field(default_factory=dict)
    unknown: set[str] = field(default_factory=set)
    offered: dict[str, list[str]] = field(default_factory=dict)

    def filter(self, args: Object) -> Object:
        name = args["Pod"]["metadata"]["name"]
        self.offered[name] = args["NodeNames"]
        nodes = [self.plan[name]] if name in self.plan else None
        failed = None if nodes else {"hivedscheduler": WAIT_REASON}
        return {"Nodes": None, "NodeNames": nodes, "FailedNodes": failed, "Error": ""}

    def preempt(self, args: Object) -> Object | None:
        name = args["Pod"]["metadata"]["name"]
        if name in self.unknown:
            self.unknown.remove(name)
            return None
        node, uid = self.victims[name]
        victims = {"Pods": [{"UID": uid}], "NumPDBViolations": 0}
        return {"NodeNameToMetaVictims": {node: victims}}

    def bind(self, args: Object) -> Object:
        binding = {
            "metadata": {"name": args["PodName"], "uid": args["PodUID"], "annotations": {BIND_INFO: "cell"}},
            "target": {"kind": "Node", "name": args["Node"]},
        }
        path = f"/api/v1/namespaces/{args['PodNamespace']}/pods/{args['PodName']}/binding"
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.token}"}
        tls = ssl.create_default_context(cafile=str(self.cluster.ca_file))
        status = _ask("POST", self.cluster.server_url + path, tls, json.dumps(binding), headers)
        return {"Error": "" if status == 201 else f"the API server answered {status}"}


@dataclass(frozen=True)
class Running:
    """The scheduler under test, what was rendered for it, and the HiveD that it calls."""

    cluster: Cluster
    objects: Objects
    hived: Hived
    port: int


@pytest.fixture(scope="module")
def running(cluster_factory: ClusterFactory, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    cluster = cluster_factory()
    cluster.add_nodes(
        Machine(name, f"10.0.1.{number}", cpu="4", labels={"pai-worker": "true"})
        for number, name in enumerate(WORKERS)
    )
    version = cluster.api.get("/version")["gitVersion"]
    # The scheduler of the cluster's own version, which is the one that the rig has.
    values = merged(
        scenario_values("hivedscheduler", "two-virtual-clusters"),
        {"kubeScheduler": {"image": {"tag": ""}, "retryInterval": "5s", "extraArgs": []}},
    )
    objects = render("hivedscheduler", values, namespace=NAMESPACE, kube_version=version.removeprefix("v"))
    _make_accounts(cluster, objects)
    cluster.api.post(
        "/apis/scheduling.k8s.io/v1/priorityclasses", {"metadata": {"name": "low"}, "value": -10}
    )
    hived = Hived(cluster, cluster.token(NAMESPACE, "openpai-hivedscheduler"))
    server = _serve(hived)
    folder = tmp_path_factory.mktemp("scheduler")
    (port,) = free_ports(1)
    config = _configuration(cluster, objects, folder, server.server_address[1])
    processes = Processes(folder, detached=False)
    processes.start(
        [
            ensure("kube-scheduler"),
            *(flag for flag in _container(objects)["command"][1:] if not flag.startswith("--config=")),
            f"--config={config}",
            f"--authentication-kubeconfig={folder / 'kubeconfig'}",
            f"--authorization-kubeconfig={folder / 'kubeconfig'}",
            "--bind-address=127.0.0.1",
            f"--secure-port={port}",
        ]
    )
    try:
        running = Running(cluster, objects, hived, port)
        cluster.wait(lambda: _answers(running, "readinessProbe"), 30, "the jobs' scheduler is ready")
        yield running
    finally:
        processes.stop()
        server.shutdown()


@pytest.mark.parametrize("probe", ["startupProbe", "readinessProbe", "livenessProbe"])
def test_the_kubelet_gets_an_answer_to_every_probe(running: Running, probe: str) -> None:
    assert _answers(running, probe)


@pytest.mark.parametrize("virtual_cluster", ["default", "research"])
def test_a_job_pod_of_each_virtual_cluster_runs_where_hived_says(
    running: Running, virtual_cluster: str
) -> None:
    name = f"job-{virtual_cluster}"
    running.hived.plan[name] = WORKERS[77]
    _create_pod(running, name, virtual_cluster)
    pod = _bound(running, name)
    assert pod["spec"]["nodeName"] == WORKERS[77]
    assert pod["metadata"]["annotations"][BIND_INFO] == "cell"


def test_hived_is_offered_every_node_that_fits(running: Running) -> None:
    running.hived.plan["searching"] = WORKERS[0]
    _create_pod(running, "searching", "default")
    _bound(running, "searching")
    assert sorted(running.hived.offered["searching"]) == list(WORKERS)


def test_a_pod_without_a_cell_says_so_and_starts_when_another_job_ends(running: Running) -> None:
    running.hived.plan["first"] = WORKERS[1]
    _create_pod(running, "first", "default")
    _bound(running, "first")
    _create_pod(running, "second", "default")

    def is_told_why() -> bool:
        conditions = running.cluster.get("pod", "second", "default")["status"].get("conditions", [])
        return any(WAIT_REASON in condition.get("message", "") for condition in conditions)

    running.cluster.wait(is_told_why, 20, "the waiting pod shows HiveD's reason")
    running.hived.plan["second"] = WORKERS[1]
    running.cluster.kubectl("delete", "pod", "first", "--namespace=default", "--wait=false")
    assert _bound(running, "second")["spec"]["nodeName"] == WORKERS[1]


@pytest.mark.parametrize("is_news_to_hived", [False, True], ids=["at-once", "at-the-second-try"])
def test_a_job_pushes_out_the_pod_that_hived_names(running: Running, is_news_to_hived: bool) -> None:
    node = WORKERS[5 + is_news_to_hived]
    weak, strong = f"weak-on-{node}", f"strong-on-{node}"
    running.hived.plan |= {weak: node, strong: node}
    only_there = {"kubernetes.io/hostname": node}
    _create_pod(running, weak, "default", priorityClassName="low", nodeSelector=only_there, cpu="4")
    running.hived.victims[strong] = (node, _bound(running, weak)["metadata"]["uid"])
    running.hived.unknown |= {strong} if is_news_to_hived else set()
    _create_pod(running, strong, "default", nodeSelector=only_there, cpu="4")
    # The scheduler goes through the pods that wait every 30 seconds.
    assert _bound(running, strong, timeout_s=60)["spec"]["nodeName"] == node
    names = {pod["metadata"]["name"] for pod in running.cluster.get("pods", namespace="default")["items"]}
    assert weak not in names


def test_pods_of_the_default_scheduler_are_left_alone(running: Running) -> None:
    running.cluster.kubectl("run", "ordinary", "--namespace=default", "--image=any")
    _bound(running, "ordinary")
    assert "ordinary" not in running.hived.offered


def _make_accounts(cluster: Cluster, objects: Objects) -> None:
    """Create the accounts and roles, as Helm would."""
    cluster.kubectl("create", "namespace", NAMESPACE)
    items = objects.all("ServiceAccount", "ClusterRole", "ClusterRoleBinding", "RoleBinding")
    manifest = {"apiVersion": "v1", "kind": "List", "items": list(items)}
    cluster.kubectl("apply", "--filename=-", input=json.dumps(manifest))


def _configuration(cluster: Cluster, objects: Objects, folder: Path, port: int) -> Path:
    """Write the rendered configuration, led to the played HiveD, and a kubeconfig of the rendered account.

    In the cluster the scheduler finds the API server and its token by itself.
    """
    deployment = objects.find("Deployment", "openpai-kube-scheduler")
    account = deployment["spec"]["template"]["spec"]["serviceAccountName"]
    kubeconfig = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {
                "name": "rig",
                "cluster": {"server": cluster.server_url, "certificate-authority": str(cluster.ca_file)},
            }
        ],
        "users": [{"name": account, "user": {"token": cluster.token(NAMESPACE, account)}}],
        "contexts": [{"name": "rig", "context": {"cluster": "rig", "user": account}}],
        "current-context": "rig",
    }
    (folder / "kubeconfig").write_text(yaml.safe_dump(kubeconfig))
    text = objects.find("ConfigMap", "openpai-kube-scheduler")["data"]["config.yaml"]
    service = f"http://openpai-hivedscheduler.{NAMESPACE}.svc:31096"
    assert service in text
    config = yaml.safe_load(text.replace(service, f"http://127.0.0.1:{port}"))
    config["clientConnection"] = {"kubeconfig": str(folder / "kubeconfig")}
    path = folder / "config.yaml"
    path.write_text(yaml.safe_dump(config))
    return path


def _serve(hived: Hived) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            args = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            verb = self.path.removeprefix("/v1/extender/")
            answers = {"filter": hived.filter, "preempt": hived.preempt, "bind": hived.bind}
            answer = answers[verb](args)
            content = json.dumps(answer or "has not been informed to the scheduler").encode()
            self.send_response(200 if answer else 400)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def _container(objects: Objects) -> Object:
    deployment = objects.find("Deployment", "openpai-kube-scheduler")
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    return dict(container)


def _answers(running: Running, probe: str) -> bool:
    """Whether a rendered probe succeeds, asked as kubelet does: without credentials, any certificate."""
    action = _container(running.objects)[probe]["httpGet"]
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE
    try:
        return _ask("GET", f"https://127.0.0.1:{running.port}{action['path']}", tls) == 200
    except OSError:
        return False


def _ask(
    method: str, url: str, tls: ssl.SSLContext, body: str | None = None, headers: Mapping[str, str] = {}
) -> int:
    """Send an HTTPS request and return the status of the answer. Raises OSError when there is none."""
    parts = urlsplit(url)
    connection = http.client.HTTPSConnection(parts.netloc, context=tls, timeout=10)
    try:
        connection.request(method, parts.path, body, dict(headers))
        return connection.getresponse().status
    finally:
        connection.close()


def _create_pod(running: Running, name: str, virtual_cluster: str, cpu: str = "1", **spec: Any) -> None:
    """Create a pod as rest-server makes it: its virtual cluster's scheduler, a resource that no node has."""
    limits = {"cpu": cpu, ENABLED: 1}
    container = {"name": "app", "image": "any", "resources": {"limits": limits}}
    pod = {
        "metadata": {"name": name},
        "spec": {"schedulerName": f"hivedscheduler-ds-{virtual_cluster}", "containers": [container], **spec},
    }
    running.cluster.api.post("/api/v1/namespaces/default/pods", pod)


def _bound(running: Running, name: str, timeout_s: float = 30) -> Object:
    def bound() -> Object | None:
        pod = running.cluster.get("pod", name, "default")
        return pod if pod["spec"].get("nodeName") else None

    return running.cluster.wait(bound, timeout_s, f"pod {name} has a node")
