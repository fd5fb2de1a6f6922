"""`paichart import DIR`: what it writes and prints, its exit codes, and that what it wrote validates."""

from __future__ import annotations

import json
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.cli.shells import heed_interrupts
from tests.unit.checking import LAYOUT

LEGACY = Path(__file__).parents[1] / "legacy"
LAYOUTS = sorted(path.parent.name for path in LEGACY.glob("*/layout.yaml"))
SECRETS = {
    "ssh": ("config.yaml", "user: root\npassword: {}\ndocker_image_tag: v1.6.1\n"),
    "registry": ("config.yaml", "docker_registry_username: bob\ndocker_registry_password: {}\n"),
    "cache": ("config.yaml", "docker_cache_azure_account_key: {}\n"),
    "admin": ("services-configuration.yaml", "rest-server:\n  default-pai-admin-password: {}\n"),
    "jwt": ("services-configuration.yaml", "  jwt-secret: {}\n"),
    "database": ("services-configuration.yaml", "postgresql: {{passwd: {}}}\n"),
    "logs": (
        "services-configuration.yaml",
        "log-manager: {{admin_password: {}, jwt_secret: other-sesame}}\n",
    ),
    "share": ("services-configuration.yaml", "storage-manager: {{smbpwd: {}}}\n"),
    "token": ("services-configuration.yaml", "alert-manager: {{pai-bearer-token: {}}}\n"),
    "npm": ("services-configuration.yaml", "marketplace-webportal: {{npm-install-token: {}}}\n"),
    "market": ("services-configuration.yaml", "marketplace-db: {{passwd: {}}}\n"),
}
"""Where secrets stand in legacy files; each is written as the text sesame-NAME."""


@pytest.fixture
def old(tmp_path, monkeypatch):
    """The folder `old` with a legacy configuration full of secrets, beside which the tests run."""
    monkeypatch.chdir(tmp_path)
    Path("old").mkdir()
    texts = {"layout.yaml": LAYOUT}
    for name, (file, text) in SECRETS.items():
        texts[file] = texts.get(file, "") + text.format(f"sesame-{name}")
    for file, text in texts.items():
        (tmp_path / "old" / file).write_text(text)
    return tmp_path / "old"


@pytest.mark.parametrize("name", LAYOUTS)
def test_every_legacy_example_becomes_inputs_that_validate(name, tmp_path, run):
    result = run("import", LEGACY / name, "-o", tmp_path / "new")
    assert (result.exit_code, result.stderr) == (0, "")
    checked = run("validate", tmp_path / "new")
    assert checked.exit_code == 0, checked.stderr
    assert ": error " not in checked.stderr
    assert "PAI060" not in checked.stderr  # nothing is left that has no effect


def test_secrets_are_kept_and_shown_nowhere(old, run):
    shown = ""
    for output, folder in (("text", "new"), ("json", "newer")):
        result = run("import", "old", "-o", folder, "--output", output)
        assert result.exit_code == 0, result.stderr
        shown += result.stdout + result.stderr
    assert "sesame" not in shown
    written = "".join(path.read_text() for path in Path("new").glob("*.yaml"))
    for name in set(SECRETS) - {"ssh", "npm"}:  # these two are of no use
        assert (
            written.count(f"sesame-{name}\n")
            + written.count(f'sesame-{name}"')
            + written.count(f"sesame-{name}}}")
            == 1
        ), name
    assert "sesame-ssh" not in written
    assert yaml.safe_load(Path("new/credentials.yaml").read_text()) == {
        "admin-password": "sesame-admin",
        "database-password": "sesame-database",
        "jwt-secret": "sesame-jwt",
        "log-manager-jwt-secret": "other-sesame",
        "log-manager-password": "sesame-logs",
        "marketplace-database-password": "sesame-market",
        "storage-manager-password": "sesame-share",
    }


def test_files_with_secrets_are_for_their_owner_alone(old, run):
    run("import", "old", "-o", "new")
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in Path("new").glob("*.yaml")}
    private = {"config.yaml", "services-configuration.yaml", "credentials.yaml"}
    assert {name for name, mode in modes.items() if mode == 0o600} == private
    assert set(modes) == private | {"layout.yaml"}


def test_the_build_completes_the_credentials_and_keeps_those_of_old(old, run):
    run("import", "old", "-o", "new")
    kept = yaml.safe_load(Path("new/credentials.yaml").read_text())
    result = run("build", "new")
    assert result.exit_code == 0, result.stderr
    now = yaml.safe_load(Path("new/credentials.yaml").read_text())
    assert {key: now[key] for key in kept} == kept
    assert "grafana-admin-password" in now
    values = Path("out/values.yaml").read_text()
    assert "sesame-jwt" in values
    assert "sesame-database" in values


def test_secrets_are_hidden_in_errors_too(old, run):
    services = old / "services-configuration.yaml"
    services.write_text(services.read_text().replace("jwt-secret: sesame-jwt", "jwt-secret: 'sesame-jwt"))
    (old / "layout.yaml").write_text(LAYOUT.replace("machine-type: gpu,", "machine-type: gpx,"))
    result = run("import", "old", "-o", "new")
    assert result.exit_code == 1
    assert "old/layout.yaml:11:50: error PAI012" in result.stderr
    assert "old/services-configuration.yaml:3:15: error PAI108" in result.stderr
    assert "sesame" not in result.stdout + result.stderr
    assert not Path("new").exists()


def test_errors_as_json(old, run):
    (old / "layout.yaml").write_text("machine-list: []\n")
    result = run("import", "old", "-o", "new", "--output", "json")
    assert result.exit_code == 1
    assert {problem["file"] for problem in json.loads(result.stdout)["problems"]} >= {"old/layout.yaml"}


def test_the_result_as_json_names_files_and_every_key(old, run):
    document = json.loads(run("import", "old", "-o", "new", "--output", "json").stdout)
    assert document["folder"] == "new"
    assert document["files"] == [
        "config.yaml",
        "layout.yaml",
        "services-configuration.yaml",
        "credentials.yaml",
        ".paichart/config.schema.json",
        ".paichart/layout.schema.json",
        ".paichart/services-configuration.schema.json",
        ".paichart/capacity.schema.json",
    ]
    told = {(entry["action"], entry["file"], key) for entry in document["keys"] for key in entry["keys"]}
    assert ("ignored", "config.yaml", "password") in told
    assert ("translated", "config.yaml", "docker_image_tag") in told
    assert ("needs a decision", "services-configuration.yaml", "internal-storage.enable") in told
    (tag,) = [entry for entry in document["keys"] if entry["keys"] == ["docker_image_tag"]]
    assert (tag["old"], tag["new"]) == ("v1.6.1", "v1.8.0")


def test_nothing_is_overwritten(old, run):
    before = {path.name: path.read_text() for path in old.iterdir()}
    result = run("import", "old", "-o", "old")
    assert result.exit_code == 2
    assert "old/config.yaml: exists already; nothing was written" in result.stderr
    assert {path.name: path.read_text() for path in old.iterdir()} == before


def test_the_default_folder_is_here(old, run):
    result = run("import", "old")
    assert result.exit_code == 0
    assert Path("config.yaml").exists()
    assert result.stdout.endswith(
        "\nwrote .: config.yaml, layout.yaml, services-configuration.yaml, credentials.yaml, "
        "and 4 schemas for editors\n\n"
        "next:\n  paichart validate .\n  paichart preflight .\n  paichart build .\n"
    )


@pytest.mark.parametrize(
    "name", ["services-configuration.yaml", "capacity.yaml", "credentials.yaml", "layout.yaml"]
)
def test_an_input_that_would_mix_with_the_new_ones_is_refused(name, old, run):
    (old / "services-configuration.yaml").unlink()
    Path("new").mkdir()
    Path("new", name).write_text("mine: 1\n")
    result = run("import", "old", "-o", "new")
    assert result.exit_code == 2
    assert f"new/{name}: exists already; nothing was written" in result.stderr
    assert [path.name for path in Path("new").iterdir()] == [name]


def test_a_file_that_was_not_for_everybody_stays_so(old, run):
    (old / "config.yaml").write_text("docker_image_tag: v1.8.0\n# password: sesame\n")
    run("import", "old", "-o", "open")
    (old / "config.yaml").chmod(0o640)
    run("import", "old", "-o", "closed")
    assert stat.S_IMODE(Path("open/config.yaml").stat().st_mode) == 0o644
    assert stat.S_IMODE(Path("closed/config.yaml").stat().st_mode) == 0o600


@pytest.mark.parametrize("option", ["--context", "--kubeconfig"])
def test_what_is_said_of_a_cluster_needs_one(option, old, run):
    result = run("import", "old", option, "x", "-o", "new")
    assert result.exit_code == 2
    assert f"{option} says something of a cluster that is not read" in result.stderr
    assert not Path("new").exists()


@pytest.mark.parametrize("arguments", [[], ["old", "--from-cluster"]])
def test_one_source_must_be_given(arguments, old, run):
    result = run("import", *arguments)
    assert result.exit_code == 2
    assert "give a folder, or --from-cluster" in result.stderr


def test_a_missing_layout_is_told_like_any_problem(old, run):
    (old / "layout.yaml").unlink()
    result = run("import", "old", "-o", "new")
    assert result.exit_code == 1
    assert "old/layout.yaml:1:1: error PAI101" in result.stderr


def test_without_config_yaml_the_other_file_must_name_the_images(old, run):
    # Before OpenPAI 1.7 config.yaml did not come into the cluster.
    (old / "config.yaml").unlink()
    result = run("import", "old", "-o", "new")
    assert result.exit_code == 1
    assert "config.yaml:1:1: error PAI202: 'docker_image_tag' is missing" in result.stderr
    with (old / "services-configuration.yaml").open("a") as file:
        file.write("cluster: {docker-registry: {tag: v1.6.0}}\n")
    assert run("import", "old", "-o", "new").exit_code == 0
    assert "docker_image_tag: v1.8.0\n" in Path("new/config.yaml").read_text()


def test_a_folder_that_is_not_there(tmp_path, monkeypatch, run):
    monkeypatch.chdir(tmp_path)
    result = run("import", "nowhere", "-o", "new")
    assert result.exit_code == 1
    assert "nowhere" in result.stderr
    assert "error PAI101: there is no such" in result.stderr
    assert not Path("new").exists()


def test_a_kubeconfig_that_is_not_there_is_one_line(tmp_path, run):
    result = run("import", "--from-cluster", "--kubeconfig", tmp_path / "none", "-o", tmp_path / "new")
    assert result.exit_code == 3
    assert "nothing was written" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.programs
def test_who_tires_of_a_silent_cluster_is_told_that_nothing_was_changed(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        server = f"https://127.0.0.1:{silent.getsockname()[1]}"
        kubeconfig = {
            "clusters": [{"name": "c", "cluster": {"server": server}}],
            "users": [{"name": "u", "user": {"token": "sesame"}}],
            "contexts": [{"name": "lab", "context": {"cluster": "c", "user": "u"}}],
            "current-context": "lab",
        }
        (tmp_path / "kubeconfig").write_text(yaml.safe_dump(kubeconfig))
        command = [sys.executable, "-m", "paichart.cli", "import", "--from-cluster", "-o", "new"]
        process = subprocess.Popen(
            [*command, "--kubeconfig", "kubeconfig"],
            cwd=tmp_path,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=heed_interrupts,  # noqa: PLW1509 - it touches a signal alone
        )
        silent.settimeout(60)
        with silent.accept()[0]:
            process.send_signal(signal.SIGINT)
            _, stderr = process.communicate(timeout=60)
    assert (process.returncode, stderr) == (130, "\nstopped; nothing was changed\n")
    assert not (tmp_path / "new").exists()


def test_a_layout_of_before_openpai_0_8_is_found(old, run):
    (old / "layout.yaml").rename(old / "cluster-configuration.yaml")
    result = run("import", "old", "-o", "new")
    assert result.exit_code == 0, result.stderr
    assert yaml.safe_load(Path("new/layout.yaml").read_text()) == yaml.safe_load(LAYOUT)


def test_files_that_are_no_input_are_named(old, run):
    for name in ("kubernetes-configuration.yaml", "services-configuration.yaml.old"):
        (old / name).write_text("a: 1\n")
    text = run("import", "old", "-o", "new").stdout
    assert "  ignored     kubernetes-configuration.yaml: Kubernetes exists already\n" in text
    assert "services-configuration.yaml.old" in text


def test_forty_keys_read_in_one_screen(tmp_path, run):
    ignored = [
        "ssh_key_file_path",
        "docker_data_root",
        "docker_config_file_path",
        "gcr_image_repo",
        "kube_image_repo",
        "quay_image_repo",
        "docker_image_repo",
        "etcd_image_repo",
        "pod_infra_image_repo",
        "kubeadm_download_url",
        "hyperkube_download_url",
        "openpai_kube_network_plugin",
        "user",
        "password",
    ]
    (tmp_path / "layout.yaml").write_text(LAYOUT)
    (tmp_path / "config.yaml").write_text(
        "docker_image_tag: v1.8.0\n"
        + "".join(f"{key}: word\n" for key in ignored)
        + "".join(f"own_key_{i}: word\n" for i in range(25))
    )
    result = run("import", tmp_path, "-o", tmp_path / "new")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert len(lines) < 40
    assert max(map(len, lines[: lines.index("next:") - 2])) <= 110
