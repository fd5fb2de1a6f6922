"""The table itself: conditions, and rows that contradict themselves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.legacy import table
from tests.legacy.table import Layout, TableError, expected

CONTAINER = {"image": "pai:cache", "env": ["A", "B if tls", "C unless tls"]}
WORKLOAD = {"kind": "DaemonSet", "nodes": "the master", "containers": {"cache": CONTAINER}}


def layout(*facts: str) -> Layout:
    return Layout("some", Path(), frozenset(facts), ("cache",), "registry.example.com/x", "v9")


def wanted(monkeypatch: pytest.MonkeyPatch, row: dict[str, Any], *facts: str) -> dict[str, Any]:
    monkeypatch.setattr(table, "rows", lambda: {"cache": row})
    return expected("cache", layout(*facts))


def row(**workload: Any) -> dict[str, Any]:
    return {"ports": ["host 1", "host 2 if tls"], "workloads": {"cache": {**WORKLOAD, **workload}}}


def test_what_is_not_told_is_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    assert wanted(monkeypatch, row(), "tls") == {
        "ports": ["host 1", "host 2"],
        "workloads": {
            "cache": {
                "kind": "DaemonSet",
                "nodes": "the master",
                "containers": {"cache": {"image": "registry.example.com/x/cache:v9", "env": ["A", "B"]}},
            }
        },
    }


def test_a_condition_that_does_not_hold_leaves_its_value_out(monkeypatch: pytest.MonkeyPatch) -> None:
    found = wanted(monkeypatch, row())
    assert found["ports"] == ["host 1"]
    assert found["workloads"]["cache"]["containers"]["cache"]["env"] == ["A", "C"]


def test_a_workload_of_another_layout_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    assert wanted(monkeypatch, row(**{"if": "oidc"}))["workloads"] == {}


def test_what_is_otherwise_now_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    container = {**CONTAINER, "env-gone": {"A": "unread"}, "env-new": {"D": "asked for"}}
    changed = row(
        **{"kind-now": {"is": "Deployment", "why": "two copies"}, "containers": {"cache": container}}
    )
    found = wanted(monkeypatch, changed)["workloads"]["cache"]
    assert found["kind"] == "Deployment"
    assert found["containers"]["cache"]["env"] == ["C", "D"]


@pytest.mark.parametrize(
    "workload",
    [
        {"kind-now": {"is": "DaemonSet", "why": "no other"}},
        {"kind-now": {"is": "Deployment", "why": ""}},
        {"containers": {"cache": {**CONTAINER, "env-gone": {"Z": "was never there"}}}},
        {"containers": {"cache": {**CONTAINER, "env-new": {"A": "was there"}}}},
        {"containers": {"cache": {**CONTAINER, "env-gone": {"A": ""}}}},
    ],
    ids=["same kind", "no reason", "gone without having been", "new though it was", "gone without a reason"],
)
def test_a_row_that_contradicts_itself_is_refused(
    workload: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(TableError):
        wanted(monkeypatch, row(**workload))


def test_every_service_was_something_and_every_new_thing_says_why() -> None:
    for service, told in table.rows().items():
        for name, workload in told.get("workloads", {}).items():
            assert ("legacy" in workload) != bool(workload.get("new")), f"{service}/{name}"
        assert all(told.get("gone", {"": "-"}).values()), service
