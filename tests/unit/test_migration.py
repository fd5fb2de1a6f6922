"""A legacy configuration becomes today's: expected files were worked out by hand from OpenPAI's sources.

v1.0 and after: `contrib/kubespray/{config,quick-start}`; before: `examples/cluster-configuration` and
`deployment/clusterObjectModel/forward_compatibility.py`; defaults: `src/*/config/*.yaml`.
"""

from __future__ import annotations

import pytest
import yaml

from paichart.migration import report
from paichart.migration.entries import Action
from tests.unit.checking import LAYOUT
from tests.unit.importing import CONFIG, LINE, body, changes, credentials, imported, running, told

WHOLE = "rest-server:\n  default-pai-admin-username: boss\n"
"""What the old services could not do without."""


def test_a_configuration_of_v1_5_keeps_its_comments_and_order() -> None:
    config = """\
# My cluster. Ask Bob.
user: root
password: sesame-ssh
docker_image_tag: v1.5.0 # since May

# Registry
docker_registry_username: bob
docker_registry_password: sesame-registry
qos-switch: "true"
openpai_kubespray_extra_var:
  a: b
kube_image_repo: mirror.example.com/google-containers
docker_data_root: /mnt/docker
host_daemon_port_start: 41000
"""
    services = """\
cluster:
  common:
    cluster-id: vision
    docker-data-root: "/mnt/docker"
    qos-switch: "true"
  docker-registry:
    tag: v1.5.0
    username: bob
    password: sesame-registry

rest-server:
  # the boss
  default-pai-admin-username: boss
  default-pai-admin-password: sesame-admin
  jwt-secret: "sesame #jwt"
  github-owner: Microsoft
postgresql:
  passwd: sesame-database   # rotated in June
pylon: {port: 8080, uri: "http://pai", deploy-service: false}
"""
    result = imported(config, LAYOUT, services)
    assert result.problems
    assert (
        body(result, "config")
        == """\
# My cluster. Ask Bob.
docker_image_tag: v1.8.0 # since May

# Registry
docker_registry_username: bob
docker_registry_password: sesame-registry
qos-switch: "true"
host_daemon_port_start: 41000
enable_hived_scheduler: false
"""
    )
    assert body(result, "layout") == LAYOUT
    assert (
        body(result, "services-configuration")
        == """\
cluster:
  common:
    cluster-id: vision
    qos-switch: "true"
  docker-registry:
    tag: v1.8.0
    username: bob
    password: sesame-registry

rest-server:
  # the boss
  default-pai-admin-username: boss
pylon: {port: 8080}
"""
    )
    assert credentials(result) == {
        "admin-password": "sesame-admin",
        "database-password": "sesame-database",
        "jwt-secret": "sesame #jwt",
    }
    assert set(result.private) == {"config.yaml", "services-configuration.yaml", "credentials.yaml"}
    shown = report.as_text(result.entries) + str(report.as_document(result.entries)) + repr(result.entries)
    assert "sesame" not in shown


PRE_1_0 = """\
kubernetes:
  api-servers-url: http://10.0.0.1:8080
  dashboard-url: http://10.0.0.1:9090
default-machine-properties: # for paictl
  username: core
  password: sesame-ssh
  sshport: 22
machine-sku:
  NC24R:
    mem: 224
    gpu: # on each
      type: teslak80
      count: 4
    cpu:
      vcore: 24
    os: ubuntu16.04
  D8SV3:
    mem: 32
    gpu: {count: 0}
    cpu:
      vcore: 8
machine-list:
  # the master
  - hostname: m1
    hostip: 10.0.0.1
    machine-type: D8SV3
    etcdid: etcdid1
    sshport: 22
    nodename: 10.0.0.1
    k8s-role: master
    dashboard: "true"
    zkid: "1"
    pai-master: "true"
  - {k8s-role: worker, hostname: w1, hostip: 10.0.0.2, machine-type: NC24R, nodename: w1, pai-worker: "true"}
"""


def test_a_layout_of_before_v1_0_names_nodes_devices_and_units_as_today() -> None:
    result = imported(layout=PRE_1_0)
    assert (
        body(result, "layout")
        == """\
machine-sku:
  NC24R:
    mem: 224Gi
    computing-device: # on each
      model: teslak80
      count: 4
      type: nvidia.com/gpu
    cpu:
      vcore: 24
  D8SV3:
    mem: 32Gi
    cpu:
      vcore: 8
machine-list:
  # the master
  - hostname: "10.0.0.1"
    hostip: 10.0.0.1
    machine-type: D8SV3
    pai-master: "true"
  - {hostname: w1, hostip: 10.0.0.2, machine-type: NC24R, pai-worker: "true"}
"""
    )
    assert "machine-list[].hostname" in told(result, Action.DECISION)
    ignored = told(result, Action.IGNORED)
    assert {"kubernetes", "default-machine-properties", "machine-list[].zkid"} <= set(ignored)
    assert "sesame" not in report.as_text(result.entries)


def test_memory_that_can_be_no_gib_is_bytes_already() -> None:
    layout = LAYOUT.replace("60Gi", "64424509440")
    assert layout != LAYOUT
    assert body(imported(layout=layout), "layout") == layout


def test_a_layout_of_today_stays_to_the_character() -> None:
    layout = f"kubernetes: {{api-servers-url: https://10.0.0.1:6443}}\n{LAYOUT}"
    result = imported(layout=layout)
    assert body(result, "layout") == layout
    assert told(result, Action.KEPT).keys() >= {"kubernetes (1)", "machine-sku (2)", "machine-list (3)"}


def test_services_of_before_v1_0_get_todays_names() -> None:
    services = """\
cluster:
  cluster-id: old
  docker-registry-info:
    docker-namespace: openpai
    docker-registry-domain: docker.io
    docker-username: bob
    docker-password: sesame-registry
    docker-tag: v0.8.0
    secret-name: regsecret
hadoop:
  custom-hadoop-binary-path: /pathHadoop/
restserver:
  default-pai-admin-username: boss
  default-pai-admin-password: sesame-admin
prometheus:
  prometheus-port: 9092
  node-exporter-port: 9101
  alerting: {alert_manager_port: 9094, smtp_url: mail}
grafana:
  grafana-port: 3001
"""
    result = imported("", PRE_1_0, services)
    data = yaml.safe_load(body(result, "services-configuration"))
    assert data == {
        "cluster": {
            "common": {"cluster-id": "old"},
            "docker-registry": {
                "namespace": "openpai",
                "domain": "docker.io",
                "username": "bob",
                "password": "sesame-registry",
                "tag": "v1.8.0",
                "secret-name": "regsecret",
            },
        },
        "rest-server": {"default-pai-admin-username": "boss"},
        "prometheus": {"port": 9092},
        "grafana": {"port": 3001},
        "node-exporter": {"port": 9101},
        "alert-manager": {"port": 9094},
    }
    assert body(result, "config") == "docker_image_tag: v1.8.0\nenable_hived_scheduler: false\n"
    assert told(result, Action.DECISION)["docker_image_tag"].startswith("OpenPAI before v1.0")


def test_where_a_key_has_its_old_and_its_new_name_the_new_one_counts() -> None:
    services = """\
cluster: {cluster-id: old, common: {cluster-id: new}}
grafana: {grafana-port: 3001, port: 3002}
"""
    result = imported(services=services)
    assert yaml.safe_load(body(result, "services-configuration")) == {
        "cluster": {"common": {"cluster-id": "new"}},
        "grafana": {"port": 3002},
    }
    assert {"cluster.cluster-id", "grafana.grafana-port"} <= set(told(result, Action.IGNORED))


def test_images_of_the_release_are_not_told_as_changed() -> None:
    services = "cluster: {docker-registry: {tag: v1.8.0}}\n"
    result = imported(services=services)
    assert body(result, "services-configuration") == services
    assert changes(result) == []


# id, tag in config.yaml, tag in services-configuration.yaml, tag afterwards
TAGS = [
    ("the-one", "v1.8.0", "", "v1.8.0"),
    ("older", "v1.0.0", "", "v1.8.0"),
    ("older-in-effect", "v1.8.0", "v1.6.0", "v1.8.0"),
    ("later", "v1.8.1", "", "v1.8.1"),
    ("own", "latest-build", "", "latest-build"),
    ("own-in-effect", "v1.8.0", "mine", "mine"),
    ("none-given", "", "v1.7.0", "v1.8.0"),
]


@pytest.mark.parametrize(("config", "services", "expected"), [pytest.param(*r[1:], id=r[0]) for r in TAGS])
def test_images_are_of_the_release_that_the_charts_fit(config: str, services: str, expected: str) -> None:
    result = imported(
        f"docker_image_tag: {config}\n" if config else "enable_marketplace: true\n",
        services=f"cluster: {{docker-registry: {{tag: {services}}}}}\n" if services else "",
    )
    assert yaml.safe_load(body(result, "config"))["docker_image_tag"] == expected
    if services:
        tag = yaml.safe_load(body(result, "services-configuration"))["cluster"]["docker-registry"]["tag"]
        assert tag == expected
    assert ("docker_image_tag" in told(result, Action.DECISION)) is (expected != "v1.8.0")


# id, written in config.yaml, services-configuration.yaml, whether HiveD is on afterwards
HIVED = """\
hivedscheduler:
  config: |
    physicalCluster:
      skuTypes: {gpu: {gpu: 1, cpu: 5, memory: 50000Mi}}
      cellTypes:
        gpu-node: {childCellType: gpu, childCellNumber: 4, isNodeLevel: true}
        pool: {childCellType: gpu-node, childCellNumber: 2}
      physicalCells:
      - {cellType: pool, cellChildren: [{cellAddress: w1}, {cellAddress: w2}]}
    virtualClusters:
      default: {virtualCells: [{cellType: pool.gpu-node, cellNumber: 2}]}
"""
SCHEDULERS = [
    ("not-said", "", "", None),
    ("part-of-a-file", "", "grafana: {port: 3001}\n", None),
    ("off-in-effect", "", WHOLE, False),
    ("off-in-effect-against-config", "enable_hived_scheduler: true\n", WHOLE, False),
    ("on-in-effect", "", WHOLE + HIVED, None),
    ("on-in-effect-against-config", "enable_hived_scheduler: false\n", WHOLE + HIVED, True),
    ("agreed", "enable_hived_scheduler: false\n", WHOLE, False),
]


@pytest.mark.parametrize(("config", "services", "is_on"), [pytest.param(*r[1:], id=r[0]) for r in SCHEDULERS])
def test_hived_is_on_where_it_was(config: str, services: str, is_on: bool | None) -> None:
    result = imported(CONFIG + config, services=services)
    assert yaml.safe_load(body(result, "config")).get("enable_hived_scheduler") is is_on


PORT = "grafana: {port: 3001}\n"

# id, services-configuration.yaml before, what is left of it, key that is told, with which action
LEFTOVERS = [
    ("never-read", PORT[:-2] + ", colour: red}\n", PORT, "grafana.colour", "ignored"),
    ("unknown-service", f"cleaner:\n  interval: 60\n{PORT}", PORT, "cleaner", "ignored"),
    ("no-effect", "pylon: {port: 81, uri: 'http://a'}\n", "pylon: {port: 81}\n", "pylon.uri", "ignored"),
    ("empty-section", f"fluentd:\n{PORT}", PORT, "fluentd", "ignored"),
    (
        "number-for-text",
        "cluster: {common: {cluster-id: 2020}}\n",
        'cluster: {common: {cluster-id: "2020"}}\n',
        "cluster.common.cluster-id",
        "translated",
    ),
    ("text-for-number", 'grafana: {port: "3001"}\n', PORT, "grafana.port", "translated"),
    ("text-with-a-zero", 'grafana: {port: "03001"}\n', PORT, "grafana.port", "translated"),
]


@pytest.mark.parametrize(
    ("before", "after", "key", "action"), [pytest.param(*row[1:], id=row[0]) for row in LEFTOVERS]
)
def test_what_schemas_would_refuse_is_mended_and_told(before: str, after: str, key: str, action: str) -> None:
    result = imported(services=before)
    assert body(result, "services-configuration") == after
    assert key in told(result, Action(action))


@pytest.mark.parametrize("mark", ["---\n", "%YAML 1.1\n---\n"])
def test_a_file_of_which_nothing_is_left_is_not_written(mark: str) -> None:
    result = imported(services=f"{mark}# Ask Bob.\npostgresql:\n  passwd: sesame\n...\n")
    assert result.files
    assert "services-configuration.yaml" not in result.files
    assert credentials(result)["database-password"] == "sesame"


def test_comments_that_are_lost_with_anchors_are_told() -> None:
    config = f"# Ask Bob.\nuser: &me bob\npassword: *me\n{CONFIG}"
    result = imported(config)
    assert "Bob" not in body(result, "config")
    assert "anchors" in told(result, Action.IGNORED)["comments"]
    result = imported(config.replace("*me", "me"))
    assert "Bob" in body(result, "config")
    assert "comments" not in told(result, Action.IGNORED)


def test_a_key_that_may_have_been_another_is_told_with_the_other() -> None:
    reason = told(imported(services="grafana: {prot: 3001}\n"), Action.IGNORED)["grafana.prot"]
    assert "'port' may have been meant" in reason


# id, file, what is replaced in LAYOUT, place in the legacy file, code
ERRORS = [
    ("unknown-sku", "machine-type: gpu, pai-worker", "machine-type: gpx, pai-worker", (11, 50), "PAI012"),
    ("two-masters", 'pai-worker: "true"}', 'pai-master: "true"}', (11, 67), "PAI014"),
    ("misspelt-required", "hostip: 10.0.0.2", "host-ip: 10.0.0.2", (11, 18), "PAI201"),
    ("syntax", "machine-list:", "machine-list", (9, 1), "PAI108"),
]


@pytest.mark.parametrize(
    ("old", "new", "place", "code"), [pytest.param(*row[1:], id=row[0]) for row in ERRORS]
)
def test_errors_stand_where_the_legacy_file_has_them(
    old: str, new: str, place: tuple[int, int], code: str
) -> None:
    layout = LAYOUT.replace(old, new)
    assert layout != LAYOUT
    # What is taken out above them must not move them.
    head = "default-machine-properties:\n  username: core\n"
    result = imported("user: root\ndocker_image_tag: [v1.8.0]\n", head + layout)
    places = {(p.span.file, p.span.line, p.span.column, p.code) for p in result.problems}
    assert ("old/layout.yaml", place[0] + 2, place[1], code) in places
    assert ("old/config.yaml", 2, 19, "PAI203") in places
    assert not result.files
    assert result.lines["old/layout.yaml"][0] == "default-machine-properties:"


def test_a_message_names_the_line_of_the_legacy_file() -> None:
    layout = "default-machine-properties:\n  username: core\n" + LAYOUT.replace("10.0.0.2", "10.0.0.1")
    (problem,) = [p for p in imported(layout=layout).problems if p.code == "PAI008"]
    assert "'master' on line 12 " in problem.message


def test_the_disk_image_of_the_database_is_mounted_on_if_it_was() -> None:
    path = "internal-storage.enable"
    result = imported(running=running(services=("internal-storage-create-ds",)))
    assert yaml.safe_load(body(result, "services-configuration")) == {"internal-storage": {"enable": True}}
    assert path in told(result, Action.TRANSLATED)
    result = imported(services="internal-storage: {root-path: /data}\n")
    assert "/data/storage.ext4" in told(result, Action.DECISION)[path]
    assert path not in told(imported(services="internal-storage: {enable: false}\n"), Action.DECISION)


def test_files_are_told_as_people_know_them_and_decisions_last() -> None:
    services = "grafana: {port: 3001}\npostgresql: {passwd: sesame}\n"
    text = report.as_text(imported(services=services).entries)
    assert [line for line in text.splitlines() if not line.startswith(" ")] == [
        "config.yaml",
        "layout.yaml",
        "services-configuration.yaml",
        "credentials.yaml",
        "the cluster",
        "needs a decision",
    ]


def test_an_old_line_for_editors_is_replaced() -> None:
    result = imported("# yaml-language-server: $schema=x.json\n" + CONFIG)
    assert result.files["config.yaml"] == LINE.format("config") + CONFIG


def test_a_thousand_machines_take_one_line_each_thing() -> None:
    rows = [
        f"  - {{hostname: w{i}, hostip: 10.1.{i // 250}.{i % 250 + 1}, machine-type: gpu, etcdid: e{i}, "
        f'nodename: n{i}, pai-worker: "true"}}\n'
        for i in range(1000)
    ]
    head = LAYOUT[: LAYOUT.index("- hostname: w2")].replace("\n- ", "\n  - ")
    result = imported(layout=head + "".join(rows))
    assert body(result, "layout").count('hostname: "n') == 1000
    assert "etcdid" not in body(result, "layout")
    assert len(report.as_text(result.entries).splitlines()) < 40


@pytest.mark.parametrize(("terminal", "widest"), [(200, 110), (60, 60)])
def test_lines_fit_the_terminal(terminal, widest):
    lines = report.as_text(imported().entries, terminal).splitlines()
    assert widest - 20 <= max(map(len, lines)) <= widest
