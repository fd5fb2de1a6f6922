"""fluentd: what frameworkcontroller logs comes out as the rows of legacy's plugin.

fluentd 1.7 itself is in no package that a test could install. So the configuration is read here, and its
expressions are applied in its order.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from tests.chart.charts import CHARTS, merged, scenario_values, scenarios
from tests.chart.render import Object, Objects, render
from tests.rig.debian import ensure

pytestmark = pytest.mark.programs

FILES = CHARTS / "fluentd" / "files"
# Recorded from frameworkcontroller v1.0.0 on an API server: a pod that is removed, its task and then
# its job that are tried again, the job that is removed, and what is logged besides.
LOG = Path(__file__).parent / "data" / "frameworkcontroller-v1.0.0.log"
TRIGGERS = ("OnPodDeletion", "OnTaskRetry", "OnFrameworkRetry")
# containerd cuts at max_container_log_line_size, 16 KiB if not said otherwise.
PIECE = 16 * 1024


@dataclass(frozen=True, slots=True)
class Section:
    """A section of fluentd's configuration: `<match fc.**>` has the name `match` and the argument `fc.**`."""

    name: str
    argument: str = ""
    settings: dict[str, str] = field(default_factory=dict)
    sections: list[Section] = field(default_factory=list)

    def all(self, name: str, kind: str | None = None) -> list[Section]:
        return [s for s in self.sections if s.name == name and kind in (None, s.settings.get("@type"))]

    def one(self, name: str, kind: str | None = None) -> Section:
        (found,) = self.all(name, kind)
        return found


def parse(text: str) -> Section:
    """The configuration as a tree; fails at what is neither a section, nor a setting, nor a comment."""
    stack = [Section("root")]
    for line in map(str.strip, text.split("\n")):
        opened = re.fullmatch(r"<(\w+)(?: (.+))?>", line)
        if line.startswith("#") or not line:
            continue
        if opened:
            stack[-1].sections.append(Section(opened[1], opened[2] or ""))
            stack.append(stack[-1].sections[-1])
        elif line.startswith("</"):
            assert line == f"</{stack.pop().name}>"
        else:
            name, _, value = line.partition(" ")
            assert name not in stack[-1].settings, f"{name} stands twice"
            stack[-1].settings[name] = value
    (root,) = stack
    return root


def rendered(
    values: Mapping[str, Any] | None = None, scenario: str = "quick-start", **options: Any
) -> Objects:
    given = merged(scenario_values("fluentd", scenario), values or {})
    return render("fluentd", given, namespace="pai-system", **options)


def configuration(objects: Objects) -> Section:
    return parse(objects.find("ConfigMap")["data"]["fluent.conf"])


def pod(objects: Objects) -> Object:
    found: Object = objects.find("Deployment")["spec"]["template"]["spec"]
    return found


def container(objects: Objects) -> Object:
    (found,) = pod(objects)["containers"]
    return dict(found)


def variables(objects: Objects) -> dict[str, Object]:
    return {entry["name"]: entry for entry in container(objects)["env"]}


def expression(section: Section, key: str) -> re.Pattern[str]:
    """A regular expression of the configuration, in Python's words."""
    ruby = section.settings[key]
    assert ruby[0] == ruby[-1] == "/"
    return re.compile(re.sub(r"\(\?<(?=\w)", "(?P<", ruby[1:-1]))


def as_cri(lines: Iterable[str], zone: str = "Z", piece: int = PIECE, tag: str = "") -> list[bytes]:
    """Lines as the container runtime writes them (Kubernetes' CRI logging format): cut, in bytes."""
    written = []
    for number, line in enumerate(lines):
        raw = line.encode()
        pieces = [raw[start : start + piece] for start in range(0, len(raw), piece)] or [b""]
        for part in pieces:
            mark = "F" if part is pieces[-1] else "P"
            head = f"2026-11-24T10:00:{number % 60:02}.123456789{zone} stderr {mark}{tag} "
            written.append(head.encode() + part)
    return written


def collected(config: Section, files: Sequence[Sequence[bytes]]) -> Iterator[tuple[str, Any]]:
    """(trigger, object) of each snapshot in these files, read in turns, as the configuration says."""
    tail, concat = config.all("source", "tail")[0], config.one("filter", "concat")
    read = expression(tail.one("parse"), "expression")
    kept = expression(config.one("filter", "grep").one("regexp"), "pattern")
    snapshot = expression(config.all("filter", "parser")[0].one("parse"), "expression")
    waiting: dict[tuple[int, str], str] = {}
    longest = max(map(len, files), default=0)
    for index in range(longest):
        for file, lines in enumerate(files):
            if index >= len(lines):
                continue
            found = read.search(lines[index].decode("latin-1"))
            assert found, lines[index][:80]
            stream = (file, found[concat.settings["stream_identity_key"]])
            text = waiting.pop(stream, "") + found[concat.settings["key"]]
            if found[concat.settings["partial_key"]] == concat.settings["partial_value"]:
                waiting[stream] = text
            elif kept.search(text) and (parts := snapshot.search(text)):
                raw = parts["objectSnapshot"].encode("latin-1").decode()
                yield parts["objectSnapshotTrigger"], json.loads(raw)


def logged() -> list[str]:
    return LOG.read_text(encoding="utf-8").splitlines()


def expected() -> list[tuple[str, Any]]:
    marked = [line.partition(": ObjectSnapshot: ") for line in logged()]
    found = [(head.rpartition(": ")[2], json.loads(tail)) for head, mark, tail in marked if mark]
    return [(trigger, item) for trigger, item in found if trigger in TRIGGERS]


def snapshot_line(text: str) -> str:
    """The recorded removal of a pod, with a text of a user's in it."""
    line = next(line for line in logged() if "OnPodDeletion" in line)
    head, mark, tail = line.partition(": ObjectSnapshot: ")
    item = json.loads(tail)
    item["metadata"]["annotations"]["text"] = text
    return head + mark + json.dumps(item, ensure_ascii=False, separators=(",", ":"))


@pytest.mark.parametrize("zone", ["Z", "+08:00", "-05:30"])
@pytest.mark.parametrize("piece", [PIECE, 1000])
@pytest.mark.parametrize("tag", ["", ":more"])
def test_recorded_log_gives_the_history(zone: str, piece: int, tag: str) -> None:
    assert [trigger for trigger, _ in expected()] == list(TRIGGERS)
    files = [as_cri(logged(), zone, piece, tag)]
    assert list(collected(configuration(rendered()), files)) == expected()


@pytest.mark.parametrize("source", [0, 1])
def test_both_sources_read_alike(source: int) -> None:
    parser = configuration(rendered()).all("source", "tail")[source].one("parse")
    assert parser.settings["@type"] == "regexp"
    assert expression(parser, "expression").fullmatch("2026-11-24T10:00:00.1+01:00 stdout P a  b ")
    # A fraction of nine digits and `Z` or `+01:00`: time.RFC3339Nano, which containerd and conmon use.
    assert parser.settings["time_format"] == "%Y-%m-%dT%H:%M:%S.%N%:z"
    assert not expression(parser, "expression").search('{"log":"I1124 a\\n","stream":"stderr"}')


@pytest.mark.parametrize(
    "text",
    [
        "数据 größe " * 4000,
        'said: OnTaskRetry: ObjectSnapshot: {"kind":"Task"}' * 500,
        "} ends here: ObjectSnapshot: {",
        "a\nb\\n\t\u2028",
    ],
    ids=["beyond-ascii-and-cut", "looks-like-a-snapshot", "looks-like-an-end", "line-ends"],
)
def test_texts_of_users_come_through_as_they_are(text: str) -> None:
    ((trigger, item),) = collected(configuration(rendered()), [as_cri([snapshot_line(text)])])
    assert (trigger, item["metadata"]["annotations"]["text"]) == ("OnPodDeletion", text)


def test_files_that_are_read_side_by_side_do_not_mix() -> None:
    config = configuration(rendered())
    one, other = snapshot_line("a" * 100_000), snapshot_line("b" * 100_000)
    texts = [
        item["metadata"]["annotations"]["text"]
        for _, item in collected(config, [as_cri([one]), as_cri([other])])
    ]
    assert texts == ["a" * 100_000, "b" * 100_000]
    # The tag, which concat tells streams by, carries the file.
    assert {source.settings["tag"] for source in config.all("source", "tail")} == {"fc.*"}


@pytest.mark.parametrize(
    "line",
    [
        'E1124 10:00:00.1 1 funcs.go:1] failed: {"message": ": OnPodDeletion: ObjectSnapshot: {}"}',
        'I1124 10:00:00.1 1 funcs.go:1] said ": OnPodDeletion: ObjectSnapshot: {}"',
        'x: OnPodDeletion: ObjectSnapshot: {"kind":"Pod"}',
        "",
    ],
)
def test_users_cannot_write_history(line: str) -> None:
    # frameworkcontroller prints what a container said as JSON or quoted.
    assert list(collected(configuration(rendered()), [as_cri([line])])) == []


@pytest.mark.parametrize("scenario", scenarios("fluentd"))
def test_configuration_names_variables_that_the_pod_has(scenario: str) -> None:
    objects = rendered(scenario=scenario)
    text = objects.find("ConfigMap")["data"]["fluent.conf"]
    named = set(re.findall(r"ENV\['(\w+)'\]", text))
    given = variables(objects)
    assert named == set(given) - {"PGSSLROOTCERT"}
    assert all(entry.get("value") or "valueFrom" in entry for entry in given.values())
    # Only in double quotes does fluentd look for Ruby.
    assert all('"' in line for line in text.split("\n") if "ENV[" in line)


def test_password_comes_from_the_credentials() -> None:
    env = variables(rendered(scenario="external-database"))
    reference = {"secretKeyRef": {"name": "my-credentials", "key": "database-password"}}
    assert env["DATABASE_PASSWORD"]["valueFrom"] == reference
    values = {name: entry.get("value") for name, entry in env.items()}
    assert values["DATABASE_HOST"] == "db.example.com"
    assert (values["DATABASE_PORT"], values["DATABASE_NAME"], values["DATABASE_USER"]) == (
        "15432",
        "pai_db",
        "pai@host",
    )
    assert values["DATABASE_SSL_MODE"] == "verify-full"


def test_database_of_the_release_is_the_default() -> None:
    values = {name: entry.get("value") for name, entry in variables(rendered()).items()}
    assert values["DATABASE_HOST"] == "openpai-postgresql.pai-system.svc"
    assert (values["DATABASE_PORT"], values["DATABASE_NAME"], values["DATABASE_USER"]) == (
        "5432",
        "openpai",
        "root",
    )


@pytest.mark.parametrize("release", ["openpai", "a-release-with-a-name-of-forty-characters"])
def test_log_is_where_the_kubelet_writes_it(release: str) -> None:
    options: dict[str, Any] = {"release": release, "namespace": "pai-system"}
    controller = render(
        "frameworkcontroller", scenario_values("frameworkcontroller", "quick-start"), **options
    )
    owner = controller.find("StatefulSet")
    (writer,) = owner["spec"]["template"]["spec"]["containers"]
    # kubelet: <namespace>_<pod>_<uid>/<container>/<restarts>.log; put aside with a time at its
    # end, then compressed.
    folder = f"/var/log/pods/pai-system_{owner['metadata']['name']}-0_6f1fee05-8b00/{writer['name']}"
    objects = render("fluentd", scenario_values("fluentd", "quick-start"), **options)
    pattern = variables(objects)["LOG_FOLDER"]["value"]
    live, aside = (
        source.settings["path"].strip('"').replace("#{ENV['LOG_FOLDER']}", pattern)
        for source in configuration(objects).all("source", "tail")
    )
    assert fnmatchcase(f"{folder}/0.log", live)
    assert fnmatchcase(f"{folder}/12.log.20261124-100000", aside)
    assert not fnmatchcase(f"{folder}/0.log.20261124-100000", live)
    for name in ("0.log", "0.log.20261124-100000.gz", "0.log.20261124-100000.tmp"):
        assert not fnmatchcase(f"{folder}/{name}", aside)


def test_log_folder_can_only_be_read() -> None:
    objects = rendered()
    (mount,) = (m for m in container(objects)["volumeMounts"] if m["name"] == "logs")
    assert mount == {"name": "logs", "mountPath": "/var/log/pods", "readOnly": True}
    volumes = [volume["hostPath"]["path"] for volume in pod(objects)["volumes"] if "hostPath" in volume]
    assert volumes == ["/var/log/pods"]
    # Root reads as the logs' owner, with no power besides.
    assert pod(objects)["securityContext"]["runAsUser"] == 0
    assert container(objects)["securityContext"]["capabilities"] == {"drop": ["ALL"]}


def test_pod_runs_beside_the_writer_of_the_log() -> None:
    (term,) = pod(rendered())["affinity"]["podAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    controller = render(
        "frameworkcontroller", scenario_values("frameworkcontroller", "quick-start"), namespace="pai-system"
    )
    labels = controller.find("StatefulSet")["spec"]["template"]["metadata"]["labels"]
    assert term["topologyKey"] == "kubernetes.io/hostname"
    assert term["labelSelector"]["matchLabels"].items() <= labels.items()


def test_settings_are_told_inside_the_pod_only() -> None:
    # To ?debug=1 the agent tells each plugin's variables: in_monitor_agent.rb of fluentd 1.7.4.
    objects = rendered()
    agent = configuration(objects).one("source", "monitor_agent").settings
    assert (agent["bind"], agent["include_config"]) == ("127.0.0.1", "false")
    assert "ports" not in container(objects)
    probes = [container(objects)[f"{kind}Probe"]["exec"]["command"] for kind in ("startup", "liveness")]
    assert all(probe[-1] == f"http://127.0.0.1:{agent['port']}/api/plugins.json" for probe in probes)
    assert f"http://127.0.0.1:{agent['port']}/" in objects.find("ConfigMap")["data"]["ready.sh"]


def test_nothing_is_dropped_while_the_database_is_away() -> None:
    output = configuration(rendered()).one("match", "pgjson")
    buffer = output.one("buffer")
    # The plugin refuses chunks that are not of one tag: out_pgjson.rb.
    assert buffer.argument == "tag"
    assert buffer.settings["@type"] == "file"
    assert buffer.settings["retry_forever"] == "true"
    # With an exception instead, concat would get the same pieces of a line twice.
    assert buffer.settings["overflow_action"] == "block"
    # SELECT, then INSERT: two threads would both find nothing.
    assert buffer.settings["flush_thread_count"] == "1"


def test_everything_is_read_again_at_a_start() -> None:
    for source in configuration(rendered()).all("source", "tail"):
        assert source.settings["read_from_head"] == "true"
        assert "pos_file" not in source.settings


STUB = """
class PG; class Error < StandardError; end
  class Connection
    def self.new(**given) = raise(PG::Error, "no route to #{given[:host]}")
  end
end
module Fluent; module Plugin; class PgJsonOutput
  def initialize; @host = "db"; @sslmode = :prefer; end
  def init_connection; raise "the image's"; end
  def reset_connection; raise "the image's"; end
  def insert_framework(*given); raise "the image's" if given.empty?; given; end
  alias insert_task insert_framework
  alias insert_pod insert_framework
  def log = self
  def error(text) = puts("logged: #{text}")
end; end; end
"""
LOST = """
require ARGV[0]
class Lost; def close = raise(PG::Error, "closed"); end
output = Fluent::Plugin::PgJsonOutput.new
Thread.current[:conn] = Lost.new
begin; output.reset_connection; rescue => error; puts "raised: #{error.message}"; end
puts Thread.current.key?(:conn)
begin; output.init_connection; rescue => error; puts "raised: #{error.message}"; end
puts Thread.current.key?(:conn)
"""
LACKING = """
require ARGV[0]
output = Fluent::Plugin::PgJsonOutput.new
%i[insert_framework insert_task insert_pod].each { |name| puts output.send(name, 1, 2, 3).inspect }
class Fluent::Plugin::PgJsonOutput; def insert_pod(*) = nil["metadata"]; end
output.insert_pod(1, 2, 3)
begin; output.insert_task; rescue => error; puts "raised: #{error.message}"; end
"""


def run_ruby(folder: Path, script: str) -> list[str]:
    """Run a script on the corrected plugin, with a stub in the place of the image's; return what it says."""
    stub = folder / "fluent" / "plugin" / "out_pgjson.rb"
    stub.parent.mkdir(parents=True)
    stub.write_text(STUB, encoding="utf-8")
    command = [str(ensure("ruby")), "-I", str(folder), "-e", script, str(FILES / "out_pgjson.rb")]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout.splitlines()


def test_object_that_lacks_a_field_does_not_take_others_with_it(tmp_path: Path) -> None:
    said = run_ruby(tmp_path, LACKING)
    assert said[:3] == ["[1, 2, 3]"] * 3
    assert said[3].startswith("logged: an object without the fields that insert_pod needs is passed over")
    # Whatever else goes wrong is fluentd's to try again.
    assert said[4] == "raised: the image's"


def test_lost_connection_goes_to_fluentds_own_retry(tmp_path: Path) -> None:
    # The image's plugin makes a connection when the thread has none under :conn, and calls reset_connection
    # when one is lost.
    assert run_ruby(tmp_path, LOST) == [
        "raised: the connection to the database is lost",
        "false",
        "raised: no route to db",
        "false",
    ]


def test_corrected_plugin_is_found_before_the_images() -> None:
    # registry.rb of fluentd 1.7.4: folders given with -p come before gems; a file is <kind>_<type>.rb.
    objects = rendered()
    command = container(objects)["command"]
    folder = command[command.index("-p") + 1]
    (mount,) = (m for m in container(objects)["volumeMounts"] if m["name"] == "config")
    assert mount["mountPath"] == folder
    assert "out_pgjson.rb" in objects.find("ConfigMap")["data"]
    assert command[command.index("-c") + 1] == f"{folder}/fluent.conf"


@pytest.mark.parametrize(
    ("first", "code", "said"),
    [
        (None, 1, "no log of frameworkcontroller on this node"),
        ("2026-11-24T10:00:00.123456789Z stderr F I1124 a", 0, ""),
        ("2026-11-24T10:00:00.123456789+08:00 stdout P a", 0, ""),
        ("", 0, ""),
        ('{"log":"I1124 a\\n","stream":"stderr"}', 1, "not written by containerd or CRI-O"),
    ],
)
def test_pod_is_ready_when_there_is_a_log_to_read(
    tmp_path: Path, first: str | None, code: int, said: str
) -> None:
    run = ready(tmp_path, first, answers=True)
    assert (run.returncode, said in run.stdout) == (code, True)


def test_pod_is_not_ready_while_fluentd_does_not_answer(tmp_path: Path) -> None:
    assert ready(tmp_path, "2026-11-24T10:00:00.123456789Z stderr F a", answers=False).returncode == 1


def ready(folder: Path, first: str | None, *, answers: bool) -> subprocess.CompletedProcess[str]:
    (folder / "wget").write_text(f"#!/bin/sh\nexit {0 if answers else 1}\n", encoding="utf-8")
    (folder / "wget").chmod(0o755)
    logs = folder / "pai-system_a-0_uid" / "frameworkcontroller"
    logs.mkdir(parents=True)
    if first is not None:
        (logs / "0.log").write_text(first + "\n" if first else "", encoding="utf-8")
    pattern = f"{folder}/pai-system_a-0_*/frameworkcontroller"
    return subprocess.run(
        ["sh", str(FILES / "ready.sh"), pattern],
        env={"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"},
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
