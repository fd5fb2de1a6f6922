"""Packages of npm, for tests of what runs in JavaScript: pinned by a lock, kept in the user's cache.

Each folder of `npm/` holds a package.json and its package-lock.json, by whose checksums npm installs.
Only the standard library is needed: `python tests/rig/npm.py [SET…]` installs what is missing.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

_SETS = Path(__file__).parent / "npm"
_FILES = ("package.json", "package-lock.json")


class NpmError(RuntimeError):
    """Packages cannot be had; the message says why."""


def ensure(name: str) -> Path:
    """Return the `node_modules` of a set of packages (a folder of `npm/`), installing it first if needed.

    Node finds the packages there by the variable NODE_PATH. Raises NpmError.
    """
    source = _SETS / name
    digest = hashlib.sha256(b"".join((source / file).read_bytes() for file in _FILES)).hexdigest()[:12]
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    home = Path(base) / "paichart" / "npm" / f"{name}-{digest}"
    if not home.exists():
        _install(source, home)
    return home / "node_modules"


def _install(source: Path, home: Path) -> None:
    """Install beside the final place and rename, so that a broken installation leaves nothing behind."""
    npm = shutil.which("npm")
    if npm is None:
        raise NpmError("Node.js is needed, but there is no 'npm' on PATH")
    home.parent.mkdir(parents=True, exist_ok=True)
    with (home.parent / f"{home.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another test process may be installing
        if home.exists():
            return
        with tempfile.TemporaryDirectory(dir=home.parent) as folder:
            new = Path(folder) / "new"
            new.mkdir()
            for file in _FILES:
                shutil.copy(source / file, new / file)
            _run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], new)
            new.rename(home)


def _run(command: Sequence[str], folder: Path) -> None:
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise NpmError(f"{' '.join(command)} failed:\n{result.stderr.strip()[-2000:]}")


def main(names: Sequence[str]) -> int:
    """Install the named sets, or all of them, and print `name path` lines. Returns the exit code."""
    try:
        for name in names or sorted(path.name for path in _SETS.iterdir()):
            print(name, ensure(name), flush=True)
    except NpmError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
