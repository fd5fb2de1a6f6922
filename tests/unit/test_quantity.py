"""Quantities: what Kubernetes reads, what it refuses, and its canonical text."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paichart.quantity import QuantityError, cores, mebibytes, parse, to_text

# The amounts are worked by hand from the suffix table of the Kubernetes documentation.
READ = [
    ("0", Fraction(0)),
    ("24", Fraction(24)),
    (24, Fraction(24)),
    (0.5, Fraction(1, 2)),
    ("500m", Fraction(1, 2)),
    ("1.5", Fraction(3, 2)),
    ("5.", Fraction(5)),
    (".5", Fraction(1, 2)),
    ("250u", Fraction(1, 4000)),
    ("7n", Fraction(7, 10**9)),
    ("1k", Fraction(1000)),
    ("2M", Fraction(2_000_000)),
    ("220G", Fraction(220_000_000_000)),
    ("1Ki", Fraction(1024)),
    ("220Gi", Fraction(236_223_201_280)),
    ("0.5Gi", Fraction(536_870_912)),
    ("1Ei", Fraction(1_152_921_504_606_846_976)),
    ("12e6", Fraction(12_000_000)),
    ("12E-3", Fraction(12, 1000)),
    ("1E", Fraction(10**18)),
]
REFUSED = [
    "",
    " 1",
    "1 Gi",
    "220GB",
    "220gi",
    "220KB",
    "1K",
    "-1",
    "+1",
    "1e",
    "1e999",
    "1.2.3",
    "Gi",
    ".",
    "٣",
    "1" * 33,
]


@pytest.mark.parametrize(("text", "amount"), READ)
def test_a_quantity_is_read_exactly(text, amount):
    assert parse(text) == amount


@pytest.mark.parametrize("text", REFUSED)
def test_what_kubernetes_refuses_is_refused(text):
    with pytest.raises(QuantityError):
        parse(text)


def test_cpu_is_in_cores_and_memory_in_mebibytes():
    assert cores("24500m") == Fraction(49, 2)
    assert mebibytes("220Gi") == 225280
    assert mebibytes("1G") == Fraction(10**9, 2**20)


@pytest.mark.parametrize(
    ("amount", "binary", "text"),
    [
        (Fraction(0), False, "0"),
        (Fraction(0), True, "0"),
        (Fraction(1, 2), False, "500m"),
        (Fraction(24), False, "24"),
        (Fraction(2000), False, "2k"),
        (Fraction(236_223_201_280), True, "220Gi"),
        (Fraction(1536 * 2**20), True, "1536Mi"),
        (Fraction(1000), True, "1000"),
        (Fraction(1, 3), False, "333333334n"),
    ],
)
def test_an_amount_is_written_in_canonical_form(amount, binary, text):
    assert to_text(amount, binary=binary) == text


@given(st.integers(0, 10**24), st.booleans())
def test_writing_and_reading_gives_the_same_amount(nanos, binary):
    amount = Fraction(nanos, 10**9)
    assert parse(to_text(amount, binary=binary)) == amount
