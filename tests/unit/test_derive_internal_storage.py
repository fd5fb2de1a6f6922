"""Values of internal-storage. Source of the expected ones: src/internal-storage/config of OpenPAI v1.8.0."""

from __future__ import annotations

import pytest

from paichart.derive import internal_storage
from tests.unit.derived import satisfies_schema, site


def test_internal_storage_has_the_legacy_folder_and_size() -> None:
    assert internal_storage.values(site()) == {"rootPath": "/mnt/paiInternal", "quotaGb": 30}


def test_folder_and_size_are_taken_over() -> None:
    services = {"internal-storage": {"enable": True, "root-path": "/data/pai/", "quota-gb": 50}}
    assert internal_storage.values(site(services)) == {"rootPath": "/data/pai", "quotaGb": 50}


@pytest.mark.parametrize(
    ("written", "is_on"), [(True, True), ("true", True), ("false", False), (None, False)]
)
def test_it_is_off_unless_asked_for(written: object, is_on: bool) -> None:
    section = {} if written is None else {"enable": written}
    assert internal_storage.is_loop_disk_on(site({"internal-storage": section})) is is_on


def test_values_satisfy_the_charts_schema() -> None:
    satisfies_schema("internal-storage", internal_storage.values(site()))
