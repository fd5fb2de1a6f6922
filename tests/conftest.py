"""What keeps the quick suite quick: a fifth of hypothesis' examples in `make quick`, and keys made once."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import settings

settings.register_profile("quick", max_examples=20)


@pytest.fixture(scope="session")
def job_keys() -> Iterator[rsa.RSAPrivateKey]:
    """Two keys as a build makes them for the jobs' ssh, in turn."""
    return cycle([rsa.generate_private_key(public_exponent=65537, key_size=3072) for _ in range(2)])


@pytest.fixture
def ready_job_keys(job_keys: Iterator[rsa.RSAPrivateKey], monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a build take the next key: making one takes longer than the rest of a build."""
    monkeypatch.setattr(rsa, "generate_private_key", lambda **_: next(job_keys))
