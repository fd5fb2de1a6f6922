"""`paichart init` as a user runs it: examples, a cluster, questions; what is said, written and left alone."""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from paichart.cli.app import app
from tests.cli.shells import heed_interrupts
from tests.unit import starter_nodes as real
from tests.unit.starter_nodes import cluster, control_plane, dgx, kubeconfig_of, node

GPUS = [dgx(f"gpu-{i}", f"10.0.1.{i}") for i in (1, 2)]
CPUS = [node(f"cpu-{i}", f"10.0.2.{i}") for i in (1, 2)]
STORAGE = {
    "/apis/storage.k8s.io/v1/storageclasses": [
        {
            "metadata": {
                "name": "fast",
                "annotations": {"storageclass.kubernetes.io/is-default-class": "true"},
            }
        }
    ]
}


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def answer(*arguments, lines=()):
    text = "".join(f"{line}\n" for line in lines)
    return CliRunner().invoke(app, [str(argument) for argument in arguments], input=text)


def machines(folder="my"):
    layout = yaml.safe_load(Path(folder, "layout.yaml").read_text())
    return {
        machine["hostname"]: [role for role in machine if role.startswith("pai-")]
        for machine in layout["machine-list"]
    }


def settings(folder="my"):
    return yaml.safe_load(Path(folder, "config.yaml").read_text())["paichart"]


def test_a_new_site_is_valid_and_builds(run):
    result = run("init", "my")
    assert result.exit_code == 0
    assert "The machines are examples: replace them in my/layout.yaml." in result.stdout
    for step in ("paichart validate my", "paichart preflight my", "paichart build my"):
        assert step in result.stdout
    assert run("validate", "my").exit_code == 0
    assert run("build", "my").exit_code == 0


def test_without_a_folder_it_is_this_one(run):
    assert run("init").exit_code == 0
    assert {path.name for path in Path().iterdir()} == {
        ".paichart",
        "config.yaml",
        "layout.yaml",
        "services-configuration.yaml",
    }


@pytest.mark.parametrize("name", ["config.yaml", "layout.yaml", ".paichart/config.schema.json"])
def test_nothing_is_overwritten(run, name):
    path = Path("my", name)
    path.parent.mkdir(parents=True)
    path.write_text("mine")
    result = run("init", "my")
    assert result.exit_code == 2
    assert f"my/{name}: exists already; nothing was written" in result.stderr
    assert [found for found in Path("my").rglob("*") if found.is_file()] == [path]
    assert path.read_text() == "mine"


def test_a_file_is_no_folder(run):
    Path("my").write_text("mine")
    result = run("init", "my")
    assert (result.exit_code, Path("my").read_text()) == (2, "mine")
    assert "my: is a file, not a folder" in result.stderr


def test_nobody_answers_questions_in_vain(run):
    Path("config.yaml").write_text("mine")
    result = answer("init", "--interactive", lines=["cp 10.0.0.1"])
    assert result.exit_code == 2
    assert "Which machine" not in result.stderr


@pytest.mark.parametrize(
    "option", ["--master", "--worker", "--storage", "--exclude", "--selector", "--device", "--kubeconfig"]
)
def test_what_is_said_of_a_cluster_needs_one(run, option):
    result = run("init", "my", option, "x")
    assert result.exit_code == 2
    assert (
        result.stderr
        == f"error: {option} says something of a cluster that is not read\n  add --from-cluster\n"
    )
    assert not Path("my").exists()


def test_a_cluster_becomes_a_site_that_validates(here, run):
    api = cluster(control_plane("cp", "10.0.0.1"), *GPUS, *CPUS, real.aks_windows(), lists=STORAGE)
    with kubeconfig_of(api, here / "api") as path:
        result = run("init", "my", "--from-cluster", "--kubeconfig", path, "--storage", "cpu-1")
    assert result.exit_code == 0, result.stderr
    assert machines() == {
        "cp": ["pai-master"],
        "gpu-1": ["pai-worker"],
        "gpu-2": ["pai-worker"],
        "cpu-1": ["pai-storage"],
    }
    assert "left out: cpu-2: has no devices, while others do" in result.stderr
    assert "left out: akswin000000: is windows" in result.stderr
    assert "master   cp (the only node of the control plane)" in result.stdout
    assert "2 of a100-sxm4-80gb-8" in result.stdout
    assert run("validate", "my").exit_code == 0


def test_the_result_is_json_for_programs(here, run):
    api = cluster(control_plane("cp", "10.0.0.1"), *GPUS, real.aks_windows(), lists=STORAGE)
    with kubeconfig_of(api, here / "api") as path:
        result = run("init", "my", "--from-cluster", "--kubeconfig", path, "--output", "json")
    document = json.loads(result.stdout)
    assert document["files"][:3] == ["config.yaml", "layout.yaml", "services-configuration.yaml"]
    assert (document["master"], document["workers"]) == ("cp", ["gpu-1", "gpu-2"])
    assert document["skus"]["a100-sxm4-80gb-8"] == {
        "machines": 2,
        "cpu": 256.0,
        "memory-mib": 1007 * 1024.0,
        "device": {"type": "nvidia.com/gpu", "model": "A100-SXM4-80GB", "count": 8},
    }
    assert document["left-out"] == {"akswin000000": "is windows; OpenPAI's images are for linux"}
    assert document["found"]["storage-class"] == "fast"


def test_where_the_master_is_unclear_the_candidates_and_the_flag_are_told(here, run):
    with kubeconfig_of(cluster(*GPUS, *CPUS), here / "api") as path:
        result = run("init", "my", "--from-cluster", "--kubeconfig", path)
        assert result.exit_code == 2
        assert "add --master NODE; those that can: 'cpu-1', 'cpu-2', 'gpu-1', 'gpu-2'" in result.stderr
        assert not Path("my").exists()
        assert run("init", "my", "--from-cluster", "--kubeconfig", path, "--master", "cpu-2").exit_code == 0
    assert machines() == {"cpu-2": ["pai-master"], "gpu-1": ["pai-worker"], "gpu-2": ["pai-worker"]}


def test_a_selector_says_who_runs_jobs(here, run):
    labelled = dgx("gpu-3", "10.0.1.3", labels={"team": "vision"})
    with kubeconfig_of(cluster(control_plane("cp", "10.0.0.1"), *GPUS, labelled), here / "api") as path:
        result = run("init", "my", "--from-cluster", "--kubeconfig", path, "--selector", "team=vision")
    assert result.exit_code == 0
    assert machines() == {"cp": ["pai-master"], "gpu-3": ["pai-worker"]}


def test_a_bad_selector_is_wrong_usage(here, run):
    api = cluster(*GPUS)
    api.fault = lambda request: (
        (400, {"message": "unable to parse"}) if request.query.get("labelSelector") else None
    )
    with kubeconfig_of(api, here / "api") as path:
        result = run("init", "my", "--from-cluster", "--kubeconfig", path, "--selector", "a in b")
    assert result.exit_code == 2
    assert "--selector: 'a in b' is no label selector" in result.stderr


def test_a_device_that_no_node_has_is_told_with_what_was_meant(here, run):
    with kubeconfig_of(cluster(control_plane("cp", "10.0.0.1"), *GPUS), here / "api") as path:
        result = run("init", "my", "--from-cluster", "--kubeconfig", path, "--device", "nvidia.com/gpus")
    assert result.exit_code == 2
    assert "no node offers 'nvidia.com/gpus'; nothing was written" in result.stderr
    assert "did you mean 'nvidia.com/gpu'?" in result.stderr
    assert not Path("my").exists()


def test_a_cluster_that_refuses_is_the_machines_fault(here, run):
    api = cluster(*GPUS, refused=("/api/v1/nodes",))
    with kubeconfig_of(api, here / "api") as path:
        result = run("init", "my", "--from-cluster", "--kubeconfig", path)
    assert result.exit_code == 3
    assert "the cluster refuses to be read: 403 Forbidden; nothing was written" in result.stderr


def test_an_empty_cluster_is_told(here, run):
    with kubeconfig_of(cluster(), here / "api") as path:
        result = run("init", "my", "--from-cluster", "--kubeconfig", path)
    assert result.exit_code == 2
    assert "no node can be the master; nothing was written\n  the cluster has no nodes" in result.stderr


def test_all_questions_have_a_default_that_works(run):
    result = answer("init", "my", "--interactive", lines=[""] * 9)
    assert result.exit_code == 0, result.stderr
    assert machines() == {
        "pai-master": ["pai-master"],
        "pai-worker1": ["pai-worker"],
        "pai-worker2": ["pai-worker"],
    }
    assert settings() == {"shared-master": False, "exposure": {"type": "hostPort"}}
    assert run("validate", "my").exit_code == 0


def test_answers_are_written(run):
    lines = [
        "head 10.1.0.1 cpu=16 mem=60Gi",
        "gpu[1-4] 10.1.1.1 cpu=96 mem=1100Gi gpu=8 model=H100",
        "cpu[1-2] 10.1.2.1",
        "",
        "ingress",
        "internal",
        "https://pai.example.com",
        "",
        "ceph-block",
        "passwords",
    ]
    result = answer("init", "my", "-i", lines=lines)
    assert result.exit_code == 0, result.stderr
    assert list(machines()) == ["head", "gpu1", "gpu2", "gpu3", "gpu4", "cpu1", "cpu2"]
    assert settings() == {
        "shared-master": False,
        "external-url": "https://pai.example.com",
        "exposure": {"type": "ingress", "class-name": "internal"},
        "tls": {"secret-name": "pai-tls"},
        "storage": {"class": "ceph-block"},
    }
    assert run("validate", "my").exit_code == 0


@pytest.mark.parametrize(
    ("url", "written"),
    [
        ("https://pai.example.com:31443", {"https-node-port": 31443}),
        ("http://pai.example.com:31080", {"node-port": 31080}),
        ("https://pai.example.com:30443", {}),
        ("https://pai.example.com:30080", {"https-node-port": 30080}),
        ("https://pai.example.com", {}),
    ],
)
def test_the_port_that_users_type_is_the_one_on_every_node(run, url, written):
    result = answer("init", "my", "-i", lines=["", "", "", "nodePort", url, *[""] * 4])
    assert result.exit_code == 0, result.stderr
    assert settings()["external-url"] == url
    assert settings()["exposure"] == {"type": "nodePort", **written}
    assert run("validate", "my").exit_code == 0


def test_a_gateway_has_the_certificate_so_nobody_is_asked_for_it(run):
    lines = [
        "",
        "",
        "",
        "gateway",
        "infra/",
        "In Fra/public",
        "infra/public",
        "https://pai.example.com",
        "",
        "",
    ]
    result = answer("init", "my", "-i", lines=lines)
    assert result.exit_code == 0, result.stderr
    assert result.stderr.count("gateway (namespace/name)") == 3
    assert "Which Secret" not in result.stderr
    assert settings()["exposure"]["gateway"] == {"name": "public", "namespace": "infra"}
    assert "tls" not in settings()
    assert run("validate", "my").exit_code == 0


def test_wrong_answers_are_told_and_asked_again():
    lines = [
        "head",
        "head 10.1.0.1",
        "gpu 10.1.0.1",
        "gpu 10.1.0.2 gpu=1",
        "",
        "hostprot",
        "",
        "",
        "",
        "oicd",
        "",
    ]
    result = answer("init", "my", "-i", lines=lines)
    assert result.exit_code == 0, result.stderr
    assert "a name and an address are needed" in result.stderr
    assert "'head' has the address of gpu" in result.stderr
    assert "did you mean 'hostPort'?" in result.stderr
    assert "did you mean 'oidc'?" in result.stderr


def test_the_client_secret_is_neither_shown_nor_readable_by_others(run):
    lines = ["", "", "", "", "", "", "oidc", "tenant-1", "client-1", "s3cret", "", ""]
    result = answer("init", "my", "-i", lines=lines)
    assert result.exit_code == 0, result.stderr
    assert "s3cret" not in result.output
    services = Path("my/services-configuration.yaml")
    assert yaml.safe_load(services.read_text())["authentication"]["AAD"]["clientSecret"] == "s3cret"
    assert services.stat().st_mode & 0o777 == 0o600
    assert run("validate", "my").exit_code == 0


def test_a_cluster_gives_the_defaults_of_the_questions(here, run):
    with kubeconfig_of(cluster(*GPUS, *CPUS, lists=STORAGE), here / "api") as path:
        arguments = ("init", "my", "--from-cluster", "-i", "--kubeconfig", path)
        lines = ["cpu-9", "cpu-2", "gpu-*", "nodePort", "", "fastt", "", ""]
        result = answer(*arguments, lines=lines)
    assert result.exit_code == 0, result.stderr
    assert "master [cpu-1]: " in result.stderr
    assert "no node is named 'cpu-9'; did you mean 'cpu-" in result.stderr
    assert "machines [gpu-1 gpu-2]: " in result.stderr
    assert "'fastt' is no storage class of the cluster; did you mean 'fast'?" in result.stderr
    assert machines() == {"cpu-2": ["pai-master"], "gpu-1": ["pai-worker"], "gpu-2": ["pai-worker"]}
    assert settings()["storage"] == {"class": "fast"}
    assert settings()["exposure"] == {"type": "nodePort"}
    assert run("validate", "my").exit_code == 0


def test_answers_that_end_early_leave_nothing():
    result = answer("init", "my", "-i", lines=["head 10.1.0.1"])
    assert result.exit_code == 130
    assert "stopped; nothing was written" in result.stderr
    assert not Path("my").exists()


class User:
    """Somebody at a terminal who runs a command and types; `screen` is what was not waited for yet."""

    def __init__(self, *arguments, environment=None):
        self.screen = self.everything = ""
        self._own, theirs = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "paichart.cli", *map(str, arguments)],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            preexec_fn=heed_interrupts,  # noqa: PLW1509 - it touches a signal alone
            env={**os.environ, **(environment or {}), "TERM": "dumb", "NO_COLOR": "1"},
        )
        os.close(theirs)

    def sees(self, text):
        """Wait until a text stands on the screen after what was seen before."""
        deadline = time.monotonic() + 30
        while text not in self.screen:
            assert time.monotonic() < deadline, f"{text!r} is not on the screen:\n{self.screen}"
            self._read()
        self.screen = self.screen.partition(text)[2]

    def types(self, text):
        os.write(self._own, f"{text}\n".encode())

    def interrupts(self):
        os.killpg(self.process.pid, signal.SIGINT)

    def leaves(self):
        """Return the exit code and the rest of the screen."""
        deadline = time.monotonic() + 30
        while self._read():
            if time.monotonic() > deadline:
                self.process.kill()
                pytest.fail(f"it waits for an answer:\n{self.screen}")
        os.close(self._own)
        return self.process.wait(30), self.screen

    def _read(self):
        if not select.select([self._own], [], [], 10)[0]:
            return True
        try:
            got = os.read(self._own, 4096)
        except OSError:  # what Linux says when the other end is closed
            return False
        text = got.decode().replace("\r\n", "\n")
        self.screen += text
        self.everything += text
        return bool(got)


@pytest.mark.programs
def test_a_person_at_a_terminal_is_asked():
    user = User("init", "my", "--interactive")
    user.sees("1. Which machine runs OpenPAI's services (the master)?")
    user.sees("master [pai-master 10.0.0.1 cpu=24 mem=60Gi]: ")
    user.types("head")
    user.sees("a name and an address are needed")
    user.sees("master [")
    user.types("head 10.0.0.1")
    user.sees("2. Which machines run jobs?")
    user.types("gpu[1-2] 10.0.0.2 cpu=64 mem=240Gi gpu=4 model=A100")
    user.sees("An empty line ends.")
    user.types("")
    user.sees("3. How do users reach the portal?")
    user.sees("way [hostPort]: ")
    user.types("")
    user.sees("address that users type [http://10.0.0.1]: ")
    user.types("")
    user.sees("4. Where is data kept?")
    user.types("")
    user.sees("5. How do users sign in?")
    user.types("oidc")
    user.sees("tenant ID: ")
    user.types("tenant-1")
    user.sees("client ID: ")
    user.types("client-1")
    user.sees("client secret (not shown): ")
    user.types("s3cret")
    user.sees("group of administrators [pai-admins]: ")
    user.types("")
    user.sees("group of all users [pai-users]: ")
    user.types("")
    code, screen = user.leaves()
    assert code == 0
    assert "s3cret" not in user.everything
    assert "paichart validate my" in screen
    assert machines() == {"head": ["pai-master"], "gpu1": ["pai-worker"], "gpu2": ["pai-worker"]}


@pytest.mark.programs
def test_who_interrupts_leaves_nothing():
    user = User("init", "my", "--interactive")
    user.sees("master [")
    user.types("head 10.0.0.1")
    user.sees("2. Which machines")
    user.sees(": ")
    user.interrupts()
    code, screen = user.leaves()
    assert code == 130
    assert "stopped; nothing was written" in screen
    assert "Traceback" not in screen
    assert not Path("my").exists()


@pytest.mark.programs
def test_at_a_terminal_an_unclear_master_is_asked_for(here):
    with kubeconfig_of(cluster(*GPUS, *CPUS), here / "api") as path:
        user = User("init", "my", "--from-cluster", environment={"KUBECONFIG": str(path)})
        user.sees("no node of the control plane is to be seen, so say which one runs OpenPAI's services")
        user.sees("cpu-1: 64 cores, 251Gi")
        user.sees("master [cpu-1]: ")
        user.types("cpu-2")
        code, screen = user.leaves()
    assert (code, machines()["cpu-2"]) == (0, ["pai-master"])
    assert "master   cpu-2 (as you said)" in screen
