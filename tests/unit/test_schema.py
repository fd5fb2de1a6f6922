"""Schemas: strict, in one dialect, documented; and what breaks them told with place and cure."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import jsonschema
import pytest
import yaml

from paichart.resources import schemas_dir
from paichart.schema import FILES, check_document, load_schema, with_defaults
from paichart.source import parse
from paichart.validator import Violation, compile_check, compile_fill


def problems(name: str, text: str) -> list[tuple[str, int, int]]:
    checked = check_document(parse(text.encode(), FILES[name]), name)
    return [(problem.code, problem.span.line, problem.span.column) for problem in checked.problems]


def hints(name: str, text: str) -> list[str]:
    return [p.hint for p in check_document(parse(text.encode(), FILES[name]), name).problems]


TAG = "docker_image_tag: v1\n"

CONFIG = [
    # id                     what is written                                             code, line, column
    ("misspelt-key", TAG + "enable_hived_sheduler: true\n", ("PAI201", 2, 1)),
    ("hyphens-for-underscores", TAG + "enable-marketplace: true\n", ("PAI201", 2, 1)),
    ("wrong-case", TAG + "QoS-Switch: true\n", ("PAI201", 2, 1)),
    ("no-image-tag", "user: root\n", ("PAI202", 1, 1)),
    ("tag-as-number", "docker_image_tag: 1.10\n", ("PAI203", 1, 19)),
    ("tag-with-blank", "docker_image_tag: v1 8\n", ("PAI205", 1, 19)),
    ("tag-without-value", "docker_image_tag:\n", ("PAI208", 1, 1)),
    ("list-for-text", "docker_image_tag: [v1]\n", ("PAI203", 1, 19)),
    ("number-for-switch", TAG + "enable_docker_cache: 1\n", ("PAI203", 2, 22)),
    ("word-for-switch", TAG + 'enable_docker_cache: "yes"\n', ("PAI205", 2, 22)),
    ("unknown-backend", TAG + "docker_cache_storage_backend: azur\n", ("PAI204", 2, 31)),
    ("port-too-large", TAG + "host_daemon_port_end: 65536\n", ("PAI206", 2, 23)),
    ("port-zero", TAG + "host_daemon_port_start: 0\n", ("PAI206", 2, 25)),
    ("port-as-text", TAG + 'host_daemon_port_start: "40000"\n', ("PAI203", 2, 25)),
    ("registry-with-scheme", TAG + "docker_registry_domain: https://r.io\n", ("PAI205", 2, 25)),
    ("relative-path", TAG + "docker_data_root: mnt\n", ("PAI205", 2, 19)),
    ("address-without-scheme", TAG + "docker_cache_remote_url: r.io\n", ("PAI205", 2, 26)),
    ("unknown-setting", TAG + "paichart: {tsl: {}}\n", ("PAI201", 2, 12)),
    ("settings-as-list", TAG + "paichart: [tls]\n", ("PAI203", 2, 11)),
    ("unknown-exposure", TAG + "paichart:\n  exposure: {type: NodePort}\n", ("PAI204", 3, 20)),
    ("secret-without-name", TAG + "paichart:\n  tls: {}\n", ("PAI202", 3, 3)),
    ("bad-quantity", TAG + "paichart:\n  node-reservation: {cpu: 1core}\n", ("PAI205", 3, 27)),
    ("secret-twice", TAG + "paichart:\n  image-pull-secrets: [a, a]\n", ("PAI207", 3, 27)),
]  # fmt: skip


@pytest.mark.parametrize(("text", "found"), [pytest.param(*row[1:], id=row[0]) for row in CONFIG])
def test_bad_config_is_told_where_it_is(text, found):
    assert problems("config", text) == [found]


MACHINE = "machine-list:\n- {hostname: a, hostip: 10.0.0.1, machine-type: m%s}\n"
SKU = "machine-sku:\n  m: {mem: 60Gi, cpu: {vcore: 24}}\n"
BLOCK = "machine-sku:\n  m:\n    mem: 6Gi\n    cpu: {vcore: 1}\n"
DEVICE = "    computing-device: {type: nvidia.com/gpu, model: K80, count: 4}\n"

LAYOUT = [
    ("sku-without-name", SKU.replace("m:", "'':", 1) + MACHINE % "", ("PAI207", 2, 3)),
    ("no-machines", SKU, ("PAI202", 1, 1)),
    ("no-skus", MACHINE % "", ("PAI202", 1, 1)),
    ("empty-machine-list", SKU + "machine-list: []\n", ("PAI207", 3, 15)),
    ("machines-as-mapping", SKU + "machine-list: {a: b}\n", ("PAI203", 3, 15)),
    ("machine-list-without-value", SKU + "machine-list:\n", ("PAI208", 3, 1)),
    ("machine-as-text", SKU + MACHINE % "" + "- pai-worker1\n", ("PAI203", 5, 3)),
    ("machine-without-address", SKU + "machine-list:\n- {hostname: a, machine-type: m}\n", ("PAI202", 4, 3)),
    ("misspelt-role", SKU + MACHINE % ", pai-wroker: true", ("PAI201", 4, 52)),
    ("role-as-word", SKU + MACHINE % ', pai-worker: "1"', ("PAI205", 4, 64)),
    ("hostname-as-number", SKU + (MACHINE % "").replace(": a,", ": 7,"), ("PAI203", 4, 14)),
    ("sku-without-memory", "machine-sku:\n  m: {cpu: {vcore: 24}}\n" + MACHINE % "", ("PAI202", 2, 3)),
    ("memory-in-gb", "machine-sku:\n  m: {mem: 60GB, cpu: {vcore: 24}}\n" + MACHINE % "", ("PAI205", 2, 12)),
    ("vcore-as-text", "machine-sku:\n  m: {mem: 6Gi, cpu: {vcore: '2'}}\n" + MACHINE % "", ("PAI203", 2, 30)),
    ("vcore-zero", "machine-sku:\n  m: {mem: 6Gi, cpu: {vcore: 0}}\n" + MACHINE % "", ("PAI206", 2, 30)),
    ("vcore-beside-cpu", BLOCK + "    vcore: 2\n" + MACHINE % "", ("PAI201", 5, 5)),
    ("device-count-zero", BLOCK + DEVICE.replace("4", "0") + MACHINE % "", ("PAI206", 5, 65)),
    ("device-without-model", BLOCK + DEVICE.replace("model: K80, ", "") + MACHINE % "", ("PAI202", 5, 5)),
    ("device-without-vendor", BLOCK + DEVICE.replace("nvidia.com/", "") + MACHINE % "", ("PAI205", 5, 30)),
    ("dashboard", "kubernetes: {dashboard-url: 10.0.0.1}\n" + SKU + MACHINE % "", ("PAI205", 1, 29)),
]  # fmt: skip


@pytest.mark.parametrize(("text", "found"), [pytest.param(*row[1:], id=row[0]) for row in LAYOUT])
def test_bad_layout_is_told_where_it_is(text, found):
    assert problems("layout", text) == [found]


SERVICES = [
    ("underscore-in-service", "rest_server: {}\n", ("PAI201", 1, 1)),
    ("unknown-service", "hadoop: {}\n", ("PAI201", 1, 1)),
    ("section-without-value", "grafana:\n", ("PAI208", 1, 1)),
    ("section-as-text", "grafana: 3000\n", ("PAI203", 1, 10)),
    ("unknown-key", "rest-server: {serverport: 80}\n", ("PAI201", 1, 15)),
    ("port-as-text", 'postgresql: {port: "5432"}\n', ("PAI203", 1, 20)),
    ("empty-secret", 'log-manager:\n  jwt_secret: ""\n', ("PAI207", 2, 15)),
    ("short-password", "rest-server:\n  default-pai-admin-password: abc\n", ("PAI207", 2, 31)),
    ("admin-name", "rest-server:\n  default-pai-admin-username: a b\n", ("PAI205", 2, 31)),
    ("group-name", "authentication:\n  group-manager: {admin-group: {groupname: a-b}}\n", ("PAI205", 2, 44)),
    ("group-without-name", "authentication:\n  group-manager:\n    grouplist:\n    - description: x\n",
     ("PAI202", 4, 7)),
    ("virtual-clusters-as-text", "authentication:\n  group-manager:\n    admin-group:\n      extension:\n"
     "        acls: {virtualClusters: default}\n", ("PAI203", 5, 33)),
    ("log-server", "rest-server: {log-server: azure}\n", ("PAI204", 1, 27)),
    ("rate-zero", "rest-server: {rate-limit-api-per-min: 0}\n", ("PAI206", 1, 39)),
    ("yarn", "cluster: {common: {cluster-type: yarn}}\n", ("PAI204", 1, 34)),
    ("plugin-without-script", "webportal:\n  plugins:\n  - title: x\n", ("PAI202", 3, 5)),
    ("exit-code-out-of-range", "k8s-job-exit-spec:\n  spec: [{code: 257, phrase: x}]\n", ("PAI206", 2, 17)),
    ("hived-config-as-mapping", "hivedscheduler:\n  config: {physicalCluster: {}}\n", ("PAI203", 2, 11)),
    ("variables", "rest-server: {hived-computing-device-envs: 'A, B'}\n", ("PAI205", 1, 44)),
]  # fmt: skip


@pytest.mark.parametrize(("text", "found"), [pytest.param(*row[1:], id=row[0]) for row in SERVICES])
def test_bad_services_configuration_is_told_where_it_is(text, found):
    assert problems("services-configuration", text) == [found]


HINTS = [
    ("config", "enable-marketplace: true", "did you mean 'enable_marketplace'?"),
    ("config", "external-url: https://x", "it belongs under 'paichart'"),
    ("config", "class-name: nginx", "it belongs under 'paichart.exposure'"),
    ("config", "machine-list: []", "it belongs into layout.yaml"),
    ("config", "rest-server: {}", "it belongs into services-configuration.yaml"),
    ("config", "docker_registry_password: 1234", "quote it"),
    ("config", "enable_docker_cache: 1", "write true or false"),
    ("config", "host_daemon_port_start: '1'", "write 1 without quotes"),
    ("config", "docker_cache_remote_url: r.io", "did you mean 'https://r.io'?"),
    ("config", "docker_registry_namespace: OpenPAI", "did you mean 'openpai'?"),
    ("config", "docker_cache_storage_backend: disk", "choose one of azure, filesystem"),
    ("config", "openpai_docker_registry_mirrors: a", "begin each item with '- ' on a line of its own"),
    ("config", "paichart: {tls: {secret: x}}", "did you mean 'secret-name'?"),
    ("services-configuration", "grafana: {prt: 1}", "did you mean 'port'?"),
    ("services-configuration", "fluentd: {port: 1}", "known here: service_type"),
]


@pytest.mark.parametrize(("name", "text", "hint"), HINTS)
def test_a_problem_comes_with_its_cure(name, text, hint):
    assert hint in hints(name, ("docker_image_tag: v1\n" if name == "config" else "") + text)


def test_a_key_at_the_wrong_depth_is_sent_to_its_place():
    text = "machine-sku: {m: {vcore: 24, mem: 1Gi, cpu: {vcore: 1}}}\nmachine-list: [{hostip: 1.1.1.1}]\n"
    assert "it belongs under 'cpu'" in hints("layout", text)
    assert "it belongs into each entry of 'machine-list'" in hints("layout", "hostname: a\n")


def test_a_misspelt_key_is_not_missing_too():
    text = SKU + "machine-list:\n- {host-name: a, hostip: 10.0.0.1, machine-type: m}\n"
    assert problems("layout", text) == [("PAI201", 4, 4)]


def test_a_secret_is_never_shown():
    text = TAG + "docker_registry_password: 13579\ndocker_cache_htpasswd: 'a:b'\npassword: 24680\n"
    found = check_document(parse(text.encode(), "config.yaml"), "config").problems
    assert len(found) == 3
    assert not any(secret in p.message + p.hint for p in found for secret in ("13579", "a:b", "24680"))


def test_what_breaks_the_schema_is_left_out_of_the_data():
    text = (
        "docker_image_tag: 1.0\nqos-switch: true\npaichart: {storage: {class: 3, database-size: 1Gi}, x: 1}\n"
    )
    checked = check_document(parse(text.encode(), "config.yaml"), "config")
    assert checked.given == {"qos-switch": True, "paichart": {"storage": {"database-size": "1Gi"}}}


def test_an_unreadable_document_has_defaults_and_no_problem_of_its_own():
    checked = check_document(parse(b"a: [", "config.yaml"), "config")
    assert (checked.is_readable, checked.problems, checked.given) == (False, (), {})
    assert checked.settings.integer("host_daemon_port_start") == 40000


def test_defaults_are_legacys():
    services = check_document(
        parse(b"rest-server: {server-port: 80}", "s.yaml"), "services-configuration"
    ).settings
    # Source: src/*/config/*.yaml of the legacy release.
    assert services.integer("rest-server", "server-port") == 80
    assert services.integer("rest-server", "schedule-port-end") == 40000
    assert services.integer("log-manager", "token_expired_second") == 120
    assert services.text("postgresql", "user") == "root"
    assert services.integer("hivedscheduler", "webservice-port") == 30096
    assert services.value("authentication", "group-manager", "admin-group", "groupname") == "admingroup"
    assert services.value("authentication", "group-manager", "default-group", "extension", "acls") == {
        "virtualClusters": ["default"],
        "admin": False,
    }


@pytest.mark.parametrize(
    "path",
    [
        ("postgresql", "passwd"),
        ("log-manager", "admin_password"),
        ("log-manager", "jwt_secret"),
        ("rest-server", "jwt-secret"),
        ("rest-server", "default-pai-admin-password"),
        ("pylon", "ssl"),
        ("authentication", "AAD"),
    ],
)
def test_secrets_and_optional_sections_have_no_default(path):
    assert check_document(parse(b"{}", "s.yaml"), "services-configuration").settings.value(*path) is None


def test_filling_in_defaults_leaves_the_given_data_alone():
    schema = load_schema("config")
    data: dict[str, Any] = {"paichart": {"storage": {}}}
    before = copy.deepcopy(data)
    filled = with_defaults(data, schema)
    filled["paichart"]["image-pull-secrets"].append("x")
    assert data == before
    assert with_defaults({}, schema)["paichart"]["image-pull-secrets"] == []


def test_keys_of_the_old_deployer_are_known_as_ignored():
    document = parse(b"user: a\ndocker_image_tag: v1\nkubelet_custom_flags: {a: b}\n", "config.yaml")
    checked = check_document(document, "config")
    ignored = [path for path, _ in checked.annotated("x-paichart-ignored")]
    assert (checked.problems, ignored) == ((), [("user",), ("kubelet_custom_flags",)])


SCHEMAS = {name: json.loads((schemas_dir() / f"{name}.schema.json").read_text()) for name in FILES}


def parts(schema: Mapping[str, Any], path: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield path, schema
    for key, part in schema.get("properties", {}).items():
        yield from parts(part, f"{path}.{key}")
    for keyword in ("items", "additionalProperties"):
        if isinstance(schema.get(keyword), Mapping):
            yield from parts(schema[keyword], f"{path}.*")


PARTS = [part for name, schema in SCHEMAS.items() for part in parts(schema, name)]
KEYS = [(path, part) for path, part in PARTS if "." in path and not path.endswith("*")]


@pytest.mark.parametrize("name", SCHEMAS)
def test_schemas_are_draft_07(name):
    assert SCHEMAS[name]["$schema"] == "http://json-schema.org/draft-07/schema#"
    jsonschema.Draft7Validator.check_schema(SCHEMAS[name])


def test_schemas_refer_to_nothing_outside_and_rely_on_no_format():
    text = json.dumps(SCHEMAS)
    assert '"$ref"' not in text
    assert '"format"' not in text


def test_every_mapping_is_strict_or_meant_to_be_free():
    free = {
        path
        for path, part in PARTS
        if part.get("type") == "object" and part.get("additionalProperties", True) is True
    }
    assert free == {
        "config.kubelet_custom_flags",
        "config.openpai_kubespray_extra_var",
        "config.paichart.values",
        *(
            f"services-configuration.authentication.group-manager.{group}.extension{part}"
            for group in ("admin-group", "default-group", "grouplist.*")
            for part in ("", ".acls")
        ),
        "services-configuration.alert-manager.customized-routes.routes.*.routes.*",
        "services-configuration.k8s-job-exit-spec.spec.*.pattern",
    }


def test_every_key_has_title_and_description():
    assert [path for path, part in KEYS if not (part.get("title") and part.get("description"))] == []


def test_every_key_but_secrets_has_examples_that_fit():
    lacking = [path for path, part in KEYS if not part.get("examples") and "x-paichart-secret" not in part]
    assert lacking == []
    for path, part in KEYS:
        for value in [*part.get("examples", ()), *([part["default"]] if "default" in part else [])]:
            assert list(jsonschema.Draft7Validator(part).iter_errors(value)) == [], path


def test_secrets_have_neither_default_nor_example():
    shown = [
        path
        for path, part in KEYS
        if "x-paichart-secret" in part and (part.get("default") or part.get("examples"))
    ]
    assert shown == []


def test_patterns_are_safe_for_re2_and_anchored():
    for path, part in PARTS:
        pattern = part.get("pattern", "^")
        assert pattern.startswith("^"), path
        assert not re.search(r"\(\?|\\[1-9]|[*+?]\+", pattern), path


def test_every_pattern_says_its_rule_in_words():
    assert [path for path, part in PARTS if "pattern" in part and "x-paichart-rule" not in part] == []


def test_a_keyword_that_is_not_supported_is_refused():
    with pytest.raises(ValueError, match="oneOf"):
        compile_check({"type": "object", "properties": {"a": {"oneOf": []}}})


VALUES: list[Any] = [None, True, False, 0, 1, 1.0, 1.5, -1, 70000, "", "a", "A", "true", "10Gi"]
VALUES += [[], ["a"], ["a", "a"], {}, {"a": 1}, {"": {}}]


_OF_PLACES = ("type", "propertyNames")
"""Keywords that are told even where the value is of a wrong type."""


@pytest.mark.parametrize("name", SCHEMAS)
def test_verdicts_are_those_of_the_jsonschema_package(name):
    for path, part in parts(SCHEMAS[name], name):
        plain = {key: value for key, value in part.items() if key != "x-paichart-checked-by"}
        for value in VALUES:
            violations: list[Violation] = []
            compile_check(plain)(value, (), violations)
            ours = {(violation.keyword, violation.path) for violation in violations}
            theirs = {
                (_keyword_of(error), tuple(error.absolute_path) + _name_of(error))
                for error in jsonschema.Draft7Validator(plain).iter_errors(value)
            }
            wrong_type = {place for keyword, place in theirs if keyword == "type"}
            theirs = {
                (word, place) for word, place in theirs if word in _OF_PLACES or place not in wrong_type
            }
            assert ours == theirs, (path, value)


def _keyword_of(error: jsonschema.ValidationError) -> str:
    return "propertyNames" if "propertyNames" in error.absolute_schema_path else str(error.validator)


def _name_of(error: jsonschema.ValidationError) -> tuple[str | int, ...]:
    """Return what joins jsonschema's path to be ours: the index of a repeated item, or a bad name."""
    if error.validator == "uniqueItems":
        return (1,)  # the second of the two in VALUES
    return (error.instance,) if "propertyNames" in error.absolute_schema_path else ()


def test_a_schema_without_defaults_fills_in_nothing():
    assert compile_fill({"type": "object", "properties": {"a": {"type": "string"}}}) is None


def test_quick_start_meets_the_schemas():
    folder = schemas_dir().parent / "examples" / "quick-start"
    for name in ("config", "layout"):
        data = yaml.safe_load((folder / FILES[name]).read_text())
        assert list(jsonschema.Draft7Validator(SCHEMAS[name]).iter_errors(data)) == []
