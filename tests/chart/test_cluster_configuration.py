"""cluster-configuration: credentials, namespaces, the layout, and the Job that labels the nodes."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest
import yaml

from tests.chart.charts import CHARTS, merged, prepared, scenario_values, subchart_files
from tests.chart.render import Object, Objects, RenderError, render

CHART = "cluster-configuration"
NAMESPACE = "pai-system"
QUICK_START = scenario_values(CHART, "quick-start")
SCRIPTS = CHARTS / CHART / "files"


def rendered(
    overrides: Mapping[str, Any] = {}, *, namespace: str = NAMESPACE, release: str = "openpai"
) -> Objects:
    return render(CHART, merged(QUICK_START, overrides), release=release, namespace=namespace)


def rendered_with_files(files: Mapping[str, bytes]) -> Objects:
    """The quick start with some files of the chart replaced."""
    return render(prepared({**subchart_files(CHART), **files}), QUICK_START, namespace=NAMESPACE)


def without_credentials(overrides: Mapping[str, Any] = {}) -> dict[str, Any]:
    return merged({key: value for key, value in QUICK_START.items() if key != "credentials"}, overrides)


def job(objects: Objects) -> Object:
    return objects.find("Job")


def data(objects: Objects, name: str) -> dict[str, str]:
    found: dict[str, str] = objects.find("ConfigMap", name)["data"]
    return found


# Credentials


def test_credentials_stand_in_one_secret() -> None:
    secret = rendered().find("Secret", "openpai-credentials", NAMESPACE)
    assert secret["stringData"] == QUICK_START["credentials"]["data"]


def test_chart_without_credentials_says_what_to_do() -> None:
    with pytest.raises(
        RenderError, match="build this chart with `paichart build`, or name an existing Secret"
    ):
        render(CHART, without_credentials())


def test_existing_secret_leaves_all_secrets_to_the_admin() -> None:
    external = {"global": {"credentials": {"existingSecret": "vault-made"}}}
    assert render(CHART, without_credentials(external), namespace=NAMESPACE).all("Secret") == ()


def test_a_number_like_password_stays_text() -> None:
    numbers = {"credentials": {"data": {"admin-password": "0123", "jwt-secret": "1e3", "x": "yes"}}}
    secret = rendered(numbers).find("Secret", "openpai-credentials")
    assert {key: secret["stringData"][key] for key in ("admin-password", "jwt-secret", "x")} == {
        "admin-password": "0123",
        "jwt-secret": "1e3",
        "x": "yes",
    }


def test_job_key_pair_is_kept_where_rest_server_mounts_it() -> None:
    # rest-server v1.8.0, src/models/v2/job/k8s.js: volume `job-ssh-secret` of each job, in namespace default.
    secret = rendered().find("Secret", "job-ssh-secret", "default")
    assert set(secret["stringData"]) == {"ssh-privatekey", "ssh-publickey"}
    assert secret["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"


@pytest.mark.parametrize("namespace", [NAMESPACE, "default"])
def test_pull_secret_is_where_services_and_jobs_run(namespace: str) -> None:
    secrets = [
        s for s in rendered(namespace=namespace).all("Secret") if s["metadata"]["name"] == "pai-secret"
    ]
    assert sorted(s["metadata"]["namespace"] for s in secrets) == sorted({namespace, "default"})
    assert {s["type"] for s in secrets} == {"kubernetes.io/dockerconfigjson"}


def test_pull_secret_is_valid_without_a_login() -> None:
    secret = rendered().find("Secret", "pai-secret", NAMESPACE)
    assert json.loads(secret["stringData"][".dockerconfigjson"]) == {"auths": {}}


def test_pull_secret_holds_the_login_as_given() -> None:
    login = '{"auths":{"mirror.example.com":{"auth":"Zm9vOmJhcg=="}}}'
    secret = rendered({"credentials": {"dockerConfigJson": login}}).find("Secret", "pai-secret", "default")
    assert secret["stringData"][".dockerconfigjson"] == login


# What the images have compiled in


def test_compiled_in_namespaces_are_kept() -> None:
    namespaces = rendered().all("Namespace")
    kept = {
        n["metadata"]["name"]: n["metadata"]["annotations"]["helm.sh/resource-policy"] for n in namespaces
    }
    assert kept == dict.fromkeys(("pai-storage", "pai-user-v2", "pai-group", "pai-user-token"), "keep")


def test_compiled_in_namespaces_can_be_left_out() -> None:
    assert rendered({"namespaces": {"create": False}}).all("Namespace") == ()


def test_services_have_the_legacy_priority() -> None:
    priority = rendered().find("PriorityClass", "pai-daemon-priority")
    assert priority["value"] == 1_000_000  # legacy cluster-configuration.md, section 2
    assert not priority.get("globalDefault")


def test_version_is_where_rest_server_reads_it() -> None:
    objects = rendered({"global": {"paiImages": {"tag": "v1.8.1"}}})
    assert objects.find("ConfigMap", "pai-version", "default")["data"] == {"PAI.VERSION": "v1.8.1"}


def test_layout_arrives_as_it_was_given() -> None:
    layout = yaml.safe_load(data(rendered(), "openpai-layout")["layout.yaml"])
    assert layout == QUICK_START["layout"]


def test_layout_without_machines_is_an_empty_list() -> None:
    values = {key: value for key, value in QUICK_START.items() if key != "layout"}
    objects = render(CHART, values, namespace=NAMESPACE)
    assert yaml.safe_load(data(objects, "openpai-layout")["layout.yaml"]) == {"machine-list": []}


def test_devices_of_each_node_are_compact_json() -> None:
    devices = {"pai-worker1": {"gpuType": "nvidia.com/gpu", "gpuCount": 4}}
    text = data(rendered({"gpuConfiguration": devices}), "openpai-gpu-configuration")[
        "gpu-configuration.json"
    ]
    assert text == '{"nodes":{"pai-worker1":{"gpuCount":4,"gpuType":"nvidia.com/gpu"}}}'


@pytest.mark.parametrize("script", ["label_nodes.py", "wait_for.py"])
def test_scripts_arrive_byte_for_byte(script: str) -> None:
    assert data(rendered(), "openpai-scripts")[script] == (SCRIPTS / script).read_text(encoding="utf-8")


# The Job that labels the nodes


def test_job_gets_each_group_of_nodes() -> None:
    groups = json.loads(data(rendered(), "openpai-label-nodes")["groups.json"])
    assert groups == QUICK_START["nodeLabels"]["groups"]


def test_job_may_read_and_patch_nodes_and_nothing_else() -> None:
    objects = rendered()
    assert objects.find("ClusterRole")["rules"] == [
        {"apiGroups": [""], "resources": ["nodes"], "verbs": ["get", "list", "patch"]}
    ]
    assert objects.all("Role") == ()


@pytest.mark.parametrize("off", [{"enabled": False}, {"groups": []}])
def test_without_labels_there_is_neither_job_nor_role(off: dict[str, Any]) -> None:
    objects = rendered({"nodeLabels": off})
    assert objects.all("Job", "ClusterRole", "ClusterRoleBinding", "ServiceAccount") == ()


def test_job_runs_on_any_node_of_a_fresh_cluster() -> None:
    spec = job(rendered())["spec"]["template"]["spec"]
    # Before it ran no node has a role label, and all may be tainted.
    assert "affinity" not in spec
    assert "nodeSelector" not in spec
    assert {"operator": "Exists"} in spec["tolerations"]


def test_jobs_name_is_short_enough_for_its_pods() -> None:
    name = job(rendered(release="r" * 53))["metadata"]["name"]
    assert len(name) <= 63
    assert re.fullmatch(r"[-a-z0-9]+-[0-9a-f]{10}", name)


OTHER_JOBS: Mapping[str, Mapping[str, Any]] = {
    "label": {"nodeLabels": {"groups": [{"labels": {"pai-worker": "true"}, "nodes": ["pai-master"]}]}},
    "node": {"nodeLabels": {"groups": [{"labels": {"pai-master": "true"}, "nodes": ["other"]}]}},
    "image tag": {"global": {"paiImages": {"tag": "v1.8.1"}}},
    "mirror": {"global": {"imageRegistry": "mirror.example.com"}},
    "pull policy": {"global": {"imagePullPolicy": "Always"}},
    "pull secret": {"global": {"imagePullSecrets": ["more"]}},
    "common labels": {"global": {"commonLabels": {"team": "ai"}}},
    "pod labels": {"podLabels": {"team": "ai"}},
    "pod annotations": {"podAnnotations": {"team": "ai"}},
    "tolerations": {"tolerations": []},
    "node selector": {"nodeSelector": {"disk": "ssd"}},
    "environment": {"extraEnv": {"A": "b"}},
    "resources": {"resources": {"limits": {"memory": "1Gi"}}},
    "priority": {"priorityClassName": "other"},
    "service account": {"serviceAccount": {"name": "other"}},
    "security context": {"securityContext": {"runAsUser": 1000}},
}


@pytest.mark.parametrize("overrides", OTHER_JOBS.values(), ids=OTHER_JOBS)
def test_whatever_changes_the_job_changes_its_name(overrides: Mapping[str, Any]) -> None:
    """A Job can't be changed, so Helm would fail to upgrade one whose name stays."""
    before, after = job(rendered()), job(rendered(overrides))
    assert before["spec"] != after["spec"] or "nodeLabels" in overrides
    assert before["metadata"]["name"] != after["metadata"]["name"]


def test_another_script_makes_another_job() -> None:
    script = (SCRIPTS / "label_nodes.py").read_bytes() + b"# changed\n"
    changed = rendered_with_files({"files/label_nodes.py": script})
    assert job(changed)["metadata"]["name"] != job(rendered())["metadata"]["name"]


def test_another_chart_version_leaves_the_job_as_it_is() -> None:
    chart = yaml.safe_load((CHARTS / CHART / "Chart.yaml").read_text(encoding="utf-8"))
    newer = yaml.safe_dump({**chart, "version": "0.9.9", "appVersion": "1.9.0"}).encode()
    before, after = job(rendered()), job(rendered_with_files({"Chart.yaml": newer}))
    assert after["metadata"]["labels"]["helm.sh/chart"] == "cluster-configuration-0.9.9"
    assert (before["metadata"]["name"], before["spec"]) == (after["metadata"]["name"], after["spec"])


UNRELATED: Mapping[str, Mapping[str, Any]] = {
    "credentials": {
        "credentials": {"data": {"admin-password": "other"}},
        "global": {"credentials": {"revision": "2"}},
    },
    "devices": {"gpuConfiguration": {"pai-worker1": {"gpuType": "nvidia.com/gpu", "gpuCount": 8}}},
    "host address": {"layout": {"machine-list": [{"hostname": "pai-master", "hostip": "10.9.9.9"}]}},
    "qos": {"global": {"qos": True}},
}


@pytest.mark.parametrize("overrides", UNRELATED.values(), ids=UNRELATED)
def test_what_the_job_does_not_do_leaves_it_as_it_is(overrides: Mapping[str, Any]) -> None:
    before, after = job(rendered()), job(rendered(overrides))
    assert (before["metadata"]["name"], before["spec"]) == (after["metadata"]["name"], after["spec"])
