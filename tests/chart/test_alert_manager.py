"""alert-manager's parts as their images, their callers and an administrator expect them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.chart.charts import merged, scenario_values, scenarios
from tests.chart.render import Object, Objects, Pods, render

ALERTMANAGER = "http://openpai-alert-manager.default.svc:9093"
IMAGES = {
    "alert-manager": "docker.io/prom/alertmanager:v0.26.0",
    "alert-handler": "docker.io/openpai/alert-handler:v1.8.0",
    "job-status-change-notification": "docker.io/openpai/job-status-change-notification:v1.8.0",
    "cluster-utilization": "docker.io/openpai/cluster-utilization:v1.8.0",
    "cert-expiration-checker": "docker.io/openpai/cert-expiration-checker:v1.8.0",
}


def rendered(scenario: str = "quick-start", values: Mapping[str, Any] | None = None) -> Objects:
    return render("alert-manager", merged(scenario_values("alert-manager", scenario), values or {}))


def pods(objects: Objects, component: str) -> Pods:
    (found,) = (found for found in objects.pod_specs() if found.component == component)
    return found


def container(objects: Objects, component: str) -> Object:
    (found,) = pods(objects, component).containers(init=False)
    return found.spec


def env(objects: Objects, component: str) -> dict[str, Any]:
    entries = container(objects, component).get("env", [])
    return {entry["name"]: entry.get("value", entry.get("valueFrom")) for entry in entries}


def secret(key: str, name: str = "my-credentials") -> Object:
    return {"secretKeyRef": {"name": name, "key": key}}


def peers(objects: Objects, name: str) -> list[str]:
    """Components that a NetworkPolicy lets in, but for test pods."""
    (rule,) = objects.find("NetworkPolicy", name)["spec"]["ingress"]
    labels = [peer["podSelector"]["matchLabels"] for peer in rule["from"]]
    return [found["app.kubernetes.io/component"] for found in labels[:-1]]


@pytest.mark.parametrize(
    ("scenario", "parts"),
    [
        ("quick-start", ["alert-manager", "alert-handler"]),
        ("watch-only", ["alert-manager", "alert-handler"]),
        ("token-only", ["alert-manager", "alert-handler"]),
        ("everything", list(IMAGES)),
    ],
)
def test_parts_run_where_they_are_switched_on(scenario: str, parts: list[str]) -> None:
    objects = rendered(scenario)
    found = {
        p.component: container(objects, p.component)["image"] for p in objects.pod_specs() if not p.is_test
    }
    assert found == {part: IMAGES[part] for part in parts}


def test_containers_keep_their_old_names() -> None:
    # src/alert-manager/deploy: the service dashboard shows them by name.
    objects = rendered("everything")
    names = {component: container(objects, component)["name"] for component in IMAGES}
    assert names == {
        "alert-manager": "alertmanager",
        "alert-handler": "alerthandler",
        "job-status-change-notification": "job-status-change-notification",
        "cluster-utilization": "cluster-utilization",
        "cert-expiration-checker": "cert-expiration-checker",
    }


def test_lasting_pods_carry_the_old_label_and_regular_ones_do_not() -> None:
    objects = rendered("everything")
    labels = {p.component: p.labels.get("app") for p in objects.pod_specs() if not p.is_test}
    assert [component for component, app in labels.items() if app == "alertmanager"] == [
        "alert-handler",
        "job-status-change-notification",
        "alert-manager",
    ]
    assert labels["cluster-utilization"] is labels["cert-expiration-checker"] is None


# -- Alertmanager


@pytest.mark.parametrize(("scenario", "port"), [("quick-start", 9093), ("watch-only", 80)])
def test_the_port_reaches_alertmanager_service_and_scraping(scenario: str, port: int) -> None:
    # Legacy never passed the port on: any but 9093 broke the service.
    objects = rendered(scenario)
    spec = container(objects, "alert-manager")
    (offered,) = objects.find("Service", "openpai-alert-manager")["spec"]["ports"]
    assert f"--web.listen-address=:{port}" in spec["args"]
    assert spec["ports"] == [{"name": "metrics", "containerPort": port, "protocol": "TCP"}]
    assert (offered["port"], offered["targetPort"]) == (port, "metrics")
    annotations = pods(objects, "alert-manager").template["metadata"]["annotations"]
    scraped = {key: value for key, value in annotations.items() if key.startswith("prometheus.io/")}
    assert scraped == {
        "prometheus.io/scrape": "true",
        "prometheus.io/port": str(port),
        "prometheus.io/path": "/alert-manager/metrics",
    }
    sysctls = pods(objects, "alert-manager").spec["securityContext"].get("sysctls", [])
    assert bool(sysctls) == (port < 1024)


def test_alertmanager_serves_below_its_prefix_and_alone() -> None:
    args = container(rendered("everything"), "alert-manager")["args"]
    assert "--web.route-prefix=/alert-manager" in args
    assert "--web.external-url=https://pai.example.com/alert-manager/" in args
    assert "--cluster.listen-address=" in args
    assert "--storage.path=/alertmanager" in args


@pytest.mark.parametrize(("probe", "path"), [("readinessProbe", "ready"), ("livenessProbe", "healthy")])
def test_probes_ask_below_the_prefix(probe: str, path: str) -> None:
    spec = container(rendered(), "alert-manager")
    assert spec[probe]["httpGet"] == {"path": f"/alert-manager/-/{path}", "port": "metrics"}


def test_alertmanager_finds_its_configuration_and_the_token() -> None:
    objects = rendered("everything")
    spec = container(objects, "alert-manager")
    mounts = {mount["name"]: mount["mountPath"] for mount in spec["volumeMounts"]}
    (file,) = objects.find("ConfigMap", "openpai-alert-manager")["data"]
    assert f"--config.file={mounts['config']}/{file}" in spec["args"]
    (token,) = (v["secret"] for v in pods(objects, "alert-manager").spec["volumes"] if v["name"] == "token")
    assert token == {
        "secretName": "my-credentials",
        "items": [{"key": "pai-bearer-token", "path": "pai-bearer-token"}],
    }
    assert (
        f"{mounts['token']}/pai-bearer-token"
        in objects.find("ConfigMap", "openpai-alert-manager")["data"][file]
    )


def test_without_a_token_none_is_mounted() -> None:
    objects = rendered()
    assert "token" not in {volume["name"] for volume in pods(objects, "alert-manager").spec["volumes"]}
    assert "pai-bearer-token" not in objects.text


def test_silences_outlive_the_pod() -> None:
    objects = rendered()
    assert objects.find("Deployment", "openpai-alert-manager")["spec"]["strategy"] == {"type": "Recreate"}
    assert objects.find("PersistentVolume", "default-openpai-alert-manager")["spec"]["hostPath"] == {
        "path": "/datastorage/alert-manager",
        "type": "DirectoryOrCreate",
    }
    claims = [
        v["persistentVolumeClaim"]
        for v in pods(objects, "alert-manager").spec["volumes"]
        if v["name"] == "data"
    ]
    assert claims == [{"claimName": "openpai-alert-manager"}]


def test_who_sends_alerts_or_asks_for_them_gets_in() -> None:
    assert peers(rendered(), "openpai-alert-manager") == ["prometheus", "pylon", "rest-server"]
    assert peers(rendered("everything"), "openpai-alert-manager") == [
        "prometheus",
        "pylon",
        "rest-server",
        "job-status-change-notification",
        "cert-expiration-checker",
    ]


# -- Handler


@pytest.mark.parametrize("scenario", scenarios("alert-manager"))
def test_nobody_but_alertmanager_reaches_the_handler(scenario: str) -> None:
    objects = rendered(scenario)
    assert peers(objects, "openpai-alert-handler") == ["alert-manager"]
    # It stays closed although the chart's own policy may be widened.
    assert len(objects.find("NetworkPolicy", "openpai-alert-handler")["spec"]["ingress"]) == 1


@pytest.mark.parametrize(("scenario", "port"), [("quick-start", 9095), ("watch-only", 8095)])
def test_the_port_reaches_handler_service_and_alertmanager(scenario: str, port: int) -> None:
    objects = rendered(
        scenario,
        {"receivers": [{"name": "a", "actions": {"cordon-nodes": {}}}], "actions": {"cordonNodes": True}},
    )
    spec = container(objects, "alert-handler")
    (offered,) = objects.find("Service", "openpai-alert-handler")["spec"]["ports"]
    config = objects.find("ConfigMap", "openpai-alert-manager")["data"]["alertmanager.yml"]
    assert env(objects, "alert-handler")["SERVER_PORT"] == str(port)
    assert (spec["ports"][0]["containerPort"], offered["port"], offered["targetPort"]) == (
        port,
        port,
        "handler",
    )
    assert f"http://openpai-alert-handler.default.svc:{port}/alert-handler/cordon-nodes" in config


def test_the_handler_gets_what_it_reads() -> None:
    # src/alert-manager/deploy/alert-manager-deployment.yaml.template
    assert env(rendered("everything"), "alert-handler") == {
        "SERVER_PORT": "9095",
        "CLUSTER_ID": "lab",
        "REST_SERVER_URI": "http://openpai-rest-server.default.svc:9186",
        "DOCKER_REGISTRY_PREFIX": "docker.io/openpai/",
        "DOCKER_REGISTRY_TAG": "v1.8.0",
        "WEBPORTAL_URI": "https://pai.example.com",
        "LOG_LEVEL": "debug",
        "EMAIL_CONFIGS_ADMIN_RECEIVER": "admins@example.com",
        "EMAIL_CONFIGS_SMTP_HOST": "smtp.example.com",
        "EMAIL_CONFIGS_SMTP_PORT": "587",
        "EMAIL_CONFIGS_SMTP_FROM": "pai@example.com",
        "EMAIL_CONFIGS_SMTP_AUTH_USERNAME": "pai@example.com",
        "EMAIL_CONFIGS_SMTP_AUTH_PASSWORD": secret("smtp-password"),
        "NODE_EXTRA_CA_CERTS": "/etc/alerthandler/ca/ca.crt",
    }


def test_without_mails_the_handler_knows_no_mail_server() -> None:
    objects = rendered()
    assert [name for name in env(objects, "alert-handler") if name.startswith("EMAIL")] == []
    assert "volumes" not in pods(objects, "alert-handler").spec
    assert "openpai-alert-templates" not in {item["metadata"]["name"] for item in objects.all("ConfigMap")}


def test_the_fixers_image_comes_from_where_all_others_do() -> None:
    shared = {"imageRegistry": "mirror.example.com:5000/pai", "paiImages": {"tag": "v1.8.1"}}
    found = env(rendered("everything", {"global": shared}), "alert-handler")
    # The image joins prefix, `nvidia-gpu-low-perf-fixer:` and tag.
    assert found["DOCKER_REGISTRY_PREFIX"] == "mirror.example.com:5000/pai/openpai/"
    assert found["DOCKER_REGISTRY_TAG"] == "v1.8.1"


def test_every_mail_template_lies_where_the_handler_looks() -> None:
    objects = rendered("everything")
    volume, authority = pods(objects, "alert-handler").spec["volumes"]
    mount, authority_mount = container(objects, "alert-handler")["volumeMounts"]
    assert authority["configMap"] == {"name": "example-ca", "items": [{"key": "ca.crt", "path": "ca.crt"}]}
    assert authority_mount["mountPath"] == "/etc/alerthandler/ca"
    data = objects.find("ConfigMap", volume["configMap"]["name"])["data"]
    paths = {item["path"]: item["key"] for item in volume["configMap"]["items"]}
    assert mount["mountPath"] == "/etc/alerthandler/templates"
    templates = {path.partition("/")[0] for path in paths}
    assert {f"{name}/{file}.ejs" for name in templates for file in ("html", "subject")} <= paths.keys()
    assert set(paths.values()) == set(data)
    assert data[paths["idle/html.ejs"]] == "<p><%= alerts[0].labels.job_name %></p>"
    assert data[paths["idle/text.ejs"]] == "<%- alerts[0].labels.job_name %>"


def test_a_template_of_the_admins_replaces_one_of_the_charts() -> None:
    own = {"html": "  <p>\n\nmine: <%= x %>\n", "subject": "mine"}
    objects = rendered("everything", {"templates": {"general-templates": own}})
    data = objects.find("ConfigMap", "openpai-alert-templates")["data"]
    assert (data["general-templates-html.ejs"], data["general-templates-subject.ejs"]) == (
        own["html"],
        "mine",
    )


@pytest.mark.parametrize(("cordons", "fixes"), [(False, False), (True, False), (False, True), (True, True)])
def test_the_handler_may_do_what_its_actions_do_and_no_more(cordons: bool, fixes: bool) -> None:
    objects = rendered(values={"actions": {"cordonNodes": cordons, "fixNvidiaGpuLowPerf": fixes}})
    cluster = [rule for role in objects.all("ClusterRole") for rule in role["rules"]]
    assert cluster == ([{"apiGroups": [""], "resources": ["nodes"], "verbs": ["patch"]}] if cordons else [])
    roles = [(role["metadata"]["namespace"], role["rules"]) for role in objects.all("Role")]
    jobs = [{"apiGroups": ["batch"], "resources": ["jobs"], "verbs": ["create", "list", "delete"]}]
    assert roles == ([("default", jobs)] if fixes else [])
    bound = [b["subjects"] for b in objects.all("ClusterRoleBinding", "RoleBinding")]
    account = {"kind": "ServiceAccount", "name": "openpai-alert-handler", "namespace": "default"}
    assert bound == [[account]] * (cordons + fixes)
    assert pods(objects, "alert-handler").spec["automountServiceAccountToken"] is (cordons or fixes)


def test_jobs_that_fix_gpus_are_made_in_default_from_any_namespace() -> None:
    objects = render("alert-manager", {"actions": {"fixNvidiaGpuLowPerf": True}}, namespace="pai-system")
    (role,), (binding,) = objects.all("Role"), objects.all("RoleBinding")
    assert role["metadata"]["namespace"] == binding["metadata"]["namespace"] == "default"
    assert role["metadata"]["name"] == "pai-system-openpai-alert-manager"
    assert binding["subjects"][0]["namespace"] == "pai-system"


@pytest.mark.parametrize("scenario", scenarios("alert-manager"))
def test_only_the_handler_gets_a_token_of_the_api_server(scenario: str) -> None:
    objects = rendered(scenario)
    holders = [p.component for p in objects.pod_specs() if p.spec["automountServiceAccountToken"]]
    assert holders == ([] if scenario == "watch-only" else ["alert-handler"])


# -- News of jobs, report, certificate


def test_the_notifier_gets_what_it_reads() -> None:
    # src/alert-manager/src/job-status-change-notification/common/config.js wants all of them.
    found = env(rendered("everything"), "job-status-change-notification")
    assert found == {
        "PAI_URI": ALERTMANAGER,
        "LOG_LEVEL": "info",
        "POLL_INTERVAL_SECOND": "120",
        "MAX_DB_CONNECTION": "10",
        "DATABASE_PASSWORD_URLENCODED": secret("database-password-urlencoded"),
        "DB_CONNECTION_STR": "postgresql://root:$(DATABASE_PASSWORD_URLENCODED)@openpai-postgresql.default.svc:5432/openpai",
    }
    assert rendered("everything").find("Deployment", "openpai-job-status-change")["spec"]["strategy"] == {
        "type": "Recreate"
    }


def test_the_report_gets_what_it_reads() -> None:
    # It asks /prometheus, /rest-server and /alert-manager of one address: pylon's port for that.
    assert env(rendered("everything"), "cluster-utilization") == {
        "PAI_URI": "http://openpai-pylon-internal.default.svc:8088",
        "PAI_BEARER_TOKEN": secret("pai-bearer-token"),
        "PROMETHEUS_SCRAPE_INTERVAL": "30",
    }


def test_the_checker_sees_one_file_of_the_master() -> None:
    objects = rendered("everything")
    assert env(objects, "cert-expiration-checker") == {"PAI_URI": ALERTMANAGER, "ALERT_RESIDUAL_DAYS": "30"}
    (volume,) = pods(objects, "cert-expiration-checker").spec["volumes"]
    assert volume["hostPath"] == {"path": "/etc/kubernetes/pki/apiserver.crt", "type": "File"}
    (mount,) = container(objects, "cert-expiration-checker")["volumeMounts"]
    # src/cert-expiration-checker/send_alert.py opens this path.
    assert mount == {
        "name": volume["name"],
        "mountPath": "/etc/kubernetes/ssl/apiserver.crt",
        "readOnly": True,
    }


@pytest.mark.parametrize(
    ("name", "schedule"), [("cluster-utilization", "0 8 * * 1"), ("cert-expiration-checker", "0 0 * * *")]
)
def test_regular_jobs_run_one_at_a_time_and_leave_little(name: str, schedule: str) -> None:
    spec = rendered("everything").find("CronJob", f"openpai-{name}")["spec"]
    assert spec["schedule"] == schedule
    assert spec["concurrencyPolicy"] == "Forbid"
    assert (spec["successfulJobsHistoryLimit"], spec["failedJobsHistoryLimit"]) == (1, 1)
    assert spec["startingDeadlineSeconds"] > 0
    # A failed pod is left for its log, which a restarted container would not be.
    assert spec["jobTemplate"]["spec"]["template"]["spec"]["restartPolicy"] == "Never"


def test_everything_runs_on_the_master() -> None:
    for found in rendered("everything").pod_specs():
        if not found.is_test:
            (term,) = found.spec["affinity"]["nodeAffinity"][
                "requiredDuringSchedulingIgnoredDuringExecution"
            ]["nodeSelectorTerms"]
            assert term["matchExpressions"] == [{"key": "pai-master", "operator": "In", "values": ["true"]}]


@pytest.mark.parametrize(
    ("change", "component", "restarts"),
    [
        ({"repeatInterval": "1h"}, "alert-manager", True),
        ({"repeatInterval": "1h"}, "alert-handler", False),
        ({"templates": {"idle": {"html": "other", "subject": "x"}}}, "alert-handler", True),
        ({"templates": {"idle": {"html": "other", "subject": "x"}}}, "alert-manager", False),
        ({"global": {"credentials": {"revision": "2"}}}, "alert-manager", True),
        ({"global": {"credentials": {"revision": "2"}}}, "alert-handler", True),
        ({"global": {"credentials": {"revision": "2"}}}, "job-status-change-notification", True),
    ],
)
def test_a_pod_restarts_when_what_it_reads_changes(
    change: Mapping[str, Any], component: str, restarts: bool
) -> None:
    before, after = rendered("everything"), rendered("everything", change)
    changed = pods(before, component).template != pods(after, component).template
    assert changed is restarts


def test_helm_test_asks_alertmanager_and_the_handler() -> None:
    (test,) = (p for p in rendered().pod_specs() if p.is_test)
    (found,) = test.spec["containers"]
    assert found["args"][1:] == [
        f"{ALERTMANAGER}/alert-manager/-/ready",
        "tcp://openpai-alert-handler.default.svc:9095",
    ]
