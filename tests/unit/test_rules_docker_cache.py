"""Rules of the image cache. The login is legacy's own sample, user and password `test`:
src/docker-cache/config/docker-cache.yaml.
"""

from __future__ import annotations

import base64

import pytest

from tests.unit.checking import CONFIG, places, problems

SERVICES = "services-configuration.yaml"
OFF_NODE_PORTS = "rest-server: {schedule-port-end: 30000}\n"
ON = "enable_docker_cache: true\ndocker_cache_storage_backend: filesystem\n"
SAMPLE = "dGVzdDokMnkkMDUkRUZiaWphaHovMHl4UC5xMFk1VW52TzljU2hHMThCRzM3QzBHNFhoRmFtTXdTUXdQLjBqQi4KCg=="


def in_base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("config", "services", "found"),
    [
        # The trap of legacy's default backend.
        ("enable_docker_cache: true\n", "", ["config.yaml:1:1 error PAI041"]),
        ("", "docker-cache: {enabled: true}\n", [f"{SERVICES}:1:16 error PAI041"]),
        # Each file fills in what the other leaves out.
        ("enable_docker_cache: true\n", "docker-cache: {storage_backend: filesystem}\n", []),
        ("docker_cache_storage_backend: filesystem\n", "docker-cache: {enabled: true}\n", []),
        (
            "enable_docker_cache: true\ndocker_cache_azure_account_name: a\n",
            "docker-cache: {azure_account_key: b}\n",
            [],
        ),
        (
            "enable_docker_cache: true\ndocker_cache_azure_account_name: a\n",
            "",
            ["config.yaml:1:1 error PAI041"],
        ),
        # services-configuration.yaml wins.
        (ON, "docker-cache: {storage_backend: azure}\n", ["config.yaml:1:1 error PAI041"]),
        ("enable_docker_cache: true\n", "docker-cache: {enabled: false}\n", []),
    ],
)
def test_azure_needs_an_account_and_its_key(config: str, services: str, found: list[str]) -> None:
    assert places(config + CONFIG, services=services + OFF_NODE_PORTS) == found


def test_the_cure_uses_the_words_of_the_file() -> None:
    (problem,) = problems(services="docker-cache: {enabled: true, azure_account_name: a}\n" + OFF_NODE_PORTS)
    assert problem.message == "the image cache keeps layers on Azure, but azure_account_key is missing"
    assert problem.hint == "give azure_account_key, or set storage_backend: filesystem"


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        ("registry_listener: ':5000'", []),
        ("registry_listener: 0.0.0.0:5000", []),
        ("registry_listener: ':5001', container_port: 5001", []),
        ("container_port: 5001", []),
        ("registry_listener: ':5001'", [f"{SERVICES}:1:35 warning PAI230"]),
        ("registry_listener: 127.0.0.1:5000", [f"{SERVICES}:1:35 warning PAI230"]),
    ],
)
def test_listener_and_port_are_one(lines: str, found: list[str]) -> None:
    assert places(services=f"docker-cache: {{{lines}}}\n") == found


@pytest.mark.parametrize("key", ["docker_cache_htpasswd", "docker_cache_registry_htpasswd"])
@pytest.mark.parametrize(
    "login",
    [SAMPLE, in_base64("# people\n\nme:$2y$05$" + "a" * 53 + "\nyou:$2a$10$" + "./" + "b" * 51 + "\n")],
)
def test_a_login_in_bcrypt_is_right(key: str, login: str) -> None:
    assert places(f"{ON}{key}: {login}\n{CONFIG}", services=OFF_NODE_PORTS) == []


@pytest.mark.parametrize(
    ("login", "said"),
    [
        ("test:$2y$05$EFbijahz", "is not in base64"),
        ("dGVzdA", "is not in base64"),
        ("!" + SAMPLE, "is not in base64"),
        (in_base64("\n# nobody\n"), "names no user"),
        (in_base64("# people\ntest\n"), "has no user and password in line 2"),
        (in_base64(":$2y$05$" + "a" * 53), "has no user and password in line 1"),
        (in_base64("test:$apr1$salt$sesame"), "has a password in line 1 that is not bcrypt"),
        (in_base64("me:$2y$05$" + "a" * 53 + "\ntest:sesame"), "has a password in line 2 that is not bcrypt"),
    ],
)
def test_a_login_that_the_cache_cannot_read(login: str, said: str) -> None:
    services = f"docker-cache:\n  registry-htpasswd: '{login}'\n" + OFF_NODE_PORTS
    (problem,) = problems(ON + CONFIG, services=services)
    assert (str(problem.span), problem.code) == (f"{SERVICES}:2:22", "PAI231")
    assert said in problem.message
    assert "sesame" not in problem.message + problem.hint


def test_a_login_of_a_cache_that_is_off_does_not_matter() -> None:
    assert places("docker_cache_htpasswd: dXNlcjp4\n" + CONFIG) == []


@pytest.mark.parametrize("path", ["/", "//", "srv", "/srv/../x", "/srv/a:b"])
def test_the_volume_is_mounted_below_the_root(path: str) -> None:
    services = f"docker-cache:\n  fs_mount_path: {path}\n"
    assert places(services=services) == [f"{SERVICES}:2:18 error PAI205"]
    assert places(f"docker_cache_fs_mount_path: {path}\n{CONFIG}") == ["config.yaml:1:29 error PAI205"]


def test_both_names_of_the_cache_login() -> None:
    config = "docker_cache_htpasswd: YQ==\ndocker_cache_registry_htpasswd: Yg==\n" + CONFIG
    assert places(config) == ["config.yaml:1:1 note PAI042"]
