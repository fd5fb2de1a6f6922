"""Reads the corpus: cases in Markdown, and folders with bytes that Markdown can't hold."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent
BASE = {path.name: path.read_bytes() for path in sorted((FOLDER / "base").iterdir())}
INPUTS = ("config.yaml", "layout.yaml", "services-configuration.yaml", "capacity.yaml")

_HEADING = re.compile(r"^## (\S+)$", re.MULTILINE)
_BLOCK = re.compile(r"^(`{3,})(?:yaml )?(\S+)\n(.*?)^\1$\n?", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Case:
    """A site with a mistake: its files, and `file:line:column severity CODE` of each problem, in order."""

    name: str
    files: Mapping[str, bytes]
    expected: tuple[str, ...]

    def write_into(self, folder: Path) -> None:
        """Write the site's files into a folder."""
        for name, content in self.files.items():
            (folder / name).write_bytes(content)


def all_cases() -> tuple[Case, ...]:
    """Return the cases of all groups, named `group/case`."""
    return (*_in_markdown(), *_in_folders())


def _in_markdown() -> Iterator[Case]:
    for path in sorted(FOLDER.glob("*.md")):
        if path.name == "README.md":
            continue
        _, *parts = _HEADING.split(path.read_text(encoding="utf-8"))
        for name, body in zip(parts[::2], parts[1::2], strict=True):
            blocks = {block[2]: block[3] for block in _BLOCK.finditer(body)}
            yield _case(f"{path.stem}/{name}", {key: text.encode() for key, text in blocks.items()})


def _in_folders() -> Iterator[Case]:
    for folder in sorted((FOLDER / "bytes").iterdir()):
        yield _case(
            f"bytes/{folder.name}", {path.name: path.read_bytes() for path in sorted(folder.iterdir())}
        )


def _case(name: str, content: dict[str, bytes]) -> Case:
    expected = content.pop("expected").decode().splitlines()
    unknown = content.keys() - {*INPUTS}
    if not content or not expected or unknown:
        raise ValueError(f"{name}: it needs bad files, named as inputs are, and `expected`; it has {unknown}")
    return Case(name, {**BASE, **content}, tuple(expected))
