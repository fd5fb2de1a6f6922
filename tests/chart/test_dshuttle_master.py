"""dshuttle-master: the configuration that all of DShuttle shares, its Services, data, and restarts."""

from __future__ import annotations

from typing import Any

import pytest

from tests.chart.charts import scenario_values
from tests.chart.render import Object, Objects, RenderError, render


def master(values: dict[str, Any] | None = None) -> Objects:
    return render("dshuttle-master", values)


def config(objects: Objects) -> dict[str, str]:
    """The options by variable."""
    data: dict[str, str] = objects.find("ConfigMap", "openpai-dshuttle-config")["data"]
    return data


def pod(objects: Objects) -> Object:
    spec: Object = objects.find("StatefulSet")["spec"]["template"]["spec"]
    return spec


def container(objects: Objects, name: str) -> Object:
    return next(item for item in pod(objects)["containers"] if item["name"] == name)


def test_processes_find_the_master_by_its_service() -> None:
    objects = master()
    words = config(objects)["ALLUXIO_JAVA_OPTS"].split(" ")
    assert words[0] == "-Dalluxio.master.hostname=openpai-dshuttle.default.svc"
    ports = {
        port["name"]: port["port"] for port in objects.find("Service", "openpai-dshuttle")["spec"]["ports"]
    }
    # src/dshuttle-master/deploy/dshuttle-service.yaml.template
    assert ports == {"rpc": 30998, "web": 30999, "job-rpc": 31001, "job-web": 31002}
    for name in ("rpc", "web"):
        assert f"-Dalluxio.master.{name}.port={ports[name]}" in words
        assert f"-Dalluxio.job.master.{name}.port={ports[f'job-{name}']}" in words


def test_the_stateful_set_has_the_headless_service_that_it_names() -> None:
    objects = master()
    name = objects.find("StatefulSet")["spec"]["serviceName"]
    assert objects.find("Service", name)["spec"]["clusterIP"] == "None"


def test_an_option_of_the_admins_stands_last_where_java_takes_it() -> None:
    # Java takes the last of two settings of a property.
    extra = "-Dalluxio.user.block.size.bytes.default=64MB"
    objects = master({"extraOptions": {"ALLUXIO_JAVA_OPTS": extra, "ALLUXIO_USER_JAVA_OPTS": "-Xmx1G"}})
    words = config(objects)["ALLUXIO_JAVA_OPTS"].split(" ")
    assert words[-1] == extra
    assert "-Dalluxio.user.block.size.bytes.default=32MB" in words
    assert config(objects)["ALLUXIO_USER_JAVA_OPTS"] == "-Xmx1G"


@pytest.mark.parametrize("bad", ['-Da="$(id)"', "-Da=`id`", "-Da=b\n-Dc=d", "-Da=\\"])
def test_what_the_images_shell_would_run_is_refused(bad: str) -> None:
    # Its entrypoint writes each variable as `export NAME="value"` into a file that it then runs.
    with pytest.raises(RenderError, match="extraOptions"):
        master({"extraOptions": {"ALLUXIO_JAVA_OPTS": bad}})


def test_every_process_logs_into_files_that_are_bounded() -> None:
    values = {"log": {"level": "WARN", "maxFileSize": "10MB", "maxBackupIndex": 3}}
    objects = master(values)
    text = objects.find("ConfigMap", "openpai-dshuttle-log-config")["data"]["log4j.properties"]
    settings = dict(line.split("=", 1) for line in text.splitlines() if line and not line.startswith("#"))
    assert settings["log4j.rootLogger"].startswith("WARN, ${alluxio.logger.type}")
    # The names that Alluxio's start script gives its processes (bin/launch-process of branch 2.x).
    for name in ("MASTER", "JOB_MASTER", "WORKER", "JOB_WORKER", "FUSE", "USER"):
        appender = f"log4j.appender.{name}_LOGGER"
        assert settings[appender] == "org.apache.log4j.RollingFileAppender"
        assert (settings[f"{appender}.MaxFileSize"], settings[f"{appender}.MaxBackupIndex"]) == ("10MB", "3")
    assert settings["log4j.appender."] == "org.apache.log4j.varia.NullAppender"


def test_legacys_memory_comes_with_qos_and_the_request_is_the_one_configured() -> None:
    assert container(master(), "dshuttle-master")["resources"] == {}
    objects = master({"global": {"qos": True}})
    # Legacy took the limit for the master's request too (dshuttle-master.yaml.template).
    assert container(objects, "dshuttle-master")["resources"] == {
        "requests": {"memory": "8G"},
        "limits": {"memory": "16G"},
    }
    assert container(objects, "dshuttle-job-master")["resources"] == {
        "requests": {"memory": "4G"},
        "limits": {"memory": "8G"},
    }


def test_commands_are_legacys() -> None:
    objects = master()
    assert [(item["name"], item["command"], item["args"]) for item in pod(objects)["containers"]] == [
        ("dshuttle-master", ["/entrypoint.sh"], ["master-only", "--no-format"]),
        ("dshuttle-job-master", ["/entrypoint.sh"], ["job-master"]),
    ]


def test_folders_are_given_to_the_images_user_at_their_own_paths() -> None:
    # Legacy's command named one of them without a slash.
    init = pod(master(scenario_values("dshuttle-master", "quick-start")))["initContainers"]
    assert [item["command"][2:] for item in init] == [["/data", "1000", "1000"]] * 2
    assert [item["volumeMounts"][-1]["name"] for item in init] == ["journal", "ufs"]
    mounts = {
        item["name"]: item["mountPath"] for item in container(master(), "dshuttle-master")["volumeMounts"]
    }
    assert (mounts["journal"], mounts["ufs"]) == ("/journal", "/opt/alluxio/underFSStorage")


def test_folders_of_an_old_installation_are_found_and_kept() -> None:
    objects = master(scenario_values("dshuttle-master", "quick-start"))
    paths = sorted(item["spec"]["hostPath"]["path"] for item in objects.all("PersistentVolume"))
    assert paths == ["/mnt/dshuttle/journal", "/mnt/dshuttle/ufs"]


def test_volumes_need_no_root() -> None:
    objects = master(scenario_values("dshuttle-master", "volumes"))
    assert "initContainers" not in pod(objects)
    assert pod(objects)["securityContext"]["fsGroup"] == 1000
    claims = [
        v["persistentVolumeClaim"]["claimName"]
        for v in pod(objects)["volumes"]
        if "persistentVolumeClaim" in v
    ]
    assert claims == ["openpai-dshuttle-master-journal", "cached-files"]


def test_an_upgrade_leaves_the_master_alone() -> None:
    assert master().find("StatefulSet")["spec"]["updateStrategy"] == {"type": "OnDelete"}
    now = master({"updateStrategy": "RollingUpdate"})
    assert now.find("StatefulSet")["spec"]["updateStrategy"] == {"type": "RollingUpdate"}


def test_only_pylon_reaches_the_pages() -> None:
    rules = master().find("NetworkPolicy")["spec"]["ingress"]
    by_port = {port["port"]: rule.get("from") for rule in rules for port in rule["ports"]}
    # Workers and mounts come from their machines' addresses.
    assert by_port[30998] is by_port[31001] is None
    components = [
        peer["podSelector"]["matchLabels"]["app.kubernetes.io/component"] for peer in by_port[30999]
    ]
    assert components == ["pylon", "helm-test"]
    assert by_port[31002] == by_port[30999]


def test_the_master_takes_no_port_of_its_machine() -> None:
    spec = pod(master())
    assert "hostNetwork" not in spec
    assert "hostPort" not in str(spec)


def test_the_image_is_microsofts_unless_another_is_named() -> None:
    objects = master()
    assert container(objects, "dshuttle-master")["image"] == "dshuttle.azurecr.io/dshuttle/dshuttle:25037dc"
    own = master({"image": {"registry": "r.example.org", "repository": "a/b", "tag": "1"}})
    assert container(own, "dshuttle-job-master")["image"] == "r.example.org/a/b:1"
    with pytest.raises(RenderError, match="repository"):
        master({"image": {"repository": ""}})
    with pytest.raises(RenderError, match="neither a tag nor a digest"):
        master({"image": {"tag": ""}})


def test_pods_are_marked_when_the_configuration_changes() -> None:
    def checksum(values: dict[str, Any]) -> str:
        annotations = master(values).find("StatefulSet")["spec"]["template"]["metadata"]["annotations"]
        return str(annotations["checksum/config"])

    assert checksum({}) != checksum({"log": {"level": "DEBUG"}})
