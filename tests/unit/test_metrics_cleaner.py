"""The script that deletes what is no longer pushed, against a double of the pushgateway's API.

The answers are those of pushgateway 1.11.1; a test of the chart runs the script against a real one.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from tests.unit.fake_api import CHARTS, Loopback, Quiet, load_script

FILE = CHARTS / "prometheus-pushgateway/files/metrics_cleaner.py"
cleaner = load_script("metrics_cleaner", FILE.parent)

NOW = 1_800_000_000.0


def group(pushed: float, **labels: str) -> dict[str, Any]:
    """One group as /api/v1/metrics shows it, last pushed to `pushed` seconds before NOW."""
    family = {
        "type": "GAUGE",
        "metrics": [{"labels": {"instance": "", **labels}, "value": str(NOW - pushed)}],
    }
    failed = {"type": "GAUGE", "metrics": [{"labels": {"instance": "", **labels}, "value": str(NOW)}]}
    return {"labels": labels, "push_time_seconds": family, "push_failure_time_seconds": failed}


class Gateway:
    """Answers as a pushgateway under its prefix; `deleted` holds the paths of DELETE requests."""

    def __init__(self, groups: list[dict[str, Any]], status: int = 200) -> None:
        self.deleted: list[str] = []
        outer = self

        class Handler(Quiet, BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = json.dumps({"status": "success", "data": groups}).encode()
                found = self.path == "/prometheus-pushgateway/api/v1/metrics"
                self.answer(status if found else 404, body)

            def do_DELETE(self) -> None:
                outer.deleted.append(self.path)
                self.answer(202, b"")

            def answer(self, code: int, body: bytes) -> None:
                self.send_response(code)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        self.server = Loopback(Handler)
        self.uri = self.server.url


@pytest.fixture
def gateway(request: pytest.FixtureRequest) -> Iterator[Gateway]:
    made = Gateway(*request.param)
    yield made
    made.server.stop()


def test_script_is_python_3_7() -> None:
    ast.parse(FILE.read_text(encoding="utf-8"), feature_version=(3, 7))


@pytest.mark.parametrize(
    ("labels", "path"),
    # https://github.com/prometheus/pushgateway#url: base64url, `=` for an empty value
    [
        ({"job": "mem"}, "/metrics/job@base64/bWVt"),
        (
            {"zone": "b", "job": "mem", "host": "a"},
            "/metrics/job@base64/bWVt/host@base64/YQ==/zone@base64/Yg==",
        ),
        ({"job": "/srv/job", "path": ".."}, "/metrics/job@base64/L3Nydi9qb2I=/path@base64/Li4="),
        ({"job": "ü?>", "note": ""}, "/metrics/job@base64/w7w_Pg==/note@base64/="),
    ],
)
def test_a_group_is_named_by_all_its_labels(labels: dict[str, str], path: str) -> None:
    assert cleaner.group_path(labels) == path


def test_groups_are_stale_once_their_time_is_over() -> None:
    groups = [
        group(29, job="fresh"),
        group(30, job="now"),
        group(31, job="old"),
        group(31, job="old", host="a"),
    ]
    assert cleaner.stale_groups(groups, NOW, 30) == [{"job": "old"}, {"job": "old", "host": "a"}]


@pytest.mark.parametrize(
    "broken", [{"labels": {"job": "x"}}, {"labels": {"job": "x"}, "push_time_seconds": {}}]
)
def test_a_group_without_a_time_is_left_alone(broken: dict[str, Any]) -> None:
    assert cleaner.stale_groups([broken], NOW, 30) == []


@pytest.mark.parametrize("gateway", [([group(5, job="a"), group(90, job="b", host="c/d")],)], indirect=True)
def test_what_is_stale_is_deleted_and_told(gateway: Gateway, capsys: pytest.CaptureFixture[str]) -> None:
    assert cleaner.clean(gateway.uri + cleaner.PREFIX, 30, NOW) == 1
    assert gateway.deleted == ["/prometheus-pushgateway/metrics/job@base64/Yg==/host@base64/Yy9k"]
    assert capsys.readouterr().out == 'deleted {"host": "c/d", "job": "b"}\n'


class EndedError(Exception):
    """Ends the endless loop."""


def run(monkeypatch: pytest.MonkeyPatch, uri: str, heartbeat: Path, rounds: int = 1) -> list[int]:
    """Run the script for some rounds; return how long it slept after each."""
    for name, value in (
        ("PROMETHEUS_PUSHGATEWAY_URI", uri),
        ("JOB_TIME_TO_LIVE", "30"),
        ("CLEAN_INTERVAL", "15"),
    ):
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("HEARTBEAT", str(heartbeat))
    slept: list[int] = []

    def sleep(seconds: int) -> None:
        slept.append(seconds)
        if len(slept) == rounds:
            raise EndedError

    monkeypatch.setattr(cleaner.time, "sleep", sleep)
    with pytest.raises(EndedError):
        cleaner.main([])
    return slept


@pytest.mark.parametrize("gateway", [([group(-1e9, job="a"), group(90, job="b")],)], indirect=True)
def test_rounds_are_repeated(gateway: Gateway, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(cleaner.time, "time", lambda: NOW)
    assert run(monkeypatch, gateway.uri + "/", tmp_path / "heartbeat", rounds=2) == [15, 15]
    assert len(gateway.deleted) == 2


@pytest.mark.parametrize("gateway", [([], 500)], indirect=True)
def test_a_gateway_that_fails_is_asked_again(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, gateway.uri, tmp_path / "heartbeat", rounds=2) == [15, 15]
    assert capsys.readouterr().err.count("can't clean") == 2


def test_a_gateway_that_is_away_is_asked_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(monkeypatch, "http://127.0.0.1:9", tmp_path / "heartbeat")
    assert "refused" in capsys.readouterr().err
    assert (tmp_path / "heartbeat").exists()


def test_the_probe_sees_rounds_that_end(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    heartbeat = tmp_path / "heartbeat"
    monkeypatch.setenv("CLEAN_INTERVAL", "15")
    monkeypatch.setenv("HEARTBEAT", str(heartbeat))
    assert cleaner.main(["check"]) == 1
    heartbeat.touch()
    assert cleaner.main(["check"]) == 0
    touched = heartbeat.stat().st_mtime
    assert cleaner.is_alive(heartbeat, 15, touched + 134)
    assert not cleaner.is_alive(heartbeat, 15, touched + 136)
