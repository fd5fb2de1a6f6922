"""Puts a build on the disk: whole or not at all, and never over a file that is not ours.

A build folder holds a manifest of what we wrote. The new build is made beside it and takes its place in one
step, so a reader (and a
crash at any moment) sees the old build or the new one.
"""

from __future__ import annotations

import ctypes
import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

MANIFEST = ".paichart.json"
_SCRATCH = ".paichart-"
_RENAME_EXCHANGE = 2
_AT_FDCWD = -100


class NotOursError(Exception):
    """The folder holds something that no build wrote; `path` names it, and nothing was changed."""

    def __init__(self, path: Path, reason: str, hint: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason
        self.hint = hint


def write_build(folder: Path, files: Mapping[str, bytes]) -> bool:
    """Make folder hold exactly these files (relative POSIX path → content) and return whether anything
    changed.

    Raises NotOursError before anything is touched, OSError when the machine fails; both leave the old build
    whole.
    """
    target = folder.resolve()
    _refuse_links(folder, target)
    wanted = {**files, MANIFEST: _manifest(files)}
    target.parent.mkdir(parents=True, exist_ok=True)
    with _locked(target.parent):
        _remove_leftovers(target)
        if target.exists() and _present(target) == {path: _digest(data) for path, data in wanted.items()}:
            return False
        scratch = Path(tempfile.mkdtemp(prefix=f".{target.name}{_SCRATCH}", dir=target.parent))
        try:
            _fill(scratch, wanted)
            _replace(scratch, target)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    return True


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read, in one step."""
    _replace_file(path, text, 0o600)


def write_marked(path: Path, text: str, marker: str) -> bool:
    """Write a file that paichart makes anew each time, in one step, and return whether it changed.

    `marker` is a piece of text that stands in whatever paichart wrote there: a file without it is somebody
    else's and left alone. Raises NotOursError then, OSError when the machine fails.
    """
    try:
        present = path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        present = None
    if present == text:
        return False
    if present is not None and marker not in present:
        raise NotOursError(path, "was not written by paichart", "move it away, or give another file")
    _replace_file(path, text, 0o644)
    return True


def write_new(folder: Path, files: Mapping[str, str], *, private: Collection[str] = ()) -> None:
    """Write files (relative POSIX path → text) into a folder where none of them stands yet, all or none.

    Those named in `private` can be read by their owner alone. Raises NotOursError, naming the first that
    exists, before anything is written; OSError when the machine fails, after taking back what was written.
    """
    refuse_present(folder, files)
    made: list[Path] = []
    try:
        for name, text in files.items():
            path = folder / name
            for missing in reversed([above for above in path.parents if not above.exists()]):
                missing.mkdir()
                made.append(missing)
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 if name in private else 0o644)
            made.append(path)
            with _named(path), os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
    except BaseException:
        for path in reversed(made):
            with suppress(OSError):
                path.rmdir() if path.is_dir() else path.unlink()
        raise


def refuse_present(folder: Path, names: Iterable[str]) -> None:
    """Raise NotOursError, naming the first, when a file of these names stands in a folder, or it is none."""
    if folder.exists() and not folder.is_dir():
        raise NotOursError(folder, "is a file, not a folder", "give another folder")
    for name in names:
        if (folder / name).is_symlink() or (folder / name).exists():
            raise NotOursError(folder / name, "exists already", "move it away, or give another folder")


def _replace_file(path: Path, text: str, mode: int) -> None:
    with _named(path):
        handle, scratch = tempfile.mkstemp(prefix=f".{path.name}{_SCRATCH}", dir=path.parent)
    try:
        with _named(path), os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(scratch).chmod(mode)
        Path(scratch).replace(path)
    except BaseException:
        Path(scratch).unlink(missing_ok=True)
        raise


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Have errors of the machine name the file that was to be written: a full disk names none."""
    try:
        yield
    except OSError as error:
        error.filename = str(path)
        raise


def _refuse_links(folder: Path, target: Path) -> None:
    if target.exists() and not target.is_dir():
        raise NotOursError(folder, "is a file, not a folder", "give another folder with --output-dir")
    if target == target.parent:
        raise NotOursError(folder, "is the root of the file system", "give another folder with --output-dir")


def _manifest(files: Mapping[str, bytes]) -> bytes:
    content = {"files": {path: _digest(data) for path, data in sorted(files.items())}}
    return (json.dumps(content, indent=1) + "\n").encode()


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _present(target: Path) -> dict[str, str]:
    """Return {path: digest} of a build folder; refuse what no build wrote or somebody changed since."""
    recorded = _recorded(target)
    found: dict[str, str] = {}
    for root, folders, names in os.walk(target):
        for name in [*names, *(name for name in folders if (Path(root) / name).is_symlink())]:
            path = Path(root) / name
            relative = path.relative_to(target).as_posix()
            if path.is_symlink() or (relative != MANIFEST and relative not in recorded):
                hint = "move it out of the folder, or build into another one"
                raise NotOursError(path, "was not written by paichart", hint)
            found[relative] = _digest(path.read_bytes())
            if relative != MANIFEST and found[relative] != recorded[relative]:
                hint = "put the change under paichart.values in config.yaml, or delete the file to drop it"
                raise NotOursError(path, "was changed since paichart wrote it", hint)
    return found


def _recorded(target: Path) -> dict[str, str]:
    manifest = target / MANIFEST
    if not manifest.is_file():
        return {}
    try:
        files = json.loads(manifest.read_text(encoding="utf-8"))["files"]
        return {str(path): str(digest) for path, digest in files.items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise NotOursError(manifest, "is damaged", "delete the folder and build again") from error


def _fill(scratch: Path, files: Mapping[str, bytes]) -> None:
    scratch.chmod(0o755)
    for relative, data in files.items():
        path = scratch / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        if relative == "values.yaml":
            path.chmod(0o600)  # it may hold credentials


def _replace(scratch: Path, target: Path) -> None:
    """Put scratch in target's place; afterwards scratch holds what target held, if it existed."""
    if not target.exists():
        scratch.rename(target)
    elif not _exchange(scratch, target):
        aside = scratch.with_name(scratch.name + "-old")
        target.rename(aside)
        scratch.rename(target)
        aside.rename(scratch)


def _exchange(one: Path, other: Path) -> bool:
    """Swap two folders in one step where the system can (Linux renameat2); return whether it did."""
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if rename is None:
        return False
    return bool(rename(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE) == 0)


def _remove_leftovers(target: Path) -> None:
    """Remove what a killed build left; bring back a build that stood aside at that moment."""
    for leftover in sorted(target.parent.glob(f".{target.name}{_SCRATCH}*")):
        if leftover.name.endswith("-old") and not target.exists():
            leftover.rename(target)
        else:
            shutil.rmtree(leftover, ignore_errors=True)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Let one build at a time write below a folder."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
