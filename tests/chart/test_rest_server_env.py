"""A rest-server started with exactly the rendered environment and files would pass its own checks.

The table is written from the sources of v1.8.0 (src/rest-server/src/config/*.js), which check the environment
with Joi when they are loaded: whatever breaks a rule ends the process at its start.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import pytest
import yaml

from tests.chart.charts import scenario_values, scenarios
from tests.chart.render import Object, Objects, render

Environment = Mapping[str, str]
Rule = Callable[[str], bool]

CREDENTIALS = {
    "admin-username": "admin",
    "admin-password": "p4ssword",
    "database-password-urlencoded": "p%40ss%2Fword",
    "jwt-secret": "f00",
    "log-azure-storage-key": "a2V5",
    "log-manager-password": "l0g",
}
"""A credentials Secret as small as the image's rules allow; its keys are those that docs/charts.md lists."""


def matches(pattern: str) -> Rule:
    return lambda value: re.fullmatch(pattern, value) is not None


def one_of(*words: str) -> Rule:
    return lambda value: value in words


def integer(least: int | None = None, most: int | None = None) -> Rule:
    def holds(value: str) -> bool:
        return re.fullmatch(r"-?\d+", value) is not None and (
            (least is None or int(value) >= least) and (most is None or int(value) <= most)
        )

    return holds


def always(_env: Environment) -> bool:
    return True


def with_oidc(env: Environment) -> bool:
    return env["AUTHN_METHOD"] == "OIDC"


def with_basic_login(env: Environment) -> bool:
    return not with_oidc(env)


def with_log_manager(env: Environment) -> bool:
    return env["LOG_SERVER"] == "log_manager"


def with_azure_logs(env: Environment) -> bool:
    return env["LOG_SERVER"] == "azure_storage"


def with_address_given(env: Environment) -> bool:
    return env["RBAC_IN_CLUSTER"] == "false"


TEXT = matches(r"(?s).+")
"""Joi.string(): an empty text is refused."""
URI = matches(r"[A-Za-z][A-Za-z0-9+.-]*://(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~%-]+)(:\d+)?(/[^\s?#]*)?")
SWITCH = one_of("true", "false")


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable, the rule that its value keeps, and when it must be there."""

    name: str
    rule: Rule
    when: Callable[[Environment], bool] = always


VARIABLES = (
    # config/index.js
    Variable("NODE_ENV", one_of("production")),
    Variable("LOG_LEVEL", one_of("error", "warn", "info", "verbose", "debug", "silly")),
    Variable("SERVER_PORT", integer(8000, 65535)),
    Variable("JWT_SECRET", TEXT),
    # config/token.js hands it to jsonwebtoken; a number without a unit would count milliseconds.
    Variable("JWT_TOKEN_EXPIRE_TIME", matches(r"\d+(\.\d+)? ?[a-z]+")),
    # config/authn.js, config/secret.js
    Variable("AUTHN_METHOD", one_of("basic", "OIDC")),
    Variable("DEFAULT_PAI_ADMIN_USERNAME", matches(r"[A-Za-z0-9_.-]+"), with_basic_login),
    Variable("DEFAULT_PAI_ADMIN_PASSWORD", matches(r"(?s).{6,}"), with_basic_login),
    # config/express.js and controllers/v2/azureAD.js send users back to it.
    Variable("WEBPORTAL_URL", URI, with_oidc),
    # config/launcher.js
    Variable("LAUNCHER_TYPE", one_of("k8s")),
    Variable("HIVED_WEBSERVICE_URI", URI),
    Variable("REST_SERVER_URI", URI),
    Variable("LAUNCHER_PRIORITY_CLASS", SWITCH),
    Variable("LAUNCHER_SCHEDULER", one_of("hivedscheduler", "defaultscheduler")),
    Variable("LAUNCHER_RUNTIME_IMAGE", matches(r"[a-z0-9][^\s@]*(:[\w.-]+|@sha256:[0-9a-f]{64})")),
    Variable("LAUNCHER_RUNTIME_IMAGE_PULL_SECRETS", TEXT),
    # `unset` is what the image puts in for a missing one: it would start, and no job could be listed.
    Variable("SQL_CONNECTION_STR", matches(r"postgresql://[^\s:@/]+:[^\s:@/]+@[^\s:@/]+:\d+/[^\s:@/]+")),
    Variable("SQL_MAX_CONNECTION", integer(1)),
    Variable("JOB_HISTORY", SWITCH),
    Variable("WRITE_MERGER_URL", URI),
    Variable("DEFAULT_COMPUTING_DEVICE_TYPE", TEXT),
    Variable("HIVED_COMPUTING_DEVICE_ENVS", matches(r"\w+(,\w+)*")),
    Variable("ALERT_MANAGER_URL", URI),
    Variable("LOG_SERVER", one_of("log_manager", "azure_storage")),
    Variable("LOG_MANAGER_PORT", integer(1, 65535), with_log_manager),
    Variable("LOG_MANAGER_ADMIN_NAME", TEXT, with_log_manager),
    Variable("LOG_MANAGER_ADMIN_PASSWORD", TEXT, with_log_manager),
    Variable("LOG_AZURE_STORAGE_ACCOUNT", TEXT, with_azure_logs),
    Variable("LOG_AZURE_STORAGE_ACCOUNT_KEY", TEXT, with_azure_logs),
    Variable("LOG_AZURE_STORAGE_CONTAINER_NAME", TEXT, with_azure_logs),
    # config/paiConfig.js
    Variable("DEBUGGING_RESERVATION_SECONDS", integer(1)),
    # config/rate-limit.js; 0 would refuse every request, the kubelet's too.
    Variable("RATE_LIMIT_API_PER_MIN", integer(1)),
    Variable("RATE_LIMIT_LIST_JOB_PER_MIN", integer(1)),
    Variable("RATE_LIMIT_SUBMIT_JOB_PER_HOUR", integer(1)),
    # config/schedule-port.js
    Variable("SCHEDULE_PORT_START", integer(1, 65535)),
    Variable("SCHEDULE_PORT_END", integer(2, 65536)),
    # config/kubernetes.js: the paths must be files of the pod, which test_rest_server.py looks after.
    Variable("RBAC_IN_CLUSTER", SWITCH),
    Variable("K8S_APISERVER_TOKEN_FILE", matches(r"/\S+")),
    Variable("K8S_APISERVER_CA_FILE", matches(r"/\S+")),
    Variable("K8S_APISERVER_URI", URI, with_address_given),
)


def problems(env: Environment) -> list[str]:
    """What the image would refuse, or not understand, of an environment."""
    found = []
    for variable in VARIABLES:
        if variable.name not in env:
            # Rules of the form "only with …" need the switches, and these are required themselves.
            is_due = variable.when is always or (_has_switches(env) and variable.when(env))
            found += [f"{variable.name} is missing"] if is_due else []
        elif not variable.rule(env[variable.name]):
            found.append(f"{variable.name} is {env[variable.name]!r}")
    if not found and int(env["SCHEDULE_PORT_START"]) >= int(env["SCHEDULE_PORT_END"]):
        found.append("SCHEDULE_PORT_END is not above SCHEDULE_PORT_START")
    return found


def _has_switches(env: Environment) -> bool:
    return {"AUTHN_METHOD", "LOG_SERVER", "RBAC_IN_CLUSTER"} <= env.keys()


def environment(container: Object) -> dict[str, str]:
    """A container's variables as its process sees them: credentials looked up, `$(NAME)` filled in."""
    env: dict[str, str] = {}
    for entry in container["env"]:
        if "valueFrom" in entry:
            env[entry["name"]] = CREDENTIALS[entry["valueFrom"]["secretKeyRef"]["key"]]
        else:
            known = dict(env)
            env[entry["name"]] = re.sub(r"\$\((\w+)\)", lambda match: known[match[1]], entry["value"])  # noqa: B023
    return env


def rendered(scenario: str) -> Objects:
    return render("rest-server", scenario_values("rest-server", scenario), namespace="pai-system")


def pod_of(objects: Objects) -> Object:
    pod: Object = objects.find("Deployment")["spec"]["template"]["spec"]
    return pod


def variables_of(objects: Objects) -> dict[str, str]:
    return environment(pod_of(objects)["containers"][0])


def files(objects: Objects) -> Iterator[str]:
    """Paths of the files that ConfigMaps and Secrets put into the container."""
    volumes = {volume["name"]: volume for volume in pod_of(objects)["volumes"]}
    for mount in pod_of(objects)["containers"][0]["volumeMounts"]:
        volume = volumes[mount["name"]]
        for item in (volume.get("configMap") or volume.get("secret") or {}).get("items", []):
            yield f"{mount['mountPath']}/{item['path']}"


@pytest.mark.parametrize("scenario", scenarios("rest-server"))
def test_image_accepts_the_environment(scenario: str) -> None:
    assert problems(variables_of(rendered(scenario))) == []


@pytest.mark.parametrize("scenario", scenarios("rest-server"))
def test_image_finds_the_files_it_reads_at_its_start(scenario: str) -> None:
    objects = rendered(scenario)
    env, present = variables_of(objects), set(files(objects))
    # authn.js, frameworkConverter.js; paiConfig.js does without, but shows no machine then.
    needed = {
        "/group-configuration/group.yaml",
        "/k8s-job-exit-spec-configuration/k8s-job-exit-spec.yaml",
        "/pai-cluster-config/layout.yaml",
        env["K8S_APISERVER_TOKEN_FILE"],
        env["K8S_APISERVER_CA_FILE"],
    }
    if env["LAUNCHER_SCHEDULER"] == "hivedscheduler":
        needed.add("/hived-spec/hivedscheduler.yaml")  # vc.js
    if env["AUTHN_METHOD"] == "OIDC":
        needed.add("/auth-configuration/oidc.yaml")  # authn.js
    assert present == needed


@pytest.mark.parametrize("scenario", scenarios("rest-server"))
def test_image_understands_the_files_of_this_chart(scenario: str) -> None:
    content = rendered(scenario).find("ConfigMap")["data"]
    groups = yaml.safe_load(content["group.yaml"])
    # authn.js wants a mapping; group.js checks each group with Joi (groupname, extension.acls).
    for group in (groups["adminGroup"], groups["defaultGroup"], *groups["grouplist"]):
        assert re.fullmatch(r"[A-Za-z0-9_]+", group["groupname"])
        assert isinstance(group["extension"]["acls"]["admin"], bool)
        assert all(isinstance(name, str) for name in group["extension"]["acls"]["virtualClusters"])
    assert groups["groupDataSource"] in ("basic", "winbind", "ms-graph")
    # frameworkConverter.js walks over a list.
    assert isinstance(yaml.safe_load(content["k8s-job-exit-spec.yaml"]), list)


def test_scenarios_show_every_variable() -> None:
    shown = {name for scenario in scenarios("rest-server") for name in variables_of(rendered(scenario))}
    assert [variable.name for variable in VARIABLES if variable.name not in shown] == []


GOOD: Environment = {
    "NODE_ENV": "production",
    "LOG_LEVEL": "warn",
    "SERVER_PORT": "8080",
    "JWT_SECRET": "f00",
    "JWT_TOKEN_EXPIRE_TIME": "7d",
    "AUTHN_METHOD": "basic",
    "DEFAULT_PAI_ADMIN_USERNAME": "admin",
    "DEFAULT_PAI_ADMIN_PASSWORD": "p4ssword",
    "LAUNCHER_TYPE": "k8s",
    "HIVED_WEBSERVICE_URI": "http://hived:30096",
    "REST_SERVER_URI": "http://[fd00::1]:8080/rest-server",
    "LAUNCHER_PRIORITY_CLASS": "true",
    "LAUNCHER_SCHEDULER": "hivedscheduler",
    "LAUNCHER_RUNTIME_IMAGE": "docker.io/openpai/openpai-runtime:v1.8.0",
    "LAUNCHER_RUNTIME_IMAGE_PULL_SECRETS": "pai-secret",
    "SQL_CONNECTION_STR": "postgresql://root:p%40ss@db:5432/openpai",
    "SQL_MAX_CONNECTION": "50",
    "JOB_HISTORY": "true",
    "WRITE_MERGER_URL": "http://merger:9748",
    "DEFAULT_COMPUTING_DEVICE_TYPE": "nvidia.com/gpu",
    "HIVED_COMPUTING_DEVICE_ENVS": "NVIDIA_VISIBLE_DEVICES",
    "ALERT_MANAGER_URL": "http://alerts:9093",
    "LOG_SERVER": "log_manager",
    "LOG_MANAGER_PORT": "9103",
    "LOG_MANAGER_ADMIN_NAME": "admin",
    "LOG_MANAGER_ADMIN_PASSWORD": "l0g",
    "DEBUGGING_RESERVATION_SECONDS": "604800",
    "RATE_LIMIT_API_PER_MIN": "600",
    "RATE_LIMIT_LIST_JOB_PER_MIN": "120",
    "RATE_LIMIT_SUBMIT_JOB_PER_HOUR": "3600",
    "SCHEDULE_PORT_START": "15000",
    "SCHEDULE_PORT_END": "40000",
    "RBAC_IN_CLUSTER": "true",
    "K8S_APISERVER_TOKEN_FILE": "/token",
    "K8S_APISERVER_CA_FILE": "/ca.crt",
}
"""An environment that keeps every rule."""

BAD = [
    # id                          variable                               value
    ("password-of-five",          "DEFAULT_PAI_ADMIN_PASSWORD",          "12345"),
    ("name-with-a-space",         "DEFAULT_PAI_ADMIN_USERNAME",          "the admin"),
    ("no-pull-secret",            "LAUNCHER_RUNTIME_IMAGE_PULL_SECRETS", ""),
    ("address-without-scheme",    "REST_SERVER_URI",                     "pai.example.com/rest-server"),
    ("path-for-an-address",       "REST_SERVER_URI",                     "/rest-server"),
    ("exponent",                  "DEBUGGING_RESERVATION_SECONDS",       "6.048e+05"),
    ("low-port",                  "SERVER_PORT",                         "80"),
    ("yarn",                      "LAUNCHER_TYPE",                       "yarn"),
    ("ldap",                      "AUTHN_METHOD",                        "ldap"),
    ("password-not-encoded",      "SQL_CONNECTION_STR",                  "postgresql://root:p@ss@db:5432/openpai"),
    ("no-alert-manager",          "ALERT_MANAGER_URL",                   ""),
    ("days-without-unit",         "JWT_TOKEN_EXPIRE_TIME",               "7"),
    ("ports-the-wrong-way-round", "SCHEDULE_PORT_END",                   "14999"),
]  # fmt: skip


def test_table_accepts_a_good_environment() -> None:
    assert problems(GOOD) == []


@pytest.mark.parametrize("name", GOOD)
def test_table_notices_a_missing_variable(name: str) -> None:
    assert f"{name} is missing" in problems({key: value for key, value in GOOD.items() if key != name})


@pytest.mark.parametrize(("name", "value"), [pytest.param(*row[1:], id=row[0]) for row in BAD])
def test_table_notices_a_bad_value(name: str, value: str) -> None:
    assert [problem for problem in problems({**GOOD, name: value}) if name in problem]


def test_table_asks_for_what_a_switch_brings() -> None:
    switched = {**GOOD, "AUTHN_METHOD": "OIDC", "LOG_SERVER": "azure_storage", "RBAC_IN_CLUSTER": "false"}
    assert problems(switched) == [
        "WEBPORTAL_URL is missing",
        "LOG_AZURE_STORAGE_ACCOUNT is missing",
        "LOG_AZURE_STORAGE_ACCOUNT_KEY is missing",
        "LOG_AZURE_STORAGE_CONTAINER_NAME is missing",
        "K8S_APISERVER_URI is missing",
    ]
