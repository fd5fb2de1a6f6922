"""The library as a third party uses it: from a script elsewhere, typed, and from the wheel."""

from __future__ import annotations

import pydoc
import random
import re
import shutil
import subprocess
import sys
import textwrap
import venv
import zipfile
from pathlib import Path

import pytest

import paichart

ROOT = Path(__file__).resolve().parents[2]
QUICK_START = ROOT / "examples/quick-start"

SCRIPT = '''\
"""Builds the charts of all clusters of a folder; a fleet's nightly job."""

import sys
from collections.abc import Iterator
from pathlib import Path

import paichart


def faults(site: paichart.Site) -> Iterator[str]:
    for problem in paichart.check(site):
        if problem.severity is paichart.Severity.ERROR:
            place: paichart.Span = problem.span
            yield f"{Path(place.file).name}:{place.line}:{place.column} {problem.code} {problem.hint}"


def build(folder: Path, target: Path) -> int:
    site = paichart.load(folder)
    try:
        made: paichart.Build = paichart.build(site, target / folder.name, credentials=folder / "keys.yaml")
    except paichart.InvalidInputError as error:
        print(f"{folder.name}: not built, {len(error.problems)} problems")
        for fault in faults(site):
            print(f"  {fault}")
        return 1
    except paichart.NotOursError as error:
        print(f"{error.path}: {error.hint}")
        return 2
    print(f"{folder.name}: {len(made.services)} services in {made.folder}, new: {made.is_changed}")
    return 0


if __name__ == "__main__":
    clusters = sorted(Path(sys.argv[1]).iterdir())
    sys.exit(max(build(cluster, Path(sys.argv[2])) for cluster in clusters))
'''


@pytest.fixture
def fleet(tmp_path: Path) -> Path:
    """A script, and two clusters of which one has a fault."""
    (tmp_path / "nightly.py").write_text(SCRIPT, encoding="utf-8")
    for name in ("lab", "office"):
        shutil.copytree(
            QUICK_START, tmp_path / "clusters" / name, ignore=shutil.ignore_patterns("credentials.yaml")
        )
    text = "docker_image_tag: v1.8.0\nqos-swich: true\n"
    (tmp_path / "clusters/office/config.yaml").write_text(text, encoding="utf-8")
    return tmp_path


def run(python: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the script away from the checkout, with no path to it but the installation's."""
    command = [str(python), "-I", "nightly.py", "clusters", "charts"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


FIRST_NIGHT = """\
lab: 21 services in charts/lab, new: True
office: not built, 2 problems
  config.yaml:2:1 PAI201 did you mean 'qos-switch'?
"""


def test_a_script_builds_what_it_can_and_tells_the_rest(tmp_path, fleet):
    result = run(Path(sys.executable), fleet)
    assert (result.returncode, result.stderr) == (1, "")
    assert result.stdout == FIRST_NIGHT
    assert (fleet / "charts/lab/Chart.yaml").is_file()
    assert not (fleet / "charts/office").exists()
    again = run(Path(sys.executable), fleet)
    assert again.stdout == FIRST_NIGHT.replace("new: True", "new: False")


def test_a_folder_of_somebody_else_is_refused(fleet):
    (fleet / "charts/lab").mkdir(parents=True)
    (fleet / "charts/lab/precious.txt").write_text("mine", encoding="utf-8")
    result = run(Path(sys.executable), fleet)
    assert result.returncode == 2
    assert "/charts/lab/precious.txt: move it out of the folder" in result.stdout
    assert (fleet / "charts/lab/precious.txt").read_text(encoding="utf-8") == "mine"


def test_loading_raises_nothing_for_what_is_not_there(tmp_path):
    site = paichart.load(tmp_path / "nowhere")
    assert site.cluster is None
    assert {problem.code for problem in paichart.check(site)} == {"PAI101"}
    with pytest.raises(paichart.InvalidInputError) as raised:
        paichart.build(site, tmp_path / "out")
    assert raised.value.problems == site.problems
    assert "error PAI101: " in str(raised.value)


def test_a_site_that_is_logged_shows_no_password(fleet):
    lab = fleet / "clusters/lab"
    (lab / "services-configuration.yaml").write_text("rest-server: {default-pai-admin-password: hushhush}\n")
    with (lab / "config.yaml").open("a", encoding="utf-8") as config:
        config.write("docker_registry_username: me\ndocker_registry_password: hushhush\n")
    site = paichart.load(lab)
    assert site.cluster is not None
    assert site.cluster.services.text("rest-server", "default-pai-admin-password") == "hushhush"
    assert "hushhush" not in repr(site)


def test_a_chart_that_kubernetes_could_not_store_is_not_written(fleet):
    lab = fleet / "clusters/lab"
    large = random.Random(6).randbytes(900_000).hex()  # noqa: S311 # what gzip can't make small
    with (lab / "config.yaml").open("a", encoding="utf-8") as config:
        config.write(f"paichart: {{values: {{pylon: {{podAnnotations: {{large: {large}}}}}}}}}\n")
    site = paichart.load(lab)
    assert site.cluster is not None
    with pytest.raises(
        paichart.InvalidInputError, match=r"the release as Helm stores it in one Secret takes"
    ):
        paichart.build(site, fleet / "out", credentials=fleet / "keys.yaml")
    assert not (fleet / "out").exists()


def test_build_raises_what_the_machine_does(tmp_path):
    site = paichart.load(QUICK_START)
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        paichart.build(site, tmp_path / "file" / "out", credentials=tmp_path / "credentials.yaml")


def test_public_names_are_those_that_are_documented():
    for name in paichart.__all__:
        assert getattr(paichart, name).__doc__, name
        assert getattr(paichart, name).__module__.startswith("paichart."), name
    assert set(paichart.__all__) <= set(dir(paichart))
    with pytest.raises(AttributeError, match="module 'paichart' has no attribute 'bild'"):
        paichart.bild  # type: ignore[attr-defined]  # noqa: B018


@pytest.mark.parametrize("name", ["load", "check", "build"])
def test_the_docstring_of_a_call_says_what_it_raises(name):
    assert re.search(r"\bRaises\b", getattr(paichart, name).__doc__)


def test_help_shows_the_calls_and_what_they_give():
    text = pydoc.render_doc(paichart, renderer=pydoc.plaintext)
    assert "load(config_dir: 'str | Path | None' = None, *, config:" in text
    assert "build(site: 'Site', output_dir: 'str | Path' = 'out', *, credentials:" in text
    for name in paichart.__all__:
        assert re.search(rf"(?m)^    (class )?{name}\(", text), name


def test_the_example_of_the_docstring_runs(fleet, monkeypatch, capsys):
    assert paichart.__doc__ is not None
    block = paichart.__doc__.split("::\n\n")[1].split("\n\nWhat is")[0]
    shutil.copytree(fleet / "clusters/lab", fleet / "cluster-config")
    monkeypatch.chdir(fleet)
    exec(compile(textwrap.dedent(block), "docstring", "exec"), {})  # noqa: S102 - our own text
    assert capsys.readouterr().out.splitlines()[-1] == "out 21 True"


@pytest.mark.programs
def test_the_script_is_sound_for_a_strict_type_checker(fleet):
    assert mypy(fleet, "nightly.py").stdout == "Success: no issues found in 1 source file\n"


@pytest.mark.programs
@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("paichart.bild(paichart.load())", '"bild"'),
        ("paichart.load(1)", '"int"'),
        ("paichart.load().problems.append", '"append"'),
        ("len(paichart.load().cluster.machines)", "None"),
        ("paichart.Span('a').line = 2", "read-only"),
    ],
)
def test_a_type_checker_sees_what_is_wrong(fleet, line, told):
    (fleet / "wrong.py").write_text(f"import paichart\n\n{line}\n", encoding="utf-8")
    result = mypy(fleet, "wrong.py")
    assert result.returncode == 1
    assert result.stdout.startswith("wrong.py:3: error: ")
    assert told in result.stdout.splitlines()[0]


def mypy(folder: Path, script: str, python: Path = Path(sys.executable)) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mypy", "--strict", "--python-executable", str(python)]
    command += ["--cache-dir", str(ROOT / ".mypy_cache/third-party"), script]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel that is built from this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--wheel-dir",
        str(folder),
        str(ROOT),
    ]
    subprocess.run(command, check=True, capture_output=True)
    (path,) = folder.glob("paichart-*.whl")
    return path


@pytest.mark.programs
def test_the_wheel_carries_all_that_the_package_reads(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    package = ROOT / "generator/paichart"
    files = {path for path in package.rglob("*") if path.is_file() and path.suffix != ".pyc"}
    assert {f"paichart/{path.relative_to(package)}" for path in files} <= names
    assert "paichart/py.typed" in names
    for folder in ("charts", "schemas"):
        tracked = subprocess.run(
            ["git", "ls-files", folder], cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout.split()
        assert tracked
        assert {f"paichart/_data/{path}" for path in tracked} <= names


@pytest.mark.programs
def test_the_wheel_works_in_an_environment_of_its_own(wheel, fleet):
    """Only what paichart needs is borrowed from this environment; paichart itself is the wheel's."""
    home = fleet / "environment"
    venv.create(home, with_pip=True)
    python = home / "bin/python"
    command = [str(python), "-m", "pip", "install", "--quiet", "--no-deps", str(wheel)]
    subprocess.run(command, check=True, capture_output=True)
    (packages,) = home.glob("lib/python*/site-packages")
    (own,) = (path for path in sys.path if path.endswith("site-packages"))
    (packages / "borrowed.pth").write_text(own + "\n", encoding="utf-8")
    where = subprocess.run(
        [str(python), "-I", "-c", "import paichart; print(paichart.__file__)"],
        cwd=fleet,
        capture_output=True,
        text=True,
        check=True,
    )
    assert where.stdout.strip() == str(packages / "paichart/__init__.py")
    assert run(python, fleet).stdout == FIRST_NIGHT
    assert mypy(fleet, "nightly.py", python).stdout == "Success: no issues found in 1 source file\n"
    built = subprocess.run(
        [str(home / "bin/paichart"), "report", "clusters/lab", "-o", "-"],
        cwd=fleet,
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    assert built.stdout.startswith("<!")
