"""What rest-server v1.8.0 needs beside its environment: rights, a token, its files, its start and end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import yaml

from tests.chart.charts import merged, scenario_values, scenarios
from tests.chart.render import Object, Objects, RenderError, render

NAMESPACE = "pai-system"
URL = {"global": {"externalUrl": "https://pai.example.com"}}


def rendered(values: Mapping[str, Any] | None = None, scenario: str = "quick-start") -> Objects:
    given = merged(scenario_values("rest-server", scenario), values or {})
    return render("rest-server", given, namespace=NAMESPACE)


def template(objects: Objects) -> Object:
    found: Object = objects.find("Deployment")["spec"]["template"]
    return found


def variables(objects: Objects) -> dict[str, Any]:
    """Variables of the container: text, or the key of the credentials Secret in angle brackets."""
    return {
        entry["name"]: entry.get(
            "value", f"<{entry.get('valueFrom', {}).get('secretKeyRef', {}).get('key')}>"
        )
        for entry in template(objects)["spec"]["containers"][0]["env"]
    }


def checksums(objects: Objects) -> dict[str, str]:
    annotations = template(objects)["metadata"]["annotations"]
    return {name: value for name, value in annotations.items() if name.startswith("checksum/")}


def test_rights_are_those_that_the_sources_use() -> None:
    # models/kubernetes, models/token.js, models/v2/{storage,job,virtual-cluster}, utils/manager. Creating a
    # namespace is asked for once, not waited for, and may be refused.
    rights: dict[tuple[str, str, str], set[str]] = {}
    for role in rendered().all("Role", "ClusterRole"):
        for rule in role["rules"]:
            assert rule["apiGroups"] == [""]
            for resource in rule["resources"]:
                names = ",".join(rule.get("resourceNames", []))
                key = (role["metadata"].get("namespace", "*"), resource, names)
                rights.setdefault(key, set()).update(rule["verbs"])
    record = {"get", "list", "create", "update", "delete"}
    assert rights == {
        ("*", "nodes", ""): {"list"},
        ("*", "pods", ""): {"list"},
        ("*", "persistentvolumes", ""): {"get"},
        ("default", "pods", ""): {"get"},
        ("default", "secrets", ""): {"get"},
        ("default", "persistentvolumeclaims", ""): {"get", "list"},
        ("default", "configmaps", "pai-version"): {"get"},
        ("pai-user-v2", "secrets", ""): record,
        ("pai-group", "secrets", ""): record,
        ("pai-user-token", "secrets", ""): {"get", "create", "update"},
    }


@pytest.mark.parametrize("scenario", scenarios("rest-server"))
def test_token_does_not_expire_and_is_the_only_one(scenario: str) -> None:
    # config/kubernetes.js reads the token once; a projected one would end and be refused until a restart.
    objects = rendered(scenario=scenario)
    spec = template(objects)["spec"]
    secret = objects.find("Secret", f"{spec['serviceAccountName']}-token")
    assert secret["type"] == "kubernetes.io/service-account-token"
    assert secret["metadata"]["annotations"] == {
        "kubernetes.io/service-account.name": spec["serviceAccountName"]
    }
    assert spec["automountServiceAccountToken"] is False
    assert objects.find("ServiceAccount")["automountServiceAccountToken"] is False
    [volume] = [volume for volume in spec["volumes"] if volume["name"] == "token"]
    # Naming the keys makes the kubelet wait until the control plane has filled them in.
    keys = {item["key"] for item in volume["secret"]["items"]}
    assert (volume["secret"]["secretName"], keys) == (secret["metadata"]["name"], {"token", "ca.crt"})


def test_log_file_has_no_room_to_grow() -> None:
    # config/logger.js writes server.log, config/express.js reads ./docs, both in the working directory.
    container = template(rendered())["spec"]["containers"][0]
    [mount] = [mount for mount in container["volumeMounts"] if mount["mountPath"] == container["workingDir"]]
    [volume] = [v for v in template(rendered())["spec"]["volumes"] if v["name"] == mount["name"]]
    assert volume["emptyDir"] == {"sizeLimit": "1Mi"}
    lines = container["command"][-1].splitlines()
    assert lines == [
        "ln -sfn /usr/src/app/docs docs",
        "ln -sf /dev/null server.log",
        "exec node /usr/src/app/index.js",
    ]


def test_requests_in_flight_outlive_the_endpoint() -> None:
    spec = template(rendered())["spec"]
    sleep = int(spec["containers"][0]["lifecycle"]["preStop"]["exec"]["command"][1])
    assert sleep < spec["terminationGracePeriodSeconds"] <= 30


def test_probes_stay_far_below_the_rate_limit() -> None:
    # config/rate-limit.js counts per address and minute; the kubelet is one caller.
    container = template(rendered())["spec"]["containers"][0]
    per_minute = sum(60 / container[f"{kind}Probe"]["periodSeconds"] for kind in ("readiness", "liveness"))
    assert per_minute <= 10
    with pytest.raises(RenderError, match="apiPerMinute"):
        rendered({"rateLimits": {"apiPerMinute": 19}})


WAITS = [
    # id                  scenario             what it waits for
    ("hived",             "quick-start",       ["tcp://openpai-postgresql.pai-system.svc:5432",
                                                "tcp://openpai-database-controller.pai-system.svc:9748",
                                                "http://openpai-hivedscheduler.pai-system.svc:30096/"]),
    ("external-database", "azure-ad",          ["tcp://db.example.com:5432",
                                                "tcp://openpai-database-controller.pai-system.svc:9748",
                                                "http://openpai-hivedscheduler.pai-system.svc:30096/"]),
    ("no-hived",          "default-scheduler", ["tcp://openpai-postgresql.pai-system.svc:5432",
                                                "tcp://openpai-database-controller.pai-system.svc:9748"]),
]  # fmt: skip


@pytest.mark.parametrize(("scenario", "targets"), [pytest.param(*row[1:], id=row[0]) for row in WAITS])
def test_it_waits_for_what_it_can_not_do_without(scenario: str, targets: list[str]) -> None:
    [init] = template(rendered(scenario=scenario))["spec"]["initContainers"]
    assert init["args"][1:] == targets


def test_jobs_get_an_address_that_they_can_reach() -> None:
    # models/v2/job/k8s.js hands REST_SERVER_URI to jobs, which use the host's network and so no cluster DNS.
    assert variables(rendered(URL))["REST_SERVER_URI"] == "https://pai.example.com/rest-server"
    # Alone, without an address for users, the image must still be given one.
    alone = variables(rendered({"global": {"externalUrl": ""}}))
    assert alone["REST_SERVER_URI"] == "http://openpai-rest-server.pai-system.svc:9186"


def test_jobs_use_the_mirror_and_its_secret() -> None:
    mirror = {
        "global": {
            "imageRegistry": "mirror.example.com/hub",
            "jobPullSecret": "mine",
            "paiImages": {"tag": "v9"},
        }
    }
    found = variables(rendered(mirror))
    assert found["LAUNCHER_RUNTIME_IMAGE"] == "mirror.example.com/hub/openpai/openpai-runtime:v9"
    assert found["LAUNCHER_RUNTIME_IMAGE_PULL_SECRETS"] == "mine"


def test_missing_services_get_an_address_that_leads_nowhere() -> None:
    # config/launcher.js refuses an empty one. RFC 2606: `.invalid` is never found.
    found = variables(rendered({"global": {"hived": {"enabled": False}}}))
    assert found["HIVED_WEBSERVICE_URI"] == "http://hivedscheduler.invalid"
    assert found["ALERT_MANAGER_URL"] == "http://alert-manager.invalid"
    on = variables(rendered({"alertManager": {"enabled": True}}))
    assert on["ALERT_MANAGER_URL"] == "http://openpai-alert-manager.pai-system.svc:9093"


def test_credentials_come_from_the_one_secret() -> None:
    found = variables(rendered())
    assert {name: value for name, value in found.items() if value.startswith("<")} == {
        "DATABASE_PASSWORD_URLENCODED": "<database-password-urlencoded>",
        "DEFAULT_PAI_ADMIN_PASSWORD": "<admin-password>",
        "DEFAULT_PAI_ADMIN_USERNAME": "<admin-username>",
        "JWT_SECRET": "<jwt-secret>",
        "LOG_MANAGER_ADMIN_PASSWORD": "<log-manager-password>",
    }
    azure = variables(rendered(scenario="azure-ad"))
    assert azure["LOG_AZURE_STORAGE_ACCOUNT_KEY"] == "<log-azure-storage-key>"
    assert not {"DEFAULT_PAI_ADMIN_PASSWORD", "LOG_MANAGER_ADMIN_PASSWORD"} & azure.keys()


def test_sign_in_with_azure_needs_an_address_to_come_back_to() -> None:
    with pytest.raises(RenderError, match="externalUrl"):
        rendered({"global": {"externalUrl": ""}, "authentication": {"method": "OIDC"}})


HOSTILE = [
    "DOMAIN\\vision",
    'say "yes"',
    "a: b # c",
    "on",
    "1_000",
    "1:30",
    "2026-01-01",
    "{{ x }}",
    "ü\n- b",
    "'",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_texts_of_groups_arrive_as_written(text: str) -> None:
    # Legacy put them between quotes as they were: the winbind form DOMAIN\group broke the file.
    group = {
        "groupname": "vision",
        "description": text,
        "externalName": text,
        "extension": {"acls": {"admin": False, "virtualClusters": []}},
    }
    config = rendered({"authentication": {"groups": {"grouplist": [group]}}}).find("ConfigMap")["data"]
    assert yaml.safe_load(config["group.yaml"])["grouplist"] == [group]


def test_winbind_address_is_there_only_for_winbind() -> None:
    def file(source: str) -> Any:
        groups = {"groupDataSource": source, "winbindServerUrl": "http://winbind:8000"}
        return yaml.safe_load(
            rendered({"authentication": {"groups": groups}}).find("ConfigMap")["data"]["group.yaml"]
        )

    assert file("winbind")["winbindServerUrl"] == "http://winbind:8000"
    assert "winbindServerUrl" not in file("basic")


RESTARTS = [
    # id            changed values                                              restarts
    ("group",       {"authentication": {"groups": {"groupDataSource": "ms-graph"}}}, True),
    ("exit-code",   {"jobs": {"exitSpec": [{"code": 1}]}},                           True),
    ("layout",      {"revisions": {"layout": "other"}},                              True),
    ("hived",       {"revisions": {"hived": "other"}},                               True),
    ("credentials", {"global": {"credentials": {"revision": "other"}}},              True),
    ("replicas",    {"replicas": 2},                                                 False),
    ("labels",      {"global": {"commonAnnotations": {"a": "b"}}},                   False),
]  # fmt: skip


@pytest.mark.parametrize(("change", "restarts"), [pytest.param(*row[1:], id=row[0]) for row in RESTARTS])
def test_pods_restart_with_what_they_read_once(change: Mapping[str, Any], restarts: bool) -> None:
    assert (checksums(rendered()) != checksums(rendered(change))) is restarts


REFUSED = [
    # id                  values                                                              what is named
    ("group-name",        {"authentication": {"groups": {"adminGroup": {"groupname": "a-b"}}}}, "groupname"),
    ("winbind-nowhere",   {"authentication": {"groups": {"groupDataSource": "winbind"}}},       "winbind"),
    ("azure-no-account",  {"logs": {"server": "azure_storage"}},                                "account"),
    ("lifetime-unitless", {"tokens": {"expireTime": "86400"}},                                  "expireTime"),
    ("nobody-calls",      {"callers": []},                                                      "callers"),
    ("api-server-path",   {"apiServer": {"url": "https://h:1/k8s/"}},                           "url"),
    ("unknown-login",     {"authentication": {"method": "ldap"}},                               "method"),
]  # fmt: skip


@pytest.mark.parametrize(("values", "named"), [pytest.param(*row[1:], id=row[0]) for row in REFUSED])
def test_values_that_the_image_would_choke_on_are_refused(values: Mapping[str, Any], named: str) -> None:
    with pytest.raises(RenderError, match=named):
        rendered(values)


def test_objects_that_images_look_for_by_name() -> None:
    objects = rendered()
    # secret-create.sh of legacy; kept, for somebody may have filled them.
    for name, content in (
        ("storage-config", '{"name":"empty","default":false}'),
        ("storage-server", '{"spn":"empty","type":"other"}'),
    ):
        secret = objects.find("Secret", name, "pai-storage")
        assert secret["stringData"] == {"empty": content}
        assert secret["metadata"]["annotations"] == {"helm.sh/resource-policy": "keep"}
    assert objects.find("PriorityClass", "pai-job-minimal-priority")["value"] == -1100000000


def test_two_copies_take_over_from_each_other() -> None:
    objects = rendered({"replicas": 2})
    assert objects.find("PodDisruptionBudget")["spec"]["maxUnavailable"] == 1
    assert objects.find("Deployment")["spec"]["strategy"]["rollingUpdate"] == {
        "maxSurge": 1,
        "maxUnavailable": 0,
    }
    assert rendered().all("PodDisruptionBudget") == ()


def test_callers_are_let_in() -> None:
    def components(values: Mapping[str, Any] | None = None) -> list[str]:
        [rule] = rendered(values).find("NetworkPolicy")["spec"]["ingress"]
        return [p["podSelector"]["matchLabels"]["app.kubernetes.io/component"] for p in rule["from"]]

    assert components() == ["pylon", "helm-test"]
    assert components({"callers": ["pylon", "marketplace-restserver"]}) == [
        "pylon",
        "marketplace-restserver",
        "helm-test",
    ]


def test_legacy_memory_limit_follows_qos() -> None:
    # rest-server.yaml.template: limits.memory 4Gi when qos-switch is on.
    def resources(values: Mapping[str, Any]) -> Any:
        return template(rendered(values))["spec"]["containers"][0]["resources"]

    assert resources({"global": {"qos": True}}) == {"limits": {"memory": "4Gi"}}
    assert resources({"global": {"qos": False}}) == {}
    own = {"requests": {"memory": "1Gi"}}
    assert resources({"global": {"qos": True}, "resources": own}) == own
