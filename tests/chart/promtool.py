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


def relabelled(job: Mapping[str, Any], pod: Mapping[str, str], folder: Path) -> dict[str, str] | None:
    """The labels of the target that a scrape job makes of something discovered; None when it is dropped.

    promtool itself relabels. Debian's knows no Kubernetes, so what was discovered comes from a file.
    """
    labels = {key: value for key, value in pod.items() if key != "__address__"}
    targets = [{"targets": [pod["__address__"]], "labels": labels}]
    (folder / "targets.json").write_text(json.dumps(targets), encoding="utf-8")
    own = {
        key: value
        for key, value in job.items()
        if key not in ("kubernetes_sd_configs", "tls_config", "authorization")
    }
    own["file_sd_configs"] = [{"files": [str(folder / "targets.json")]}]
    config = folder / "prometheus.yml"
    config.write_text(yaml.safe_dump({"scrape_configs": [own]}), encoding="utf-8")
    result = run("check", "service-discovery", "--timeout=1s", config, own["job_name"])
    assert result.returncode == 0, result.stderr
    (found,) = json.loads(result.stdout)
    return found.get("labels") or None
