"""yaml-language-server over the schemas that `paichart init` writes beside the inputs."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from paichart.schema import FILES
from paichart.starter.editor import schema_files, schema_line
from tests.editor.lsp import Server
from tests.rig.npm import ensure

HERE = Path(__file__).parent


@dataclass
class Editor:
    """An editor with a site's folder open. Places are line and column of the input, counted from 1."""

    server: Server
    root: Path
    attempts: Path
    _opened: dict[str, Path] = field(default_factory=dict)

    def diagnostics(self, name: str, text: str) -> list[str]:
        """What is marked in an input, in order: `3:5 message`; lines count without the schema line."""
        found = self._show(name, text)
        return [f"{_place(told['range'])} {told['message']}" for told in sorted(found, key=_order)]

    def lines(self, name: str, text: str) -> set[int]:
        """The lines of text that are marked, counted from 1 without the schema line."""
        return {told["range"]["start"]["line"] for told in self._show(name, text)}

    def complete(self, name: str, text: str) -> dict[str, str]:
        """Label and inserted text of what is offered at `|` in text."""
        return {item["label"]: item["insertText"] for item in self._at(self.server.complete, name, text)}

    def hover(self, name: str, text: str) -> str:
        """What is shown when the mouse is over the place of `|` in text."""
        return str(self._at(self.server.hover, name, text))

    def _at(self, ask: Callable[[Path, int, int], Any], name: str, text: str) -> Any:
        before, after = text.split("|", 1)
        self._show(name, before + after)
        return ask(self._opened[name], before.count("\n") + 1, len(before.rpartition("\n")[2]))

    def _show(self, name: str, text: str) -> list[dict[str, Any]]:
        whole = schema_line(name) + text
        if name in self._opened:
            return self.server.change(self._opened[name], whole)
        self._opened[name] = self.root / FILES[name]
        return self.server.open(self._opened[name], whole)


def _place(span: dict[str, dict[str, int]]) -> str:
    return f"{span['start']['line']}:{span['start']['character'] + 1}"


def _order(told: dict[str, Any]) -> tuple[int, int, str]:
    start = told["range"]["start"]
    return start["line"], start["character"], told["message"]


@pytest.fixture(scope="session")
def editor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Editor]:
    """An editor whose server can't reach any network, and tells when it tries to."""
    root = tmp_path_factory.mktemp("site")
    for path, text in schema_files().items():
        (root / path).parent.mkdir(exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    attempts = tmp_path_factory.mktemp("network") / "attempts"
    attempts.touch()
    node = shutil.which("node")
    assert node, "Node.js is needed"
    script = ensure("editor") / "yaml-language-server/bin/yaml-language-server"
    command = [node, "--require", str(HERE / "no_network.cjs"), str(script), "--stdio"]
    server = Server(command, root, {**os.environ, "ATTEMPTS": str(attempts)})
    yield Editor(server, root, attempts)
    assert server.stop() == 0
