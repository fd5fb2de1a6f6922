"""A copy of the quick-start inputs, and the command line run in this process."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from paichart.cli.app import app

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"

Run = Callable[..., Result]


@pytest.fixture(autouse=True)
def quick_builds(ready_job_keys: None) -> None:
    """Let no test of a command wait for a key."""


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder `site` with the quick-start inputs, beside which the tests run."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(EXAMPLES / "quick-start", "site", ignore=shutil.ignore_patterns("credentials.yaml"))
    return tmp_path / "site"


@pytest.fixture
def run() -> Run:
    """Run `paichart` with arguments; the result has exit_code, stdout and stderr."""
    return lambda *arguments: CliRunner().invoke(app, [str(argument) for argument in arguments])
