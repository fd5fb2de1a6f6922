"""A small HTTPS server that answers like the API server of a few nodes, and misbehaves when told to."""

from __future__ import annotations

import importlib.util
import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.rig.pki import Authority

CHARTS = Path(__file__).parents[2] / "charts"
SCRIPTS = CHARTS / "cluster-configuration/files"
TOKEN = "token-of-the-job"  # noqa: S105 # it opens nothing


def load_script(name: str, folder: Path = SCRIPTS) -> ModuleType:
    """Import one of the scripts that a chart puts into a ConfigMap."""
    spec = importlib.util.spec_from_file_location(name, folder / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Quiet:
    """For a handler: it prints nothing."""

    def log_message(self, format: str, *args: Any) -> None:
        """Tests print nothing."""


class Loopback:
    """A web server on this machine's loopback address, in a thread of its own."""

    def __init__(self, handler: type[BaseHTTPRequestHandler], tls: ssl.SSLContext | None = None) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        if tls:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    @property
    def url(self) -> str:
        """Where it answers, over plain http."""
        return f"http://127.0.0.1:{self.port}"

    def stop(self) -> None:
        """Stop it and wait until it has."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@dataclass(slots=True)
class Request:
    """One request as it arrived. body is None for a GET."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: Any


# What to answer instead: a status and a JSON body, bytes that are no answer at all, or None for the truth.
Fault = Callable[[Request], tuple[int, Any] | bytes | None]


@dataclass(slots=True)
class FakeApi:
    """Nodes by name, each {"labels": …, "annotations": …}, requests so far, and an optional fault."""

    nodes: dict[str, dict[str, dict[str, str]]] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    fault: Fault | None = None
    page_size: int = 500

    @property
    def patches(self) -> dict[str, Any]:
        """The body of each patch, by node."""
        return {r.path.rsplit("/", 1)[1]: r.body for r in self.requests if r.method == "PATCH"}

    def answer(self, request: Request) -> tuple[int, Any] | bytes:
        """What the API server says to a request."""
        self.requests.append(request)
        wrong = self.fault(request) if self.fault else None
        if wrong is not None:
            return wrong
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return 401, {"message": "Unauthorized"}
        return self.truth(request)

    def truth(self, request: Request) -> tuple[int, Any] | bytes:
        """What an API server that is well says to a request that it allows."""
        if request.method == "PATCH":
            return self._patched(request)
        if request.path == "/api/v1/nodes":
            return self._page(request)
        return 404, {"message": f"{request.path} not found"}

    def _page(self, request: Request) -> tuple[int, Any]:
        start = int(request.query.get("continue", ["0"])[0])
        end = start + min(self.page_size, int(request.query["limit"][0]))
        names = sorted(self.nodes)
        # The server leaves empty maps out.
        items = [
            {"metadata": {"name": name, **{k: v for k, v in self.nodes[name].items() if v}}}
            for name in names[start:end]
        ]
        more = {"continue": str(end)} if end < len(names) else {}
        return 200, {"kind": "NodeList", "metadata": more, "items": items}

    def _patched(self, request: Request) -> tuple[int, Any]:
        name = request.path.rsplit("/", 1)[1]
        if name not in self.nodes:
            return 404, {"message": f'nodes "{name}" not found'}
        for part, changes in request.body["metadata"].items():
            for key, value in changes.items():
                if value is None:
                    self.nodes[name][part].pop(key, None)
                else:
                    self.nodes[name][part][key] = value
        return 200, {"metadata": {"name": name, **self.nodes[name]}}


@contextmanager
def serving(api: FakeApi, folder: Path) -> Iterator[dict[str, str]]:
    """Serve it on loopback; yields the environment that a pod's script finds it by."""
    certificate = Authority(folder).server(["localhost"], ["127.0.0.1"])
    (folder / "token").write_text(f"{TOKEN}\n", encoding="utf-8")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.certificate, certificate.key)
    server = Loopback(_handler(api), context)
    try:
        yield {
            "PAICHART_SERVICEACCOUNT_DIR": str(folder),
            "KUBERNETES_SERVICE_HOST": "127.0.0.1",
            "KUBERNETES_SERVICE_PORT": str(server.port),
        }
    finally:
        server.stop()


def _handler(api: FakeApi) -> type[BaseHTTPRequestHandler]:
    class Handler(Quiet, BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"  # connections stay open, as those of the API server do
        disable_nagle_algorithm = True  # else each answer waits 40 ms for the client's word

        def _serve(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            body = json.loads(self.rfile.read(length)) if length else None
            url = urlsplit(self.path)
            headers = {key.lower(): value for key, value in self.headers.items()}
            answer = api.answer(Request(self.command, url.path, parse_qs(url.query), headers, body))
            if isinstance(answer, bytes):
                self.wfile.write(answer)
                self.close_connection = True
                return
            content = json.dumps(answer[1]).encode()
            self.send_response(answer[0])
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_PATCH = do_POST = do_DELETE = _serve  # noqa: N815 # the names that the base class calls

    return Handler
