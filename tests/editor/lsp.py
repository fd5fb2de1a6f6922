"""A client of yaml-language-server, as an editor is one: JSON-RPC over the server's stdin and stdout."""

from __future__ import annotations

import json
import queue
import subprocess
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ANSWER_WITHIN_S = 60

SETTINGS = {
    "editor": {"tabSize": 2},
    "yaml": {
        "schemaStore": {"enable": False, "url": ""},
        "kubernetesCRDStore": {"enable": False},
        "validate": True,
        "completion": True,
        "hover": True,
    },
}
"""What docs/editor.md tells people to set: nothing is fetched from the network."""


class Server:
    """One running server. `asked` has the methods that the server itself called of the editor."""

    def __init__(self, command: list[str], root: Path, environment: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=root,
            env=dict(environment),
        )
        self.pid = self._process.pid
        self.asked: list[tuple[str, Any]] = []
        self._answers: queue.Queue[dict[str, Any]] = queue.Queue()
        self._diagnostics: queue.Queue[dict[str, Any]] = queue.Queue()
        self._count = 0
        self._lock = threading.Lock()
        threading.Thread(target=self._read, daemon=True).start()
        threading.Thread(target=self._process.stderr.read, daemon=True).start()  # type: ignore[union-attr]
        self.capabilities = self.request(
            "initialize",
            {
                "processId": None,
                "rootUri": root.as_uri(),
                "workspaceFolders": [{"uri": root.as_uri(), "name": "site"}],
                "capabilities": {
                    "workspace": {"configuration": True},
                    "textDocument": {
                        "completion": {"completionItem": {"snippetSupport": True}},
                        "hover": {"contentFormat": ["markdown", "plaintext"]},
                    },
                },
            },
        )
        self.notify("initialized", {})
        self.notify("workspace/didChangeConfiguration", {"settings": SETTINGS})

    def open(self, path: Path, text: str) -> list[dict[str, Any]]:
        """Open a document and return its diagnostics."""
        self._count += 1
        document = {"uri": path.as_uri(), "languageId": "yaml", "version": self._count, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": document})
        return self._diagnostics_of(document["uri"], self._count)

    def change(self, path: Path, text: str) -> list[dict[str, Any]]:
        """Replace the whole text of an open document and return its diagnostics."""
        self._count += 1
        document = {"uri": path.as_uri(), "version": self._count}
        self.notify("textDocument/didChange", {"textDocument": document, "contentChanges": [{"text": text}]})
        return self._diagnostics_of(path.as_uri(), self._count)

    def complete(self, path: Path, line: int, character: int) -> list[dict[str, Any]]:
        """Return the completions at a place, counted from 0."""
        found = self.request("textDocument/completion", _at(path, line, character))
        return list(found["items"] if isinstance(found, dict) else found or [])

    def hover(self, path: Path, line: int, character: int) -> str:
        """Return what is shown at a place, counted from 0; empty for nothing."""
        found = self.request("textDocument/hover", _at(path, line, character))
        return str(found["contents"]["value"]) if found else ""

    def request(self, method: str, parameters: Any) -> Any:
        """Ask, and return the answer."""
        self._count += 1
        number = self._count
        self._write({"jsonrpc": "2.0", "id": number, "method": method, "params": parameters})
        while True:
            answer = self._answers.get(timeout=ANSWER_WITHIN_S)
            if answer["id"] == number:
                assert "error" not in answer, answer["error"]
                return answer.get("result")

    def notify(self, method: str, parameters: Any) -> None:
        """Tell without waiting."""
        self._write({"jsonrpc": "2.0", "method": method, "params": parameters})

    def stop(self) -> int:
        """End the server; return its exit code."""
        self.request("shutdown", None)
        self.notify("exit", None)
        return self._process.wait(timeout=ANSWER_WITHIN_S)

    def _diagnostics_of(self, uri: str, version: int) -> list[dict[str, Any]]:
        """Return the last diagnostics of a document's version; the server sends them anew as it learns."""
        while True:
            told = self._diagnostics.get(timeout=ANSWER_WITHIN_S)
            if told["uri"] == uri and told.get("version", version) == version:
                return list(told["diagnostics"])

    def _write(self, message: Mapping[str, Any]) -> None:
        body = json.dumps(message).encode()
        with self._lock:
            assert self._process.stdin is not None
            self._process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
            self._process.stdin.flush()

    def _read(self) -> None:
        stream = self._process.stdout
        assert stream is not None
        while header := stream.readline():
            length = int(header.split(b":")[1])
            while stream.readline().strip():
                pass
            self._take(json.loads(stream.read(length)))

    def _take(self, message: dict[str, Any]) -> None:
        method = message.get("method")
        if method is None:
            self._answers.put(message)
        elif method == "textDocument/publishDiagnostics":
            self._diagnostics.put(message["params"])
        else:
            self.asked.append((method, message.get("params")))
            if "id" in message:
                self._write({"jsonrpc": "2.0", "id": message["id"], "result": self._reply(method, message)})

    def _reply(self, method: str, message: Mapping[str, Any]) -> Any:
        if method == "workspace/configuration":
            return [SETTINGS.get(item.get("section", "")) for item in message["params"]["items"]]
        return None


def _at(path: Path, line: int, character: int) -> dict[str, Any]:
    return {"textDocument": {"uri": path.as_uri()}, "position": {"line": line, "character": character}}
