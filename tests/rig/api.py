"""A small HTTPS client of the API server that keeps its connections, one a thread."""

from __future__ import annotations

import http.client
import json
import ssl
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.rig.pki import Pair
from tests.rig.processes import RigError

_TIMEOUT_S = 30.0


class ApiError(RigError):
    """The API server refused a request. status is the HTTP code."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status}: {message}")
        self.status = status


class Api:
    """Sends requests as the user of a client certificate."""

    def __init__(self, server_url: str, authority: Path, client: Pair) -> None:
        self._address = urlsplit(server_url).netloc
        self._context = ssl.create_default_context(cafile=str(authority))
        self._context.load_cert_chain(client.certificate, client.key)
        self._local = threading.local()

    def get(self, path: str) -> dict[str, Any]:
        """Return the object at an API path. Raises ApiError, or OSError when nothing answers."""
        return self._request("GET", path, None)

    def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Create an object and return what the server made of it. Raises ApiError or OSError."""
        return self._request("POST", path, body)

    def delete(self, path: str) -> dict[str, Any]:
        """Delete the object at an API path. Raises ApiError or OSError."""
        return self._request("DELETE", path, None)

    def is_ready(self) -> bool:
        """Whether the API server answers and all its start-up work is done."""
        try:
            self.get("/readyz")
        except (ApiError, OSError, http.client.HTTPException):
            return False
        return True

    def _request(self, method: str, path: str, body: Mapping[str, Any] | None) -> dict[str, Any]:
        try:
            status, content = self._exchange(method, path, body)
        except (ConnectionError, ssl.SSLEOFError):
            # The server has closed the idle connection; the next try opens a new one.
            status, content = self._exchange(method, path, body)
        if status >= 300:
            raise ApiError(status, _message(content))
        return json.loads(content) if content[:1] == b"{" else {}

    def _exchange(self, method: str, path: str, body: Mapping[str, Any] | None) -> tuple[int, bytes]:
        connection = self._connection()
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        try:
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            response = connection.getresponse()
            return response.status, response.read()
        except (OSError, http.client.HTTPException):
            connection.close()
            raise

    def _connection(self) -> http.client.HTTPSConnection:
        if not hasattr(self._local, "connection"):
            self._local.connection = http.client.HTTPSConnection(
                self._address, context=self._context, timeout=_TIMEOUT_S
            )
        connection: http.client.HTTPSConnection = self._local.connection
        return connection


def _message(content: bytes) -> str:
    text = content.decode(errors="replace")
    return str(json.loads(text).get("message", text)) if text.startswith("{") else text
