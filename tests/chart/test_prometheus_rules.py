"""Recording and alerting rules: promtool reads them, and runs each on series worked by hand."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.chart.charts import CHARTS, ROOT, default_values, scenarios
from tests.chart.promtool import (
    ALL_ALERTS,
    EVERYTHING,
    TESTS,
    config_of,
    everything,
    rendered,
    rule_files,
    rules,
    run,
    write_rules,
)
from tests.chart.scenes import whole

pytestmark = pytest.mark.programs

FILES = sorted(path.stem for path in (CHARTS / "prometheus/files/rules").glob("*.yaml"))
SEVERITIES = ("info", "warn", "error", "fatal")
"""What the portal and alert-manager's routes know."""


def all_rules() -> list[dict[str, Any]]:
    return [rule for _, rule in rules(rule_files(everything()))]


def alerts() -> dict[str, dict[str, Any]]:
    return {rule["alert"]: rule for rule in all_rules() if "alert" in rule}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with every rule file and every test of promtool."""
    made = tmp_path_factory.mktemp("promtool")
    write_rules(made, rule_files(everything()))
    for file in TESTS.glob("*.yaml"):
        shutil.copy(file, made)
    return made


@pytest.mark.parametrize("name", FILES)
def test_rules_do_what_they_should(folder: Path, name: str) -> None:
    test = "gpu" if name == "gpu-count" else name
    result = run("test", "rules", folder / f"{test}.yaml")
    assert result.returncode == 0, result.stdout + result.stderr


def cases_of_promtool() -> Iterator[dict[str, Any]]:
    for file in TESTS.glob("*.yaml"):
        yield from yaml.safe_load(file.read_text(encoding="utf-8"))["tests"]


def test_each_alert_is_seen_to_fire_and_not_to_fire() -> None:
    seen: dict[str, set[bool]] = {name: set() for name in alerts()}
    for test in cases_of_promtool():
        for case in test.get("alert_rule_test", ()):
            seen[case["alertname"]].add(bool(case["exp_alerts"]))
    assert [name for name, outcomes in seen.items() if outcomes != {True, False}] == []


def test_each_recorded_metric_is_seen() -> None:
    tested = {
        case["expr"].partition("{")[0]
        for test in cases_of_promtool()
        for case in test.get("promql_expr_test", ())
        if case["exp_samples"]
    }
    assert {rule["record"] for rule in all_rules() if "record" in rule} - tested == set()


def test_all_files_are_rendered_when_all_is_on() -> None:
    assert sorted(rule_files(everything())) == sorted(f"{name}.yaml" for name in FILES)


@pytest.mark.parametrize("scenario", scenarios("prometheus"))
def test_promtool_reads_the_rules_of(scenario: str, tmp_path: Path) -> None:
    objects = rendered(scenario=scenario)
    files = {
        f"{item['metadata']['name']}.yaml": yaml.safe_dump(item["spec"])
        for item in objects.all("PrometheusRule")
    }
    for item in objects.all("ConfigMap"):
        files |= {name: text for name, text in item["data"].items() if name.endswith((".yaml", ".rules"))}
    result = run("check", "rules", *write_rules(tmp_path, files))
    assert result.returncode == 0, result.stdout + result.stderr


def test_nothing_is_left_to_be_put_in() -> None:
    assert re.findall(r"<<.*?>>", everything().text) == []


def test_expressions_name_metrics_that_exist() -> None:
    known = known_metrics() | {rule["record"] for rule in all_rules() if "record" in rule}
    unknown = {
        (rule.get("alert") or rule.get("record"), name)
        for rule in all_rules()
        for name in metrics_in(rule["expr"])
        if name not in known
    }
    assert unknown == set()


def known_metrics() -> set[str]:
    """What tests/chart/data/metrics.yaml lists."""
    found = set()
    sources = yaml.safe_load((ROOT / "tests/chart/data/metrics.yaml").read_text(encoding="utf-8"))
    for metrics in sources.values():
        for name, labels in metrics.items():
            is_histogram = isinstance(labels, Mapping) and labels.get("histogram")
            found |= {f"{name}_{end}" for end in ("bucket", "sum", "count")} if is_histogram else {name}
    return found


def metrics_in(expression: str) -> set[str]:
    """Names of metrics in an expression: words that are no label, text, function or keyword."""
    bare = re.sub(r'"[^"]*"|\{[^}]*\}|\[[^]]*\]', " ", expression)
    bare = re.sub(r"\b(by|on|without|ignoring|group_left|group_right) *\([^)]*\)", " ", bare)
    words = re.findall(r"[a-zA-Z_:][a-zA-Z0-9_:]*(?! *\()\b(?! *\()", bare)
    return set(words) - {"and", "or", "unless", "by", "on", "bool", "e", "group_left", "group_right"}


def test_names_of_metrics_are_found() -> None:
    found = metrics_in(
        '100 * sum by (a, b) (rate(c_total{d="e"}[5m])) / on (f) group_left (g) h:i and j == 1'
    )
    assert found == {"c_total", "h:i", "j"}


def test_alerts_can_be_routed_and_read() -> None:
    wrong = {
        name
        for name, rule in alerts().items()
        if rule["labels"].get("severity") not in SEVERITIES or set(rule["annotations"]) != {"summary"}
    }
    assert wrong == set()


def test_alerts_that_are_wrong_on_most_clusters_are_off() -> None:
    # legacy/prometheus.md, "Which alerts are wrong on a modern cluster".
    on = {rule["alert"] for _, rule in rules(rule_files(rendered())) if "alert" in rule}
    assert on & ALL_ALERTS.keys() == set()
    assert ALL_ALERTS.keys() <= alerts().keys()
    gone = {"NvidiaMemoryLeak", "NodeOutOfDisk", "PaiJobsZombie", "GpuUsedByZombieContainer"}
    assert gone & alerts().keys() == set()


def test_every_other_old_alert_is_there() -> None:
    # src/prometheus/deploy/alerting of openpai v1.8.0, without those above.
    old = {
        "NvidiaSmiLatencyTooLarge", "NvidiaSmiDoubleEccError", "NvidiaZombieProcess", "NodeGpuCountChanged",
        "GpuUsedByExternalProcess", "NodeGpuLowPerfState", "PaiJobPending", "k8sApiServerNotOk",
        "k8sDockerDaemonNotOk", "NodeFilesystemUsage", "NodeMemoryUsage", "NodeCPUUsage", "NodeDiskPressure",
        "NodeNotReady", "AzureAgentConsumeTooMuchMem", "PaiServicePodNotRunning", "PaiServicePodNotReady",
        "WatchdogNotUp", "JobExporterHangs",
    }  # fmt: skip
    assert old - alerts().keys() == set()


@pytest.mark.parametrize("group", FILES)
def test_a_group_can_be_switched_off(group: str) -> None:
    values = {**EVERYTHING, "rules": {"alerts": ALL_ALERTS, "groups": {group: False}}}
    assert rule_files(everything()).keys() - rule_files(rendered(values)).keys() == {f"{group}.yaml"}


def test_a_single_alert_can_be_switched_off() -> None:
    off = {rule["alert"] for _, rule in rules(rule_files(rendered())) if "alert" in rule}
    without = rendered({"rules": {"alerts": {"NodeCPUUsage": False}}})
    left = {rule["alert"] for _, rule in rules(rule_files(without)) if "alert" in rule}
    assert off - left == {"NodeCPUUsage"}


def test_a_group_without_alerts_is_left_out() -> None:
    files = rule_files(rendered({"rules": {"alerts": {"k8sApiServerNotOk": False}}}))
    assert "kubernetes.yaml" not in files


def test_groups_that_have_nothing_to_read_are_left_out() -> None:
    kubelet_only = {"gpu-metrics.yaml", "job-metrics.yaml", "service-metrics.yaml", "job-info.yaml"}
    assert rule_files(rendered()).keys() & kubelet_only == set()
    without_dcgm = rendered({**EVERYTHING, "scrape": {"dcgm": {"enabled": False}}})
    assert rule_files(without_dcgm).keys() & {"dcgm.yaml", "gpu-metrics.yaml", "jobs.yaml"} == set()


@pytest.mark.parametrize(
    ("threshold", "value"), [(name, 1) for name in default_values("prometheus")["rules"]["thresholds"]]
)
def test_a_threshold_is_used(threshold: str, value: int) -> None:
    given = "17m" if threshold.endswith("For") else value
    before = rule_files(everything())
    after = rule_files(
        rendered({**EVERYTHING, "rules": {"alerts": ALL_ALERTS, "thresholds": {threshold: given}}})
    )
    changed = [(a, b) for (_, a), (_, b) in zip(rules(before), rules(after), strict=True) if a != b]
    assert len(changed) == 1, changed


def test_recorded_metrics_of_jobs_have_a_sample_each_reading() -> None:
    # src/alert-manager/src/cluster-utilization multiplies the number of samples with the scrape interval.
    objects = rendered({**EVERYTHING, "scrapeInterval": "45s", "rateWindow": "180s"})
    assert config_of(objects)["global"] == {"scrape_interval": "45s", "evaluation_interval": "45s"}
    groups = [
        group for text in rule_files(objects).values() for group in yaml.safe_load(text)["groups"]
        if any("record" in rule for rule in group["rules"])
    ]  # fmt: skip
    assert {group["interval"] for group in groups} == {"45s"}


def test_recorded_metrics_have_the_job_exporters_port() -> None:
    objects = rendered(
        {**EVERYTHING, "global": {**EVERYTHING["global"], "servicePorts": {"job-exporter": 9902}}}
    )
    text = "".join(rule_files(objects).values())
    assert "$1:9902" in text
    assert ":9102" not in text


def test_every_service_is_known_to_its_alerts() -> None:
    pattern = re.compile("|".join(default_values("prometheus")["rules"]["serviceNames"]))
    names = {pods.labels["app"] for pods in whole().objects.pod_specs() if "app" in pods.labels}
    assert [name for name in sorted(names) if not pattern.fullmatch(name)] == []


def test_every_lasting_container_has_metrics() -> None:
    own = default_values("prometheus")["rules"]
    pattern = re.compile("|".join(own["serviceContainers"]))
    host = re.compile("|".join(own["hostNetworkContainers"]))
    # They wait, or talk to the kubelet once.
    unlisted = {"internal-storage-create", "node-driver-registrar"}
    missing = []
    for pods in whole().lasting():
        for container in pods.containers(init=False):
            if container.name in unlisted:
                continue
            if not pattern.fullmatch(container.name):
                missing.append(str(container))
            on_host = bool(host.fullmatch(container.name))
            assert on_host == bool(pods.spec.get("hostNetwork")), str(container)
    assert missing == []
