"""Values of openpai-runtime, as src/openpai-runtime/deploy/runtime-exit-spec.yaml.template makes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from paichart.derive import job_exporter, openpai_runtime
from paichart.model import Cluster, Settings


def derived(services: Mapping[str, Any]) -> Any:
    cluster = Cluster(machines=(), skus={}, config=Settings({}), services=Settings(services))
    return openpai_runtime.values(cluster)


def test_only_positive_codes_with_runtime_patterns_are_told() -> None:
    pattern = {"exitCode": 127, "userLogRegex": "(?i)command not found"}
    spec = [
        {"code": 220, "phrase": "NotFound", "pattern": {"runtimeContainerPatterns": [pattern]}},
        {"code": -220, "phrase": "Negative", "pattern": {"runtimeContainerPatterns": [pattern]}},
        {"code": 221, "phrase": "NoPattern"},
    ]
    assert derived({"k8s-job-exit-spec": {"spec": spec}}) == {
        "exitSpec": [{"containerExitCode": 220, "patterns": [pattern]}]
    }


def test_built_in_codes_are_told_by_default() -> None:
    # Legacy's k8s-job-exit-spec.yaml has 27 of them, the first for a double ECC error of an NVIDIA GPU.
    exit_spec = derived({})["exitSpec"]
    assert len(exit_spec) == 27
    assert exit_spec[0] == {
        "containerExitCode": 128,
        "patterns": [{"gpuInfo": {"nvidiaDoubleEccError": True}}],
    }


def test_the_runtime_class_of_gpus_reaches_job_pods_and_the_job_exporter() -> None:
    config = Settings({"paichart": {"gpu-runtime-class": "nvidia"}})
    services = {"job-exporter": {}, "prometheus": {"scrape_interval": 30}}
    cluster = Cluster(machines=(), skus={}, config=config, services=Settings(services))
    policy = {"enabled": True, "runtimeClassName": "nvidia"}
    assert openpai_runtime.values(cluster)["jobPodPolicy"] == policy
    assert job_exporter.values(cluster)["nvidia"] == {"runtimeClassName": "nvidia"}


def test_without_a_runtime_class_job_pods_stay_as_they_are() -> None:
    assert "jobPodPolicy" not in derived({})
