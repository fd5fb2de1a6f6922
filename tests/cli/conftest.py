"""A copy of the quick-start inputs, and the command line run in this process."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from typer.testing import CliRunner, Result

from paichart.cli.app import app

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"

Run = Callable[..., Result]


@pytest.fixture(scope="session")
def job_key() -> rsa.RSAPrivateKey:
    """A key as the build makes one for the jobs' ssh."""
    return rsa.generate_private_key(public_exponent=65537, key_size=3072)


@pytest.fixture(autouse=True)
def one_job_key(job_key: rsa.RSAPrivateKey, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every build have the same key: making one takes longer than the rest of a build."""
    monkeypatch.setattr(rsa, "generate_private_key", lambda **_: job_key)


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
