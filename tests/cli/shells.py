"""Interactive shells on a terminal of their own, where the Tab key is really pressed."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

WITHIN_S = 90
COLUMNS = 200
_TO_THE_START, _TO_THE_END = b"\x01", b"\x05"
_CONTROL = re.compile(
    r"\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)"  # titles of windows
    r"|\x1b\[[0-?]*[ -/]*[@-~]|\x1b[@-Z\\-_=>]"  # movements and colours
    r"|[\x00-\x09\x0b-\x1f\x7f]"
)


def heed_interrupts() -> None:
    """Make a process that is about to start end on Ctrl-C, as at a terminal.

    What a script or a CI server starts in the background ignores it, and hands that on to what it starts.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Terminal:
    """A shell that waits for keys; ready says how its prompt ends, `shown` is what it wrote of late."""

    def __init__(
        self, command: Sequence[str], folder: Path, environment: Mapping[str, str], ready: str
    ) -> None:
        self.ready = ready
        self.shown = ""
        self._pid, self._keys = pty.fork()
        if self._pid == 0:
            os.chdir(folder)
            os.execve(command[0], list(command), dict(environment))  # noqa: S606 - the shell of the test
        fcntl.ioctl(self._keys, termios.TIOCSWINSZ, struct.pack("HHHH", 40, COLUMNS, 0, 0))
        self.wait_for(ready)

    def completed(self, typed: str) -> str:
        """Type the beginning of a command and Tab; return the line that the shell makes of it."""
        self.shown = ""
        os.write(self._keys, typed.encode() + b"\t")
        os.write(self._keys, _TO_THE_START + b"echo '<'" + _TO_THE_END + b"'>'\n")
        self.wait_for(">\n")
        line, _, self.shown = _CONTROL.sub("", self.shown).partition(">\n")
        self.wait_for(self.ready)
        return line.rpartition("<")[2].strip()

    def wait_for(self, text: str) -> None:
        """Wait until text is shown."""
        end = time.monotonic() + WITHIN_S
        while text not in _CONTROL.sub("", self.shown):
            readable, _, _ = select.select([self._keys], [], [], max(end - time.monotonic(), 0))
            assert readable, f"no {text!r} in {self.shown!r}"
            self.shown += os.read(self._keys, 4096).decode(errors="replace")

    def close(self) -> None:
        """End the shell."""
        os.close(self._keys)
        os.kill(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)
