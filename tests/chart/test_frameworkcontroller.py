"""frameworkcontroller v1.0.0: its configuration, its rights, and the API that it and Helm must agree on."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from paichart.derive.exit_spec import controller_failures, default_spec
from tests.chart.charts import merged, scenario_values
from tests.chart.render import Object, Objects, RenderError, render

# Printed by a program around BuildFrameworkCRD of the controller's own source, tag v1.0.0.
OWN_DEFINITION = Path(__file__).parent / "data" / "frameworkcontroller-v1.0.0-crd-spec.json"
CRD = "frameworks.frameworkcontroller.microsoft.com"


def rendered(
    values: Mapping[str, Any] | None = None, scenario: str = "quick-start", **options: Any
) -> Objects:
    given = merged(scenario_values("frameworkcontroller", scenario), values or {})
    return render("frameworkcontroller", given, namespace="pai-system", **options)


def configuration(objects: Objects) -> dict[str, Any]:
    text = objects.find("ConfigMap")["data"]["frameworkcontroller.yaml"]
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded


def container(objects: Objects) -> Object:
    found: Object = objects.find("StatefulSet")["spec"]["template"]["spec"]["containers"][0]
    return found


def test_definition_is_the_one_that_the_controller_computes() -> None:
    # It overwrites the definition at every start; any difference would make it and Helm undo each other.
    spec = dict(rendered().find("CustomResourceDefinition")["spec"])
    # Go leaves out what is false; said aloud, it ends the true of an older controller's definition.
    assert spec.pop("preserveUnknownFields") is False
    assert spec == json.loads(OWN_DEFINITION.read_text())


def test_definition_can_be_left_out() -> None:
    assert rendered(scenario="existing-crd").all("CustomResourceDefinition") == ()


@pytest.mark.parametrize("helm", [3, 4])
def test_configuration_has_the_legacy_figures(helm: int) -> None:
    # src/frameworkcontroller/deploy/frameworkcontroller-config.yaml.template
    text = rendered(helm=helm).find("ConfigMap")["data"]["frameworkcontroller.yaml"]
    legacy = {
        "kubeClientQps": 200,
        "kubeClientBurst": 300,
        "workerNumber": 500,
        "largeFrameworkCompression": True,
        "frameworkCompletedRetainSec": 2147483600,
    }
    assert legacy.items() <= yaml.safe_load(text).items()
    # With an exponent it would be no whole number for some readers.
    assert "frameworkCompletedRetainSec: 2147483600\n" in text


@pytest.mark.parametrize("helm", [3, 4])
def test_all_failures_arrive_unchanged(helm: int) -> None:
    failures = controller_failures(default_spec())
    found = configuration(rendered({"podFailureSpec": failures}, helm=helm))
    assert found["podFailureSpec"] == failures


def test_quotes_in_a_pattern_survive() -> None:
    pattern = """it's "quoted": {{ x }} \\S+ #no comment"""
    failure = {"code": 42, "podPatterns": [{"messageRegex": pattern}]}
    assert configuration(rendered({"podFailureSpec": [failure]}))["podFailureSpec"] == [failure]


def test_fractions_are_kept() -> None:
    assert configuration(rendered(scenario="existing-crd"))["kubeClientQps"] == 12.5


@pytest.mark.parametrize("code", [-999, -1, 0, 200, 219])
def test_codes_that_the_controller_keeps_for_itself_are_refused(code: int) -> None:
    # It ends at its start otherwise: pkg/apis/frameworkcontroller/v1/config.go.
    with pytest.raises(RenderError, match="code"):
        rendered({"podFailureSpec": [{"code": code, "podPatterns": [{}]}]})


@pytest.mark.parametrize("code", [-1000, 1, 199, 220, 256])
def test_codes_beside_them_are_taken(code: int) -> None:
    rendered({"podFailureSpec": [{"code": code, "podPatterns": [{}]}]})


@pytest.mark.parametrize("tag", ["v0.9.0", "0.9.0", "v0", ""])
def test_versions_that_call_a_removed_api_are_refused(tag: str) -> None:
    with pytest.raises(RenderError, match="tag"):
        rendered({"image": {"tag": tag}})


@pytest.mark.parametrize("tag", ["v1.0.0", "v1.0.1", "1.2.0", "my-build-0.9"])
def test_other_versions_are_taken(tag: str) -> None:
    image = container(rendered({"image": {"tag": tag}}))["image"]
    assert image == f"docker.io/frameworkcontroller/frameworkcontroller:{tag}"


def test_configuration_lies_where_the_controller_reads_it() -> None:
    # ./frameworkcontroller.yaml, from the working directory of the image's Dockerfile.
    found = container(rendered())
    home = "/opt/frameworkcontroller/frameworkcontroller"
    (mount,) = found["volumeMounts"]
    assert found["workingDir"] == home
    assert (mount["mountPath"], mount["subPath"]) == (
        f"{home}/frameworkcontroller.yaml",
        "frameworkcontroller.yaml",
    )
    assert found["command"] == [f"{home}/frameworkcontroller"]


def test_liveness_finds_the_process_by_its_command_line() -> None:
    found = container(rendered())
    program, flag, pattern = found["livenessProbe"]["exec"]["command"]
    assert (program, flag) == ("pgrep", "-f")
    assert re.search(pattern, found["command"][0])


@pytest.mark.parametrize(("scenario", "makes_crd"), [("quick-start", False), ("existing-crd", True)])
def test_rights_are_those_that_the_controller_uses(scenario: str, makes_crd: bool) -> None:
    # Every call of a client in pkg/controller/controller.go and pkg/internal/utils.go.
    rules = rendered(scenario=scenario).find("ClusterRole")["rules"]
    rights = {
        (group, resource, name): set(entry["verbs"])
        for entry in rules
        for group in entry["apiGroups"]
        for resource in entry["resources"]
        for name in entry.get("resourceNames", [""])
    }
    expected = {
        ("frameworkcontroller.microsoft.com", "frameworks", ""): {"get", "list", "watch", "update", "delete"},
        ("frameworkcontroller.microsoft.com", "frameworks/finalizers", ""): {"update"},
        ("", "configmaps", ""): {"get", "list", "watch", "create", "delete"},
        ("", "configmaps/finalizers", ""): {"update"},
        ("", "pods", ""): {"get", "list", "watch", "create", "delete"},
        ("apiextensions.k8s.io", "customresourcedefinitions", CRD): {"get", "update"},
    }
    if makes_crd:
        expected["apiextensions.k8s.io", "customresourcedefinitions", ""] = {"create"}
    assert rights == expected


def test_there_is_never_a_second_one() -> None:
    assert rendered().find("StatefulSet")["spec"]["replicas"] == 1
