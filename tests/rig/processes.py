"""The long-running programs of one cluster: start, watch, stop, and never leave one behind."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

_STOP_TIMEOUT_S = 10.0
_LOG_TAIL_BYTES = 3000


class RigError(RuntimeError):
    """The rig or something run in it failed; the message holds the program's output or log."""


class Processes:
    """Programs that log into one folder, which is removed after the last of them was stopped.

    Unless detached, they end with the Python process that started them, even if that is killed.
    Detached ones are recorded in the folder, so that another process can stop them.
    """

    def __init__(self, folder: Path, *, detached: bool) -> None:
        self._folder = folder
        self._record = folder / "processes.json"
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._lock = threading.Lock()
        self._guard = None if detached else _start_guard(folder)

    def start(self, command: Sequence[str | Path], *, env: Mapping[str, str] | None = None) -> None:
        """Start a program in its own session, so that Ctrl-C reaches the tests first, not the cluster."""
        name = Path(command[0]).name
        with self.log(name).open("ab") as log:
            process = subprocess.Popen(
                [str(part) for part in command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **(env or {})},
                cwd=self._folder,
                start_new_session=True,
            )
        self._running[name] = process
        if self._guard is None:
            self._record.write_text(json.dumps([_identity(p.pid) for p in self._running.values()]))
        self._watch_over(process.pid)

    def run(
        self,
        command: Sequence[str | Path],
        *,
        env: Mapping[str, str],
        input: str | None = None,
        timeout_s: float,
    ) -> subprocess.CompletedProcess[str]:
        """Run a program to its end and return its exit code, stdout and stderr; the same care is taken.

        Raises RigError after timeout_s seconds.
        """
        process = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL if input is None else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=env,
            text=True,
        )
        try:
            self._watch_over(process.pid)
            stdout, stderr = process.communicate(input, timeout=timeout_s)
        except subprocess.TimeoutExpired:
            raise RigError(f"did not end within {timeout_s:g} s: {words(command)}") from None
        finally:
            process.kill()
            process.wait()
        return subprocess.CompletedProcess([], process.returncode, stdout, stderr)

    def _watch_over(self, pid: int) -> None:
        if self._guard is not None and self._guard.stdin is not None:
            with self._lock:
                self._guard.stdin.write(f"{pid}\n".encode())
                self._guard.stdin.flush()

    def log(self, name: str) -> Path:
        """The log file of a program."""
        return self._folder / f"{name}.log"

    def check(self) -> None:
        """Raise RigError, with the end of its log, for a program that has ended by itself."""
        for name, process in self._running.items():
            if process.poll() is not None:
                raise RigError(f"{name} ended with code {process.returncode}:\n{self.tail(name)}")

    def tail(self, name: str) -> str:
        """The last lines of a program's log."""
        content = self.log(name).read_bytes()[-_LOG_TAIL_BYTES:]
        return content.decode(errors="replace").strip()

    def stop(self) -> None:
        """Kill every program and wait until it is gone. The data are thrown away, so nothing is flushed."""
        for process in self._running.values():
            process.kill()
        for process in self._running.values():
            process.wait(timeout=_STOP_TIMEOUT_S)
        if self._guard is not None:
            self._guard.communicate(timeout=_STOP_TIMEOUT_S)
        self._running.clear()


def stop_recorded(folder: Path) -> bool:
    """Kill the detached programs recorded in a folder. Returns whether any was still running."""
    record = folder / "processes.json"
    identities = json.loads(record.read_text()) if record.exists() else []
    alive = [identity for identity in identities if _identity(identity[0]) == identity]
    for pid, _ in alive:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + _STOP_TIMEOUT_S
    while any(_identity(identity[0]) == identity for identity in alive):
        if time.monotonic() > deadline:
            raise RigError(f"processes {[pid for pid, _ in alive]} do not end")
        time.sleep(0.05)
    return bool(alive)


def words(command: Sequence[str | Path]) -> str:
    """A command line for an error message, the program without its folder."""
    return " ".join([Path(command[0]).name, *(str(part) for part in command[1:])])


def free_ports(count: int) -> list[int]:
    """Return TCP ports of the loopback address that nothing listens on at this moment."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for sock in sockets:
            sock.bind(("127.0.0.1", 0))
        return [int(sock.getsockname()[1]) for sock in sockets]


def _start_guard(folder: Path) -> subprocess.Popen[bytes]:
    guard = Path(__file__).with_name("guard.py")
    return subprocess.Popen(
        [sys.executable, "-I", guard, folder], stdin=subprocess.PIPE, start_new_session=True
    )


def _identity(pid: int) -> list[int] | None:
    """The process id and its start time in clock ticks since boot, or None when there is none."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return None
    # Field 22 of proc(5); the second field, in parentheses, may itself hold spaces.
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] == "Z" else [pid, int(fields[19])]
