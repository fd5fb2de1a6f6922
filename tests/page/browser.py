"""Runs the scripts beside this module in Node.js, with Debian's Chromium and npm's packages at hand."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from tests.rig import debian, npm

_HERE = Path(__file__).parent


def run(script: str, *arguments: str | Path) -> str:
    """Return what a script prints; fails with what it says when it fails."""
    node = shutil.which("node")
    assert node, "Node.js is needed"
    environment = {
        **os.environ,
        "CHROMIUM": str(debian.ensure("chromium")),
        "NODE_PATH": str(npm.ensure("browser")),
    }
    result = subprocess.run(
        [node, _HERE / script, *arguments], env=environment, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr[-4000:]
    return result.stdout


def text_of(pdf: Path) -> str:
    """Return the text of a PDF."""
    command = [debian.ensure("pdftotext"), "-layout", pdf, "-"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout
