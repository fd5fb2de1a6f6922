"""The pre-commit hook and the CI files of docs/operate.md: what is on the page works as it stands there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from paichart.schema import FILES
from tests.cli.conftest import EXAMPLES

ROOT = Path(__file__).resolve().parents[2]
IDENTITY = ("-c", "user.name=test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false")
BIN = Path(sys.executable).parent


def on_the_page(name: str) -> Any:
    """Return a YAML file that docs/operate.md shows, by the name in its first line."""
    text = (ROOT / "docs/operate.md").read_text(encoding="utf-8")
    (block,) = re.findall(rf"```yaml\n# {re.escape(name)}\n(.*?)```", text, re.DOTALL)
    return yaml.safe_load(block)


def git(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["git", *IDENTITY, *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", **environment},
    )


def files_of_the_checkout() -> Iterator[Path]:
    listed = git(ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard").stdout
    for name in listed.split("\0"):
        if name and not name.startswith("tests/") and (ROOT / name).is_file():
            yield Path(name)


@pytest.fixture
def hooks(tmp_path: Path) -> Path:
    """A repository with paichart as it is here."""
    folder = tmp_path / "hooks"
    for name in files_of_the_checkout():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    assert git(folder, "commit", "--quiet", "-m", "all").returncode == 0
    return folder


def test_the_hook_is_for_files_that_validate_takes():
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    for name in FILES.values():
        for path in (name, f"clusters/a/{name}"):
            assert re.search(hook["files"], path)
    for path in ("clusters/a/credentials.yaml", "my-config.yaml", "config.yaml.bak", "layout.yml"):
        assert not re.search(hook["files"], path)


@pytest.mark.programs
def test_a_commit_that_breaks_a_site_is_stopped(tmp_path, hooks):
    config = on_the_page(".pre-commit-config.yaml")
    (repository,) = config["repos"]
    repository |= {"repo": str(hooks), "rev": git(hooks, "rev-parse", "HEAD").stdout.strip()}
    work = tmp_path / "work"
    site = work / "clusters/a"
    shutil.copytree(EXAMPLES / "quick-start", site, ignore=shutil.ignore_patterns("credentials.yaml"))
    (work / "config.yaml").write_text("of: another program\n")
    (work / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config))
    git(work, "init", "--quiet")
    git(work, "add", "--all")
    assert subprocess.run([BIN / "pre-commit", "install"], cwd=work, check=False).returncode == 0
    cache = {"PRE_COMMIT_HOME": str(tmp_path / "cache")}

    fine = git(work, "commit", "-m", "a site", **cache)
    assert fine.returncode == 0, fine.stdout + fine.stderr
    assert re.search(r"validate OpenPAI's inputs\.+Passed", fine.stdout + fine.stderr)

    layout = site / "layout.yaml"
    layout.write_text(layout.read_text().replace("machine-type: gpu-machine", "machine-type: gpu-machin"))
    git(work, "add", "--all")
    stopped = git(work, "commit", "-m", "a slip", **cache)
    assert stopped.returncode == 1
    assert "clusters/a/layout.yaml:28:19: error PAI012:" in stopped.stdout + stopped.stderr
    assert git(work, "log", "--format=%s").stdout == "a site\n"


@pytest.mark.parametrize("name", [".github/workflows/openpai.yaml", ".gitlab-ci.yml"])
def test_the_commands_for_ci_print_what_they_are_for(site, run, name):
    shutil.copytree(site, "clusters/a")
    shutil.copytree(site, "clusters/b")
    page = on_the_page(name)
    steps = [step.get("run", "") for step in page.get("jobs", {}).get("validate", {}).get("steps", ())]
    commands = [
        line for line in [*steps, *page.get("validate", {}).get("script", ())] if "paichart v" in line
    ]
    assert commands
    for command in commands:
        arguments = command.partition(" > ")[0].replace("clusters/*", "clusters/a clusters/b").split()[1:]
        result = run(*arguments)
        assert result.exit_code == 0, result.stderr
        assert "clusters/b/config.yaml" in result.stdout + result.stderr
