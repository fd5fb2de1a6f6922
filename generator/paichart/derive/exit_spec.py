"""The exit codes of jobs, as frameworkcontroller, the job runtime and rest-server read them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any, TypeAlias

import yaml

from paichart.derive.json import Json
from paichart.model import Cluster

Entry: TypeAlias = Mapping[str, Any]
"""One exit code as `k8s-job-exit-spec.spec` lists it: code, phrase, behavior, pattern, texts for users."""

Spec: TypeAlias = Sequence[Entry]

_ATTRIBUTES: Mapping[str, tuple[str, ...]] = {
    "TRANSIENT": ("Transient",),
    "TRANSIENT_CONFLICT": ("Transient", "Conflict"),
    "PERMANENT": ("Permanent",),
}
"""How frameworkcontroller calls a behavior; UNKNOWN has no attributes."""

_SHOWN = (
    "code",
    "phrase",
    "issuer",
    "causer",
    "type",
    "stage",
    "behavior",
    "reaction",
    "reason",
    "repro",
    "solution",
    "pattern",
)
_REGEXES = ("nameRegex", "reasonRegex", "messageRegex")
_RUNTIME_KEYS = ("exitCode", "userLogRegex", "platformLogRegex", "gpuInfo")
_ANYTHING = "(?ms).*"


@cache
def default_spec() -> Spec:
    """Return the 62 exit codes that come with paichart."""
    text = resources.files("paichart").joinpath("data/exit-spec.yaml").read_text(encoding="utf-8")
    return tuple(yaml.load(text, yaml.CSafeLoader))


def exit_spec(cluster: Cluster) -> Spec:
    """Return the cluster's exit codes: services-configuration.yaml replaces the default ones as a whole."""
    return cluster.services.items("k8s-job-exit-spec", "spec") or default_spec()


def controller_failures(spec: Spec) -> list[Json]:
    """Return `podFailureSpec` of frameworkcontroller.yaml: all codes but success and the controller's own.

    Codes come in the order of spec, because the controller takes the first that matches.
    """
    return [_controller_failure(entry) for entry in spec if entry["code"] < -999 or entry["code"] > 0]


def runtime_patterns(spec: Spec) -> list[Json]:
    """Return the content of runtime-exit-spec.yaml: positive codes that have runtime patterns."""
    return [
        {"containerExitCode": entry["code"], "patterns": [_picked(p, _RUNTIME_KEYS) for p in patterns]}
        for entry in spec
        if entry["code"] > 0 and (patterns := _patterns(entry, "runtimeContainerPatterns"))
    ]


def rest_server_spec(spec: Spec) -> list[Json]:
    """Return the content of rest-server's k8s-job-exit-spec.yaml: every code and what users are told."""
    return [_picked(entry, _SHOWN) for entry in spec]


def _controller_failure(entry: Entry) -> dict[str, Json]:
    failure: dict[str, Json] = _picked(entry, ("code", "phrase"))
    attributes = _ATTRIBUTES.get(entry.get("behavior", ""))
    if attributes:
        failure["type"] = {"attributes": list(attributes)}
    patterns = _patterns(entry, "controllerPodPatterns")
    failure["podPatterns"] = (
        [_pod_pattern(p) for p in patterns] if patterns else [_any_container_with(entry["code"])]
    )
    return failure


def _pod_pattern(pattern: Entry) -> dict[str, Json]:
    picked: dict[str, Json] = _picked(pattern, ("reasonRegex", "messageRegex"))
    if pattern.get("containers"):
        picked["containers"] = [_container_pattern(c) for c in pattern["containers"]]
    return picked


def _container_pattern(pattern: Entry) -> dict[str, Json]:
    """Return a container's pattern; without an exit code any failure matches."""
    code = pattern.get("exitCode")
    codes: dict[str, Json] = {"min": 1} if code is None else {"min": code, "max": code}
    return {**_picked(pattern, _REGEXES), "codeRange": codes}


def _any_container_with(code: int) -> dict[str, Json]:
    container: dict[str, Json] = {"nameRegex": _ANYTHING, "messageRegex": _ANYTHING}
    return {"containers": [{**container, "codeRange": {"min": code, "max": code}}]}


def _patterns(entry: Entry, kind: str) -> Sequence[Entry]:
    return (entry.get("pattern") or {}).get(kind) or ()


def _picked(entry: Entry, keys: Sequence[str]) -> dict[str, Json]:
    return {key: entry[key] for key in keys if entry.get(key) is not None}
