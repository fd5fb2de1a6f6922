"""Values of postgresql. Source of the expected ones: src/postgresql/{config,deploy} of OpenPAI v1.8.0."""

from __future__ import annotations

import pytest

from paichart.derive import postgresql
from tests.unit.derived import satisfies_schema, site


def test_database_lies_in_the_folder_of_an_old_installation() -> None:
    assert postgresql.values(site()) == {
        "maxConnections": 1000,
        "persistence": {
            "size": "30Gi",
            "hostPath": "/mnt/paiInternal/storage",
            "node": "pai-master",
            "loopDisk": False,
        },
    }


def test_database_follows_the_folder_and_waits_for_its_disk() -> None:
    services = {
        "internal-storage": {"enable": "true", "root-path": "/data/pai/", "quota-gb": 50},
        "postgresql": {"max-connection": 300},
    }
    assert postgresql.values(site(services)) == {
        "maxConnections": 300,
        "persistence": {
            "size": "30Gi",
            "hostPath": "/data/pai/storage",
            "node": "pai-master",
            "loopDisk": True,
        },
    }


def test_storage_class_replaces_the_folder() -> None:
    storage = {"class": "ceph-block", "database-size": "100Gi"}
    services = {"internal-storage": {"enable": True}}
    assert postgresql.values(site(services, {"storage": storage}))["persistence"] == {
        "storageClass": "ceph-block",
        "size": "100Gi",
    }


def test_who_tells_users_of_their_jobs_may_connect() -> None:
    # src/alert-manager/deploy/alert-manager-deployment.yaml.template gives it DB_CONNECTION_STR.
    services = {"alert-manager": {"job-status-change-notification": {"enable": "true"}}}
    assert postgresql.values(site(services))["callers"] == ["job-status-change-notification"]
    assert "callers" not in postgresql.values(site())


@pytest.mark.parametrize("storage", [{}, {"class": "fast", "database-size": "1Ti"}])
def test_values_satisfy_the_charts_schema(storage: dict[str, str]) -> None:
    satisfies_schema("postgresql", postgresql.values(site(paichart={"storage": storage})))
