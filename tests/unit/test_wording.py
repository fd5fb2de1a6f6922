"""What is said about each violation of a schema: message and cure, word for word."""

from __future__ import annotations

import pytest

from paichart.schema import check_document
from paichart.source import parse
from paichart.validator import DROPPED, compile_check, compile_fill

TAG = "docker_image_tag: v1\n"
MACHINES = "machine-list: [{hostname: a, hostip: a, machine-type: m}]\n"
SKU = "machine-sku: {m: {mem: 1Gi, cpu: {vcore: 1}}}\n"
QUANTITY = "it must be a Kubernetes quantity, such as 500m, 1.5 or 220Gi"

SAID = [
    # input      text                                        message
    #            hint
    ("config", "docker_image_tag: 1.10\n",
     "'docker_image_tag' must be text, but '1.10' is read as a number", 'quote it: "1.10"'),
    ("config", "docker_image_tag: true\n",
     "'docker_image_tag' must be text, but 'true' is read as true or false", 'quote it: "true"'),
    ("config", "docker_image_tag: {a: b}\n",
     "'docker_image_tag' must be text, not a mapping", "for example: v1.8.0"),
    ("config", "user: root\n",
     "'docker_image_tag' is missing",
     "add 'docker_image_tag: v1.8.0': Tag that all of OpenPAI's own images are pulled with"),
    ("config", TAG + "qos-switch: 1\n",
     "'qos-switch' must be true or false, but '1' is read as a number", "write true or false"),
    ("config", TAG + 'qos-switch: "1"\n',
     "'1' can't be 'qos-switch': it must be true or false", "for example: true"),
    ("config", TAG + "host_daemon_port_start: 1.5\n",
     "'host_daemon_port_start' must be a whole number, but '1.5' is read as a number", "for example: 40000"),
    ("config", TAG + "host_daemon_port_start: ' 7 '\n",
     "'host_daemon_port_start' must be a whole number, but ' 7 ' is text", "write 7 without quotes"),
    ("config", TAG + "host_daemon_port_start: '7.5'\n",
     "'host_daemon_port_start' must be a whole number, but '7.5' is text", "for example: 40000"),
    ("config", TAG + "host_daemon_port_start: 0\n",
     "'host_daemon_port_start' is 0, but must be from 1 to 65535", "for example: 40000"),
    ("config", TAG + "openpai_docker_insecure_registries: {a: b}\n",
     "'openpai_docker_insecure_registries' must be a list, not a mapping",
     "begin each item with '- ' on a line of its own"),
    ("config", TAG + "openpai_docker_insecure_registries: [a, 1]\n",
     "item 2 of openpai_docker_insecure_registries must be text, but '1' is read as a number",
     'quote it: "1"'),
    ("config", TAG + "kubelet_custom_flags: a\n",
     "'kubelet_custom_flags' must be a mapping, but 'a' is text", "write its keys on indented lines below"),
    ("config", TAG + "paichart:\n",
     "'paichart' has no value", "give a mapping, or remove the key"),
    ("config", TAG + "paichart: {exposure: {type: NodePort}}\n",
     "'NodePort' is no choice for 'type'", "did you mean 'nodePort'?"),
    ("config", TAG + "paichart: {exposure: {type: dns}}\n",
     "'dns' is no choice for 'type'", "choose one of hostPort, nodePort, loadBalancer, ingress, gateway"),
    ("config", TAG + "paichart: {image-pull-secrets: [a, b, a]}\n",
     "'a' is in the list twice", "remove one of the two"),
    ("config", TAG + "paichart: {fuse-device-count: 20000}\n",
     "'fuse-device-count' is 20000, but must be from 1 to 10000", "for example: 110"),
    ("config", TAG + "paichart: {node-reservation: {memory: -1}}\n",
     "'memory' is -1, but must be at least 0", "for example: 1Gi"),
    ("config", TAG + "paichart: {node-reservation: {memory: true}}\n",
     "'memory' must be a Kubernetes quantity, such as 500m, 1.5 or 220Gi, "
     "but 'true' is read as true or false",
     'quote it: "true"'),
    ("config", TAG + f"paichart: {{credentials-secret: {'a' * 254}}}\n",
     "'credentials-secret' needs at most 253 characters", ""),
    ("config", TAG + f"docker_cache_storage_backend: {'x' * 70}\n",
     f"'{'x' * 60}…' is no choice for 'docker_cache_storage_backend'", "choose one of azure, filesystem"),
    ("config", TAG + "paichart: {tls: {}}\n",
     "'secret-name' is missing in 'paichart.tls'",
     "add 'secret-name: pai-tls': "
     "Secret of type kubernetes.io/tls in the release's namespace, with certificate and key"),
    ("config", TAG + "docker_registry_password: 1234\n",
     "'docker_registry_password' must be text, but this value is read as a number", "quote it"),
    ("config", TAG + "docker_registry_password: ''\n",
     "'docker_registry_password' is empty", "write one, or remove the key"),
    ("config", TAG + "docker_cache_htpasswd: 'a:b'\n",
     "this value can't be 'docker_cache_htpasswd': it must be text in base64", ""),
    ("layout", "machine-list: [1]\n" + SKU,
     "item 1 of machine-list must be a mapping, but '1' is read as a number",
     "write its keys on indented lines below"),
    ("layout", "machine-list: []\n" + SKU,
     "'machine-list' is empty", ""),
    ("layout", "machine-list: [{hostip: 1.1.1.1, machine-type: m}]\n" + SKU,
     "'hostname' is missing in item 1 of machine-list",
     "add 'hostname: pai-worker1': Name of the Kubernetes node, as `kubectl get nodes` shows it"),
    ("layout", MACHINES + "machine-sku: {m: {mem: 1Gi}}\n",
     "'cpu' is missing in 'machine-sku.m'", "add 'cpu:': Cores that a node offers to pods"),
    ("layout", MACHINES + "machine-sku: {m: {mem: 60GB, cpu: {vcore: 1}}}\n",
     f"'60GB' can't be 'mem': {QUANTITY}", "did you mean '60G'?"),
    ("layout", MACHINES + "machine-sku: {m: {mem: 1Gi, cpu: {vcore: 0}}}\n",
     "'vcore' is 0, but must be more than 0", "for example: 24"),
    ("layout", MACHINES + "machine-sku: {m: {mem: 1Gi, cpu: {vcore: '7.5'}}}\n",
     "'vcore' must be a number, but '7.5' is text", "write 7.5 without quotes"),
    ("layout", MACHINES + "machine-sku: {'': {mem: 1Gi, cpu: {vcore: 1}}}\n",
     "'' can't be a name in 'machine-sku'", "names have from 1 to 63 characters"),
    ("services-configuration", "rest-server: {default-pai-admin-password: abc}\n",
     "'default-pai-admin-password' needs at least 6 characters", ""),
    ("services-configuration", "postgresql: {max-connection: 3}\n",
     "'max-connection' is 3, but must be at least 10", "for example: 1000"),
    ("services-configuration", "rest-server: {log-server: azure}\n",
     "'azure' is no choice for 'log-server'", "choose one of log_manager, azure_storage"),
    ("services-configuration", "cluster: {common: {cluster-type: yarn}}\n",
     "'yarn' is no choice for 'cluster-type'", "choose k8s"),
    ("services-configuration", "webportal: {plugins: [{title: a, url: b, uri: c}]}\n",
     "unknown key 'url' in item 1 of plugins", "did you mean 'uri'?"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "text", "message", "hint"), SAID)
def test_a_violation_is_said_in_these_words(name, text, message, hint):
    problem = check_document(parse(text.encode(), "f"), name).problems[0]
    assert (problem.message, problem.hint) == (message, hint)


def test_an_item_that_breaks_the_schema_leaves_a_gap_so_that_places_stay():
    check = compile_check({"type": "array", "items": {"type": "string"}})
    assert check(["a", 1, "b"], (), []) == ["a", None, "b"]


def test_a_whole_number_written_with_a_fraction_is_one():
    whole = compile_check({"type": "integer"})(4.0, (), [])
    assert (whole, type(whole)) == (4, int)
    number = compile_check({"type": "number"})(4.0, (), [])
    assert type(number) is float


def test_a_wrong_type_leaves_nothing():
    assert compile_check({"type": "object", "properties": {}})([], (), []) is DROPPED


def test_defaults_reach_into_lists_and_named_entries():
    entry = {"type": "object", "properties": {"a": {"type": "integer", "default": 1}}}
    fill = compile_fill(
        {
            "type": "object",
            "properties": {"items": {"type": "array", "items": entry}},
            "additionalProperties": entry,
        }
    )
    assert fill is not None
    assert fill({"items": [{}, {"a": 2}], "x": {}}) == {"items": [{"a": 1}, {"a": 2}], "x": {"a": 1}}
