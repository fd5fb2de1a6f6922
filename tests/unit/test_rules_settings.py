"""Rules of settings that belong together, told at their line and column."""

from __future__ import annotations

import pytest

from tests.unit.checking import CONFIG, places, problems

SERVICES = "services-configuration.yaml"
TAG = "docker_image_tag: v1.8.0\n"
OFF_NODE_PORTS = "rest-server: {schedule-port-end: 30000}\n"
HTTPS = "paichart: {external-url: https://pai.example.com, exposure: {type: loadBalancer}}\n"


@pytest.mark.parametrize(
    ("line", "code"),
    [("docker_registry_username: me\n", "PAI040"), ("docker_registry_password: me\n", "PAI040")],
)
def test_a_registry_login_that_is_half_given(line, code):
    assert places(line + CONFIG) == [f"config.yaml:1:1 error {code}"]


def test_a_registry_login_that_is_half_given_in_services_configuration():
    services = "cluster:\n  docker-registry:\n    username: me\n"
    assert places(services=services) == [f"{SERVICES}:3:5 error PAI040"]
    assert places(services=services + "    password: secret\n") == []


def test_an_image_cache_on_azure_without_an_account():
    (problem,) = problems("enable_docker_cache: true\n" + CONFIG, services=OFF_NODE_PORTS)
    assert (str(problem.span), problem.code) == ("config.yaml:1:1", "PAI041")
    assert problem.message == (
        "the image cache keeps layers on Azure, but "
        "docker_cache_azure_account_name and docker_cache_azure_account_key are missing"
    )


@pytest.mark.parametrize(
    "lines",
    [
        "docker_cache_storage_backend: filesystem\n",
        "docker_cache_azure_account_name: a\ndocker_cache_azure_account_key: b\n",
    ],
)
def test_an_image_cache_that_has_what_it_needs(lines):
    assert places("enable_docker_cache: true\n" + lines + CONFIG, services=OFF_NODE_PORTS) == []


def test_an_image_cache_of_services_configuration_without_a_key():
    services = "docker-cache:\n  enabled: true\n  azure_account_name: a\n" + OFF_NODE_PORTS
    (problem,) = problems(services=services)
    assert (str(problem.span), problem.code) == (f"{SERVICES}:2:3", "PAI041")
    assert "azure_account_key is missing" in problem.message


@pytest.mark.parametrize("key", ["docker_cache_htpasswd", "docker_cache_registry_htpasswd"])
def test_either_name_of_the_cache_login_is_right(key):
    assert places(f"{key}: YQ==\n" + CONFIG) == []


SSL = """\
pylon:
  ssl:
    crt_name: pai.crt
    crt_path: /etc/pai.crt
    key_name: pai.key
    key_path: /etc/pai.key
"""


def test_a_certificate_without_its_files():
    found = problems(services="pylon:\n  ssl: {crt_path: /etc/pai.crt}\n")
    assert [(str(p.span), p.code, p.message) for p in found] == [
        (f"{SERVICES}:2:3", "PAI043", f"pylon.ssl has no '{key}'")
        for key in ("crt_name", "key_name", "key_path")
    ]


def test_a_certificate_whose_name_is_not_its_file():
    (problem,) = problems(services=SSL.replace("key_name: pai.key", "key_name: key.pem"))
    assert (str(problem.span), problem.code) == (f"{SERVICES}:5:15", "PAI043")
    assert problem.hint == "did you mean 'pai.key'?"


def test_certificate_files_become_a_secret():
    assert places(services=SSL) == []
    assert places(TAG, services=SSL) == [f"{SERVICES}:2:3 note PAI046"]


@pytest.mark.parametrize(
    ("settings", "services", "found"),
    [
        # Nothing is said about how users come in.
        ("", "", "config.yaml:1:1 warning PAI044"),
        ("paichart: {external-url: http://pai.example.com}\n", "", "config.yaml:2:26 warning PAI044"),
        ("paichart:\n  exposure: {type: nodePort}\n", "", "config.yaml:3:3 warning PAI044"),
        # https is promised, but the master's own ports serve http.
        ("paichart: {external-url: https://pai.example.com}\n", "", "config.yaml:2:26 note PAI044"),
        # A certificate is given, but users are sent to http.
        (
            "paichart: {external-url: http://a.b, tls: {secret-name: x}}\n",
            "",
            "config.yaml:2:26 warning PAI044",
        ),
    ],
)
def test_a_sign_in_that_others_can_read(settings, services, found):
    assert places(TAG + settings, services=services) == [found]


def test_a_load_balancer_may_speak_https_itself():
    assert places(TAG + HTTPS) == []


EXPOSURES = [
    ("gateway-without-name", "{type: gateway}", ["config.yaml:4:20 error PAI045"]),
    (
        "node-port-without-effect",
        "{type: loadBalancer, node-port: 30080}",
        ["config.yaml:4:34 warning PAI045"],
    ),
    ("class-without-effect", "{class-name: nginx}", ["config.yaml:4:14 warning PAI045"]),
    ("gateway-without-effect", "{type: ingress, gateway: {name: g}}", ["config.yaml:4:29 warning PAI045"]),
    ("right-gateway", "{type: gateway, gateway: {name: g}}", []),
    ("right-ingress", "{type: ingress, class-name: nginx}", []),
]


@pytest.mark.parametrize(("exposure", "found"), [pytest.param(*row[1:], id=row[0]) for row in EXPOSURES])
def test_an_exposure_and_what_belongs_to_it(exposure, found):
    settings = f"paichart:\n  external-url: https://a.b\n  exposure: {exposure}\n  tls: {{secret-name: x}}\n"
    assert places(TAG + settings) == found


@pytest.mark.parametrize("kind", ["ingress", "gateway, gateway: {name: g}"])
def test_an_ingress_needs_a_host_name(kind):
    settings = f"paichart:\n  exposure: {{type: {kind}}}\n  tls: {{secret-name: x}}\n"
    assert places(TAG + settings) == ["config.yaml:3:20 error PAI045"]
    assert places(TAG + settings, services="pylon: {domain: pai.example.com}\n") == []


def test_two_files_that_disagree():
    services = "cluster:\n  docker-registry: {tag: v1.7.0}\n  common: {qos-switch: 'false'}\n"
    (problem,) = problems(CONFIG + 'qos-switch: "False"\n', services=services)
    assert (str(problem.span), problem.code, problem.severity.value) == (
        f"{SERVICES}:2:26",
        "PAI063",
        "warning",
    )
    assert problem.message == "config.yaml has another 'docker_image_tag'; this one wins"
