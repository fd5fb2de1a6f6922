"""Exit codes: what frameworkcontroller, the job runtime and rest-server are given."""

from __future__ import annotations

import re

import pytest

from paichart.derive.exit_spec import (
    controller_failures,
    default_spec,
    exit_spec,
    rest_server_spec,
    runtime_patterns,
)
from paichart.model import Cluster, Settings

# Counted in OpenPAI v1.8.0, src/k8s-job-exit-spec/config/k8s-job-exit-spec.yaml, in its order.
LEGACY_CODES = [
    *(0, -100, -101, -110, -111, -120, -200, -210, -220, -230, -300, -310),
    *(-1000, -1001, -1002, -1003, -1004, -1005, -1006, -1100),
    *(-1300, -1200, -1201, -1202, -1203, -1204, -1205),
    *(128, 130, 131, 132, 134, 135, 136, 137, 139, 141, 143),
    *(220, 221, 222, 223, 224, 225, 226, 228, 229, 230, 231, 232, 233, 234, 235),
    *(249, 250, 251, 252, 253, 254, 255, -8000, 256),
]


def _cluster(services: dict[str, object]) -> Cluster:
    return Cluster(machines=(), skus={}, config=Settings({}), services=Settings(services))


def _failure(code: int) -> object:
    return next(f for f in controller_failures(default_spec()) if isinstance(f, dict) and f["code"] == code)


def test_default_codes_are_the_legacy_ones_in_their_order() -> None:
    assert [entry["code"] for entry in default_spec()] == LEGACY_CODES
    assert len({entry["phrase"] for entry in default_spec()}) == 62


def test_controller_gets_the_50_codes_that_it_does_not_know_itself() -> None:
    codes = [failure["code"] for failure in controller_failures(default_spec()) if isinstance(failure, dict)]
    assert len(codes) == 50
    # frameworkcontroller v1.0.0 panics on these: pkg/apis/frameworkcontroller/v1/config.go, constants.go.
    assert not [code for code in codes if -999 <= code <= 0 or 200 <= code <= 219]
    assert len(set(codes)) == 50


# Source: src/frameworkcontroller/deploy/frameworkcontroller-config.yaml.template, filled in by hand.
FAILURES = [
    pytest.param(
        -1000,
        {
            "code": -1000,
            "phrase": "PodEvicted",
            "type": {"attributes": ["Transient"]},
            "podPatterns": [{"reasonRegex": "(?i)^Evicted$", "messageRegex": "(?ms).*"}],
        },
        id="pod-pattern",
    ),
    pytest.param(
        -1201,
        {
            "code": -1201,
            "phrase": "ContainerDockerCreationError",
            "podPatterns": [
                {
                    "containers": [
                        {
                            "nameRegex": "(?ms).*",
                            "reasonRegex": "(?i)^ContainerCannotRun$",
                            "messageRegex": "(?ms).*",
                            "codeRange": {"min": 125, "max": 125},
                        }
                    ]
                }
            ],
        },
        id="container-pattern-with-code-and-unknown-behavior",
    ),
    pytest.param(
        -1300,
        {
            "code": -1300,
            "phrase": "InitContainerDockerOOMKilled",
            "type": {"attributes": ["Transient"]},
            "podPatterns": [
                {
                    "containers": [
                        {
                            "nameRegex": "(?i)^init$",
                            "reasonRegex": "(?i)^OOMKilled$",
                            "messageRegex": "(?ms).*",
                            "codeRange": {"min": 1},
                        }
                    ]
                }
            ],
        },
        id="container-pattern-without-code",
    ),
    pytest.param(
        251,
        {
            "code": 251,
            "phrase": "JobGangAllocationTimeout",
            "type": {"attributes": ["Transient", "Conflict"]},
            "podPatterns": [
                {
                    "containers": [
                        {
                            "nameRegex": "(?ms).*",
                            "messageRegex": "(?ms).*",
                            "codeRange": {"min": 251, "max": 251},
                        }
                    ]
                }
            ],
        },
        id="no-pattern-and-conflict",
    ),
]


@pytest.mark.parametrize(("code", "expected"), FAILURES)
def test_a_code_becomes_the_pattern_that_the_controller_reads(code: int, expected: object) -> None:
    assert _failure(code) == expected


def test_runtime_gets_the_27_positive_codes_with_patterns() -> None:
    patterns = {
        p["containerExitCode"]: p["patterns"] for p in runtime_patterns(default_spec()) if isinstance(p, dict)
    }
    assert len(patterns) == 27
    assert patterns[128] == [{"gpuInfo": {"nvidiaDoubleEccError": True}}]
    assert patterns[220] == [{"exitCode": 127, "userLogRegex": "(?i)command not found"}]
    assert patterns[249] == [{"exitCode": 10, "platformLogRegex": "SSH barrier reaches max retry count"}]


def test_runtime_patterns_are_regular_expressions_that_its_python_reads() -> None:
    for entry in runtime_patterns(default_spec()):
        assert isinstance(entry, dict)
        for pattern in entry["patterns"]:  # type: ignore[union-attr] # a list by construction
            for key in ("userLogRegex", "platformLogRegex"):
                re.compile(pattern.get(key, ""))  # type: ignore[union-attr,arg-type]


def test_rest_server_is_told_of_every_code_and_shows_all_of_it() -> None:
    shown = rest_server_spec(default_spec())
    assert [entry["code"] for entry in shown if isinstance(entry, dict)] == LEGACY_CODES
    for entry in shown:
        assert isinstance(entry, dict)
        assert {"code", "phrase", "issuer", "causer", "type", "stage", "behavior", "reaction"} <= set(entry)


def test_codes_of_the_services_configuration_replace_all() -> None:
    own = {"code": 42, "phrase": "Own", "behavior": "PERMANENT"}
    assert exit_spec(_cluster({"k8s-job-exit-spec": {"spec": [own]}})) == (own,)
    assert exit_spec(_cluster({})) == default_spec()


def test_success_and_the_controllers_own_codes_are_left_out() -> None:
    spec = [{"code": code, "phrase": str(code)} for code in (-1000, -999, -1, 0, 1)]
    assert [f["code"] for f in controller_failures(spec) if isinstance(f, dict)] == [-1000, 1]
