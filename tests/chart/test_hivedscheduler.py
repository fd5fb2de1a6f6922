"""HiveD and the jobs' scheduler: version for each cluster, a profile a virtual cluster, files of any size."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import yaml

from tests.chart.charts import merged, scenario_values
from tests.chart.render import DEFAULT_VERSION, Object, Objects, RenderError, render

NAMESPACE = "pai-system"
HIVED, SCHEDULER = "openpai-hivedscheduler", "openpai-kube-scheduler"
MIB = 1024 * 1024


def rendered(
    values: Mapping[str, Any] | None = None,
    scenario: str = "quick-start",
    kube_version: str = DEFAULT_VERSION,
) -> Objects:
    given = merged(scenario_values("hivedscheduler", scenario), values or {})
    return render("hivedscheduler", given, namespace=NAMESPACE, kube_version=kube_version)


def container(objects: Objects, name: str) -> Object:
    found: Object = objects.find("Deployment", name)["spec"]["template"]["spec"]["containers"][0]
    return found


def hived_config(objects: Objects) -> Object:
    text = objects.find("ConfigMap", "openpai-hivedscheduler-config")["data"]["hivedscheduler.yaml"]
    loaded: Object = yaml.safe_load(text)
    return loaded


def scheduler_config(objects: Objects) -> Object:
    loaded: Object = yaml.safe_load(objects.find("ConfigMap", SCHEDULER)["data"]["config.yaml"])
    return loaded


def checksums(objects: Objects) -> dict[str, str]:
    annotations = {
        name: objects.find("Deployment", name)["spec"]["template"]["metadata"]["annotations"]
        for name in (HIVED, SCHEDULER)
    }
    return {name: found["checksum/config"] for name, found in annotations.items()}


# /livez and /readyz are in kube-scheduler since 1.31 (kubernetes/kubernetes#118148); /healthz in all so far.
VERSIONS = [
    # id          what Helm finds        tag given        image            liveness    readiness
    ("oldest", "v1.25.3", "", "v1.25.3", "/healthz", "/healthz"),
    ("gke", "v1.29.4-gke.100", "", "v1.29.4", "/healthz", "/healthz"),
    ("k3s", "v1.30.5+k3s1", "", "v1.30.5", "/healthz", "/healthz"),
    ("first-with-readyz", "v1.31.0", "", "v1.31.0", "/livez", "/readyz"),
    ("newest", "v1.37.2", "", "v1.37.2", "/livez", "/readyz"),
    ("given", "v1.34.1", "v1.30.9", "v1.30.9", "/healthz", "/healthz"),
    ("given-a-mirror's-own", "v1.34.1", "stable", "stable", "/livez", "/readyz"),
]


@pytest.mark.parametrize(
    ("found", "given", "tag", "liveness", "readiness"),
    [pytest.param(*row[1:], id=row[0]) for row in VERSIONS],
)
def test_scheduler_fits_the_cluster(found: str, given: str, tag: str, liveness: str, readiness: str) -> None:
    objects = rendered({"kubeScheduler": {"image": {"tag": given}}}, kube_version=found)
    scheduler = container(objects, SCHEDULER)
    assert scheduler["image"] == f"registry.k8s.io/kube-scheduler:{tag}"
    paths = {kind: scheduler[f"{kind}Probe"]["httpGet"]["path"] for kind in ("liveness", "readiness")}
    assert paths == {"liveness": liveness, "readiness": readiness}


def test_no_flag_is_given_that_a_later_scheduler_may_not_know() -> None:
    # Deprecated, and in the source of each release up to 1.37 (cmd/kube-scheduler/app/options/deprecated.go).
    flag = "--pod-max-in-unschedulable-pods-duration=1m"
    known = rendered(kube_version="v1.37.2")
    assert flag in container(known, SCHEDULER)["command"]
    unknown = rendered({"kubeScheduler": {"image": {"tag": "v1.38.0"}}})
    assert flag not in container(unknown, SCHEDULER)["command"]


def test_each_virtual_cluster_has_the_scheduler_that_rest_server_names() -> None:
    profiles = scheduler_config(rendered(scenario="two-virtual-clusters"))["profiles"]
    names = [profile["schedulerName"] for profile in profiles]
    assert names == ["hivedscheduler-ds-default", "hivedscheduler-ds-research"]


def test_without_virtual_clusters_the_scheduler_would_take_everybodys_pods() -> None:
    with pytest.raises(RenderError, match="virtualClusters is empty"):
        render("hivedscheduler", {"config": {"physicalCluster": {}}})


def test_scheduler_calls_hived_where_it_listens() -> None:
    objects = rendered(scenario="two-virtual-clusters")
    (extender,) = scheduler_config(objects)["extenders"]
    assert extender["urlPrefix"] == f"http://{HIVED}.{NAMESPACE}.svc:31096/v1/extender"
    assert hived_config(objects)["webServerAddress"] == ":31096"
    (port,) = objects.find("Service", HIVED)["spec"]["ports"]
    assert port["port"] == 31096


def test_hived_reads_what_the_values_say() -> None:
    given = scenario_values("hivedscheduler", "two-virtual-clusters")["config"]
    config = hived_config(rendered(scenario="two-virtual-clusters"))
    assert config.pop("webServerAddress")
    assert config == given


def test_waiting_pods_hold_up_others_as_long_as_in_legacy() -> None:
    assert hived_config(rendered())["waitingPodSchedulingBlockMilliSec"] == 50


def test_hived_sees_its_file_change() -> None:
    # It watches the folder (viper); a file mounted by subPath never changes.
    (variable,) = container(rendered(), HIVED)["env"]
    (mount,) = container(rendered(), HIVED)["volumeMounts"]
    assert variable == {"name": "CONFIG", "value": f"{mount['mountPath']}/hivedscheduler.yaml"}
    assert "subPath" not in mount


@pytest.mark.parametrize("name", [HIVED, SCHEDULER])
def test_there_is_never_a_second_one(name: str) -> None:
    spec = rendered().find("Deployment", name)["spec"]
    assert (spec["replicas"], spec["strategy"]) == (1, {"type": "Recreate"})


def test_a_new_virtual_cluster_restarts_both() -> None:
    before = checksums(rendered())
    after = checksums(rendered({"config": {"virtualClusters": {"more": {"virtualCells": []}}}}))
    assert [name for name in before if before[name] == after[name]] == []


def test_another_size_of_cells_restarts_hived_alone() -> None:
    sku = {"gpu-machine": {"cpu": 4}}
    before = checksums(rendered())
    after = checksums(rendered({"config": {"physicalCluster": {"skuTypes": sku}}}))
    assert [name for name in before if before[name] == after[name]] == [SCHEDULER]


@pytest.mark.parametrize(
    ("name", "components"),
    [(HIVED, ["kube-scheduler", "rest-server", "helm-test"]), (SCHEDULER, [])],
)
def test_only_callers_get_in(name: str, components: list[str]) -> None:
    rules = rendered().find("NetworkPolicy", name)["spec"]["ingress"]
    peers = [peer["podSelector"]["matchLabels"] for entry in rules for peer in entry["from"]]
    assert [labels["app.kubernetes.io/component"] for labels in peers] == components


def test_ten_thousand_machines_with_the_longest_names_fit_one_configmap() -> None:
    names = [f"{number:05}-{'n' * 57}" for number in range(10_000)]
    cells = [{"cellType": "gpu-machine-NODE-POOL", "cellChildren": [{"cellAddress": name} for name in names]}]
    pool = {"gpu-machine-NODE-POOL": {"childCellNumber": len(names)}}
    objects = rendered({"config": {"physicalCluster": {"physicalCells": cells, "cellTypes": pool}}})
    data = objects.find("ConfigMap", "openpai-hivedscheduler-config")["data"]
    assert len(names[0]) == 63
    assert sum(len(text.encode()) for text in data.values()) < 0.9 * MIB


NO_CONFIGURATIONS = [
    ("not-a-scheduler's-name", {"virtualClusters": {"a b": {}}}),
    ("longer-than-an-event-may-name", {"virtualClusters": {"v" * 46: {}}}),
    ("hived's-own-address", {"webServerAddress": ":1"}),
    (
        "an-empty-node",
        {"physicalCluster": {"cellTypes": {"n": {"childCellType": "g", "childCellNumber": 0}}}},
    ),
]


@pytest.mark.parametrize("config", [pytest.param(row[1], id=row[0]) for row in NO_CONFIGURATIONS])
def test_a_configuration_that_hived_could_not_use_is_refused(config: dict[str, Any]) -> None:
    with pytest.raises(RenderError, match="schema"):
        rendered({"config": config})
