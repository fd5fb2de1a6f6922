"""Runs the real nginx with pylon's rendered configuration, and the stub backends that it leads to."""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import pwd
import re
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import yaml

from tests.chart.render import manifest
from tests.rig.debian import ensure

RELEASE, NAMESPACE = "pai", "pai-system"
START_TIMEOUT_S = 10.0
BIG_SCRIPT = b"/* as a portal bundle */" * 1000
# Port 9 (discard) of this machine: nothing listens there, so a backend that a test does not start is down.
_NOWHERE = "127.0.0.1:9"
# Paths in the container → paths in the folder of a test.
_PATHS = {
    "/tmp/": "tmp/",  # noqa: S108 # nothing is written there
    "/dev/stdout": "access.log",
    "/etc/pylon-tls": "tls",
    "/etc/pylon-kubernetes-ca": "ca",
    "/etc/pylon-prometheus-ca": "prometheus-ca",
    "/etc/ssl/certs/": "system-ca/",
}


def free_port() -> int:
    """A port that nothing listens on, on IPv4 and IPv6."""
    with closing(socket.socket(socket.AF_INET6)) as probe:
        probe.bind(("::", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True, slots=True)
class Seen:
    """One request as a backend saw it. body is the SHA-256 of its content; connection tells sockets apart."""

    backend: str
    method: str
    target: str
    headers: Mapping[str, str]
    body: str
    length: int
    connection: tuple[str, int]


class _ServerOnIpv6(ThreadingHTTPServer):
    address_family = socket.AF_INET6


class Backend:
    """A web server on this machine that writes down each request and answers with the backend's name.

    `seen` holds whole requests; `begun` counts those whose head has come.

    The query decides on the answer: `redirect=<address>` gives a 302 there, `script` a large JavaScript
    file, `page` whatever `page` holds; a WebSocket handshake is accepted and everything on it sent back.
    """

    page = b""

    def __init__(self, name: str, address: str = "127.0.0.1", tls: ssl.SSLContext | None = None) -> None:
        self.name = name
        self.seen: list[Seen] = []
        self.begun = 0
        self._server = (_ServerOnIpv6 if ":" in address else ThreadingHTTPServer)(
            (address, 0), _handler(self)
        )
        if tls:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self.port = int(self._server.server_address[1])
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def last(self) -> Seen:
        """The latest request."""
        return self.seen[-1]

    def stop(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()


def _handler(backend: Backend) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            backend.begun += 1
            digest, length = self.digest_of_body()
            headers = {name.lower(): value for name, value in self.headers.items()}
            request = Seen(
                backend.name,
                self.command,
                self.requestline.split(" ")[1],  # self.path has lost doubled slashes
                headers,
                digest,
                length,
                self.client_address[:2],
            )
            backend.seen.append(request)
            if headers.get("upgrade", "").lower() == "websocket" and headers.get("connection") == "upgrade":
                self.echo()
                return
            status, fields, content = self.content()
            self.send_response(status)
            for name, value in {**fields, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        def content(self) -> tuple[int, dict[str, str], bytes]:
            _, _, query = self.path.partition("?")
            if query.startswith("redirect="):
                return 302, {"Location": query.removeprefix("redirect=")}, b""
            if query == "script":
                return 200, {"Content-Type": "application/javascript"}, BIG_SCRIPT
            if query == "page":
                return 200, {"Content-Type": "text/html"}, backend.page
            return 200, {"Content-Type": "text/plain", "X-Frame-Options": "deny"}, backend.name.encode()

        def digest_of_body(self) -> tuple[str, int]:
            digest, length, left = hashlib.sha256(), 0, int(self.headers.get("Content-Length", 0))
            while left > 0 and (part := self.rfile.read(min(left, 65536))):
                digest.update(part)
                length += len(part)
                left -= len(part)
            return digest.hexdigest(), length

        def echo(self) -> None:
            self.send_response(101)
            self.send_header("Upgrade", "websocket")
            self.send_header("Connection", "Upgrade")
            self.end_headers()
            self.close_connection = True
            while part := self.connection.recv(4096):
                self.connection.sendall(part)

        do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = answer  # noqa: N815 # names that http.server wants

        def log_message(self, *_: Any) -> None:
            pass

    return Handler


@dataclass(frozen=True, slots=True)
class Answer:
    """What a client got."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def location(self) -> str:
        """Where it is sent on to."""
        return self.headers["location"]


@dataclass(slots=True)
class Site:
    """Pylon's configuration in a folder of its own, with ports and paths of this machine."""

    folder: Path
    values: Mapping[str, Any]
    backends: Mapping[str, str] = field(default_factory=dict)
    http: int = field(default_factory=free_port)
    https: int = field(default_factory=free_port)
    internal: int = field(default_factory=free_port)

    def __post_init__(self) -> None:
        for path, text in config_files(self.values).items():
            (self.folder / path).write_text(self._adapted(text), encoding="utf-8")
        for name in ("tmp", "tls", "ca", "prometheus-ca", "system-ca"):
            (self.folder / name).mkdir(exist_ok=True)
        self.give_away()

    def give_away(self) -> None:
        """Make all files the property of who runs nginx: nobody, for the image runs without root as well."""
        if os.geteuid() == 0:
            user = pwd.getpwnam("nobody")
            for path in (self.folder, *self.folder.rglob("*")):
                os.chown(path, user.pw_uid, user.pw_gid)

    @property
    def access_log(self) -> str:
        """All that the access log holds."""
        return (self.folder / "access.log").read_text(encoding="utf-8")

    @property
    def error_log(self) -> str:
        """All that nginx wrote to stderr."""
        return (self.folder / "error.log").read_text(encoding="utf-8")

    def check(self) -> subprocess.CompletedProcess[str]:
        """Run `nginx -t`."""
        return subprocess.run(
            [*self._command, "-t"], capture_output=True, text=True, check=False, **_without_root()
        )

    @contextmanager
    def running(self) -> Iterator[Site]:
        """Run nginx until the block ends."""
        with (self.folder / "error.log").open("wb") as log:
            process = subprocess.Popen([*self._command, "-g", "daemon off;"], stderr=log, **_without_root())
        try:
            self._wait(process)
            yield self
        finally:
            process.terminate()
            process.wait(START_TIMEOUT_S)

    def ask(
        self,
        target: str,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        host: str = "pai.example.org",
    ) -> Answer:
        """Ask the plain port, with target sent as it is."""
        connection = http.client.HTTPConnection("127.0.0.1", self.http)
        return ask(connection, target, method, headers=headers, body=body, host=host)

    def ask_internal(
        self, target: str, method: str = "GET", headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Answer:
        """Ask the port for the release's own job that reports usage."""
        connection = http.client.HTTPConnection("127.0.0.1", self.internal)
        host = f"{RELEASE}-pylon-internal.{NAMESPACE}.svc:8088"
        return ask(connection, target, method, headers=headers, body=body, host=host)

    def ask_https(
        self, target: str, method: str = "GET", *, trust: Path, host: str = "pai.example.org"
    ) -> Answer:
        """Ask the TLS port, trusting one certificate authority."""
        context = ssl.create_default_context(cafile=str(trust))
        connection = http.client.HTTPSConnection("127.0.0.1", self.https, context=context)
        return ask(connection, target, method, host=host)

    @property
    def _command(self) -> list[str]:
        return [str(ensure("nginx")), "-e", "stderr", "-c", str(self.folder / "nginx.conf")]

    def _adapted(self, text: str) -> str:
        """Return a file of the configuration with this machine's paths, ports and backends in it."""
        for path, here in _PATHS.items():
            text = text.replace(path, f"{self.folder}/{here}")
        ports = {"8080": self.http, "8443": self.https, "8088": self.internal}
        text = re.sub(
            r"(listen \S*?)\b(8080|8443|8088)\b", lambda found: f"{found[1]}{ports[found[2]]}", text
        )
        return re.sub(r"(upstream (\S+) \{\s+server )\S+;", self._server_line, text)

    def _server_line(self, match: re.Match[str]) -> str:
        return f"{match[1]}{self.backends.get(match[2], _NOWHERE)};"

    def _wait(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline and process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.http), 1).close()
            except OSError:
                time.sleep(0.02)
            else:
                return
        raise RuntimeError(f"nginx did not start:\n{self.error_log}")


def ask(
    connection: http.client.HTTPConnection,
    target: str,
    method: str = "GET",
    *,
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    host: str,
) -> Answer:
    """Send one request with exactly this target and Host header."""
    with closing(connection):
        connection.timeout = START_TIMEOUT_S
        connection.request(method, target, body, {"Host": host, **(headers or {})})
        response = connection.getresponse()
        fields = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, fields, response.read())


@contextmanager
def site(values: Mapping[str, Any], backends: Mapping[str, Backend] | None = None) -> Iterator[Site]:
    """A rendered configuration that leads to these backends, in a folder that is removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix="pylon-"))
    addresses = {name: f"127.0.0.1:{backend.port}" for name, backend in (backends or {}).items()}
    try:
        yield Site(folder, values, addresses)
    finally:
        shutil.rmtree(folder)


def config_files(values: Mapping[str, Any]) -> dict[str, str]:
    """The files of pylon's ConfigMap."""
    text = manifest("pylon", values, release=RELEASE, namespace=NAMESPACE)
    objects = yaml.load_all(text, Loader=yaml.CSafeLoader)
    data: dict[str, str] = next(item for item in objects if item and item["kind"] == "ConfigMap")["data"]
    return data


def _without_root() -> dict[str, Any]:
    """How to start a program as somebody who is not root: arguments for subprocess."""
    if os.geteuid() != 0:
        return {}
    user = pwd.getpwnam("nobody")
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def size(data: Mapping[str, str]) -> int:
    """Bytes that a ConfigMap with these files takes in the API server, roughly: its JSON."""
    return len(json.dumps(data).encode())
