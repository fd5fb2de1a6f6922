"""Kills a cluster's processes and removes its folder when the process that started them dies.

Started with the folder as argument; reads process ids, one a line, from stdin. At the end of stdin
(the parent stopped the cluster, or died in whatever way) it kills what still lives.
"""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal
import sys


def main(folder: str) -> None:
    """Hold a handle on each process named on stdin until stdin ends; then clean up."""
    handles: list[int] = []
    for line in sys.stdin:
        handles = _without_ended(handles)
        with contextlib.suppress(ProcessLookupError):
            # A handle, not the number: the number may belong to another process by then.
            handles.append(os.pidfd_open(int(line)))
    for handle in handles:
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(handle, signal.SIGKILL)
    shutil.rmtree(folder, ignore_errors=True)


def _without_ended(handles: list[int]) -> list[int]:
    """Close the handles of processes that have ended, which select calls readable; return the others."""
    ended = select.select(handles, [], [], 0)[0]
    for handle in ended:
        os.close(handle)
    return [handle for handle in handles if handle not in ended]


if __name__ == "__main__":
    main(sys.argv[1])
