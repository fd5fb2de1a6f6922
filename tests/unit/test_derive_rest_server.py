"""Values of rest-server. Expected ones are legacy's (tag v1.8.0): src/rest-server/config/rest-server.yaml and
rest-server.py, src/authentication/config/authentication.yaml and authentication.py."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import pytest

from paichart.derive import rest_server
from paichart.model import Cluster, Device, Machine, Settings, Sku
from paichart.schema import load_schema, with_defaults

MASTER = Sku("master-machine", Fraction(24), Fraction(61440))
GPU = Sku("gpu-machine", Fraction(24), Fraction(225280), Device("nvidia.com/gpu", "K80", 4))


def cluster(
    services: Mapping[str, Any] | None = None,
    config: Mapping[str, Any] | None = None,
    *,
    address: str = "10.0.0.1",
    workers: int = 2,
    sku: Sku = GPU,
    api_server_url: str = "",
) -> Cluster:
    """The quick-start layout, its settings as they are once defaults are filled in."""
    machines = [Machine("pai-master", address, MASTER, is_master=True)]
    machines += [
        Machine(f"pai-worker{n}", f"10.0.0.{n + 1}", sku, is_worker=True) for n in range(1, workers + 1)
    ]
    return Cluster(
        machines=tuple(machines),
        skus={MASTER.name: MASTER, sku.name: sku},
        config=Settings(
            with_defaults({"docker_image_tag": "v1.8.0", **(config or {})}, load_schema("config"))
        ),
        services=Settings(with_defaults(services or {}, load_schema("services-configuration"))),
        api_server_url=api_server_url,
    )


def cases(table: list[Any]) -> list[Any]:
    """Rows of a table as parameters; the first column is the name."""
    return [pytest.param(*row[1:], id=row[0]) for row in table]


def derived(services: Mapping[str, Any] | None = None, **others: Any) -> Any:
    return rest_server.values(cluster(services, **others))


def test_defaults_are_legacys() -> None:
    values = derived()
    assert values["jobs"].pop("exitSpec")
    assert set(values.pop("revisions")) == {"layout", "hived"}
    assert values == {
        "authentication": {
            "method": "basic",
            "groups": {
                "groupDataSource": "basic",
                "winbindServerUrl": "",
                "adminGroup": {
                    "groupname": "admingroup",
                    "description": "admin's group",
                    "externalName": "",
                    "extension": {"acls": {"admin": True, "virtualClusters": []}},
                },
                "defaultGroup": {
                    "groupname": "default",
                    "description": "group for default vc",
                    "externalName": "",
                    "extension": {"acls": {"admin": False, "virtualClusters": ["default"]}},
                },
                # Legacy's sample group `forexample` never reached a cluster that its generator configured.
                "grouplist": [],
            },
        },
        "tokens": {"expireTime": "7d"},
        "jobs": {
            "history": True,
            "computingDeviceType": "nvidia.com/gpu",
            "hivedComputingDeviceEnvs": ["NVIDIA_VISIBLE_DEVICES", "HIVED_VISIBLE_DEVICES"],
            "priorityClasses": True,
            "debuggingReservationSeconds": 604800,
            "ports": {"start": 15000, "end": 40000},
        },
        "rateLimits": {"apiPerMinute": 600, "listJobsPerMinute": 120, "submitJobsPerHour": 3600},
        "database": {"maxConnections": 50},
        "logs": {
            "server": "log_manager",
            "managerUser": "admin",
            "azureStorage": {"account": "", "container": ""},
        },
        "apiServer": {"url": ""},
    }


def test_settings_arrive() -> None:
    values = derived(
        {
            "cluster": {"common": {"job-history": "false"}},
            "rest-server": {
                "rate-limit-api-per-min": 100,
                "rate-limit-list-job-per-min": 10,
                "rate-limit-submit-job-per-hour": 1,
                "schedule-port-start": 20000,
                "schedule-port-end": 29999,
                "jwt-expire-time": "12h",
                "debugging-reservation-seconds": 60,
                "enable-priority-class": "false",
                "sql-max-connection": 7,
                "hived-computing-device-envs": "ROCR_VISIBLE_DEVICES",
                "log-server": "azure_storage",
                "log_azure_storage_account": "mylogs",
                "log_azure_storage_container_name": "joblogs",
            },
            "log-manager": {"admin_name": "reader"},
        }
    )
    assert values["tokens"] == {"expireTime": "12h"}
    assert values["rateLimits"] == {"apiPerMinute": 100, "listJobsPerMinute": 10, "submitJobsPerHour": 1}
    assert values["database"] == {"maxConnections": 7}
    assert values["logs"] == {
        "server": "azure_storage",
        "managerUser": "reader",
        "azureStorage": {"account": "mylogs", "container": "joblogs"},
    }
    del values["jobs"]["exitSpec"]
    assert values["jobs"] == {
        "history": False,
        "computingDeviceType": "nvidia.com/gpu",
        "hivedComputingDeviceEnvs": ["ROCR_VISIBLE_DEVICES"],
        "priorityClasses": False,
        "debuggingReservationSeconds": 60,
        "ports": {"start": 20000, "end": 29999},
    }


def test_no_credential_is_among_the_values() -> None:
    secrets = {
        "rest-server": {
            "default-pai-admin-password": "hidden-1",
            "jwt-secret": "hidden-2",
            "log_azure_storage_account_key": "hidden-3",
        },
        "log-manager": {"admin_password": "hidden-4", "jwt_secret": "hidden-5"},
        "authentication": {"OIDC": True, "OIDC-type": "AAD", "AAD": {"clientSecret": "hidden-6"}},
        "postgresql": {"passwd": "hidden-7"},
    }
    assert "hidden" not in str(derived(secrets))


SIGN_IN = [(True, "OIDC"), ("true", "OIDC"), (False, "basic"), ("false", "basic")]


@pytest.mark.parametrize(("switch", "method"), SIGN_IN)
def test_sign_in_method_follows_the_switch(switch: bool | str, method: str) -> None:
    assert derived({"authentication": {"OIDC": switch}})["authentication"]["method"] == method


def test_groups_get_the_rights_that_they_do_not_state() -> None:
    # authentication.py: the admin group administers, the default group has VC `default`, others have nothing.
    rights = {"virtualClusters": ["vc1"], "storageConfigs": ["nfs"], "admin": "true"}
    manager = {
        "group-data-source": "winbind",
        "winbind-server-address": "http://10.0.0.9:8000",
        "admin-group": {"groupname": "admins", "description": "", "externalName": "DOMAIN\\admins"},
        "default-group": {"groupname": "everybody", "extension": {"acls": {"admin": False}}},
        "grouplist": [
            {"groupname": "vision"},
            {"groupname": "speech", "externalName": "a: b", "extension": {"acls": rights, "quota": 3}},
        ],
    }
    groups = derived({"authentication": {"group-manager": manager}})["authentication"]["groups"]
    assert groups["groupDataSource"] == "winbind"
    assert groups["winbindServerUrl"] == "http://10.0.0.9:8000"
    assert groups["adminGroup"] == {
        "groupname": "admins",
        "description": "",
        "externalName": "DOMAIN\\admins",
        "extension": {"acls": {"admin": True, "virtualClusters": []}},
    }
    assert groups["defaultGroup"]["groupname"] == "everybody"
    assert groups["defaultGroup"]["extension"] == {"acls": {"admin": False, "virtualClusters": ["default"]}}
    assert groups["grouplist"] == [
        {
            "groupname": "vision",
            "description": "",
            "externalName": "",
            "extension": {"acls": {"admin": False, "virtualClusters": []}},
        },
        {
            "groupname": "speech",
            "description": "",
            "externalName": "a: b",
            "extension": {
                "acls": {"admin": True, "virtualClusters": ["vc1"], "storageConfigs": ["nfs"]},
                "quota": 3,
            },
        },
    ]


def test_jobs_use_the_workers_device() -> None:
    amd = Sku("amd", Fraction(24), Fraction(225280), Device("amd.com/gpu", "MI50", 4))
    assert derived(sku=amd)["jobs"]["computingDeviceType"] == "amd.com/gpu"
    plain = Sku("cpu", Fraction(24), Fraction(225280))
    assert derived(sku=plain)["jobs"]["computingDeviceType"] == "nvidia.com/gpu"


def test_exit_codes_reach_the_users() -> None:
    codes = [{"code": 1, "phrase": "Failed", "solution": ["look: here"], "pattern": {}}]
    # 62 entries: src/k8s-job-exit-spec/config/k8s-job-exit-spec.yaml.
    assert len(derived()["jobs"]["exitSpec"]) == 62
    [entry] = derived({"k8s-job-exit-spec": {"spec": codes}})["jobs"]["exitSpec"]
    assert (entry["code"], entry["phrase"], entry["solution"]) == (1, "Failed", ["look: here"])


API_SERVERS = [
    # id              master        layout.yaml                   expected
    ("ipv4",          "10.0.0.1",   "",                           ""),
    ("ipv4-given",    "10.0.0.1",   "https://api.example:6443",   ""),
    ("ipv6",          "fd00::1",    "",                           "https://[fd00::1]:6443"),
    ("ipv6-given",    "fd00::1",    "https://api.example:6443/",  "https://api.example:6443"),
]  # fmt: skip


@pytest.mark.parametrize(("address", "given", "expected"), cases(API_SERVERS))
def test_ipv6_clusters_name_their_api_server(address: str, given: str, expected: str) -> None:
    # client-node 0.11.0 puts KUBERNETES_SERVICE_HOST into a URL without brackets.
    assert derived(address=address, api_server_url=given)["apiServer"] == {"url": expected}


def test_pods_restart_when_the_layout_or_hived_changes() -> None:
    before, larger = derived()["revisions"], derived(workers=3)["revisions"]
    assert before == derived()["revisions"]
    assert before["layout"] != larger["layout"]
    assert before["hived"] != larger["hived"]
    off = derived(config={"enable_hived_scheduler": False})["revisions"]
    assert off == {"layout": before["layout"], "hived": ""}


def test_only_services_of_the_release_may_call() -> None:
    core = ["postgresql", "rest-server", "webportal", "pylon"]
    assert rest_server.neighbours(core) == {"alertManager": {"enabled": False}, "callers": ["pylon"]}
    assert rest_server.neighbours([*core, "alert-manager", "marketplace-restserver"]) == {
        "alertManager": {"enabled": True},
        "callers": ["pylon", "alert-handler", "marketplace-restserver"],
    }
