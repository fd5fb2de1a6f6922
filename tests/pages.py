"""Runs the commands of a documentation page, as a reader would, and holds what they print against the page.

Blocks marked `sh` are run one after the other in one shell, so that a folder or a variable lasts. A block
marked `text` right after one is what it prints, standard output and error together: each of its lines must
come, in this order; `…` stands for anything, also for whole lines.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_FENCE = re.compile(r"^```(sh|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_MARK = "=== block"


@dataclass(frozen=True, slots=True)
class Step:
    """One block of commands, what the page says that it prints (empty for nothing said), and its line."""

    commands: str
    shown: str
    line: int


def steps(text: str) -> tuple[Step, ...]:
    """Return the steps of a page's text, in order. A `text` block without commands before it is no step."""
    found: list[Step] = []
    previous_end = -1
    for fence in _FENCE.finditer(text):
        kind, content = fence.groups()
        line = text.count("\n", 0, fence.start()) + 1
        if kind == "sh":
            found.append(Step(content, "", line))
        elif found and not text[previous_end : fence.start()].strip():
            found[-1] = Step(found[-1].commands, content, found[-1].line)
        previous_end = fence.end()
    return tuple(found)


def run(
    page: Sequence[Step], folder: Path, environment: Mapping[str, str], *, timeout_s: int = 900
) -> list[str]:
    """Run the steps in a folder and return what each printed; fails the test at the first that fails."""
    marked = "".join(f"echo '{_MARK} {number}'\n{step.commands}" for number, step in enumerate(page))
    result = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", f"exec 2>&1\n{marked}"],
        cwd=folder,
        env=dict(environment),
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout_s,
    )
    printed = re.split(rf"^{_MARK} \d+\n", result.stdout, flags=re.MULTILINE)[1:]
    assert result.returncode == 0, f"line {page[len(printed) - 1].line} of the page failed:\n{printed[-1]}"
    return printed


def check(step: Step, printed: str) -> None:
    """Fail unless what was printed is what the page shows."""
    lines = [line.strip() for line in printed.splitlines()]
    at = 0
    for shown in step.shown.splitlines():
        pattern = re.escape(shown.strip()).replace("…", ".*")
        if not shown.strip() or pattern == ".*":
            continue
        matching = (index for index in range(at, len(lines)) if re.fullmatch(pattern, lines[index]))
        found = next(matching, None)
        assert found is not None, f"the page shows (line {step.line}):\n{shown}\nprinted was:\n{printed}"
        at = found + 1
