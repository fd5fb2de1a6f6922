"""Each setting that all charts share does what it says, in every workload of every scenario.

The settings are laid over every scenario together, in three renderings; each test looks at one of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

import pytest

from tests.chart.charts import default_values, merged, scenario_values
from tests.chart.render import Object, Objects, Pods, render, title
from tests.chart.rules import RULES, Rendering
from tests.chart.rules.rendering import strings
from tests.chart.scenes import scenario_objects

MIRROR = "mirror.example.com/pai"
LONGEST = ("r" * 53, "n" * 63)  # names of a release and of a namespace
DIGEST = "sha256:" + "0123456789abcdef" * 4
POD_SETTINGS: Mapping[str, Any] = {
    "nodeSelector": {"example.com/zone": "blue"},
    "tolerations": [{"key": "example.com/blue", "operator": "Exists"}],
    "affinity": {"podAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": []}},
    "priorityClassName": "blue",
    "topologySpreadConstraints": [
        {"maxSkew": 1, "topologyKey": "example.com/zone", "whenUnsatisfiable": "ScheduleAnyway"}
    ],
    "podLabels": {"example.com/label": "blue"},
    "podAnnotations": {"example.com/annotation": "blue"},
    "podSecurityContext": {"supplementalGroups": [4711]},
    "securityContext": {"seLinuxOptions": {"level": "s0:c4711"}},
    "resources": {"limits": {"memory": "4711Mi"}},
    "extraEnv": {"BLUE": "4711"},
}
# Hosts that images come from when no mirror is set. registry-1 names no image: docker-cache asks its API.
_HOMES = re.compile(
    r"\b(?<!https://registry-1\.)(?:docker\.io|registry\.k8s\.io|k8s\.gcr\.io|gcr\.io|quay\.io|ghcr\.io|nvcr\.io|\w+\.azurecr\.io)\b"
)

# Workloads that do not take a setting, by (component, setting), and why.
NOT_TAKEN: Mapping[tuple[str, str], str] = {}
# Containers whose resources do not follow `global.qos`, by (component, container), and why.
OUTSIDE_QOS: Mapping[tuple[str, str], str] = {
    ("label-nodes", "label-nodes"): "the Job is ours, has no legacy figures, and always states its own",
}

STATEFUL_SET_MAY_CHANGE = (
    "replicas",
    "template",
    "updateStrategy",
    "minReadySeconds",
    "revisionHistoryLimit",
    "persistentVolumeClaimRetentionPolicy",
)


def everywhere(values: Any, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings, wherever the values have a key of that name: for the first workload and all others."""
    found: dict[str, Any] = {key: value for key, value in settings.items() if key in values}
    for key, value in values.items():
        if isinstance(value, Mapping) and key not in settings:
            below = everywhere(value, settings)
            if below:
                found[key] = below
    return found


def images(values: Mapping[str, Any]) -> dict[str, Any]:
    """A digest for each image among the values."""
    found = {}
    for key, value in values.items():
        if isinstance(value, Mapping):
            below = {"digest": DIGEST} if "repository" in value else images(value)
            if below:
                found[key] = below
    return found


def unchanged(_values: Mapping[str, Any]) -> dict[str, Any]:
    """No change."""
    return {}


def _with_pod_settings(values: Mapping[str, Any]) -> dict[str, Any]:
    shared = {
        "imagePullSecrets": ["blue"],
        "commonLabels": {"example.com/common": "blue"},
        "runtimeImage": {"digest": DIGEST},
    }
    return merged(
        merged(everywhere(values, {**POD_SETTINGS, "replicas": 2}), images(values)), {"global": shared}
    )


def _from_mirror(values: Mapping[str, Any]) -> dict[str, Any]:
    pai_images = {"registry": "", "namespace": "acme", "tag": "v9.9.9"}
    shared = {"imageRegistry": MIRROR, "qos": True, "paiImages": pai_images}
    return merged(everywhere(values, {"registry": ""}), {"global": shared})


def _with_little(_values: Mapping[str, Any]) -> dict[str, Any]:
    return {"global": {"qos": False, "networkPolicy": {"enabled": False}}}


@cache
def rendered(
    chart: str,
    scenario: str,
    change: Callable[[Mapping[str, Any]], dict[str, Any]],
    release: str = "openpai",
    namespace: str = "default",
) -> Objects:
    """A scenario with a change laid over it; skips the test when the scenario alone does not render."""
    scenario_objects(chart, scenario)
    given = scenario_values(chart, scenario)
    values = merged(given, change(merged(default_values(chart), given)))
    return render(chart, values, release=release, namespace=namespace)


def workloads(objects: Objects) -> Iterator[Pods]:
    """What makes pods, without the test pods."""
    return (pods for pods in objects.pod_specs() if not pods.is_test)


def lands(setting: str, pods: Pods) -> bool:
    """Whether a setting of POD_SETTINGS is in a pod template."""
    wanted = POD_SETTINGS[setting]
    if setting in ("podLabels", "podAnnotations"):
        found = pods.template["metadata"].get(setting.removeprefix("pod").lower())
        return is_within(wanted, found)
    if setting == "podSecurityContext":
        return is_within(wanted, pods.spec.get("securityContext"))
    if setting == "extraEnv":
        entry = {"name": "BLUE", "value": "4711"}
        return all(entry in container.spec.get("env", []) for container in pods.containers(init=False))
    if setting in ("securityContext", "resources"):
        return all(
            is_within(wanted, container.spec.get(setting)) for container in pods.containers(init=False)
        )
    return is_within(wanted, pods.spec.get(setting))


def is_within(part: Any, whole: Any) -> bool:
    """Whether all of a mapping is in another, to which the scenario may add; anything else is equal."""
    if isinstance(part, Mapping) and isinstance(whole, Mapping):
        return all(key in whole and is_within(value, whole[key]) for key, value in part.items())
    return bool(part == whole)


@pytest.mark.parametrize("setting", POD_SETTINGS)
def test_pod_setting_reaches_every_workload(chart: str, scenario: str, setting: str) -> None:
    objects = rendered(chart, scenario, _with_pod_settings)
    missing = [pods for pods in workloads(objects) if not lands(setting, pods)]
    assert [str(pods) for pods in missing if (pods.component, setting) not in NOT_TAKEN] == []


def test_digest_wins_over_tag(chart: str, scenario: str) -> None:
    objects = rendered(chart, scenario, _with_pod_settings)
    others = [c.spec["image"] for _, c in objects.containers() if not c.spec["image"].endswith(f"@{DIGEST}")]
    assert others == []


def test_further_pull_secret_reaches_every_pod(chart: str, scenario: str) -> None:
    objects = rendered(chart, scenario, _with_pod_settings)
    missing = [str(p) for p in objects.pod_specs() if {"name": "blue"} not in p.spec["imagePullSecrets"]]
    assert missing == []


def test_common_labels_reach_every_object_and_pod(chart: str, scenario: str) -> None:
    objects = rendered(chart, scenario, _with_pod_settings)
    labels = [(title(item), item["metadata"].get("labels", {})) for item in objects]
    labels += [(f"pods of {pods}", pods.labels) for pods in workloads(objects)]
    assert [name for name, found in labels if found.get("example.com/common") != "blue"] == []


def test_every_image_comes_from_the_mirror(chart: str, scenario: str) -> None:
    objects = rendered(chart, scenario, _from_mirror)
    others = [str(c) for _, c in objects.containers() if not c.spec["image"].startswith(f"{MIRROR}/")]
    assert others == []


def test_no_text_names_another_registry(chart: str, scenario: str) -> None:
    objects = rendered(chart, scenario, _from_mirror)
    assert list(foreign_images(objects)) == []


def test_hidden_image_is_refused() -> None:
    hidden = {
        "kind": "ConfigMap",
        "metadata": {"name": "a"},
        "data": {"a": "image=quay.io/x/y:1", "b": "run acme/openpai-runtime:v1"},
    }
    pod = {
        "kind": "Pod",
        "metadata": {"name": "a"},
        "spec": {"containers": [{"name": "a", "image": f"{MIRROR}/acme/openpai-runtime:v1"}]},
    }
    assert len(list(foreign_images(Objects("", (hidden, pod))))) == 2


def foreign_images(objects: Objects) -> Iterator[str]:
    """Texts that name the home of an image, or an image of these objects without the mirror in front."""
    found = {container.spec["image"].removeprefix(f"{MIRROR}/") for _, container in objects.containers()}
    names = "|".join(sorted(re.escape(re.split("[:@]", image)[0]) for image in found)) or "$^"
    bare = re.compile(rf"(?<!{re.escape(MIRROR)}/)(?:{names})(?=[:@])")
    for item in objects:
        for text in strings(item):
            for match in (*_HOMES.finditer(text), *bare.finditer(text)):
                yield f"{title(item)}: {text[max(0, match.start() - 40) : match.end() + 40]}"


def test_namespace_and_tag_of_pai_pairsare_honoured(chart: str, scenario: str) -> None:
    plain = rendered(chart, scenario, unchanged).containers()
    moved = rendered(chart, scenario, _from_mirror).containers()
    pairs = [(a.spec["image"], b.spec["image"]) for (_, a), (_, b) in zip(plain, moved, strict=True)]
    # An image with a tag of its own keeps it.
    own = re.compile(r"docker\.io/openpai/([\w-]+):v1\.8\.0")
    expected = [own.sub(rf"{MIRROR}/acme/\1:v9.9.9", before) for before, _ in pairs if own.fullmatch(before)]
    assert [after for before, after in pairs if own.fullmatch(before)] == expected


def test_qos_limits_memory_of_every_container(chart: str, scenario: str) -> None:
    found = resources_by_qos(rendered(chart, scenario, _from_mirror))
    assert [name for name, resources in found.items() if "memory" not in resources.get("limits", {})] == []


def test_without_qos_the_legacy_resources_are_gone(chart: str, scenario: str) -> None:
    with_it = resources_by_qos(rendered(chart, scenario, _from_mirror))
    without = resources_by_qos(rendered(chart, scenario, _with_little, *LONGEST))
    gives_own = bool(everywhere(scenario_values(chart, scenario), {"resources": 1}))
    same = [name for name, resources in with_it.items() if without[name] == resources]
    assert gives_own or same == []


def resources_by_qos(objects: Objects) -> dict[tuple[str, str], Any]:
    """Resources of each long-running container, by component and name, that follow `global.qos`."""
    return {
        (pods.component, container.name): container.spec["resources"]
        for pods in workloads(objects)
        for container in pods.containers(init=False)
        if (pods.component, container.name) not in OUTSIDE_QOS
    }


def test_network_policies_can_be_left_out(chart: str, scenario: str) -> None:
    assert rendered(chart, scenario, _with_little, *LONGEST).all("NetworkPolicy") == ()


def test_copies_bring_their_budget(chart: str, scenario: str) -> None:
    objects = rendered(chart, scenario, _with_pod_settings)
    rendering = Rendering(objects, namespace="default")
    assert list(RULES["several_copies_have_a_budget"](rendering)) == []
    if everywhere(default_values(chart), {"replicas": 2}):
        assert any(pods.owner["spec"].get("replicas") == 2 for pods in workloads(objects))


def test_longest_names_fit(chart: str, scenario: str) -> None:
    objects = rendered(chart, scenario, _with_little, *LONGEST)
    assert list(RULES["names_are_valid"](Rendering(objects, *LONGEST))) == []


CHANGES = {"pod settings and copies": _with_pod_settings, "mirror": _from_mirror}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_settings_change_nothing_immutable(
    chart: str, scenario: str, change: Callable[[Mapping[str, Any]], dict[str, Any]]
) -> None:
    """Helm upgrades by patching, and the API server refuses a patch of these fields."""
    before, after = rendered(chart, scenario, unchanged), rendered(chart, scenario, change)
    assert changed_for_good(before, after) == []


def test_an_immutable_change_is_seen() -> None:
    def job(image: str) -> Objects:
        return Objects("", ({"kind": "Job", "metadata": {"name": "a"}, "spec": {"template": image}},))

    assert changed_for_good(job("a"), job("b")) == ["Job -/a"]


def changed_for_good(before: Objects, after: Objects) -> list[str]:
    """Objects of which a field differs that Kubernetes never lets change."""
    old = {title(item): immutable(item) for item in before}
    return [title(item) for item in after if immutable(item) != old.get(title(item), immutable(item))]


def immutable(item: Object) -> Any:
    """The part of an object that can't be changed once it exists."""
    spec = item.get("spec", {})
    match item["kind"]:
        case "Deployment" | "DaemonSet":
            part: Any = spec["selector"]
        case "StatefulSet":
            part = {key: value for key, value in spec.items() if key not in STATEFUL_SET_MAY_CHANGE}
        case "Job":
            part = {key: spec.get(key) for key in ("template", "selector", "completions", "completionMode")}
        case "PersistentVolumeClaim":
            part = {key: value for key, value in spec.items() if key != "resources"}
        case "RoleBinding" | "ClusterRoleBinding":
            part = item["roleRef"]
        case "Secret":
            part = item.get("type")
        case _:
            part = None
    return part
