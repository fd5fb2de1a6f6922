"""Programs from Debian's packages, which check the configuration that is written for them.

A program on PATH is used as it is; otherwise its package is unpacked into the user's cache, without being
installed: nothing starts and no user is made. Only the standard library is needed:
`python tests/rig/debian.py [PROGRAM…]` fetches what is missing.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

PACKAGES: Mapping[str, str] = {
    "amtool": "prometheus-alertmanager",
    "bash": "bash",
    "chromium": "chromium",
    "docker-registry": "docker-registry",
    "dot": "graphviz",
    "fish": "fish",
    "nginx": "nginx-light",
    "pdftotext": "poppler-utils",
    "pngquant": "pngquant",
    "postgres": "postgresql-15",
    "prometheus": "prometheus",
    "prometheus-pushgateway": "prometheus-pushgateway",
    "promtool": "prometheus",
    "ruby": "ruby",
    "testparm": "samba-common-bin",
    "zsh": "zsh",
}
"""Debian's package of each program."""

INSTALLED = (
    "bash",
    "chromium",
    "dot",
    "fish",
    "nginx",
    "pdftotext",
    "pngquant",
    "postgres",
    "ruby",
    "testparm",
    "zsh",
)
"""Programs that need libraries or files in their places: their packages are installed."""

_SEARCH_PATH = ("/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/lib/postgresql/15/bin")


class PackageError(RuntimeError):
    """A program cannot be had; the message says which and what to do."""


def ensure(program: str) -> Path:
    """Return the executable of `program` (a key of PACKAGES), fetching its package. Raises PackageError."""
    if program not in PACKAGES:
        raise PackageError(f"no package is known for '{program}'; known are: {', '.join(PACKAGES)}")
    found = _find(program)
    if found:
        return found
    with _lock():
        found = _find(program)
        if found:
            return found
        _say(f"fetching {program} (Debian package {PACKAGES[program]})")
        (_install if program in INSTALLED else _unpack)(PACKAGES[program])
    found = _find(program)
    if not found:
        raise PackageError(f"Debian's package {PACKAGES[program]} brought no {program}")
    return found


def _find(program: str) -> Path | None:
    folders = os.pathsep.join((os.environ["PATH"], *_SEARCH_PATH, str(_home(PACKAGES[program]) / "usr/bin")))
    found = shutil.which(program, path=folders)
    return Path(found) if found else None


def _home(package: str) -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "paichart" / "debian" / package


def _lock() -> _Lock:
    return _Lock(_home("lock"))


class _Lock:
    """Keeps two processes from fetching at the same time."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._handle = path.open("w")

    def __enter__(self) -> None:
        fcntl.flock(self._handle, fcntl.LOCK_EX)

    def __exit__(self, *_: object) -> None:
        self._handle.close()


def _unpack(package: str) -> None:
    with tempfile.TemporaryDirectory(dir=_home(package).parent) as folder:
        _apt("apt-get", "download", package, folder=Path(folder))
        (archive,) = Path(folder).glob("*.deb")
        _run(["dpkg-deb", "--extract", str(archive), str(Path(folder) / "root")])
        (Path(folder) / "root").rename(_home(package))


def _install(package: str) -> None:
    _apt("apt-get", "install", "--yes", "--quiet=2", "--no-install-recommends", package, folder=Path("/"))


def _apt(*command: str, folder: Path) -> None:
    """Run a command of apt-get; package lists that are missing or stale are brought up to date once."""
    try:
        _run(command, folder)
    except PackageError:
        _run(["apt-get", "update", "--quiet=2"])
        _run(command, folder)


def _run(command: Sequence[str], folder: Path = Path("/")) -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        result = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
    except FileNotFoundError as error:
        message = f"{command[0]} is missing: install the program yourself and put it on PATH"
        raise PackageError(message) from error
    if result.returncode != 0:
        raise PackageError(f"{' '.join(command)} failed:\n{result.stderr.strip()[-2000:]}")


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def main(names: Sequence[str]) -> int:
    """Fetch the named programs, or all of them, and print `name path` lines. Returns the exit code."""
    try:
        for name in names or PACKAGES:
            print(name, ensure(name), flush=True)
    except PackageError as error:
        _say(f"error: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
