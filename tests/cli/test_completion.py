"""Completion: what is offered for values, silently, and in the real shells."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from paichart.catalog import entries
from paichart.cli.app import app
from paichart.codes import all_codes
from tests.cli.shells import Terminal
from tests.rig.debian import ensure

KUBECONFIG = """\
apiVersion: v1
kind: Config
current-context: lab
contexts:
- name: lab
  context: {cluster: lab-cluster, user: me}
- name: lab-admin
  context: {cluster: lab-cluster, user: admin}
- name: office
  context: {cluster: office-cluster, user: me}
"""

Offered = Callable[..., list[str]]


@pytest.fixture
def offered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Offered:
    """What bash would offer for the last word."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("KUBECONFIG", raising=False)

    def ask(*words: object) -> list[str]:
        line = ["paichart", *map(str, words)]
        environment = {
            "_PAICHART_COMPLETE": "complete_bash",
            "COMP_WORDS": " ".join(line),
            "COMP_CWORD": str(len(line) - 1),
        }
        result = CliRunner().invoke(app, [], env=environment, prog_name="paichart")
        assert result.stderr == ""
        return result.stdout.split()

    return ask


def test_services_are_offered_by_name(offered, site):
    assert offered("services", "site", "--service", "rest-") == ["rest-server"]
    assert offered("services", "--service", "") == [entry.name for entry in entries()]


def test_a_service_that_is_named_already_is_not_offered_again(offered):
    assert offered("services", "--service", "dshuttle-csi", "--service", "dshuttle-") == [
        "dshuttle-master",
        "dshuttle-worker",
    ]


def test_virtual_clusters_of_the_site_are_offered(offered):
    company = Path(__file__).parents[2] / "examples/company"
    assert offered("cells", company, "--virtual-cluster", "") == ["default", "vision"]
    assert offered("cells", company, "--virtual-cluster", "vision", "--virtual-cluster", "") == ["default"]
    assert offered("cells", "nowhere", "--virtual-cluster", "") == []


def test_the_graph_offers_the_services_of_the_site_that_is_typed(offered, site):
    assert offered("graph", "site", "--service", "dshuttle-") == []
    assert offered("graph", "site", "--service", "marketplace-w") == ["marketplace-webportal"]
    (site / "config.yaml").write_text("docker_image_tag: v1.8.0\n", encoding="utf-8")
    assert offered("graph", "site", "--service", "marketplace-w") == []
    assert len(offered("graph", "site", "--all", "--service", "dshuttle-")) == 3


def test_the_graph_goes_by_the_layout_that_is_typed(offered, site):
    moved = site.rename(site.parent / "moved")
    words = ("--config", moved / "config.yaml", "--layout", moved / "layout.yaml")
    assert offered("graph", *words, "--service", "dshuttle-") == []


@pytest.mark.parametrize("text", ["machine-list: [", "- a", "", "\x00", "machine-list: {a: 1}"])
def test_a_broken_site_offers_all_services_and_says_nothing(offered, site, text):
    (site / "layout.yaml").write_text(text, encoding="utf-8")
    assert offered("graph", "site", "--service", "dshuttle-") == [
        "dshuttle-master",
        "dshuttle-worker",
        "dshuttle-csi",
    ]


def test_machines_are_offered_of_the_layout_that_is_typed(offered, site, tmp_path):
    assert offered("services", "site", "--machine", "pai-w") == ["pai-worker1", "pai-worker2"]
    other = tmp_path / "other.yaml"
    other.write_text("machine-list: [{hostname: flow, hostip: 1.1.1.1}]\n", encoding="utf-8")
    assert offered("services", "site", "--layout", other, "--machine", "") == ["flow"]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (
            "machine-list:\n- hostname: a\n\tb: [\n- {hostip: 1, hostname: 'b'}\n- \"hostname\": c.d\n",
            ["a", "b", "c.d"],
        ),
        ("# hostname: a\n- hostname: # b\n- hostname:\n  hostip: 10.0.0.1\n", []),
        ("", []),
        ("\x00\udcff- hostname: a\n", ["a"]),
    ],
)
def test_of_a_broken_layout_the_names_are_offered_that_can_be_read(offered, site, text, names):
    (site / "layout.yaml").write_bytes(text.encode("utf-8", "surrogateescape"))
    assert offered("services", "site", "--machine", "") == names
    (site / "layout.yaml").unlink()
    assert offered("services", "site", "--machine", "") == []


def test_codes_are_offered_but_those_that_stand_there(offered):
    assert offered("explain", "PAI01") == [code for code in all_codes() if code.startswith("PAI01")]
    assert offered("explain", "PAI001", "PAI001") == []


def test_contexts_are_offered_of_the_kubeconfig_that_is_typed(offered, tmp_path):
    (tmp_path / "cluster.conf").write_text(KUBECONFIG, encoding="utf-8")
    words = ("capacity", "--from-cluster", "--kubeconfig", tmp_path / "cluster.conf", "--context")
    assert offered(*words, "") == ["lab", "lab-admin", "office"]
    assert offered(*words, "o") == ["office"]
    assert offered("preflight", *words[2:], "o") == ["office"]


def test_contexts_are_offered_of_the_files_that_kubectl_reads(offered, tmp_path, monkeypatch):
    (tmp_path / "home/.kube").mkdir(parents=True)
    (tmp_path / "home/.kube/config").write_text(KUBECONFIG, encoding="utf-8")
    assert offered("capacity", "--context", "lab") == ["lab", "lab-admin"]
    (tmp_path / "one").write_text("contexts: [{name: lab}, {name: first}]", encoding="utf-8")
    (tmp_path / "two").write_text(KUBECONFIG, encoding="utf-8")
    monkeypatch.setenv("KUBECONFIG", f"{tmp_path / 'one'}:{tmp_path / 'two'}")
    assert offered("capacity", "--context", "") == ["lab", "first", "lab-admin", "office"]


@pytest.mark.parametrize("text", ["contexts: [", "contexts: 1", "contexts: [1, {a: b}]", "\udcff", "[]", ""])
def test_a_broken_kubeconfig_offers_nothing_and_says_nothing(offered, tmp_path, text):
    (tmp_path / "broken").write_bytes(text.encode("utf-8", "surrogateescape"))
    assert offered("capacity", "--kubeconfig", tmp_path / "broken", "--context", "") == []
    assert offered("capacity", "--kubeconfig", tmp_path / "none", "--context", "") == []


def test_choices_are_offered(offered):
    assert offered("graph", "--format", "") == ["text", "dot", "mermaid"]


def test_files_and_folders_are_left_to_the_shell(offered, site):
    """It completes names only where it is told nothing."""
    assert offered("validate", "si") == []
    assert offered("validate", "--layout", "site/la") == []


SHELLS = {
    "bash": (["--noprofile", "-i"], ".bashrc", "PS1='ready> '"),
    "zsh": (["-i"], ".zshrc", "PS1='ready> '\nunsetopt zle_bracketed_paste\nPROMPT_EOL_MARK=''"),
    "fish": (
        ["--interactive"],
        ".config/fish/config.fish",
        "function fish_prompt; echo 'ready> '; end\n"
        "set -g fish_greeting ''\nset -g fish_autosuggestion_enabled 0",
    ),
}
"""Of each shell: how it waits for keys, the file that it reads first, and what the test's prompt needs."""

WRITTEN = {
    "bash": {".bashrc", ".bash_completions/paichart.sh"},
    "zsh": {".zshrc", ".zfunc/_paichart"},
    "fish": {".config/fish/completions/paichart.fish"},
}
"""What `--install-completion` writes, as docs/editor.md says."""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home folder with a kubeconfig."""
    (tmp_path / "home/.kube").mkdir(parents=True)
    (tmp_path / "home/.kube/config").write_text(KUBECONFIG, encoding="utf-8")
    return tmp_path / "home"


def _environment(home: Path) -> dict[str, str]:
    """An environment in which `paichart` is on PATH and home is another folder."""
    programs = home.parent / "programs"
    programs.mkdir(exist_ok=True)
    if not (programs / "paichart").exists():
        (programs / "paichart").symlink_to(Path(sys.executable).parent / "paichart")
    return {
        "HOME": str(home),
        "PATH": f"{programs}:{os.environ['PATH']}",
        "TERM": "dumb",
        "LC_ALL": "C.UTF-8",
        "XDG_CONFIG_HOME": str(home / ".config"),
        "XDG_DATA_HOME": str(home / ".local/share"),
    }


def _install(shell: str, home: Path) -> str:
    program = str(ensure(shell))
    result = subprocess.run(
        [program, "-c", "paichart --install-completion; true"],
        env=_environment(home),
        capture_output=True,
        text=True,
        check=True,
    )
    assert "completion installed in" in result.stdout
    return program


@pytest.mark.programs
@pytest.mark.parametrize("shell", SHELLS)
def test_installing_writes_what_the_documentation_says_and_nothing_else(shell, home):
    _install(shell, home)
    written = {str(path.relative_to(home)) for path in home.rglob("*") if path.is_file()}
    by_fish_itself = {
        path for path in written if path.startswith((".local/share/fish", ".config/fish/fish_"))
    }
    assert written - by_fish_itself - {".kube/config"} == WRITTEN[shell]
    page = (Path(__file__).resolve().parents[2] / "docs/editor.md").read_text(encoding="utf-8")
    assert [path for path in WRITTEN[shell] if f"~/{path}" not in page] == []


@pytest.mark.programs
@pytest.mark.parametrize("shell", SHELLS)
def test_a_tab_completes_commands_values_and_files(shell, home, site):
    arguments, first, lines = SHELLS[shell]
    program = _install(shell, home)
    (home / first).parent.mkdir(parents=True, exist_ok=True)
    with (home / first).open("a", encoding="utf-8") as file:
        file.write(f"\n{lines}\n")
    terminal = Terminal([program, *arguments], site.parent, _environment(home), "ready> ")
    try:
        if shell == "zsh":
            terminal.completed("paichart cred")  # the first Tab of a session only reads what Typer installed
        for typed, rest in (
            ("paichart cred", "entials"),
            ("paichart services site --service rest-", "server"),
            ("paichart graph site --service marketplace-w", "ebportal"),
            ("paichart services site --machine pai-m", "aster"),
            ("paichart capacity --context off", "ice"),
            ("paichart graph --format merm", "aid"),
            ("paichart validate sit", "e/"),
            ("paichart validate --layout site/lay", "out.yaml"),
        ):
            assert terminal.completed(typed) in (typed + rest, (typed + rest).removesuffix("/"))
    finally:
        terminal.close()


def test_the_help_tells_what_installing_writes(run):
    shown = re.sub(r"\s+", "", run("--help").stdout)
    assert "--install-completion" in shown
    for folder in ("~/.bash_completions", "~/.bashrc", "~/.zfunc", "~/.zshrc", "~/.config/fish/completions"):
        assert folder in shown
