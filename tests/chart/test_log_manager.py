"""The log server as its image v1.8.0 and the rest of the release expect it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.chart.charts import merged, scenario_values
from tests.chart.render import Object, Objects, render
from tests.chart.scenes import whole

SERVER, CLEANER = "log-manager-nginx", "log-cleaner"


def rendered(values: Mapping[str, Any] | None = None, scenario: str = "quick-start") -> Objects:
    return render("log-manager", merged(scenario_values("log-manager", scenario), values or {}))


def pod(objects: Objects) -> Object:
    found: Object = objects.find("DaemonSet", "openpai-log-manager")["spec"]["template"]["spec"]
    return found


def container(objects: Objects, name: str) -> Object:
    (found,) = (entry for entry in pod(objects)["containers"] if entry["name"] == name)
    return dict(found)


def variables(spec: Object) -> dict[str, Object]:
    return {entry["name"]: entry for entry in spec["env"]}


def test_server_gets_every_variable_that_it_reads() -> None:
    # src/log-manager/src/nginx: token.lua and guard.lua fail without one of these.
    env = variables(container(rendered(), SERVER))
    assert set(env) == {"ADMIN_NAME", "ADMIN_PASSWORD", "JWT_SECRET", "TOKEN_EXPIRED_SECOND", "NODE_NAME"}
    assert env["ADMIN_NAME"]["value"] == "admin"
    assert env["TOKEN_EXPIRED_SECOND"]["value"] == "120"
    assert env["NODE_NAME"]["valueFrom"] == {"fieldRef": {"fieldPath": "spec.nodeName"}}
    secrets = {name: env[name]["valueFrom"]["secretKeyRef"] for name in ("ADMIN_PASSWORD", "JWT_SECRET")}
    assert secrets == {
        "ADMIN_PASSWORD": {"name": "openpai-credentials", "key": "log-manager-password"},
        "JWT_SECRET": {"name": "openpai-credentials", "key": "log-manager-jwt-secret"},
    }


@pytest.mark.parametrize(("scenario", "port"), [("quick-start", 9103), ("qos", 9203)])
def test_logs_are_asked_for_at_the_nodes_port(scenario: str, port: int) -> None:
    (found,) = container(rendered(scenario=scenario), SERVER)["ports"]
    # src/log-manager/src/nginx/nginx.conf.default: listen 80
    assert (found["containerPort"], found["hostPort"]) == (80, port)


def test_rest_server_asks_as_the_log_server_wants_to_be_asked() -> None:
    objects = whole().objects
    (server,) = (c.spec for _, c in objects.containers() if c.name == SERVER)
    (rest_server,) = (c.spec for _, c in objects.containers() if c.name == "rest-server")
    asked, asking = variables(server), variables(rest_server)
    assert asking["LOG_MANAGER_PORT"]["value"] == str(server["ports"][0]["hostPort"])
    assert asking["LOG_MANAGER_ADMIN_NAME"]["value"] == asked["ADMIN_NAME"]["value"]
    assert asking["LOG_MANAGER_ADMIN_PASSWORD"]["valueFrom"] == asked["ADMIN_PASSWORD"]["valueFrom"]


def test_server_may_listen_on_port_80_without_root() -> None:
    context = pod(rendered())["securityContext"]
    assert context["runAsNonRoot"]
    assert context["sysctls"] == [{"name": "net.ipv4.ip_unprivileged_port_start", "value": "0"}]


def test_server_only_reads_the_logs_of_jobs() -> None:
    # rest-server v1.8.0 mounts /var/log/pai into jobs; both images look in /usr/local/pai/logs.
    spec = pod(rendered())
    (volume,) = (entry for entry in spec["volumes"] if "hostPath" in entry)
    assert volume["hostPath"] == {"path": "/var/log/pai", "type": "DirectoryOrCreate"}
    read_only = {
        entry["name"]: mount.get("readOnly", False)
        for entry in spec["containers"]
        for mount in entry["volumeMounts"]
        if (mount["name"], mount["mountPath"]) == (volume["name"], "/usr/local/pai/logs")
    }
    assert read_only == {SERVER: True, CLEANER: False}


def test_the_cleaners_tasks_are_out_of_the_servers_reach() -> None:
    places = [{mount["name"] for mount in entry["volumeMounts"]} for entry in pod(rendered())["containers"]]
    assert places[0] & places[1] == {"logs"}


def test_logs_are_kept_for_a_month_or_as_long_as_told() -> None:
    # src/log-manager/src/cleaner/entrypoint.sh
    days = [
        variables(container(rendered(scenario=scenario), CLEANER))["LOG_EXIST_TIME"]["value"]
        for scenario in ("quick-start", "qos")
    ]
    assert days == ["30", "7"]


def test_it_runs_on_every_node_that_does_not_opt_out() -> None:
    spec = pod(rendered())
    required = spec["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    # src/log-manager/deploy/service.yaml: notin no-logmanager
    assert required["nodeSelectorTerms"] == [
        {"matchExpressions": [{"key": "no-logmanager", "operator": "NotIn", "values": ["true"]}]}
    ]
    assert spec["tolerations"] == [{"operator": "Exists"}]


def test_qos_gives_legacys_figures() -> None:
    # src/log-manager/deploy/log-manager.yaml.template
    legacy = {"limits": {"cpu": "500m", "memory": "512Mi"}, "requests": {"cpu": "0", "memory": "128Mi"}}
    objects = rendered({"global": {"qos": True}})
    assert [container(objects, name)["resources"] for name in (SERVER, CLEANER)] == [legacy, legacy]


@pytest.mark.parametrize("scenario", ["quick-start", "qos"])
def test_the_test_pod_runs_where_there_is_a_log_server(scenario: str) -> None:
    objects = rendered(scenario=scenario)
    test, server = objects.find("Pod")["spec"], pod(objects)
    places = ("affinity", "nodeSelector", "tolerations")
    assert [test.get(place) for place in places] == [server.get(place) for place in places]
