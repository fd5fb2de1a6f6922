"""Device plugins: FUSE as every job asks for it, and an admin's own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from tests.chart.charts import merged, scenario_values
from tests.chart.render import Object, Objects, RenderError, render

FUSE = "openpai-device-plugin-fuse"


def rendered(values: Mapping[str, Any] | None = None, scenario: str = "quick-start") -> Objects:
    return render("device-plugin", merged(scenario_values("device-plugin", scenario), values or {}))


def pod(objects: Objects, name: str = FUSE) -> Object:
    found: Object = objects.find("DaemonSet", name)["spec"]["template"]
    return found


def mounts(objects: Objects, name: str = FUSE) -> dict[str, Object]:
    """The volume behind each path in the container."""
    spec = pod(objects, name)["spec"]
    volumes = {volume["name"]: volume for volume in spec["volumes"]}
    return {mount["mountPath"]: volumes[mount["name"]] for mount in spec["containers"][0]["volumeMounts"]}


def test_workers_offer_exactly_what_jobs_ask_for() -> None:
    # rest-server v1.8.0 puts `github.com/fuse: 1` into every job (src/models/v2/job/k8s.js); the keys
    # are those of the plugin (server.go, hostdevice.go).
    config = json.loads(rendered().find("ConfigMap", FUSE)["data"]["config.json"])
    assert config == {
        "resourceName": "github.com/fuse",
        "socketName": "fuse.sock",
        "numDevices": 110,
        "hostDevices": [{"hostPath": "/dev/fuse", "containerPath": "/dev/fuse", "permission": "rwm"}],
    }


def test_plugin_finds_its_file_where_it_looks() -> None:
    assert mounts(rendered())["/k8s-host-device-plugin"]["configMap"] == {"name": FUSE}


def test_plugin_sees_the_device_that_it_hands_out() -> None:
    # The plugin offers only what it finds itself (hostdevice.go, Expand).
    assert mounts(rendered())["/dev/fuse"]["hostPath"] == {"path": "/dev/fuse", "type": "CharDevice"}


def test_kubelets_folder_can_be_elsewhere_on_the_node() -> None:
    found = mounts(rendered({"kubeletRoot": "/var/lib/k0s/kubelet"}))
    assert (
        found["/var/lib/kubelet/device-plugins"]["hostPath"]["path"] == "/var/lib/k0s/kubelet/device-plugins"
    )


def test_plugin_runs_on_every_worker_whatever_its_taints() -> None:
    spec = pod(rendered())["spec"]
    required = spec["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    assert required["nodeSelectorTerms"] == [
        {"matchExpressions": [{"key": "pai-worker", "operator": "In", "values": ["true"]}]}
    ]
    assert spec["tolerations"] == [{"operator": "Exists"}]


def test_another_count_restarts_the_plugin() -> None:
    before, after = (
        pod(rendered({"fuse": {"numDevices": count}}))["metadata"]["annotations"]["checksum/config"]
        for count in (110, 111)
    )
    assert before != after


def test_nothing_is_made_beside_an_admins_own_fuse_plugin() -> None:
    assert list(rendered(scenario="own-fuse-plugin")) == []


def test_a_plugin_by_value_gets_its_file_folders_and_nodes() -> None:
    objects = rendered(scenario="amd-and-rdma")
    rdma = mounts(objects, "openpai-device-plugin-rdma")
    assert rdma["/k8s-rdma-shared-dev-plugin"]["configMap"] == {"name": "openpai-device-plugin-rdma"}
    assert rdma["/dev/infiniband"]["hostPath"]["path"] == "/dev/infiniband"
    assert "/var/lib/kubelet/device-plugins" in mounts(objects, "openpai-device-plugin-amd")
    amd, own = (pod(objects, f"openpai-device-plugin-{name}")["spec"] for name in ("amd", "rdma"))
    assert amd["nodeSelector"] == {"kubernetes.io/arch": "amd64"}
    assert (amd.get("hostNetwork"), own["hostNetwork"]) == (None, True)


def test_a_plugin_by_value_is_confined_unless_it_asks() -> None:
    objects = rendered(scenario="amd-and-rdma")
    contexts = {
        name: pod(objects, f"openpai-device-plugin-{name}")["spec"]["containers"][0]["securityContext"]
        for name in ("amd", "rdma")
    }
    assert contexts["amd"] == {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": True,
    }
    assert contexts["rdma"]["privileged"]


IMAGE = {"image": {"repository": "acme/plugin", "tag": "1"}}
NO_PLUGINS = [
    ("takes-the-name-of-ours", {"fuse": IMAGE}),
    ("file-without-content", {"acme": {**IMAGE, "configFile": "/etc/acme/config.json"}}),
    ("content-without-file", {"acme": {**IMAGE, "config": "{}"}}),
    ("no-image", {"acme": {"args": ["-v"]}}),
]


@pytest.mark.parametrize("plugins", [pytest.param(row[1], id=row[0]) for row in NO_PLUGINS])
def test_a_plugin_that_could_not_work_is_refused(plugins: dict[str, Any]) -> None:
    with pytest.raises(RenderError, match="schema"):
        rendered({"plugins": plugins})
