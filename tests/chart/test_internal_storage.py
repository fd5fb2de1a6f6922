"""The disk image: same paths as before, so that an existing one is mounted again."""

from __future__ import annotations

from tests.chart.charts import scenario_values
from tests.chart.render import Object, Objects, render


def rendered(scenario: str = "quick-start") -> Objects:
    return render("internal-storage", scenario_values("internal-storage", scenario), namespace="pai-system")


def pod(objects: Objects) -> Object:
    spec: Object = objects.find("DaemonSet")["spec"]["template"]["spec"]
    return spec


def test_image_gets_its_folder_and_size() -> None:
    # src/internal-storage/deploy/create.yaml.template and src/create.sh
    spec = pod(rendered("qos"))
    container = spec["containers"][0]
    assert container["env"] == [{"name": "QUOTA_GB", "value": "100"}]
    volumes = {volume["name"]: volume for volume in spec["volumes"]}
    mounts = {mount["mountPath"]: mount for mount in container["volumeMounts"]}
    assert volumes[mounts["/paiInternal"]["name"]]["hostPath"] == {
        "path": "/data/paiInternal",
        "type": "DirectoryOrCreate",
    }
    assert mounts["/paiInternal"]["mountPropagation"] == "Bidirectional"


def test_new_loop_devices_are_seen() -> None:
    spec = pod(rendered())
    assert {"path": "/dev", "type": "Directory"} in [v.get("hostPath") for v in spec["volumes"]]


def test_privileged_container_keeps_its_capabilities() -> None:
    context = pod(rendered())["containers"][0]["securityContext"]
    assert context["privileged"] is True
    assert "capabilities" not in context


def test_it_is_ready_when_the_disk_is() -> None:
    container = pod(rendered())["containers"][0]
    for kind in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert container[kind]["exec"]["command"] == ["ls", "/paiInternal/storage/READY"]
    # Making a file system may take its time; a kill in between would leave half of one.
    startup = container["startupProbe"]
    assert startup["periodSeconds"] * startup["failureThreshold"] >= 900


def test_it_runs_on_the_master_alone() -> None:
    affinity = pod(rendered())["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    assert affinity["nodeSelectorTerms"][0]["matchExpressions"] == [
        {"key": "pai-master", "operator": "In", "values": ["true"]}
    ]
