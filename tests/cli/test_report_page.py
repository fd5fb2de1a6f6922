"""`paichart report`: what it writes, what it leaves alone, and what it says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import EXAMPLES


def test_the_page_is_written_beside_the_reader(site, run):
    result = run("report", "site")
    assert result.exit_code == 0
    assert result.stdout.startswith("wrote report.html: ")
    text = Path("report.html").read_text(encoding="utf-8")
    assert text.startswith("<!DOCTYPE html>")
    assert "pai-worker2" in text


def test_warnings_are_told_as_by_validate(site, run):
    assert run("report", "site").stderr == run("validate", "site").stderr != ""


def test_a_second_page_of_the_same_inputs_changes_nothing(site, run):
    run("report", "site", "-o", "page.html")
    before = Path("page.html").stat()
    result = run("report", "site", "-o", "page.html")
    assert result.stdout.startswith("nothing changed in page.html")
    assert Path("page.html").stat().st_mtime_ns == before.st_mtime_ns


def test_a_page_of_ours_is_replaced(site, run):
    run("report", "site")
    layout = site / "layout.yaml"
    layout.write_text(layout.read_text().replace("pai-worker2", "pai-worker9"))
    assert run("report", "site").stdout.startswith("wrote report.html")
    assert "pai-worker9" in Path("report.html").read_text(encoding="utf-8")


def test_another_file_is_left_alone(site, run):
    Path("report.html").write_text("<p>my own notes</p>")
    result = run("report", "site")
    assert result.exit_code == 2
    assert "was not written by paichart" in result.stderr
    assert Path("report.html").read_text() == "<p>my own notes</p>"


def test_a_dash_is_stdout(site, run):
    result = run("report", "site", "-o", "-")
    assert result.exit_code == 0
    assert result.stdout.startswith("<!DOCTYPE html>")
    assert result.stdout.endswith("</html>\n")
    assert not Path("report.html").exists()
    assert not Path("-").exists()


def test_stdout_is_utf_8_whatever_the_terminal_speaks(site):
    command = [sys.executable, "-m", "paichart.cli", "report", "site", "-o", "-"]
    result = subprocess.run(
        command, env={"PYTHONIOENCODING": "latin-1", "LC_ALL": "C"}, capture_output=True, check=True
    )
    assert "–" in result.stdout.decode("utf-8")  # noqa: RUF001


def test_errors_are_told_as_by_validate_and_nothing_is_written(site, run):
    layout = site / "layout.yaml"
    layout.write_text(layout.read_text().replace("machine-type: gpu-machine", "machine-type: gpu-machin", 1))
    result = run("report", "site")
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    assert result.stderr == run("validate", "site").stderr
    assert "did you mean 'gpu-machine'?" in result.stderr
    assert not Path("report.html").exists()


@pytest.mark.parametrize("path", ["no/such/report.html", "site"])
def test_where_no_file_can_be_is_wrong_usage(path, site, run):
    result = run("report", "site", "-o", path)
    assert result.exit_code == 2
    assert (
        f"error: {path}: no file can be written there\n  give a file in a folder that exists" in result.stderr
    )


def test_nothing_else_is_written(site, run):
    before = sorted(path.name for path in site.iterdir())
    run("report", "site")
    assert sorted(path.name for path in site.iterdir()) == before
    assert [path.name for path in Path().iterdir() if path != Path("site")] == ["report.html"]


def test_a_page_tells_no_credential_of_the_build(site, run):
    run("build", "site")
    run("report", "site")
    text = Path("report.html").read_text(encoding="utf-8")
    secrets = [
        line.split(": ", 1)[1].strip('"')
        for line in (site / "credentials.yaml").read_text().splitlines()
        if line.partition(": ")[2].startswith('"')
    ]
    assert len(secrets) >= 5
    assert not [secret for secret in secrets if secret in text]


def test_every_example_has_a_page(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for folder in sorted(path for path in EXAMPLES.iterdir() if path.is_dir()):
        assert run("report", folder, "-o", f"{folder.name}.html").exit_code == 0
        assert Path(f"{folder.name}.html").stat().st_size > 50_000


def test_templates_are_loaded_by_this_command_alone():
    code = "import sys, paichart.cli.app; sys.exit('jinja2' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_help_says_what_for_and_gives_an_example(run):
    text = " ".join(run("report", "--help").stdout.split())
    assert "one HTML page of what will be installed" in text
    assert "Example: paichart report my-cluster -o my-cluster.html" in text
