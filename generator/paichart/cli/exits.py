"""Exit codes of every command."""

from __future__ import annotations

from enum import IntEnum
from typing import NoReturn

import typer


class Exit(IntEnum):
    """What a command's exit code means."""

    FINE = 0
    PROBLEMS = 1
    USAGE = 2
    MACHINE = 3


def fail(message: str, hint: str, code: Exit) -> NoReturn:
    """Say on stderr what went wrong and what to do, and leave with an exit code."""
    typer.echo(f"error: {message}\n  {hint}" if hint else f"error: {message}", err=True)
    raise typer.Exit(code)
