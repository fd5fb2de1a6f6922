"""Builds land whole or not at all, and never on top of what is not ours."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from paichart.write import MANIFEST, NotOursError, write_build, write_marked, write_new, write_private

OLD = {"Chart.yaml": b"name: old\n", "charts/a/values.yaml": b"a: 1\n"}
NEW = {"Chart.yaml": b"name: new\n", "charts/b/values.yaml": b"b: 2\n"}


def content(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != MANIFEST
    }


def beside(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.parent.iterdir() if path != folder)


def test_a_build_makes_its_folder_and_all_parents(tmp_path):
    out = tmp_path / "deep" / "out"
    assert write_build(out, OLD) is True
    assert content(out) == OLD


def test_the_same_build_again_touches_nothing(tmp_path):
    out = tmp_path / "out"
    write_build(out, OLD)
    before = {path: path.stat() for path in [out, *out.rglob("*")]}
    assert write_build(out, dict(reversed(OLD.items()))) is False
    after = {path: path.stat() for path in [out, *out.rglob("*")]}
    assert [(s.st_ino, s.st_mtime_ns) for s in before.values()] == [
        (s.st_ino, s.st_mtime_ns) for s in after.values()
    ]


def test_a_second_build_replaces_and_removes_only_what_the_first_wrote(tmp_path):
    out = tmp_path / "out"
    write_build(out, OLD)
    assert write_build(out, NEW) is True
    assert content(out) == NEW
    assert not (out / "charts" / "a").exists()
    assert beside(out) == []


@pytest.mark.parametrize(
    ("spoil", "named"),
    [
        (lambda out: (out / "notes.txt").write_text("mine"), "notes.txt"),
        (lambda out: (out / "charts" / "a" / "mine.yaml").write_text("mine"), "charts/a/mine.yaml"),
        (lambda out: (out / "link").symlink_to("/etc"), "link"),
        (lambda out: (out / "Chart.yaml").write_text("edited"), "Chart.yaml"),
        (lambda out: (out / MANIFEST).write_text("{"), MANIFEST),
    ],
    ids=[
        "foreign file",
        "foreign file in a subfolder",
        "link to a folder",
        "edited file",
        "damaged manifest",
    ],
)
def test_a_folder_with_anything_else_in_it_is_refused_and_left_alone(tmp_path, spoil, named):
    out = tmp_path / "out"
    write_build(out, OLD)
    spoil(out)
    before = content(out)
    with pytest.raises(NotOursError) as refused:
        write_build(out, NEW)
    assert refused.value.path == out / named
    assert refused.value.hint
    assert content(out) == before
    assert beside(out) == []


def test_a_folder_that_no_build_wrote_is_refused(tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "thesis.tex").write_text("years of work")
    with pytest.raises(NotOursError, match=r"thesis\.tex"):
        write_build(out, NEW)
    assert (out / "thesis.tex").read_text() == "years of work"


def test_an_empty_folder_is_fine(tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    write_build(out, NEW)
    assert content(out) == NEW


def test_a_file_in_the_folders_place_is_refused(tmp_path):
    (tmp_path / "out").write_text("mine")
    with pytest.raises(NotOursError, match="not a folder"):
        write_build(tmp_path / "out", NEW)
    assert (tmp_path / "out").read_text() == "mine"


def test_a_link_to_a_build_folder_stays_a_link(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "out").symlink_to("real")
    write_build(tmp_path / "out", NEW)
    assert (tmp_path / "out").is_symlink()
    assert content(tmp_path / "real") == NEW


def test_values_are_for_the_owner_only_since_they_hold_credentials(tmp_path):
    write_build(tmp_path / "out", {"values.yaml": b"secret"})
    assert (tmp_path / "out" / "values.yaml").stat().st_mode & 0o777 == 0o600


def test_a_private_file_is_for_the_owner_only(tmp_path):
    write_private(tmp_path / "credentials.yaml", "secret")
    assert (tmp_path / "credentials.yaml").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["credentials.yaml"]


BUILD_FOREVER = """
import sys
from pathlib import Path
from paichart.write import write_build
print("ready", flush=True)
while True:
    for letter in "ab":
        write_build(Path(sys.argv[1]), {f"{letter}/{i}": letter.encode() * 1000 for i in range(50)})
"""


def test_a_build_killed_at_any_moment_leaves_the_old_or_the_new_one_whole(tmp_path):
    out = tmp_path / "out"
    write_build(out, {f"a/{i}": b"a" * 1000 for i in range(50)})
    for attempt in range(10):
        with subprocess.Popen(
            [sys.executable, "-c", BUILD_FOREVER, str(out)], stdout=subprocess.PIPE
        ) as process:
            assert process.stdout.readline() == b"ready\n"
            time.sleep(0.002 * attempt)
            os.kill(process.pid, signal.SIGKILL)
        found = content(out)
        letters = {path[0] for path in found}
        assert letters in ({"a"}, {"b"})
        letter = letters.pop()
        assert found == {f"{letter}/{i}": letter.encode() * 1000 for i in range(50)}
    write_build(out, NEW)
    assert beside(out) == []


def test_two_builds_at_once_take_turns(tmp_path):
    out = tmp_path / "out"
    code = BUILD_FOREVER.replace("while True:", "for _ in range(20):")
    processes = [
        subprocess.Popen([sys.executable, "-c", code, str(out)], stdout=subprocess.DEVNULL) for _ in range(3)
    ]
    assert [process.wait(60) for process in processes] == [0, 0, 0]
    assert {path[0] for path in content(out)} == {"b"}
    assert beside(out) == []


def test_a_file_that_is_made_anew_is_replaced_and_a_second_time_left_as_it_is(tmp_path):
    path = tmp_path / "capacity.yaml"
    assert write_marked(path, "# ours\na\n", "# ours") is True
    assert write_marked(path, "# ours\nb\n", "# ours") is True
    assert write_marked(path, "# ours\nb\n", "# ours") is False
    assert path.read_text() == "# ours\nb\n"
    assert [entry.name for entry in tmp_path.iterdir()] == ["capacity.yaml"]
    assert path.stat().st_mode & 0o777 == 0o644


def test_a_file_without_our_mark_is_left_alone(tmp_path):
    path = tmp_path / "capacity.yaml"
    path.write_text("nodes: {}\n")
    with pytest.raises(NotOursError, match="was not written by paichart"):
        write_marked(path, "# ours\n", "# ours")
    assert path.read_text() == "nodes: {}\n"


def test_new_files_are_written_together(tmp_path):
    write_new(tmp_path / "a/b", {"x.yaml": "x\n", "c/y.yaml": "y\n"}, private={"x.yaml"})
    assert content(tmp_path / "a/b") == {"x.yaml": b"x\n", "c/y.yaml": b"y\n"}
    assert (tmp_path / "a/b/x.yaml").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("target", ["file", "dangling link"])
def test_where_one_new_file_exists_none_is_written(tmp_path, target):
    old = tmp_path / "y.yaml"
    old.write_text("mine\n") if target == "file" else old.symlink_to("nowhere")
    with pytest.raises(NotOursError, match="exists already"):
        write_new(tmp_path, {"x.yaml": "x\n", "y.yaml": "y\n"})
    assert [entry.name for entry in tmp_path.iterdir()] == ["y.yaml"]


def test_a_file_that_came_meanwhile_is_not_overwritten(tmp_path):
    with pytest.raises(FileExistsError, match="x"):  # the second name is the first file's
        write_new(tmp_path, {"x.yaml": "x\n", "./x.yaml": "y\n"})
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def little_room():
    """A machine that takes no file above 8 bytes."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8, limits[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_where_there_is_no_room_the_file_is_named_and_nothing_stays(tmp_path, little_room):
    with pytest.raises(OSError, match=r"File too large: '.*/b/y\.yaml'"):
        write_new(tmp_path / "a", {"x.yaml": "x\n", "b/y.yaml": "y: why\n" * 9})
    assert list(tmp_path.iterdir()) == []


def test_where_there_is_no_room_what_is_made_anew_stays_as_it_was(tmp_path, little_room):
    path = tmp_path / "capacity.yaml"
    path.write_text("# ours\n")
    with pytest.raises(OSError, match=r"File too large: '.*/capacity\.yaml'"):
        write_marked(path, "# ours\na\n", "# ours")
    assert path.read_text() == "# ours\n"
    assert list(tmp_path.iterdir()) == [path]


def test_new_files_are_taken_back_when_one_cannot_be_written(tmp_path):
    (tmp_path / "c").write_text("a file where a folder is needed\n")
    with pytest.raises(OSError, match="c"):
        write_new(tmp_path, {"x.yaml": "x\n", "c/y.yaml": "y\n"})
    assert [entry.name for entry in tmp_path.iterdir()] == ["c"]
