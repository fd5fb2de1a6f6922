"""Rules of what the old deployer did differently, and of recorded capacity."""

from __future__ import annotations

import pytest

from tests.unit.checking import CONFIG, LAYOUT, places, problems

SERVICES = "services-configuration.yaml"


def test_ignored_keys_are_named_once_with_the_reason():
    config = CONFIG + "user: root\npassword: ''\ndocker_iptables_enabled: false\n"
    (problem,) = problems(config)
    assert (str(problem.span), problem.code, problem.severity.value) == ("config.yaml:5:1", "PAI060", "note")
    assert problem.message == "ignored: user, password, docker_iptables_enabled"
    assert problem.hint == (
        "paichart never logs in to machines: the cluster exists; "
        "the container runtime belongs to the cluster, which exists"
    )


def test_ignored_keys_of_services_are_named_with_their_section():
    (problem,) = problems(
        services="cluster:\n  common: {az-rdma: 'false', docker-data-root: /var/lib/docker}\n"
    )
    assert (str(problem.span), problem.code) == (f"{SERVICES}:2:12", "PAI060")
    assert problem.message == "ignored: cluster.common.az-rdma, cluster.common.docker-data-root"


MISREAD = [
    ('enable_hived_scheduler: "true"', "config.yaml:1:25 note PAI061"),
    ('enable_hived_scheduler: "false"', "config.yaml:1:25 note PAI061"),
    ("enable_marketplace: true", "config.yaml:1:21 note PAI061"),
    ("qos-switch: false", "config.yaml:1:13 note PAI061"),
    ("enable_hived_scheduler: false", None),
    ('enable_marketplace: "true"', None),
    ('qos-switch: "false"', None),
]


@pytest.mark.parametrize(("line", "found"), MISREAD)
def test_a_switch_that_legacy_misread_is_noted(line, found):
    assert places(f"{line}\n{CONFIG}") == ([found] if found else [])


def test_a_misread_switch_is_told_with_what_it_did():
    (problem,) = problems('enable_docker_cache: "false"\n' + CONFIG)
    assert problem.message == (
        "quoted, the old deployer misread this switch: the cache was off whatever the text said"
    )
    (problem,) = problems("qos-switch: true\n" + CONFIG)
    assert problem.message.startswith(
        "unquoted, the old deployer misread this switch: services got no limits"
    )


def test_roles_that_legacy_did_not_see_are_noted_once():
    layout = LAYOUT.replace('"true"', "true")
    (problem,) = problems(layout=layout)
    assert (str(problem.span), problem.code, problem.severity.value) == (
        "layout.yaml:10:71",
        "PAI022",
        "note",
    )
    assert problem.message == "unquoted, the old deployer did not see this role and 2 more"


@pytest.mark.parametrize(
    ("services", "at"),
    [
        ("postgresql: {passwd: rootpass}\n", "1:22"),
        ("log-manager: {admin_password: admin}\n", "1:31"),
        ("log-manager: {jwt_secret: jwt_secret}\n", "1:27"),
        ("rest-server: {jwt-secret: pai-secret}\n", "1:27"),
        ("rest-server: {default-pai-admin-password: admin-password}\n", "1:43"),
        ("storage-manager: {smbpwd: smbpwd}\n", "1:27"),
        ("marketplace-db: {passwd: passwd}\n", "1:26"),
    ],
)
def test_a_password_that_everybody_knows_is_a_warning(services, at):
    assert f"{SERVICES}:{at} warning PAI062" in places(services=services)


CAPACITY = """\
nodes:
  w1: {cpu: "24", memory: 220Gi}
  w2: {cpu: 23500m, memory: 219Gi, cpu-requested: 250m, memory-requested: 1Gi}
"""


def test_figures_of_a_node_that_is_no_machine():
    assert places(capacity=CAPACITY) == []
    (problem,) = problems(capacity=CAPACITY + '  w3: {cpu: "24", memory: 220Gi}\n')
    assert (str(problem.span), problem.code, problem.severity.value) == (
        "capacity.yaml:4:3",
        "PAI070",
        "warning",
    )
    assert problem.hint == "the figures are not used; record them again"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("nodes: {w1: {cpu: 24 cores, memory: 1Gi}}\n", "capacity.yaml:1:19 error PAI205"),
        ("nodes: {w1: {cpu: 24}}\n", "capacity.yaml:1:9 error PAI202"),
        ("nodes: [w1]\n", "capacity.yaml:1:8 error PAI203"),
        ("node: {}\n", "capacity.yaml:1:1 error PAI201"),
    ],
)
def test_figures_that_are_none(text, found):
    assert places(capacity=text) == [found]
