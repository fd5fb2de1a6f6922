"""What makes an editor complete and check the inputs: a first line, and our schemas beside the files.

The schemas are copied, so that an editor needs no network and a team shares one version of them.
"""

from __future__ import annotations

from paichart.resources import schemas_dir
from paichart.schema import FILES

FOLDER = ".paichart"
"""Folder of the copies, beside the inputs."""


def schema_line(name: str) -> str:
    """Return the first line of the input with that schema (a key of FILES), for yaml-language-server."""
    return f"# yaml-language-server: $schema={FOLDER}/{name}.schema.json\n"


def schema_files() -> dict[str, str]:
    """Return the schemas of the inputs: path beside them → text."""
    return {
        f"{FOLDER}/{name}.schema.json": (schemas_dir() / f"{name}.schema.json").read_text(encoding="utf-8")
        for name in FILES
    }
