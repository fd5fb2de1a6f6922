"""The node exporter: upstream's flags, and what dashboards, alerts and the portal need of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest

from tests.chart.charts import merged, scenario_values
from tests.chart.render import Object, Objects, render


def rendered(scenario: str = "quick-start", values: Mapping[str, Any] | None = None) -> Objects:
    return render("node-exporter", merged(scenario_values("node-exporter", scenario), values or {}))


def pod(objects: Objects) -> Object:
    found: Object = objects.find("DaemonSet", "openpai-node-exporter")["spec"]["template"]["spec"]
    return found


def flags(objects: Objects) -> dict[str, str]:
    """Flags and their values; an empty text for a switch."""
    (container,) = pod(objects)["containers"]
    return {name: value for name, _, value in (word.partition("=") for word in container["args"])}


@pytest.mark.parametrize(("scenario", "port"), [("quick-start", 9100), ("own-collectors", 9200)])
def test_it_listens_on_the_port_that_is_scraped(scenario: str, port: int) -> None:
    objects = rendered(scenario)
    (container,) = pod(objects)["containers"]
    annotations = objects.find("DaemonSet")["spec"]["template"]["metadata"]["annotations"]
    assert flags(objects)["--web.listen-address"] == f":{port}"
    assert [entry["containerPort"] for entry in container["ports"]] == [port]
    assert annotations["prometheus.io/port"] == str(port)
    test = objects.find("Pod")["spec"]["containers"][0]
    assert test["args"][-1] == f"http://$(NODE_ADDRESS):{port}/metrics"


def test_only_named_collectors_run() -> None:
    found = flags(rendered())
    assert "--collector.disable-defaults" in found
    collectors = {
        name.removeprefix("--collector.") for name in found if re.fullmatch(r"--collector\.[a-z]+", name)
    }
    # Who reads them: dashboards and alerts (cpu, memory, disks, file systems, network), the portal (uname).
    assert collectors == {"cpu", "diskstats", "filesystem", "loadavg", "meminfo", "netdev", "stat", "uname"}


def test_flags_of_collectors_that_are_off_are_left_out() -> None:
    found = flags(rendered("own-collectors"))
    assert "--collector.filesystem.fs-types-exclude" not in found
    assert "--collector.netdev.device-exclude" not in found
    assert found["--collector.hwmon.chip-exclude"] == "^nvme.*"


def test_it_sees_the_node_and_not_its_container() -> None:
    objects = rendered()
    spec = pod(objects)
    (volume,) = spec["volumes"]
    (mount,) = spec["containers"][0]["volumeMounts"]
    assert volume["hostPath"]["path"] == "/"
    assert (mount["mountPath"], mount["readOnly"], mount["mountPropagation"]) == (
        "/host",
        True,
        "HostToContainer",
    )
    found = flags(objects)
    assert [found[f"--path.{name}"] for name in ("procfs", "sysfs", "rootfs", "udev.data")] == [
        "/host/proc",
        "/host/sys",
        "/host",
        "/host/run/udev/data",
    ]
    assert spec["hostNetwork"] is True
    assert "hostPID" not in spec


@pytest.mark.parametrize(
    ("flag", "out", "kept"),
    [
        # Network file systems may hang; legacy left them and those without a disk out as well.
        (
            "--collector.filesystem.fs-types-exclude",
            ["nfs", "nfs4", "cifs", "tmpfs", "overlay", "fuse.lxcfs", "squashfs"],
            ["ext4", "xfs", "btrfs", "zfs"],
        ),
        (
            "--collector.filesystem.mount-points-exclude",
            [
                "/proc",
                "/dev/mqueue",
                "/run/user/0",
                "/var/lib/kubelet/pods/a/volumes/b",
                "/var/lib/containerd/c/rootfs",
            ],
            ["/", "/boot", "/mnt/data", "/var/lib/kubelet", "/var/lib/containerd", "/home"],
        ),
        (
            "--collector.netdev.device-exclude",
            ["veth12ab", "cali0", "lxc1"],
            ["eth0", "ens3", "ib0", "bond0", "lo"],
        ),
    ],
)
def test_what_is_left_out(flag: str, out: list[str], kept: list[str]) -> None:
    pattern = re.compile(flags(rendered())[flag])
    assert [name for name in out if not pattern.search(name)] == []
    assert [name for name in kept if pattern.search(name)] == []


def test_it_runs_as_nobody_on_every_node_that_does_not_opt_out() -> None:
    spec = pod(rendered())
    assert spec["securityContext"]["runAsUser"] == 65534
    required = spec["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    # src/node-exporter/deploy/service.yaml: notin no-nodeexporter
    assert required["nodeSelectorTerms"] == [
        {"matchExpressions": [{"key": "no-nodeexporter", "operator": "NotIn", "values": ["true"]}]}
    ]
    assert spec["tolerations"] == [{"operator": "Exists"}]


def test_qos_gives_legacys_memory() -> None:
    # src/node-exporter/deploy/node-exporter.yaml.template
    resources = pod(rendered("own-collectors"))["containers"][0]["resources"]
    assert resources["limits"] == {"memory": "128Mi"}
    # HiveD's cells leave out no cpu for it (paichart.derive.resources), so a full machine has none to give.
    assert resources["requests"]["cpu"] == "0"
