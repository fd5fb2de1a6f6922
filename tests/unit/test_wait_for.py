"""The script that init containers and test pods run, against real sockets."""

from __future__ import annotations

import ast
import itertools
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from tests.unit.fake_api import SCRIPTS, TOKEN, FakeApi, Loopback, Quiet, load_script, serving

script = load_script("wait_for")


class Web:
    """A plain web server that gives these statuses, one a request, the last for good."""

    def __init__(self, *statuses: int) -> None:
        self.statuses = list(statuses)
        outer = self

        class Handler(Quiet, BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status = outer.statuses.pop(0) if len(outer.statuses) > 1 else outer.statuses[0]
                self.send_response(status)
                if status == 302:
                    self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

        self.server = Loopback(Handler)
        self.url = self.server.url


@pytest.fixture
def web(request: pytest.FixtureRequest) -> Iterator[Web]:
    """A web server; its statuses come by indirect parametrization."""
    made = Web(*request.param)
    yield made
    made.server.stop()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds slept so far; the script's clock goes on by them, and nothing waits."""
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    monkeypatch.setattr(time, "monotonic", lambda: 1.0 + sum(slept))
    return slept


@pytest.fixture
def closed_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def test_script_is_python_3_7() -> None:
    ast.parse((SCRIPTS / "wait_for.py").read_text(encoding="utf-8"), feature_version=(3, 7))


def test_listening_port_answers(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        target = f"tcp://127.0.0.1:{server.getsockname()[1]}"
        assert script.main([target]) == 0
    assert capsys.readouterr().out == f"{target} answers\n"


@pytest.mark.parametrize("web", [(503, 404, 200)], indirect=True)
def test_page_is_waited_for(web: Web, clock: list[float], capsys: pytest.CaptureFixture[str]) -> None:
    assert script.main([f"{web.url}/healthz"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"waiting for {web.url}/healthz (0 s of 900 s): 503 Service Unavailable",
        f"{web.url}/healthz answers",
    ]
    assert clock == [1, 1]


@pytest.mark.parametrize("web", [(302, 200)], indirect=True)
def test_redirected_page_counts(web: Web, clock: list[float]) -> None:
    assert script.main([web.url]) == 0


def test_nobody_there_is_told_every_ten_seconds_until_the_time_is_over(
    clock: list[float], closed_port: int, capsys: pytest.CaptureFixture[str]
) -> None:
    target = f"tcp://127.0.0.1:{closed_port}"
    assert script.main(["--timeout=25", target]) == 1
    why = "[Errno 111] Connection refused"
    assert capsys.readouterr().out.splitlines() == [
        f"waiting for {target} (0 s of 25 s): {why}",
        f"waiting for {target} (10 s of 25 s): {why}",
        f"waiting for {target} (20 s of 25 s): {why}",
        f"gave up on {target} after 25 s: {why}",
    ]


def test_unknown_host_is_told(clock: list[float], capsys: pytest.CaptureFixture[str]) -> None:
    assert script.main(["--timeout=0", "http://no-such-host.invalid/"]) == 1
    assert "gave up on http://no-such-host.invalid/ after 0 s: [Errno -" in capsys.readouterr().out


def test_targets_share_the_time(
    clock: list[float], closed_port: int, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        here = f"tcp://127.0.0.1:{server.getsockname()[1]}"
        assert script.main(["--timeout=5", here, f"tcp://127.0.0.1:{closed_port}", here]) == 1
    assert sum(clock) == 5
    assert capsys.readouterr().out.count(f"{here} answers") == 1


def test_certificate_of_a_service_is_not_checked(tmp_path: Path) -> None:
    api = FakeApi(fault=lambda _request: (200, {}))
    with serving(api, tmp_path) as environment:
        assert script.main([f"https://127.0.0.1:{environment['KUBERNETES_SERVICE_PORT']}/"]) == 0


def test_api_group_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    count = itertools.count()
    api = FakeApi(fault=lambda _request: (200, {}) if next(count) else (404, {}))
    with serving(api, tmp_path) as environment:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        assert script.main(["api://frameworkcontroller.microsoft.com/v1"]) == 0
    assert [request.path for request in api.requests] == ["/apis/frameworkcontroller.microsoft.com/v1"] * 2
    assert api.requests[0].headers["authorization"] == f"Bearer {TOKEN}"
    assert "404 Not Found" in capsys.readouterr().out


def test_api_server_must_be_the_right_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    for folder in ("right", "wrong"):
        (tmp_path / folder).mkdir()
    api = FakeApi(fault=lambda _request: (200, {}))
    with serving(FakeApi(), tmp_path / "right"), serving(api, tmp_path / "wrong") as environment:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("PAICHART_SERVICEACCOUNT_DIR", str(tmp_path / "right"))
        assert script.main(["--timeout=0", "api://apps/v1"]) == 1
    assert "CERTIFICATE_VERIFY_FAILED" in capsys.readouterr().out
    assert api.requests == []


@pytest.mark.parametrize("web", [(200,)], indirect=True)
def test_proxy_is_not_asked(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert script.main(["--timeout=0", web.url]) == 0


@pytest.mark.parametrize(
    "target", ["postgresql:5432", "udp://a:1", "tcp://a", "tcp://a:b", "http:///path", "api://", ""]
)
def test_target_that_makes_no_sense_is_refused(target: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        script.main([target])
    assert ended.value.code == 2
    assert f"'{target}' is no tcp://host:port" in capsys.readouterr().err


@pytest.mark.parametrize("web", [(200,)], indirect=True)
def test_script_runs_as_a_program(web: Web) -> None:
    command = [sys.executable, str(SCRIPTS / "wait_for.py"), "--timeout=5", web.url]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout, result.stderr) == (0, f"{web.url} answers\n", "")
