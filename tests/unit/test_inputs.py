"""Inputs: found on the disk, read in one go, and made into a cluster of frozen facts."""

from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path

import pytest
import yaml

from paichart.inputs import InputPaths, find, read
from paichart.model import Capacity, Device
from paichart.problems import Severity, Span
from paichart.source import load, parse
from tests.unit.checking import CONFIG, LAYOUT, cluster, documents, places

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def fill(folder: Path, *names: str) -> None:
    folder.mkdir(exist_ok=True)
    for name in names:
        (folder / name).write_text({"config.yaml": CONFIG, "layout.yaml": LAYOUT}.get(name, "{}\n"))


def test_inputs_are_looked_for_here_first(folder):
    fill(folder, "config.yaml", "layout.yaml")
    fill(folder / "config", "config.yaml", "layout.yaml")
    assert find() == InputPaths(Path("config.yaml"), Path("layout.yaml"))


def test_inputs_are_looked_for_in_the_folder_config_next(folder):
    fill(folder / "config", "config.yaml", "layout.yaml", "services-configuration.yaml")
    base = Path("config")
    services = base / "services-configuration.yaml"
    assert find() == InputPaths(base / "config.yaml", base / "layout.yaml", services)


def test_a_given_folder_is_not_left(folder):
    fill(folder / "config", "config.yaml", "layout.yaml")
    (folder / "site").mkdir()
    assert find(Path("site")).config == Path("site/config.yaml")
    problems = read(find(Path("site"))).problems
    assert [(str(problem.span), problem.code) for problem in problems] == [
        ("site/config.yaml:1:1", "PAI101"),
        ("site/layout.yaml:1:1", "PAI101"),
    ]


def test_given_files_win_over_the_folder(folder):
    fill(folder / "site", "config.yaml", "layout.yaml", "services-configuration.yaml")
    paths = find(Path("site"), Path("c.yaml"), Path("lab/l.yaml"), Path("s.yaml"))
    assert paths == InputPaths(Path("c.yaml"), Path("lab/l.yaml"), Path("s.yaml"))


def test_recorded_figures_lie_beside_the_layout(folder):
    fill(folder / "lab", "layout.yaml", "capacity.yaml")
    assert find(layout=Path("lab/layout.yaml")).capacity == Path("lab/capacity.yaml")


def test_a_given_services_file_that_is_missing_is_a_problem(folder):
    fill(folder, "config.yaml", "layout.yaml")
    inputs = read(find(services=Path("nowhere.yaml")))
    assert [(p.code, str(p.span)) for p in inputs.problems] == [("PAI101", "nowhere.yaml:1:1")]
    assert inputs.cluster is None


@pytest.mark.parametrize("name", ["quick-start", "single-node"])
def test_examples_have_no_error(name):
    inputs = read(find(EXAMPLES / name))
    assert inputs.cluster is not None, inputs.problems
    assert all(problem.severity is not Severity.ERROR for problem in inputs.problems)


def test_the_quick_start_as_a_cluster():
    site = read(find(EXAMPLES / "quick-start")).cluster
    assert [machine.name for machine in site.machines] == ["pai-master", "pai-worker1", "pai-worker2"]
    assert site.master.address == "10.0.0.1"
    assert [worker.sku.name for worker in site.workers] == ["gpu-machine", "gpu-machine"]
    assert site.skus["master-machine"].device is None
    # 220Gi = 220 times 1024 MiB
    assert site.skus["gpu-machine"].memory == 225280
    assert site.skus["gpu-machine"].cpu == 24
    assert site.skus["gpu-machine"].device == Device("nvidia.com/gpu", "K80", 4)
    assert site.config.text("docker_image_tag") == "v1.8.0"
    assert site.services.integer("log-manager", "port") == 9103
    assert site.capacity is None


def test_fractions_are_exact():
    layout = LAYOUT.replace("220Gi\n    cpu: {vcore: 24}", "100.5Gi\n    cpu: {vcore: 7.1}")
    sku = cluster(layout=layout).skus["gpu"]
    assert (sku.cpu, sku.memory) == (Fraction(71, 10), Fraction(102912))


def test_roles_and_opt_outs_may_be_quoted_or_not():
    layout = LAYOUT.replace(
        '  pai-worker: "true"\n',
        "  pai-worker: True\n  pai-storage: 'TRUE'\n  no-jobexporter: true\n"
        "  no-logmanager: \"true\"\n  no-nodeexporter: 'false'\n",
    )
    machine = cluster(layout=layout).machines[2]
    assert (machine.is_worker, machine.is_storage, machine.is_master) == (True, True, False)
    assert (machine.no_job_exporter, machine.no_log_manager, machine.no_node_exporter) == (True, True, False)


def test_a_machine_knows_its_place():
    assert cluster().machines[2].span == Span("layout.yaml", 12, 13, 2)


def test_recorded_figures_are_exact():
    text = "nodes:\n  w1: {cpu: 23500m, memory: 219Gi, cpu-requested: 250m, memory-requested: 512Mi}\n"
    text += "  w2: {cpu: 24, memory: 1073741824}\n"
    assert cluster(capacity=text).capacity == {
        "w1": Capacity(Fraction(47, 2), Fraction(224256), Fraction(1, 4), Fraction(512)),
        "w2": Capacity(Fraction(24), Fraction(1024)),
    }


def test_addresses_of_the_cluster_are_those_of_the_layout():
    layout = "kubernetes: {api-servers-url: https://10.0.0.1:6443, dashboard-url: http://d}\n" + LAYOUT
    site = cluster(layout=layout)
    assert (site.api_server_url, site.dashboard_url) == ("https://10.0.0.1:6443", "http://d")


def test_problems_of_all_files_come_in_one_run_and_in_order():
    assert places(
        "docker_image_tag: 1.10\nenable_hived_sheduler: true\n",
        LAYOUT.replace("w2", "W2").replace("vcore: 24", "vcore: many"),
        "rest-server: {server-port: x}\nlog-manager: {jwt_secret: jwt_secret}\n",
        "nodes: {w9: {cpu: 1, memory: 1Gi}}\n",
    ) == [
        "capacity.yaml:1:9 warning PAI070",
        "config.yaml:1:1 warning PAI044",
        "config.yaml:1:19 error PAI203",
        "config.yaml:2:1 error PAI201",
        "layout.yaml:4:18 error PAI203",
        "layout.yaml:7:18 error PAI203",
        "layout.yaml:12:13 error PAI001",
        "services-configuration.yaml:1:28 error PAI203",
        "services-configuration.yaml:2:27 warning PAI062",
    ]


def test_a_file_that_is_no_yaml_hides_no_problem_of_another():
    found = places("docker_image_tag: [", LAYOUT.replace("10.0.0.3", "10.0.0.300"))
    assert found == ["config.yaml:1:20 error PAI108", "layout.yaml:13:11 error PAI003"]


def test_a_value_that_was_misread_is_told_once():
    # `vcore: 024` is no number for sure, so it is not said to be text as well.
    assert places(layout=LAYOUT.replace("vcore: 24", "vcore: 024", 1)) == ["layout.yaml:4:18 error PAI113"]


def test_a_doubtful_word_where_text_must_stand_is_an_error():
    assert places(layout=LAYOUT.replace("model: K80", "model: NO")) == ["layout.yaml:8:53 error PAI112"]


def test_a_doubtful_word_where_a_switch_stands_is_a_warning():
    assert places("enable_hived_scheduler: yes\n" + CONFIG) == ["config.yaml:1:25 warning PAI112"]


def test_lines_of_every_file_are_at_hand():
    lines = documents(services="a: 1\nb: 2\n").lines()
    assert lines["services-configuration.yaml"][1] == "b: 2"
    assert set(lines) == {"config.yaml", "layout.yaml", "services-configuration.yaml"}


TEN_WAYS = {
    "config.yaml": [
        "",
        "- a\n",
        "docker_image_tag: v1\ndocker_image_tag: v2\n",
        "\tdocker_image_tag: v1\n",
        "docker_image_tag\n",
        "user: root\n",
        "docker_image_tag: 1.10\n",
        "docker_image_tag: v1\nno: 1\n",
        "docker_image_tag: v1\nx: 1\n",
        "docker_image_tag: v1\nqos-switch: 0755\n",
        "docker_image_tag: v1\npaichart: {tls: 1}\n",
        "docker_image_tag: *a\n",
    ],
    "layout.yaml": [
        "",
        "x\n",
        LAYOUT + "machine-list: []\n",
        LAYOUT.replace("  mem", "\tmem"),
        LAYOUT.replace("}", "", 1),
        LAYOUT.replace("machine-sku:", "machine-skus:"),
        LAYOUT.replace("w2", "W2"),
        LAYOUT.replace("10.0.0.3", "x"),
        LAYOUT.replace("w2", "w1"),
        LAYOUT.replace("gpu\n", "gpus\n"),
        LAYOUT.replace("pai-master", "pai-storage"),
        LAYOUT.replace("220Gi", "220GB"),
        LAYOUT.replace("count: 4", "count: 0"),
    ],
    "services-configuration.yaml": [
        "# nothing\n",
        "[]\n",
        "grafana: {}\ngrafana: {}\n",
        "grafana:\n\tport: 1\n",
        "grafana: {port: 1\n",
        "grafanna: {}\n",
        "grafana:\n",
        "grafana: {port: 70000}\n",
        "log-manager: {port: '1'}\n",
        "pylon: {ssl: {}}\n",
        "hivedscheduler:\n  config: |\n    a: [\n",
        "rest-server: {schedule-port-end: 15000}\n",
    ],
}


@pytest.mark.parametrize(
    ("name", "text"), [(name, text) for name, texts in TEN_WAYS.items() for text in texts]
)
def test_each_input_broken_in_ten_ways_is_told_with_file_line_and_column(folder, name, text):
    fill(folder, "config.yaml", "layout.yaml", "services-configuration.yaml")
    (folder / name).write_text(text)
    inputs = read(find())
    errors = [problem for problem in inputs.problems if problem.severity is Severity.ERROR]
    assert inputs.cluster is None
    assert errors
    for problem in errors:
        line_count = len(inputs.documents.lines()[name])
        assert problem.span.file == name
        assert 1 <= problem.span.line <= line_count
        assert problem.span.column >= 1
        assert problem.message


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_a_problem(folder):
    fill(folder, "config.yaml", "layout.yaml")
    (folder / "config.yaml").chmod(0)
    assert [problem.code for problem in read(find()).problems] == ["PAI103"]


def many_machines(count: int, broken: int = 0) -> str:
    head = "machine-sku:\n  m: {mem: 220Gi, cpu: {vcore: 24}}\nmachine-list:\n"
    rows = [
        f"- hostname: {'N' if i < broken else 'n'}{i}\n  hostip: 10.{i >> 16}.{i >> 8 & 255}.{i & 255}\n"
        f'  machine-type: m\n  pai-{"worker" if i else "master"}: "true"\n'
        for i in range(count)
    ]
    return head + "".join(rows)


@pytest.mark.parametrize("broken", [0, 100])
def test_every_problem_of_ten_thousand_machines_is_told(tmp_path, broken):
    (tmp_path / "layout.yaml").write_text(many_machines(10_000, broken))
    (tmp_path / "config.yaml").write_text(CONFIG)
    assert len(read(find(tmp_path)).problems) == broken


def test_reading_gives_what_the_safe_loader_gives(tmp_path):
    path = tmp_path / "layout.yaml"
    path.write_text(many_machines(50))
    assert load(path).data == yaml.safe_load(path.read_text())
    assert parse(LAYOUT.encode(), "layout.yaml").data == yaml.safe_load(LAYOUT)
