"""Values of docker-cache. Legacy's defaults: src/docker-cache/config/docker-cache.yaml.

Legacy's way from config.yaml: contrib/kubespray/quick-start/services-configuration.yaml.template.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from paichart.derive import docker_cache
from paichart.model import Cluster, Settings
from tests.unit.derived import satisfies_schema, site


def with_config(services: Mapping[str, Any] | None = None, **config: Any) -> Cluster:
    cluster = site({"docker-cache": dict(services or {})}, config.pop("paichart", None))
    return replace(cluster, config=Settings({**cluster.config.data, **config}))


def derived(services: Mapping[str, Any] | None = None, **config: Any) -> dict[str, Any]:
    values: dict[str, Any] = docker_cache.values(with_config(services, **config))
    satisfies_schema("docker-cache", values)
    return values


@pytest.mark.parametrize(
    ("services", "config", "is_wanted"),
    [
        ({}, {}, False),
        ({}, {"enable_docker_cache": True}, True),
        ({}, {"enable_docker_cache": "true"}, True),
        ({"enabled": True}, {}, True),
        ({"enabled": "false"}, {"enable_docker_cache": True}, False),
    ],
)
def test_either_file_switches_it_and_services_configuration_wins(
    services: Mapping[str, Any], config: Mapping[str, Any], is_wanted: bool
) -> None:
    assert docker_cache.is_wanted(with_config(services, **config)) is is_wanted


def test_defaults_are_legacys() -> None:
    assert derived() == {
        "remoteUrl": "https://registry-1.docker.io",
        "login": {"enabled": False},
        "port": 5000,
        "service": {"nodePort": 30500},
        "storage": {"backend": "azure", "azure": {"accountName": "", "container": "dockerregistry"}},
    }


def test_account_of_either_file_is_taken() -> None:
    azure = {"docker_cache_azure_account_name": "a", "docker_cache_azure_container_name": "c"}
    assert derived(**azure)["storage"]["azure"] == {"accountName": "a", "container": "c"}
    values = derived({"azure_account_name": "b", "storage_backend": "azure"}, **azure)
    assert values["storage"]["azure"] == {"accountName": "b", "container": "c"}


def test_key_of_the_account_stays_out_of_the_values() -> None:
    values = derived({"azure_account_key": "sesame"}, docker_cache_azure_account_key="sesame")
    assert "sesame" not in str(values)


def test_layers_on_disk_lie_beside_the_other_services_data() -> None:
    values = derived(docker_cache_storage_backend="filesystem")
    assert values["storage"] == {
        "backend": "filesystem",
        "filesystem": {"rootDirectory": "/var/lib/registry"},
    }
    # Legacy had no volume there; the size is paichart.storage.image-cache-size.
    folder = {"hostPath": "/datastorage/docker-cache", "node": "pai-master", "size": "200Gi"}
    assert values["persistence"] == folder


def test_legacys_path_is_one_in_the_container() -> None:
    values = derived({"storage_backend": "filesystem", "fs_mount_path": "//srv//layers/"})
    assert values["storage"]["filesystem"] == {"rootDirectory": "/srv/layers"}
    assert values["persistence"]["hostPath"] == "/datastorage/docker-cache"


def test_storage_class_wins() -> None:
    storage = {"storage": {"class": "ceph-block", "image-cache-size": "1Ti"}}
    values = derived({"storage_backend": "filesystem"}, paichart=storage)
    assert values["persistence"] == {"storageClass": "ceph-block", "size": "1Ti"}


def test_services_configuration_wins_key_by_key() -> None:
    values = derived(
        {"storage_backend": "filesystem"},
        docker_cache_storage_backend="azure",
        docker_cache_remote_url="https://registry.example.com",
    )
    assert values["storage"]["backend"] == "filesystem"
    assert values["remoteUrl"] == "https://registry.example.com"


@pytest.mark.parametrize(
    ("services", "config"),
    [
        ({"registry-htpasswd": "dTp4"}, {}),
        ({}, {"docker_cache_registry_htpasswd": "dTp4"}),
        ({}, {"docker_cache_htpasswd": "dTp4"}),
    ],
)
def test_login_is_asked_for_when_one_is_given(services: Mapping[str, Any], config: Mapping[str, Any]) -> None:
    values = derived(services, **config)
    assert values["login"] == {"enabled": True}
    assert "dTp4" not in str(values)


def test_address_loses_its_last_slash() -> None:
    # Legacy's manual gives it with one (how-to-set-up-docker-image-cache.md); the registry appends /v2/.
    values = derived(docker_cache_remote_url="https://registry-1.docker.io/")
    assert values["remoteUrl"] == "https://registry-1.docker.io"


def test_ports_can_be_given() -> None:
    values = derived({"container_port": 5001, "service_nodeport": 30501})
    assert (values["port"], values["service"]) == (5001, {"nodePort": 30501})
