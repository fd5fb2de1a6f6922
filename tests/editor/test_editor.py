"""What an editor with yaml-language-server marks, offers and shows in the three inputs."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from paichart.cli.app import app
from paichart.schema import FILES, check_document, load_schema
from paichart.source import parse
from paichart.starter.editor import schema_line
from tests.corpus.cases import all_cases
from tests.editor.conftest import HERE

pytestmark = pytest.mark.programs

EXAMPLES = sorted(
    path
    for path in (HERE.parents[1] / "examples").glob("*/*.yaml")
    if path.stem in ("config", "layout", "services-configuration")
)
TAG = "docker_image_tag: v1.8.0\n"


@pytest.mark.parametrize("path", EXAMPLES, ids=["/".join(path.parts[-2:]) for path in EXAMPLES])
def test_nothing_is_marked_in_the_examples(editor, path):
    assert editor.diagnostics(path.stem, path.read_text(encoding="utf-8")) == []


def test_nothing_is_marked_in_what_init_writes(editor, tmp_path):
    assert CliRunner().invoke(app, ["init", str(tmp_path / "new")]).exit_code == 0
    inputs = sorted((tmp_path / "new").glob("*.yaml"))
    assert len(inputs) == 3
    for path in inputs:
        text = path.read_text(encoding="utf-8")
        assert text.startswith(schema_line(path.stem))
        assert editor.server.open(path, text) == []
        # The schema is found: a key that there is not is marked.
        assert editor.server.change(path, text + "\nnot-a-key: 1\n") != []


@pytest.mark.parametrize(
    ("name", "text", "marked"),
    [
        ("config", TAG + "dockr_image_tag: v1\n", ["2:1 Property dockr_image_tag is not allowed."]),
        ("config", "qos-switch: true\n", ['1:1 Missing property "docker_image_tag".']),
        ("config", TAG + "qos-switch: on\n", ["2:13 must be true or false"]),
        ("config", "docker_image_tag: 1.8\n", ['1:19 Incorrect type. Expected "string".']),
        (
            "config",
            TAG + "paichart:\n  credentials: internal\n",
            ['3:16 Value is not accepted. Valid values: "generated", "external".'],
        ),
        (
            "config",
            TAG + "paichart:\n  image-registry: https://registry.example.com\n",
            [
                "3:19 must be a registry host with an optional port and path, without http:// "
                "and without '/' at the end"
            ],
        ),
        ("config", TAG + "host_daemon_port_start: 70000\n", ["2:25 Value is above the maximum of 65535."]),
        (
            "layout",
            "machine-sku:\n  a: {mem: 1Gi, cpu: {vcore: 1}}\nmachine-list:\n"
            "- hostname: a\n  hostip: 10.0.0.1\n",
            ['4:3 Missing property "machine-type".'],
        ),
        (
            "layout",
            "machine-sku:\n  a: {mem: 1 Gi, cpu: {vcore: 1}}\nmachine-list:\n"
            "- {hostname: a, hostip: 10.0.0.1, machine-type: a, gpu: 1}\n",
            [
                "2:12 must be a Kubernetes quantity, such as 500m, 1.5 or 220Gi",
                "4:52 Property gpu is not allowed.",
            ],
        ),
        (
            "services-configuration",
            "rest-server:\n  jwt-expire-time: 7\n  port: 80\n",
            ['2:20 Incorrect type. Expected "string".', "3:3 Property port is not allowed."],
        ),
    ],
)
def test_what_is_wrong_is_marked_where_it_stands(editor, name, text, marked):
    assert editor.diagnostics(name, text) == marked


def test_keys_are_offered_that_have_an_effect(editor):
    offered = editor.complete("config", TAG + "|")
    effective = {
        key
        for key, part in load_schema("config").content["properties"].items()
        if "x-paichart-ignored" not in part
    }
    assert set(offered) == effective - {"docker_image_tag"}
    assert "user" not in offered


def test_top_level_keys_of_the_other_inputs_are_offered(editor):
    offered = set(editor.complete("layout", "|"))
    assert {"kubernetes", "machine-sku", "machine-list"} <= offered
    assert {"cluster", "rest-server", "prometheus"} <= set(editor.complete("services-configuration", "|"))


def test_a_section_is_completed_without_writing_down_its_defaults(editor):
    assert editor.complete("services-configuration", "|")["rest-server"] == "rest-server:\n  "
    assert editor.complete("config", TAG + "|")["paichart"] == "paichart:\n  "


def test_keys_of_a_machine_are_offered_with_examples(editor):
    offered = editor.complete("layout", "machine-list:\n  - hostname: w1\n    |\n")
    assert offered["hostip"] == "hostip: ${1:10.0.0.2}"
    assert offered["pai-worker"] == 'pai-worker: ${1:"true"}'
    assert "hostname" not in offered


def test_whole_machines_and_kinds_of_machines_are_offered(editor):
    rows = editor.complete("layout", "machine-list:\n  - |\n")
    assert rows["Worker"].splitlines() == [
        "hostname: ${1:pai-worker1}",
        "  hostip: ${2:10.0.0.2}",
        "  machine-type: ${3:gpu-machine}",
        '  pai-worker: "true"',
    ]
    assert {"Worker", "Master", "Storage"} <= set(rows)
    assert editor.complete("layout", "machine-list:\n  |\n")["Worker"].startswith("- hostname: ")
    kinds = editor.complete("layout", "machine-sku:\n  a:\n    |\n")
    assert kinds["CPU machine"].splitlines() == ["mem: ${1:60Gi}", "cpu:", "  vcore: ${2:24}"]
    assert yaml.safe_load(re.sub(r"\$\{\d+:(.*?)}", r"\1", kinds["GPU machine"])) == {
        "mem": "220Gi",
        "cpu": {"vcore": 24},
        "computing-device": {"type": "nvidia.com/gpu", "model": "A100", "count": 8},
    }


def test_nested_keys_are_offered(editor):
    offered = editor.complete("config", TAG + "paichart:\n  |\n")
    assert set(offered) == set(load_schema("config").content["properties"]["paichart"]["properties"])
    assert offered["external-url"] == "external-url: ${1:https://pai.example.com}"
    assert set(editor.complete("config", TAG + "paichart:\n  exposure:\n    |\n")) == {
        "type",
        "class-name",
        "annotations",
        "node-port",
        "https-node-port",
        "gateway",
    }


@pytest.mark.parametrize(
    ("name", "text", "offered"),
    [
        (
            "config",
            TAG + "paichart:\n  exposure:\n    type: |\n",
            {"hostPort", "nodePort", "loadBalancer", "ingress", "gateway"},
        ),
        ("config", TAG + "enable_hived_scheduler: |\n", {"true", "false"}),
        ("services-configuration", "rest-server:\n  log-server: |\n", {"log_manager", "azure_storage"}),
    ],
)
def test_values_are_offered(editor, name, text, offered):
    assert set(editor.complete(name, text)) == offered


@pytest.mark.parametrize(
    ("name", "text", "shown"),
    [
        (
            "config",
            TAG + "pai|chart:\n  exposure:\n    type: ingress\n",
            ["#### Settings of paichart", "Everything that the old deployer did not know."],
        ),
        (
            "config",
            TAG + "paichart:\n  exposure:\n    ty|pe: ingress\n",
            [
                "#### Kind of exposure",
                "`hostPort`: the master's own ports.",
                'Default: `"hostPort"`',
                "* `gateway`",
            ],
        ),
        (
            "layout",
            "machine-sku:\n  a:\n    mem|: 60Gi\n",
            ["#### Memory", "Must be a Kubernetes quantity, such as 500m, 1.5 or 220Gi.", "220Gi"],
        ),
        (
            "config",
            TAG + "us|er: root\n",
            ["Ignored: paichart never logs in to machines: the cluster exists."],
        ),
        (
            "services-configuration",
            "postgresql:\n  pass|wd: x\n",
            ["Kept secret: it goes into Secrets only."],
        ),
        ("config", TAG + "paichart:\n  exposure: {node|-port: 30080}\n", ["Default: `30080`"]),
    ],
)
def test_a_key_explains_itself(editor, name, text, shown):
    text_of_hover = editor.hover(name, text)
    assert [words for words in shown if words not in text_of_hover] == []


def lines_with(schema: Mapping[str, Any], value: str, indent: str = "") -> Iterator[str]:
    """A document in which every value of the schema is `value`, one a line; free names are `a`."""
    if "properties" in schema:
        for key, part in schema["properties"].items():
            inner = (
                list(lines_with(part, value, indent + "  ")) if "x-paichart-checked-by" not in part else []
            )
            head = f"{indent}{key}:"
            yield from [head, *inner] if len(inner) > 1 or inner[:1] != [value] else [f"{head} {value}"]
    elif isinstance(schema.get("additionalProperties"), Mapping):
        inner = list(lines_with(schema["additionalProperties"], value, indent + "  "))
        yield from [f"{indent}a: {value}"] if inner == [value] else [f"{indent}a:", *inner]
    elif schema.get("type") == "array" and "properties" in schema.get("items", {}):
        first, *rest = lines_with(schema["items"], value, indent + "  ")
        yield from [f"{indent}- {first.lstrip()}", *rest]
    else:
        yield value


VALUES = (
    *("true", "True", "on", "no", '"true"', '"on"', "5", "-1", "0", "1.5", "2.0", '"5"', "70000", "99999999"),
    *('""', '" "', "§", "a b", "v1.8.0", "nvidia.com/gpu", "/a/b", "/a/../b", "http://a.example", "10.0.0.1"),
    *("220Gi", "220 Gi", "500m", "[]", "{}", "[a]", "[1]", "{a: b}", "default", "TRUE", "a,b", "24h", "7d"),
)


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("name", ["config", "layout", "services-configuration"])
def test_the_editor_marks_what_the_check_refuses_and_nothing_else(editor, name, value):
    text = "\n".join(lines_with(load_schema(name).content, value)) + "\n"
    document = parse(text.encode(), FILES[name])
    # `on` is true in YAML 1.1 and text in 1.2, by which editors go: the check warns of it, or refuses it.
    doubted = {problem.span.line for problem in document.problems}
    refused = {problem.span.line for problem in check_document(document, name).problems}
    marked = editor.lines(name, text)
    assert refused
    shown = text.splitlines()
    only_marked, only_refused = (
        [f"{n}: {shown[n - 1]}" for n in sorted(lines - doubted)]
        for lines in (marked - refused, refused - marked)
    )
    assert (only_marked, only_refused) == ([], [])


OF_THE_SCHEMA = {"PAI201", "PAI202", "PAI203", "PAI204", "PAI205", "PAI206", "PAI207"}
CORPUS = [
    case
    for case in all_cases()
    if case.name.startswith("keys-and-values/")
    and {line.split()[-1] for line in case.expected} <= OF_THE_SCHEMA
]
MARKED_TWICE = {"keys-and-values/machine-list-misspelt"}
"""The check tells one slip once, the editor also that the right key is missing."""


@pytest.mark.parametrize("case", CORPUS, ids=[case.name for case in CORPUS])
def test_the_editor_marks_the_lines_of_mistakes_that_people_make(editor, case):
    """The corpus says where a person would mark them."""
    expected = {tuple(line.split(":")[:2]) for line in case.expected}
    marked = {
        (file, str(line))
        for name, file in FILES.items()
        if file in case.files
        for line in editor.lines(name, case.files[file].decode())
    }
    assert expected <= marked
    assert (marked == expected) != (case.name in MARKED_TWICE)


def test_the_server_asks_nothing_of_a_network(editor):
    editor.diagnostics("config", TAG)
    assert editor.attempts.read_text(encoding="utf-8") == ""


def test_an_attempt_to_reach_a_network_would_be_seen(tmp_path):
    attempts = tmp_path / "attempts"
    node = shutil.which("node")
    assert node
    program = "require('node:http').get('http://192.0.2.1').on('error', () => {})"
    subprocess.run(
        [node, "--require", str(HERE / "no_network.cjs"), "-e", program],
        env={**os.environ, "ATTEMPTS": str(attempts)},
        capture_output=True,
        check=False,
    )
    assert "connect" in attempts.read_text(encoding="utf-8")
