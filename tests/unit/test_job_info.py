"""What job-info tells of a pod, and how it follows the API server through trouble."""

from __future__ import annotations

import copy
import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.unit.fake_api import FakeApi, Request, serving
from tests.unit.job_exporter_scripts import load

script: ModuleType = load("job_info.py")
NAME = "0123456789abcdef0123456789abcdef-worker-2"
PLACE = f'namespace="default",pod="{NAME}",node="w1"'
LEAVES = "hivedscheduler.microsoft.com/pod-leaf-cell-isolation"


def annotation(key: str) -> dict[str, Any]:
    return {"fieldRef": {"fieldPath": f"metadata.annotations['{key}']"}}


def job_pod(name: str = NAME, uid: str = "1", **annotations: str) -> dict[str, Any]:
    """A pod as rest-server v1.8.0 (models/v2/job/k8s.js) and frameworkcontroller describe it."""
    env: list[dict[str, Any]] = [
        {"name": "FC_FRAMEWORK_ATTEMPT_INSTANCE_UID", "value": "0_5f1c"},
        {"name": "FC_POD_UID", "valueFrom": {"fieldRef": {"fieldPath": "metadata.uid"}}},
        {"name": "PAI_JOB_NAME", "value": "alice~train"},
        {"name": "PAI_USER_NAME", "value": "alice"},
        {"name": "PAI_DEFAULT_FS_URI"},
        {"name": "PAI_VIRTUAL_CLUSTER", "value": "prod"},
        {"name": "PAI_CURRENT_TASK_ROLE_NAME", "value": "worker"},
        {"name": "PAI_TASK_INDEX", "valueFrom": annotation("FC_TASK_INDEX")},
    ]
    metadata = {"name": name, "namespace": "default", "uid": uid, "resourceVersion": "7"}
    return {
        "metadata": {**metadata, "annotations": {"FC_TASK_INDEX": "2", **annotations}},
        "spec": {"nodeName": "w1", "containers": [{"name": "app", "env": env}]},
    }


def on_gpus(pod: dict[str, Any], *keys: str) -> dict[str, Any]:
    """The pod of a job with GPUs: a variable for each of HiveD's."""
    entries = [{"name": f"DEVICES_{n}", "valueFrom": annotation(key)} for n, key in enumerate(keys)]
    pod["spec"]["containers"][0]["env"] += entries
    return pod


def test_a_task_is_told_with_the_job_exporters_labels() -> None:
    info, gpus = script.series(job_pod())
    assert info == (
        f'pai_job_pod_info{{{PLACE},username="alice",job_name="alice~train",role_name="worker",'
        'task_index="2",job_instance_id="0_5f1c",virtual_cluster="prod"} 1\n'
    )
    assert gpus == ""


@pytest.mark.parametrize("key", [LEAVES, "hivedscheduler.microsoft.com/pod-gpu-isolation"])
def test_gpus_are_those_that_hived_chose(key: str) -> None:
    _, gpus = script.series(on_gpus(job_pod(**{key: "10,2"}), key))
    assert gpus.splitlines() == [
        f'pai_job_pod_gpu_info{{{PLACE},minor_number="{index}"}} 1' for index in (2, 10)
    ]


def test_a_gpu_is_told_once() -> None:
    _, gpus = script.series(on_gpus(job_pod(**{LEAVES: "1"}), LEAVES, LEAVES))
    assert gpus.count("\n") == 1


def test_cpu_cells_of_a_job_without_gpus_are_no_gpus() -> None:
    # HiveD writes the annotation for jobs on CPU cells too; rest-server takes no variable from it then.
    assert script.series(job_pod(**{LEAVES: "0,1"}))[1] == ""


@pytest.mark.parametrize("text", ["", "-1", "all"])
def test_what_is_no_index_is_left_out(text: str) -> None:
    assert script.series(on_gpus(job_pod(**{LEAVES: text}), LEAVES))[1] == ""


def test_what_is_missing_is_unknown() -> None:
    pod = job_pod()
    pod["spec"]["containers"][0]["env"] = [{"name": "PAI_JOB_NAME", "value": "alice~train"}]
    info, _ = script.series(pod)
    assert info.count('="unknown"') == 5


def test_a_pod_that_is_no_jobs_is_not_told() -> None:
    pod = job_pod()
    pod["spec"]["containers"] = [{"name": "app"}]
    assert script.series(pod) == ("", "")


def test_labels_are_escaped() -> None:
    # Prometheus' text format: backslash, quote and line feed.
    assert script.line("m", [("a", 'b\\c"d\ne')]) == 'm{a="b\\\\c\\"d\\ne"} 1\n'


@dataclass(slots=True)
class PodsApi(FakeApi):
    """Pods and what happens to them; each watch gives the next batch of events and ends."""

    pods: list[dict[str, Any]] = field(default_factory=list)
    batches: list[list[dict[str, Any]]] = field(default_factory=list)
    version: str = "100"

    def truth(self, request: Request) -> tuple[int, Any] | bytes:
        if "watch" in request.query:
            events = self.batches.pop(0) if self.batches else []
            if not events:
                time.sleep(0.05)
            return b"HTTP/1.1 200 OK\r\n\r\n" + b"".join(json.dumps(e).encode() + b"\n" for e in events)
        start = int(request.query.get("continue", ["0"])[0])
        end = start + min(self.page_size, int(request.query["limit"][0]))
        more = {"continue": str(end)} if end < len(self.pods) else {}
        metadata = {"resourceVersion": self.version, **more}
        return 200, {"metadata": metadata, "items": copy.deepcopy(self.pods[start:end])}


def event(kind: str, pod: dict[str, Any], version: str) -> dict[str, Any]:
    changed = copy.deepcopy(pod)
    changed["metadata"]["resourceVersion"] = version
    return {"type": kind, "object": changed}


def error(code: int) -> dict[str, Any]:
    return {"type": "ERROR", "object": {"code": code, "message": "too old"}}


@pytest.fixture
def api() -> PodsApi:
    return PodsApi(pods=[job_pod()])


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds that the script meant to wait; it waits a little."""
    taken: list[float] = []
    sleep = time.sleep

    class Time:
        monotonic = staticmethod(time.monotonic)

        @staticmethod
        def sleep(seconds: float) -> None:
            taken.append(seconds)
            sleep(0.01)

    monkeypatch.setattr(script, "time", Time)
    return taken


Follow = Callable[[], Any]


@pytest.fixture
def follow(
    api: PodsApi, pauses: list[float], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Follow]:
    """Starts to follow the API server in a thread, which ends with the test; returns the pods."""
    stopped = threading.Event()
    threads = []

    class Stopped(Exception):  # noqa: N818 # no error
        """Ends the thread."""

    real = script.Api.open

    def opened(self: Any, **query: Any) -> Any:
        if stopped.is_set():
            raise Stopped
        return real(self, **query)

    with serving(api, tmp_path) as environment:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(script.Api, "open", opened)

        def start() -> Any:
            pods = script.Pods()

            def run() -> None:
                with suppress(Stopped):
                    script.follow(script.Api("default"), pods)

            thread = threading.Thread(target=run)
            thread.start()
            threads.append(thread)
            return pods

        yield start
        stopped.set()
        for thread in threads:
            thread.join(10)


def soon(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_running_pods_of_jobs_are_asked_for_in_pages(api: PodsApi, follow: Follow) -> None:
    api.pods = [job_pod(f"pod-{n}", str(n)) for n in range(5)]
    api.page_size = 2
    pods = follow()
    soon(lambda: pods.is_known)
    assert len(pods.series) == 5
    lists = [r for r in api.requests if "watch" not in r.query]
    assert [r.query.get("continue") for r in lists] == [None, ["2"], ["4"]]
    for request in lists:
        assert request.path == "/api/v1/namespaces/default/pods"
        assert request.query["labelSelector"] == ["type=kube-launcher-task"]
        assert request.query["fieldSelector"] == ["status.phase=Running"]


def test_events_are_taken_over(api: PodsApi, follow: Follow) -> None:
    new = job_pod("new", "2")
    api.batches = [[event("ADDED", new, "101")], [event("DELETED", job_pod(), "102")]]
    pods = follow()
    soon(lambda: set(pods.series) == {"2"})
    assert 'pod="new"' in pods.text()
    assert NAME not in pods.text()


def test_the_watch_goes_on_where_it_ended(api: PodsApi, follow: Follow) -> None:
    bookmark = {"type": "BOOKMARK", "object": {"metadata": {"resourceVersion": "150"}}}
    api.batches = [[event("MODIFIED", job_pod(), "101")], [bookmark]]
    follow()

    def versions() -> list[str]:
        return [r.query["resourceVersion"][0] for r in list(api.requests) if "watch" in r.query]

    soon(lambda: len(versions()) > 3)
    assert versions()[:3] == ["100", "101", "150"]
    assert sum("watch" not in r.query for r in api.requests) == 1


@pytest.mark.parametrize("how", ["event", "answer"])
def test_after_410_it_lists_anew(api: PodsApi, follow: Follow, how: str, pauses: list[float]) -> None:
    api.version = "90"
    expired = [410]

    def fault(request: Request) -> tuple[int, Any] | bytes | None:
        if "watch" not in request.query or not expired:
            return None
        api.pods, api.version = [job_pod("later", "9")], "200"
        code = expired.pop()
        if how == "answer":
            return code, {"message": "gone"}
        return b"HTTP/1.1 200 OK\r\n\r\n" + json.dumps(error(code)).encode() + b"\n"

    api.fault = fault
    pods = follow()
    soon(lambda: set(pods.series) == {"9"})
    assert pauses == []


def test_a_list_that_expired_half_way_is_started_again(api: PodsApi, follow: Follow) -> None:
    api.pods = [job_pod(f"pod-{n}", str(n)) for n in range(4)]
    api.page_size = 2
    expired = [410]
    api.fault = lambda r: (
        (expired.pop(), {}) if "continue" in r.query and r.query["continue"] and expired else None
    )
    pods = follow()
    soon(lambda: len(pods.series) == 4)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param((429, {"message": "slow down"}), id="busy"),
        pytest.param((500, {"message": "etcd"}), id="server error"),
        pytest.param((403, {"message": "forbidden"}), id="not allowed yet"),
        pytest.param(b"", id="closed without an answer"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{", id="cut short"),
        pytest.param(b"nonsense\r\n\r\n", id="no HTTP"),
    ],
)
def test_trouble_is_sat_out(api: PodsApi, follow: Follow, pauses: list[float], answer: Any) -> None:
    left = [answer, answer]
    api.fault = lambda _: left.pop() if left else None
    pods = follow()
    soon(lambda: pods.is_known)
    assert pauses == [1, 2]


def test_trouble_while_watching_keeps_the_pods(api: PodsApi, follow: Follow, pauses: list[float]) -> None:
    left = [(500, {"message": "etcd"})] * 2
    api.fault = lambda r: left.pop() if left and "watch" in r.query else None
    pods = follow()
    soon(lambda: len(pauses) == 2)
    soon(lambda: sum("watch" in r.query for r in list(api.requests)) > 3)
    assert set(pods.series) == {"1"}
    assert sum("watch" not in r.query for r in api.requests) == 1


def test_pauses_are_short_again_after_a_success(api: PodsApi, follow: Follow, pauses: list[float]) -> None:
    answers: list[Any] = [(500, {}), (500, {}), None, None, (500, {}), (500, {})]
    api.batches = [[event("MODIFIED", job_pod(), "101")]]
    api.fault = lambda _: answers.pop(0) if answers else None
    follow()
    soon(lambda: len(pauses) == 4)
    assert pauses == [1, 2, 1, 2]


def test_the_token_is_read_anew(api: PodsApi, follow: Follow, tmp_path: Path) -> None:
    pods = follow()
    soon(lambda: pods.is_known)
    (tmp_path / "token").write_text("renewed\n")
    soon(lambda: api.requests[-1].headers["authorization"] == "Bearer renewed")


def get(port: int, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read().decode()


def test_what_is_served() -> None:
    pods = script.Pods()
    server = script.serve(pods, 0)
    port = server.server_address[1]
    try:
        assert [get(port, path)[0] for path in ("/metrics", "/readyz", "/healthz", "/x")] == [
            503,
            503,
            200,
            404,
        ]
        pods.replace({"1": script.series(on_gpus(job_pod(**{LEAVES: "0"}), LEAVES))})
        code, text = get(port, "/metrics?a=b")
        assert code == 200
        assert [line.split("{")[0].split(" ")[:3] for line in text.splitlines()] == [
            ["#", "HELP", "pai_job_pod_info"],
            ["#", "TYPE", "pai_job_pod_info"],
            ["pai_job_pod_info"],
            ["#", "HELP", "pai_job_pod_gpu_info"],
            ["#", "TYPE", "pai_job_pod_gpu_info"],
            ["pai_job_pod_gpu_info"],
        ]
        assert get(port, "/readyz")[0] == 200
        pods.heard -= script.UNHEALTHY_S
        assert get(port, "/healthz")[0] == 503
    finally:
        server.shutdown()
        server.server_close()
