"""What is too large for Kubernetes is told before Helm would meet it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from paichart.sizes import check_sizes

MIB = 1024 * 1024
FINE = 1000


def layout_of(size: int) -> dict[str, Any]:
    """Return values whose layout takes about so many bytes."""
    return {"cluster-configuration": {"layout": {"machine-list": ["x" * size]}}}


@pytest.mark.parametrize(
    ("values", "release", "expected"),
    [
        ({}, FINE, []),
        (layout_of(MIB * 7 // 10), FINE, []),
        (layout_of(MIB * 9 // 10), FINE, [("warning", "the machine list in one ConfigMap takes 922 KiB")]),
        (layout_of(MIB), FINE, [("error", "the machine list in one ConfigMap takes 1,024 KiB")]),
        ({}, MIB + 1024, [("error", "the release as Helm stores it in one Secret takes 1,025 KiB")]),
    ],
    ids=["nothing", "small", "nearly", "too large", "release"],
)
def test_what_kubernetes_would_not_store_is_named(
    values: Mapping[str, Any], release: int, expected: list[tuple[str, str]]
) -> None:
    found = [(problem.severity.value, problem.message) for problem in check_sizes(values, release, "l")]
    limit = "; Kubernetes stores at most 1,024 KiB"
    assert found == [(severity, f"{message}{limit}") for severity, message in expected]
