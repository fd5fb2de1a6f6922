"""Kubernetes quantities (`500m`, `1.5Gi`, `12e6`) as exact fractions, and back to Kubernetes' canonical text.

Grammar and canonical form: k8s.io/apimachinery, `pkg/api/resource/quantity.go`.
"""

from __future__ import annotations

import re
from fractions import Fraction

_MEBI = 1024**2
_BINARY = {"Ki": 1024, "Mi": 1024**2, "Gi": 1024**3, "Ti": 1024**4, "Pi": 1024**5, "Ei": 1024**6}
_DECIMAL = {
    "n": Fraction(1, 10**9),
    "u": Fraction(1, 10**6),
    "m": Fraction(1, 10**3),
    "": Fraction(1),
    "k": Fraction(10**3),
    "M": Fraction(10**6),
    "G": Fraction(10**9),
    "T": Fraction(10**12),
    "P": Fraction(10**15),
    "E": Fraction(10**18),
}
_FACTORS = {**_DECIMAL, **{suffix: Fraction(size) for suffix, size in _BINARY.items()}}
_PATTERN = re.compile(
    r"([0-9]+\.?[0-9]*|\.[0-9]+)(?:([numkMGTPE]|[KMGTPE]i)|[eE]([-+]?[0-9]{1,2}))?", re.ASCII
)
_MAX_LENGTH = 32


class QuantityError(ValueError):
    """The text is no Kubernetes quantity."""


def parse(value: str | int | float) -> Fraction:
    """Return the amount in base units (cores, bytes); numbers stand for themselves, as in Kubernetes.

    Raises QuantityError for what Kubernetes refuses, for negative amounts, and for more than 32 characters.
    """
    text = str(value)
    match = _PATTERN.fullmatch(text) if len(text) <= _MAX_LENGTH else None
    if match is None:
        raise QuantityError(f"'{text}' is no quantity")
    number, suffix, exponent = match.groups()
    return Fraction(number) * (Fraction(10) ** int(exponent) if exponent else _FACTORS[suffix or ""])


def cores(value: str | int | float) -> Fraction:
    """Return an amount of cpu in cores: `500m` is 1/2."""
    return parse(value)


def mebibytes(value: str | int | float) -> Fraction:
    """Return an amount of memory in MiB: `1Gi` is 1024."""
    return parse(value) / _MEBI


def to_text(amount: Fraction, *, binary: bool = False) -> str:
    """Return the canonical text of an amount: no fraction, and the largest suffix that allows this.

    Binary suffixes need a whole amount, as in Kubernetes; what is finer than a billionth is rounded up.
    """
    if binary and amount and amount.denominator == 1:
        sizes = {"": 1, **_BINARY}
        suffix = max((s for s in sizes if amount % sizes[s] == 0), key=lambda s: sizes[s])
        return f"{amount / sizes[suffix]}{suffix}"
    if amount % _DECIMAL["n"]:
        amount = (amount // _DECIMAL["n"] + 1) * _DECIMAL["n"]
    suffix = max((s for s in _DECIMAL if (amount / _DECIMAL[s]).denominator == 1), key=lambda s: _DECIMAL[s])
    return f"{amount / _DECIMAL[suffix]}{suffix}" if amount else "0"
