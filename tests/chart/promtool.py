"""What the prometheus chart renders, as Prometheus itself reads it: promtool checks and runs it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tests.chart.charts import merged, scenario_values
from tests.chart.render import Objects, render
from tests.rig.debian import ensure

NAMESPACE = "pai-system"
TESTS = Path(__file__).parent / "promtool"
ALL_ALERTS = {"GpuUsedByExternalProcess": True, "NodeGpuLowPerfState": True, "k8sDockerDaemonNotOk": True}
EVERYTHING: Mapping[str, Any] = {
    "global": {"monitoring": {"jobMetrics": "kubelet"}},
    "scrape": {"kubeStateMetrics": {"enabled": True}},
    "rules": {"alerts": ALL_ALERTS},
}
"""Values with every group of rules and every alert on."""


def run(*words: str | Path) -> subprocess.CompletedProcess[str]:
    """Run promtool."""
    return subprocess.run(
        [ensure("promtool"), *words], capture_output=True, text=True, check=False, timeout=300
    )


def rendered(values: Mapping[str, Any] | None = None, scenario: str = "") -> Objects:
    """Render the chart in a namespace of its own; values are laid over those of a scenario."""
    base = scenario_values("prometheus", scenario) if scenario else {}
    return render("prometheus", merged(base, values or {}), namespace=NAMESPACE)


def config_of(objects: Objects) -> dict[str, Any]:
    """prometheus.yml of a rendering."""
    text = objects.find("ConfigMap", "openpai-prometheus")["data"]["prometheus.yml"]
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded


def rule_files(objects: Objects) -> dict[str, str]:
    """Rule files of a rendering, by name."""
    return dict(objects.find("ConfigMap", "openpai-prometheus-rules")["data"])


@cache
def everything() -> Objects:
    """A rendering with every rule."""
    return rendered(EVERYTHING)


def rules(files: Mapping[str, str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """(file, rule) of every rule."""
    for name, text in files.items():
        for group in yaml.safe_load(text)["groups"]:
            for rule in group["rules"]:
                yield name, rule


def write_rules(folder: Path, files: Mapping[str, str]) -> list[Path]:
    """Write rule files into the folder `rules`, and return their paths."""
    (folder / "rules").mkdir(parents=True)
    paths = [folder / "rules" / name for name in files]
    for path in paths:
        path.write_text(files[path.name], encoding="utf-8")
    return paths


def file_discovery(config: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """prometheus.yml with files in the place of Kubernetes, which Debian's promtool does not know.

    Files that are only in the pod (token, certificate) are left out.
    """
    jobs = []
    for job in config["scrape_configs"]:
        own = {
            key: value
            for key, value in job.items()
            if key not in ("kubernetes_sd_configs", "tls_config", "authorization")
        }
        if "kubernetes_sd_configs" in job:
            own["file_sd_configs"] = [{"files": [str(folder / "targets.json")]}]
        jobs.append(own)
    return {**config, "scrape_configs": jobs}


def relabelled(job: Mapping[str, Any], pod: Mapping[str, str], folder: Path) -> dict[str, str] | None:
    """The labels of the target that a scrape job makes of something discovered; None when it is dropped.

    promtool itself relabels.
    """
    labels = {key: value for key, value in pod.items() if key != "__address__"}
    targets = [{"targets": [pod["__address__"]], "labels": labels}]
    (folder / "targets.json").write_text(json.dumps(targets), encoding="utf-8")
    own = {**job, "kubernetes_sd_configs": []}
    config = folder / "prometheus.yml"
    scrape = {"global": {"scrape_interval": "30s"}, "scrape_configs": [own]}
    config.write_text(yaml.safe_dump(file_discovery(scrape, folder)), encoding="utf-8")
    result = run("check", "service-discovery", "--timeout=1s", config, own["job_name"])
    assert result.returncode == 0, result.stderr
    (found,) = json.loads(result.stdout)
    return found.get("labels") or None
