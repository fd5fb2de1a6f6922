"""The script that the node-label Job runs, against a server that answers like an API server."""

from __future__ import annotations

import ast
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.unit.fake_api import SCRIPTS, FakeApi, Request, load_script, serving

script = load_script("label_nodes")
MASTER = {"labels": {"pai-master": "true"}, "nodes": ["master"]}
WORKERS = {"labels": {"pai-worker": "true"}, "nodes": ["worker-1", "worker-2"]}
LAYOUT = [MASTER, WORKERS]
MEMORY = "paichart.io/labels"
Run = Callable[..., int]


def node(labels: Mapping[str, str] = {}, annotations: Mapping[str, str] = {}) -> dict[str, dict[str, str]]:
    return {"labels": {"kubernetes.io/os": "linux", **labels}, "annotations": dict(annotations)}


@pytest.fixture
def api() -> FakeApi:
    """Three fresh nodes."""
    return FakeApi({name: node() for name in ("master", "worker-1", "worker-2")})


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds that the script meant to wait; nothing waits."""
    taken: list[float] = []
    monkeypatch.setattr(time, "sleep", taken.append)
    return taken


@pytest.fixture
def run(api: FakeApi, pauses: list[float], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Runs the script with a layout and returns its exit code."""
    with serving(api, tmp_path) as environment:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)

        def run_script(groups: Sequence[Mapping[str, Any]] = LAYOUT) -> int:
            file = tmp_path / "groups.json"
            file.write_text(json.dumps(groups), encoding="utf-8")
            return int(script.main(str(file)))

        yield run_script


def test_script_is_python_3_7() -> None:
    ast.parse((SCRIPTS / "label_nodes.py").read_text(encoding="utf-8"), feature_version=(3, 7))


def test_labels_land(api: FakeApi, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run() == 0
    assert {name: api.nodes[name]["labels"] for name in api.nodes} == {
        "master": {"kubernetes.io/os": "linux", "pai-master": "true"},
        "worker-1": {"kubernetes.io/os": "linux", "pai-worker": "true"},
        "worker-2": {"kubernetes.io/os": "linux", "pai-worker": "true"},
    }
    lines = capsys.readouterr().out.splitlines()
    assert sorted(lines[:-1]) == [
        "master: pai-master=true",
        "worker-1: pai-worker=true",
        "worker-2: pai-worker=true",
    ]
    assert lines[-1] == "3 nodes, 3 changed, 0 errors"


def test_patches_say_what_they_are(api: FakeApi, run: Run) -> None:
    run([MASTER])
    (patch,) = [request for request in api.requests if request.method == "PATCH"]
    assert patch.headers["content-type"] == "application/merge-patch+json"
    assert patch.body == {"metadata": {"labels": {"pai-master": "true"}, "annotations": {}}}


def test_second_run_changes_nothing(api: FakeApi, run: Run) -> None:
    run()
    api.requests.clear()
    assert run() == 0
    assert api.patches == {}


def test_machine_that_left_loses_its_roles(api: FakeApi, run: Run) -> None:
    api.nodes["worker-2"] = node({"pai-worker": "true", "pai-storage": "true"})
    assert run([MASTER, {**WORKERS, "nodes": ["worker-1"]}]) == 0
    assert api.nodes["worker-2"] == node()


def test_role_that_moved_is_taken_off(api: FakeApi, run: Run) -> None:
    api.nodes["worker-1"] = node({"pai-master": "true"})
    run()
    assert api.patches["worker-1"]["metadata"]["labels"] == {"pai-master": None, "pai-worker": "true"}


def test_wrong_value_is_put_right(api: FakeApi, run: Run) -> None:
    api.nodes["worker-1"] = node({"pai-worker": "false"})
    run()
    assert api.nodes["worker-1"]["labels"]["pai-worker"] == "true"


def test_labels_set_by_hand_stay(api: FakeApi, run: Run) -> None:
    by_hand = {"no-jobexporter": "true", "example.com/rack": "7"}
    api.nodes["worker-1"] = node(by_hand)
    run()
    assert api.nodes["worker-1"]["labels"].items() >= by_hand.items()


def test_opt_out_label_of_the_layout_is_remembered_and_taken_off_again(api: FakeApi, run: Run) -> None:
    opted_out = {"labels": {"pai-worker": "true", "no-jobexporter": "true"}, "nodes": ["worker-1"]}
    run([MASTER, opted_out])
    assert api.nodes["worker-1"]["labels"]["no-jobexporter"] == "true"
    assert api.nodes["worker-1"]["annotations"] == {MEMORY: "no-jobexporter"}
    run([MASTER, {**WORKERS, "nodes": ["worker-1"]}])
    assert "no-jobexporter" not in api.nodes["worker-1"]["labels"]
    assert api.nodes["worker-1"]["annotations"] == {}


def test_label_that_is_already_there_is_only_noted(
    api: FakeApi, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    api.nodes["worker-1"] = node({"no-jobexporter": "true"})
    run([{"labels": {"no-jobexporter": "true"}, "nodes": ["worker-1"]}])
    assert api.patches == {
        "worker-1": {"metadata": {"labels": {}, "annotations": {MEMORY: "no-jobexporter"}}}
    }
    assert "worker-1: noted which labels are the layout's" in capsys.readouterr().out


def test_machine_that_is_no_node_fails_by_name_after_the_others(
    api: FakeApi, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([MASTER, {**WORKERS, "nodes": ["worker-1", "worker-02", "gone"]}]) == 1
    assert api.nodes["worker-1"]["labels"]["pai-worker"] == "true"
    errors = [line for line in capsys.readouterr().out.splitlines() if line.startswith("error: ")]
    assert errors == [
        "error: machine 'gone' of the layout is no node of this cluster",
        "error: machine 'worker-02' of the layout is no node of this cluster; did you mean 'worker-2'?",
    ]


def test_many_strangers_are_named_quickly(api: FakeApi, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    api.nodes |= {f"gpu-{number:04d}": node() for number in range(1500)}
    strangers = [f"gpu-{number:05d}" for number in range(1500)]
    started = time.monotonic()
    assert run([{"labels": {"pai-worker": "true"}, "nodes": strangers}]) == 1
    assert time.monotonic() - started < 10
    errors = [line for line in capsys.readouterr().out.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1500
    assert sum("did you mean" in line for line in errors) == script.HINTS


def test_all_pages_are_read(api: FakeApi, run: Run) -> None:
    api.page_size = 2
    assert run() == 0
    assert set(api.patches) == {"master", "worker-1", "worker-2"}


def test_list_that_expired_half_way_is_started_again(api: FakeApi, run: Run) -> None:
    api.page_size = 2
    expired = [410]

    def fault(request: Request) -> tuple[int, Any] | None:
        return (expired.pop(), {"message": "too old"}) if "continue" in request.query and expired else None

    api.fault = fault
    assert run() == 0
    assert set(api.patches) == {"master", "worker-1", "worker-2"}


def test_only_metadata_is_asked_for(api: FakeApi, run: Run) -> None:
    run()
    assert "as=PartialObjectMetadataList" in api.requests[0].headers["accept"]


def failing(*answers: tuple[int, Any] | bytes) -> Callable[[Request], tuple[int, Any] | bytes | None]:
    """A fault that gives these answers first."""
    left = list(answers)
    return lambda _request: left.pop(0) if left else None


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param((429, {"message": "slow down"}), id="busy"),
        pytest.param((500, {"message": "etcd"}), id="server error"),
        pytest.param((503, {}), id="starting"),
        pytest.param(b"", id="closed without an answer"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{", id="cut short"),
        pytest.param(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi", id="no JSON"),
        pytest.param(b"nonsense\r\n\r\n", id="no HTTP"),
    ],
)
def test_passing_trouble_is_sat_out(api: FakeApi, run: Run, pauses: list[float], answer: Any) -> None:
    api.fault = failing(answer, answer)
    assert run() == 0
    assert set(api.patches) == {"master", "worker-1", "worker-2"}
    assert pauses == [1, 2]


def test_lasting_trouble_ends_the_run(api: FakeApi, run: Run, pauses: list[float]) -> None:
    api.fault = lambda _request: (503, {"message": "etcd is gone"})
    with pytest.raises(
        SystemExit, match=r"error: the API server at https://127\.0\.0\.1:\d+ does not answer"
    ):
        run()
    assert pauses == [1, 2, 4, 8]


def test_nobody_there_ends_the_run(run: Run, monkeypatch: pytest.MonkeyPatch, pauses: list[float]) -> None:
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "1")
    with pytest.raises(SystemExit, match="does not answer"):
        run()


def test_stranger_with_another_certificate_gets_no_token(
    api: FakeApi, run: Run, tmp_path: Path, pauses: list[float]
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    with serving(FakeApi(), other):
        (tmp_path / "ca.crt").write_bytes((other / "ca.crt").read_bytes())
    with pytest.raises(SystemExit, match="CERTIFICATE_VERIFY_FAILED"):
        run()
    assert api.requests == []


def test_refused_list_says_why(api: FakeApi, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    api.fault = lambda _request: (403, {"message": 'nodes is forbidden: User "x" cannot list'})
    assert run() == 1
    printed = capsys.readouterr().out
    assert printed == 'error: the nodes can\'t be listed: 403: nodes is forbidden: User "x" cannot list\n'


def test_refused_patch_is_told_and_the_others_go_on(
    api: FakeApi, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    def fault(request: Request) -> tuple[int, Any] | None:
        is_it = request.method == "PATCH" and request.path.endswith("/worker-1")
        return (422, {"message": "admission webhook denied it"}) if is_it else None

    api.fault = fault
    assert run() == 1
    printed = capsys.readouterr().out
    assert "error: node 'worker-1' was not labelled: 422: admission webhook denied it\n" in printed
    assert api.nodes["worker-2"]["labels"]["pai-worker"] == "true"
    assert printed.endswith("3 nodes, 3 changed, 1 errors\n")


def test_refusal_without_a_reason_gives_the_usual_words(
    api: FakeApi, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    api.fault = lambda _request: (403, ["no", "Status"])
    assert run() == 1
    assert "403: Forbidden" in capsys.readouterr().out


def test_proxy_is_not_asked(api: FakeApi, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:1")
    assert run() == 0


def test_ipv6_address_is_bracketed(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "fd00::1")
    assert script.Api().url.startswith("https://[fd00::1]:")
