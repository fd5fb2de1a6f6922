"""The bytes of an input file, or why there are none."""

from __future__ import annotations

import os
import select
import stat
from dataclasses import dataclass
from pathlib import Path

from paichart.problems import suggest

MAX_BYTES = 16 * 1024 * 1024

_WAIT_S = 30


@dataclass(frozen=True, slots=True)
class Unread:
    """Why a file was not read: a code, message and hint; `place` is what they are about, a file or folder."""

    place: Path
    code: str
    message: str
    hint: str


def read(path: Path) -> bytes | Unread:
    """Return the content of a file or pipe, of one that is too large the first :data:`MAX_BYTES` and one.

    A pipe is read as the shell's `<(…)` makes it; one that nobody writes into is not waited for.
    """
    try:
        return _content(path)
    except FileNotFoundError:
        return _missing(path)
    except NotADirectoryError:
        message = f"'{path.parent}' is a file, not a folder"
        return Unread(path.parent, "PAI102", message, "give the folder that it lies in")
    except OSError as error:
        reason = (error.strerror or "unknown reason").lower()
        return Unread(path, "PAI103", f"the file can't be read: {reason}", "check its owner and mode")


def _content(path: Path) -> bytes | Unread:
    mode = path.stat().st_mode
    if stat.S_ISREG(mode):
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    if stat.S_ISFIFO(mode):
        return _of_pipe(path)
    if stat.S_ISDIR(mode):
        return Unread(path, "PAI102", "this is a folder, not a file", f"give the file: {path}/…")
    return Unread(path, "PAI103", "this is a device or socket, not a file", "give a file")


def is_there(path: Path) -> bool:
    """Tell whether something may lie at path; reading it tells why it can't be looked at."""
    try:
        return path.exists()
    except OSError:
        return True


def _of_pipe(path: Path) -> bytes | Unread:
    """Return what comes out of a pipe until its writer closes it."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    parts = []
    left = MAX_BYTES + 1
    try:
        while left > 0:
            try:
                part = os.read(descriptor, left)
            except BlockingIOError:
                if not select.select([descriptor], [], [], _WAIT_S)[0]:
                    message = f"nothing came out of this pipe for {_WAIT_S} seconds"
                    return Unread(path, "PAI103", message, "write into it, or give a file")
                continue
            if not part:
                break
            parts.append(part)
            left -= len(part)
    finally:
        os.close(descriptor)
    if not parts:
        return Unread(path, "PAI103", "nobody writes into this pipe", "give a file")
    return b"".join(parts)


def _missing(path: Path) -> Unread:
    """Return that a file or its folder is not there, with a name like it, if there is one."""
    folder = path.parent
    if not is_there(folder):
        hint = _similar(folder, is_folder=True) or "check the path"
        return Unread(folder, "PAI101", "there is no such folder", hint)
    hint = _similar(path, is_folder=False) or "check the path, or begin with `paichart init`"
    return Unread(path, "PAI101", "there is no such file", hint)


def _similar(path: Path, *, is_folder: bool) -> str:
    """Return a hint with the name of a file or folder beside path that may have been meant."""
    try:
        names = [entry.name for entry in path.parent.iterdir() if entry.is_dir() == is_folder]
    except OSError:
        return "check the folder"
    return suggest(path.name, names)
