"""Grafana as the portal, pylon and Prometheus expect it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
import yaml

from tests.chart.charts import merged, scenario_values
from tests.chart.render import Object, Objects, render

SCENARIOS = ("quick-start", "login", "ephemeral")
# Whatever asks somebody outside the cluster (setup-grafana/configure-grafana of Grafana's documentation).
PHONES_HOME = {
    "GF_ANALYTICS_REPORTING_ENABLED": "false",
    "GF_ANALYTICS_CHECK_FOR_UPDATES": "false",
    "GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES": "false",
    "GF_NEWS_NEWS_FEED_ENABLED": "false",
    "GF_PLUGINS_PREINSTALL_DISABLED": "true",
    "GF_PLUGINS_PUBLIC_KEY_RETRIEVAL_DISABLED": "true",
    "GF_SECURITY_DISABLE_GRAVATAR": "true",
    "GF_SNAPSHOTS_EXTERNAL_ENABLED": "false",
}


def rendered(values: Mapping[str, Any] | None = None, scenario: str = "quick-start") -> Objects:
    return render("grafana", merged(scenario_values("grafana", scenario), values or {}))


def pod(objects: Objects) -> Object:
    found: Object = objects.find("Deployment", "openpai-grafana")["spec"]["template"]["spec"]
    return found


def container(objects: Objects) -> Object:
    (found,) = pod(objects)["containers"]
    return dict(found)


def settings(objects: Objects) -> dict[str, str]:
    return {entry["name"]: entry["value"] for entry in container(objects)["env"] if "value" in entry}


def provisioned(objects: Objects, key: str, name: str = "openpai-grafana") -> Any:
    return yaml.safe_load(objects.find("ConfigMap", name)["data"][key])


def dashboard_maps(objects: Objects) -> dict[str, Object]:
    """ConfigMaps with a dashboard, by the dashboard's uid."""
    found = {}
    for item in objects.all("ConfigMap"):
        for file, text in item["data"].items():
            if file.endswith(".json"):
                found[json.loads(text)["uid"]] = item
    return found


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_it_asks_nobody_outside(scenario: str) -> None:
    assert settings(rendered(scenario=scenario)).items() >= PHONES_HOME.items()


@pytest.mark.parametrize(
    ("url", "secure"), [("http://10.0.0.1", "false"), ("https://pai.example.com:8443", "true")]
)
def test_it_serves_under_the_address_that_users_type(url: str, secure: str) -> None:
    found = settings(rendered({"global": {"externalUrl": url}}))
    assert found["GF_SERVER_ROOT_URL"] == f"{url}/grafana/"
    assert found["GF_SERVER_SERVE_FROM_SUB_PATH"] == "true"
    # A secure cookie is never sent over http: nobody could log in.
    assert found["GF_SECURITY_COOKIE_SECURE"] == secure


def test_the_portal_may_frame_it_without_a_login() -> None:
    # src/grafana/deploy/grafana.yaml.template: GF_AUTH_ANONYMOUS_ENABLED, GF_USERS_DEFAULT_THEME
    found = settings(rendered())
    assert found["GF_SECURITY_ALLOW_EMBEDDING"] == "true"
    assert (found["GF_AUTH_ANONYMOUS_ENABLED"], found["GF_AUTH_ANONYMOUS_ORG_ROLE"]) == ("true", "Viewer")
    assert found["GF_USERS_DEFAULT_THEME"] == "light"


def test_a_login_can_be_asked_for() -> None:
    found = settings(rendered(scenario="login"))
    assert found["GF_AUTH_ANONYMOUS_ENABLED"] == "false"
    assert found["GF_SECURITY_COOKIE_SAMESITE"] == "strict"  # extraEnv wins


def test_nobody_gets_more_than_to_look_without_asking() -> None:
    assert settings(rendered())["GF_USERS_ALLOW_SIGN_UP"] == "false"
    # /metrics would be open on the same port, and through pylon.
    assert settings(rendered())["GF_METRICS_ENABLED"] == "false"


def test_the_admins_password_is_a_credential() -> None:
    objects = rendered(scenario="login")
    (entry,) = (e for e in container(objects)["env"] if e["name"] == "GF_SECURITY_ADMIN_PASSWORD")
    assert entry["valueFrom"] == {"secretKeyRef": {"name": "my-credentials", "key": "grafana-admin-password"}}
    assert settings(objects)["GF_SECURITY_ADMIN_USER"] == "admin"


@pytest.mark.parametrize(("scenario", "port"), [("quick-start", 3000), ("login", 80)])
def test_the_port_reaches_server_service_and_probes(scenario: str, port: int) -> None:
    objects = rendered(scenario=scenario)
    (declared,) = container(objects)["ports"]
    (offered,) = objects.find("Service", "openpai-grafana")["spec"]["ports"]
    assert settings(objects)["GF_SERVER_HTTP_PORT"] == str(port)
    assert (declared["containerPort"], offered["port"], offered["targetPort"]) == (port, port, "http")
    # Without root, a port below 1024 needs leave.
    sysctls = pod(objects)["securityContext"].get("sysctls", [])
    assert [entry["name"] for entry in sysctls] == (
        ["net.ipv4.ip_unprivileged_port_start"] if port < 1024 else []
    )


@pytest.mark.parametrize("probe", ["startupProbe", "readinessProbe", "livenessProbe"])
def test_probes_stay_inside_the_path(probe: str) -> None:
    # Served from a sub-path, Grafana leads other paths to root_url: a probe would be sent to pylon.
    assert container(rendered())[probe]["httpGet"] == {"path": "/grafana/api/health", "port": "http"}


@pytest.mark.parametrize(
    ("scenario", "url", "interval"),
    [
        ("quick-start", "http://openpai-prometheus.default.svc:9091/prometheus", "30s"),
        ("login", "http://prometheus-operated.monitoring.svc:9090", "15s"),
    ],
)
def test_the_data_source_is_the_one_that_dashboards_name(scenario: str, url: str, interval: str) -> None:
    (source,) = provisioned(rendered(scenario=scenario), "datasources.yaml")["datasources"]
    found = {key: source[key] for key in ("name", "uid", "type", "access", "url", "isDefault")}
    expected = {
        "name": "PM",
        "uid": "PM",
        "type": "prometheus",
        "access": "proxy",
        "url": url,
        "isDefault": True,
    }
    assert found == expected
    assert source["jsonData"]["timeInterval"] == interval


def test_every_dashboard_is_mounted_where_grafana_looks() -> None:
    objects = rendered()
    spec = pod(objects)
    (provider,) = provisioned(objects, "dashboards.yaml")["providers"]
    (volume,) = (
        mount["name"]
        for mount in container(objects)["volumeMounts"]
        if mount["mountPath"] == provider["options"]["path"]
    )
    (sources,) = (entry["projected"]["sources"] for entry in spec["volumes"] if entry["name"] == volume)
    maps = dashboard_maps(objects)
    assert {source["configMap"]["name"] for source in sources} == {
        item["metadata"]["name"] for item in maps.values()
    }
    home = settings(objects)["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert home == f"{provider['options']['path']}/pai_clusterview.json"
    assert "pai_clusterview.json" in maps["pai_clusterview"]["data"]


def test_provisioning_files_lie_where_grafana_looks() -> None:
    spec = pod(rendered())
    mounts = {m["mountPath"]: m for m in spec["containers"][0]["volumeMounts"] if m["name"] == "provisioning"}
    (volume,) = (entry["configMap"] for entry in spec["volumes"] if entry["name"] == "provisioning")
    folders = {f"/etc/grafana/provisioning/{item['path'].rpartition('/')[0]}" for item in volume["items"]}
    assert (
        set(mounts)
        == folders
        == {
            "/etc/grafana/provisioning/datasources",
            "/etc/grafana/provisioning/dashboards",
        }
    )


def test_own_grafana_is_found_by_no_sidecar() -> None:
    objects = rendered()
    assert [
        item for item in dashboard_maps(objects).values() if "grafana_dashboard" in item["metadata"]["labels"]
    ] == []
    assert "openpai-grafana-datasource" not in {item["metadata"]["name"] for item in objects.all("ConfigMap")}


def test_the_sidecar_of_another_grafana_finds_dashboards_and_data_source() -> None:
    objects = rendered(scenario="ephemeral")
    for item in dashboard_maps(objects).values():
        assert item["metadata"]["labels"]["grafana_dashboard"] == "1"
        assert item["metadata"]["annotations"] == {"grafana_folder": "OpenPAI"}
    (source,) = provisioned(objects, "openpai-datasource.yaml", "openpai-grafana-datasource")["datasources"]
    # Grafana refuses to start with two default data sources.
    assert (source["uid"], source["isDefault"]) == ("PM", False)
    labels = objects.find("ConfigMap", "openpai-grafana-datasource")["metadata"]["labels"]
    assert labels["grafana_datasource"] == "1"


def test_without_a_server_only_configuration_is_made() -> None:
    objects = rendered(scenario="dashboards-only")
    assert {item["kind"] for item in objects} == {"ConfigMap"}
    assert set(dashboard_maps(objects)) == set(dashboard_maps(rendered()))
    labels = dashboard_maps(objects)["pai_clusterview"]["metadata"]["labels"]
    assert (labels["my_dashboards"], labels["release"]) == ("yes", "kube-prometheus-stack")


def test_without_server_and_sidecar_nothing_is_made() -> None:
    assert list(rendered({"server": {"enabled": False}})) == []


def test_a_data_source_of_the_admins_can_be_used() -> None:
    objects = rendered({"sidecar": {"datasourceLabels": {"grafana_datasource": None}}}, "dashboards-only")
    assert "openpai-grafana-datasource" not in {item["metadata"]["name"] for item in objects}


def test_data_lies_on_the_master_and_is_grafanas() -> None:
    objects = rendered()
    assert objects.find("PersistentVolume")["spec"]["hostPath"]["path"] == "/datastorage/grafana"
    (prepare,) = pod(objects)["initContainers"]
    assert prepare["command"][-2:] == ["472", "472"]
    assert pod(objects)["securityContext"]["runAsUser"] == 472


def test_a_volume_is_given_to_grafanas_group() -> None:
    spec = pod(rendered(scenario="login"))
    assert spec["securityContext"]["fsGroup"] == 472
    assert "initContainers" not in spec


def test_nothing_need_be_kept() -> None:
    objects = rendered(scenario="ephemeral")
    assert objects.all("PersistentVolumeClaim", "PersistentVolume") == ()
    (data,) = (volume for volume in pod(objects)["volumes"] if volume["name"] == "data")
    assert data["emptyDir"] == {"sizeLimit": "1Gi"}


def test_only_one_grafana_writes_the_database() -> None:
    spec = rendered().find("Deployment")["spec"]
    assert (spec["replicas"], spec["strategy"]) == (1, {"type": "Recreate"})


def test_only_pylon_comes_in() -> None:
    (rule,) = rendered().find("NetworkPolicy")["spec"]["ingress"]
    components = {
        entry["podSelector"]["matchLabels"]["app.kubernetes.io/component"] for entry in rule["from"]
    }
    assert components == {"pylon", "helm-test"}
