"""Rules of signing in and of groups, told at their line and column."""

from __future__ import annotations

import pytest

from tests.unit.checking import CONFIG, LAYOUT, places, problems

SERVICES = "services-configuration.yaml"
AAD = """\
authentication:
  OIDC: true
  OIDC-type: AAD
  AAD:
    wellKnownURL: https://login.example.com/x/v2.0/.well-known/openid-configuration
    tenantID: a
    clientID: b
    clientSecret: c
  group-manager:
    group-data-source: ms-graph
    admin-group: {externalName: admins}
    default-group: {externalName: all}
"""


def test_nothing_is_wrong_with_a_right_sign_in():
    assert places(services=AAD) == []
    assert places(services="authentication: {OIDC: false}\n") == []


def test_oidc_without_its_provider():
    assert places(
        services="authentication:\n  OIDC: true\n  group-manager: {group-data-source: ms-graph}\n"
    ) == [
        f"{SERVICES}:2:3 error PAI050",
        f"{SERVICES}:2:3 error PAI050",
        f"{SERVICES}:3:18 warning PAI053",
        f"{SERVICES}:3:18 warning PAI053",
    ]


@pytest.mark.parametrize("key", ["wellKnownURL", "tenantID", "clientID", "clientSecret"])
def test_oidc_without_one_key(key):
    services = "".join(line for line in AAD.splitlines(keepends=True) if f"{key}:" not in line)
    (problem,) = problems(services=services)
    assert (str(problem.span), problem.code) == (f"{SERVICES}:4:3", "PAI050")
    assert problem.message == f"OIDC is on, but authentication.AAD lacks {key}"


def test_a_text_that_says_false_is_off():
    assert places(services='authentication: {OIDC: "False"}\n') == []


def test_a_first_password_has_no_meaning_with_oidc():
    services = AAD + "rest-server:\n  default-pai-admin-password: sesame-7\n"
    assert places(services=services) == [f"{SERVICES}:14:3 note PAI050"]


def test_groups_of_winbind_without_its_address():
    assert places(services="authentication:\n  group-manager: {group-data-source: winbind}\n") == [
        f"{SERVICES}:2:18 warning PAI053",
        f"{SERVICES}:2:18 warning PAI053",
        f"{SERVICES}:2:38 error PAI051",
    ]


def test_groups_of_our_own_with_azure_sign_in():
    assert places(services=AAD.replace("ms-graph", "basic")) == [f"{SERVICES}:2:3 warning PAI051"]


def test_azure_groups_without_azure_sign_in():
    services = AAD.replace("OIDC: true", "OIDC: false")
    assert places(services=services) == [f"{SERVICES}:10:24 error PAI051"]


GROUPS = """\
authentication:
  group-manager:
    grouplist:
    - groupname: vision
    - groupname: {}
"""


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("vision", "the group 'vision' is also in grouplist"),
        ("admingroup", "the group 'admingroup' is also the admin-group"),
        ("default", "the group 'default' is also the default-group"),
    ],
)
def test_two_groups_of_one_name(name, message):
    (problem,) = problems(services=GROUPS.format(name))
    assert (str(problem.span), problem.code, problem.message) == (f"{SERVICES}:5:18", "PAI052", message)


def test_groups_of_one_external_name():
    services = AAD.replace("externalName: all", "externalName: admins")
    (problem,) = problems(services=services)
    assert (str(problem.span), problem.code, problem.severity.value) == (
        f"{SERVICES}:12:35",
        "PAI053",
        "warning",
    )
    assert problem.message == "'admingroup' has the same externalName, so one of the two groups stays empty"


@pytest.mark.parametrize(
    ("group", "admin", "column"), [("admin-group", "false", 45), ("default-group", "true", 47)]
)
def test_administrators_that_are_none_or_all(group, admin, column):
    services = (
        f"authentication:\n  group-manager:\n    {group}: {{extension: {{acls: {{admin: {admin}}}}}}}\n"
    )
    assert places(services=services) == [f"{SERVICES}:3:{column} warning PAI054"]


def test_logs_on_azure_without_an_account():
    (problem,) = problems(
        services="rest-server:\n  log-server: azure_storage\n  log_azure_storage_account: a\n"
    )
    assert (str(problem.span), problem.code) == (f"{SERVICES}:2:15", "PAI056")
    assert problem.message == (
        "job logs are read from Azure, but rest-server lacks "
        "log_azure_storage_account_key, log_azure_storage_container_name"
    )


GROUP = "authentication:\n  group-manager:\n    grouplist:\n    - groupname: vision\n"
USES = GROUP + "      extension: {acls: {virtualClusters: [%s]}}\n"
"""A group; its virtual clusters begin in column 44 of line 5."""


def test_a_virtual_cluster_that_does_not_exist():
    (problem,) = problems(services=USES % "defaultt")
    assert (problem.span.line, problem.span.column, problem.code) == (5, 44, "PAI234")
    assert problem.hint == "did you mean 'default'?"


def test_virtual_clusters_that_are_made_for_the_kinds_of_workers():
    layout = LAYOUT + '- {hostname: w3, hostip: 10.0.0.4, machine-type: cpu, pai-worker: "true"}\n'
    assert places(layout=layout, services=USES % "default, vc1") == []
    assert places(services=USES % "default, vc1") == [f"{SERVICES}:5:53 warning PAI234"]


def test_virtual_clusters_that_are_given():
    hived = """\
hivedscheduler:
  config: |
    physicalCluster:
      skuTypes: {K80: {gpu: 1, cpu: 4, memory: 40Gi}}
      cellTypes:
        node: {childCellType: K80, childCellNumber: 4, isNodeLevel: true}
      physicalCells:
      - {cellType: node, cellAddress: w1}
      - {cellType: node, cellAddress: w2}
    virtualClusters:
      default: {virtualCells: [{cellType: node, cellNumber: 1}]}
      team: {virtualCells: [{cellType: node, cellNumber: 1}]}
"""
    assert places(services=USES % "default, team" + hived) == []
    assert places(services=USES % "vc1" + hived) == [f"{SERVICES}:5:44 warning PAI234"]


def test_without_hived_there_is_one_virtual_cluster():
    config = CONFIG + "enable_hived_scheduler: false\n"
    assert places(config, services=USES % "default, vc1") == [f"{SERVICES}:5:53 warning PAI234"]
