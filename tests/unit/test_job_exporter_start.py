"""What the job exporter is started with, and when it must be started again."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.unit.job_exporter_scripts import load

ROUTES = """Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT
docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0
br0\t00000000\t0100A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0
ens3\t00000000\t0100A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0
ens3\t0000A8C0\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0
"""


class Started(Exception):  # noqa: N818 # no error
    """Raised in place of becoming the exporter."""


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script on a node with two network cards and no GPU driver; the layout gives node-1 four GPUs."""
    (tmp_path / "dev").mkdir()
    for name in ("ROUTES", "LAYOUT", "FACTS"):
        monkeypatch.setenv(f"PAICHART_{name}", str(tmp_path / name.lower()))
    monkeypatch.setenv("PAICHART_DEVICES", str(tmp_path / "dev"))
    monkeypatch.setenv("HOSTNAME", "node-1")
    monkeypatch.setenv("HOST_IP", "10.0.0.1")
    (tmp_path / "routes").write_text(ROUTES)
    layout(tmp_path, {"node-1": {"gpuType": "nvidia.com/gpu", "gpuCount": 4}})
    loaded = load("start.py")
    addresses(monkeypatch, loaded, "lo", "ens3", "eno2")
    return loaded


def layout(folder: Path, nodes: Any) -> None:
    (folder / "layout").write_text(json.dumps({"nodes": nodes}))


def addresses(monkeypatch: pytest.MonkeyPatch, script: ModuleType, *names: str) -> None:
    """Let these interfaces, and no others, have an address."""
    monkeypatch.setattr(script, "has_address", lambda name: name in names)


@pytest.fixture
def port() -> Iterator[int]:
    """Where an exporter answers that it is well."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/healthz" else 404)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Tests print nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    thread.join()
    server.server_close()


def run(script: ModuleType, monkeypatch: pytest.MonkeyPatch, wanted: str = "eth0,eno2") -> list[str]:
    """Start, and return the exporter's command line."""

    def become(program: str, words: list[str]) -> None:
        assert program == words[0] == "python"
        raise Started(*words)

    monkeypatch.setattr(script.os, "execvp", become)
    with pytest.raises(Started) as started:
        script.main(["run", "--port=9102", "--interval=15", f"--interface={wanted}"])
    return list(started.value.args)


@pytest.mark.parametrize(
    ("wanted", "present", "chosen"),
    [
        pytest.param("eth0,eno2", ("lo", "ens3", "eno2"), "eno2", id="first of the wanted"),
        pytest.param("eth0, ens3", ("lo", "ens3"), "ens3", id="blank in the list"),
        pytest.param("eth0", ("lo", "ens3", "br0", "docker0"), "ens3", id="cheapest default route"),
        pytest.param("eth0", ("lo", "br0", "docker0"), "br0", id="other default route"),
        pytest.param("eth0", ("lo", "eno1", "docker0"), "lo", id="nothing better"),
    ],
)
def test_interface(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch, wanted: str, present: tuple[str, ...], chosen: str
) -> None:
    addresses(monkeypatch, script, *present)
    words = run(script, monkeypatch, wanted)
    assert words == [
        *("python", "/job_exporter/main.py"),
        *("--port", "9102", "--interval", "15", "--interface", chosen),
    ]


def test_real_interfaces_are_told_apart() -> None:
    has_address = load("start.py").has_address
    assert has_address("lo")
    assert not has_address("no-such-if0")
    assert not has_address("")


def test_the_lookalikes_come_first_in_path(script: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/usr/bin")
    run(script, monkeypatch)
    assert script.os.environ["PATH"] == f"{Path(str(script.__file__)).parent}:/usr/bin"


def test_all_as_at_the_start(script: ModuleType, monkeypatch: pytest.MonkeyPatch, port: int) -> None:
    run(script, monkeypatch)
    assert script.main(["check", f"--port={port}"]) == 0


def test_an_exporter_that_does_not_answer_fails(script: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    run(script, monkeypatch)
    with pytest.raises(OSError, match="refused"):
        script.main(["check", "--port=1"])


def test_a_machine_that_joins_restarts_nobody(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch, port: int, tmp_path: Path
) -> None:
    run(script, monkeypatch)
    layout(tmp_path, {"node-1": {"gpuCount": 4}, "node-2": {"gpuCount": 8}})
    assert script.main(["check", f"--port={port}"]) == 0


@pytest.mark.parametrize("nodes", [{"node-1": {"gpuCount": 8}}, {}, {"10.0.0.1": {"gpuCount": 2}}])
def test_a_change_of_its_own_gpus_restarts_it(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch, port: int, tmp_path: Path, nodes: Any
) -> None:
    run(script, monkeypatch)
    layout(tmp_path, nodes)
    assert script.main(["check", f"--port={port}"]) == 1


def test_a_driver_that_comes_later_restarts_it(
    script: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    port: int,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    run(script, monkeypatch)
    (tmp_path / "dev/nvidiactl").touch()
    assert script.main(["check", f"--port={port}"]) == 1
    assert "nvidiactl" in capsys.readouterr().out


def test_a_driver_that_goes_does_not(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch, port: int, tmp_path: Path
) -> None:
    (tmp_path / "dev/nvidiactl").touch()
    run(script, monkeypatch)
    (tmp_path / "dev/nvidiactl").unlink()
    assert script.main(["check", f"--port={port}"]) == 0


def test_an_interface_that_is_gone_restarts_it(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch, port: int
) -> None:
    run(script, monkeypatch)
    addresses(monkeypatch, script, "lo", "ens3")
    assert script.main(["check", f"--port={port}"]) == 1


def test_a_network_that_comes_late_restarts_it(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch, port: int
) -> None:
    addresses(monkeypatch, script, "lo")
    run(script, monkeypatch)
    assert script.main(["check", f"--port={port}"]) == 0
    addresses(monkeypatch, script, "lo", "ens3")
    assert script.main(["check", f"--port={port}"]) == 1


def test_another_interface_beside_restarts_nobody(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch, port: int
) -> None:
    run(script, monkeypatch)
    addresses(monkeypatch, script, "lo", "ens3", "eno2", "eth0")
    assert script.main(["check", f"--port={port}"]) == 0
