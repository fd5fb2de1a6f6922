"""Files that are none, or that are too much: told at once, with little memory, and without waiting."""

from __future__ import annotations

import os
import socket
import threading
import time
import tracemalloc
from pathlib import Path

import pytest

import paichart
from tests.corpus.cases import BASE, Case

MIB = 1024 * 1024
AT_ONCE_S = 30
"""Far more than is needed, so that a busy machine passes; a reader that waits or reads all takes longer."""


@pytest.fixture
def site(tmp_path, monkeypatch):
    """The folder of a good site, which is the current one."""
    Case("base", BASE, ()).write_into(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def told(**arguments: str) -> list[str]:
    """Return the places of a site's problems, after looking at the time."""
    start = time.monotonic()
    problems = paichart.load(**arguments).problems
    assert time.monotonic() - start < AT_ONCE_S
    return [f"{p.span} {p.severity.value} {p.code}" for p in problems]


def test_a_file_that_is_missing_is_told_with_a_name_like_it(site):
    (site / "layout.yaml").rename(site / "layout.yml")
    (problem,) = paichart.load(".").problems
    assert (str(problem.span), problem.code) == ("layout.yaml:1:1", "PAI101")
    assert problem.hint == "did you mean 'layout.yml'?"


def test_a_folder_that_is_missing_is_told_once(site):
    (site / "cluster").mkdir()
    (problem,) = paichart.load("clutser").problems
    assert (str(problem.span), problem.code) == ("clutser:1:1", "PAI101")
    assert problem.hint == "did you mean 'cluster'?"


def test_a_file_in_place_of_a_folder_is_told_once(site):
    assert told(config_dir="config.yaml") == ["config.yaml:1:1 error PAI102"]


def test_a_folder_in_place_of_a_file(site):
    (site / "layout.yaml").unlink()
    (site / "layout.yaml").mkdir()
    assert told(config_dir=".") == ["layout.yaml:1:1 error PAI102"]


def test_a_link_that_leads_to_itself(site):
    (site / "layout.yaml").unlink()
    (site / "layout.yaml").symlink_to("layout.yaml")
    assert told(config_dir=".") == ["layout.yaml:1:1 error PAI103"]


def test_a_link_that_leads_nowhere(site):
    (site / "layout.yaml").unlink()
    (site / "layout.yaml").symlink_to("gone.yaml")
    assert told(config_dir=".") == ["layout.yaml:1:1 error PAI101"]


def test_a_name_that_no_file_can_have(site):
    assert told(config_dir=".", layout="x" * 300) == [f"{'x' * 300}:1:1 error PAI103"]


def test_a_pipe_that_nobody_writes_into_is_not_waited_for(site):
    (site / "layout.yaml").unlink()
    os.mkfifo(site / "layout.yaml")
    assert told(config_dir=".") == ["layout.yaml:1:1 error PAI103"]


def test_a_pipe_that_is_written_into_slowly_is_read_whole(site):
    reader, writer = os.pipe()

    def write() -> None:
        for part in (BASE["layout.yaml"][:50], BASE["layout.yaml"][50:]):
            time.sleep(0.1)
            os.write(writer, part)
        os.close(writer)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        assert told(config_dir=".", layout=f"/dev/fd/{reader}") == []
    finally:
        thread.join()
        os.close(reader)


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/null"])
def test_a_device_is_no_file(site, device):
    assert told(config_dir=".", layout=device) == [f"{device}:1:1 error PAI103"]


def test_a_socket_is_no_file(site):
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
        assert told(config_dir=".", layout="socket") == ["socket:1:1 error PAI103"]


@pytest.mark.parametrize("what", ["layout.yaml", "."])
def test_what_may_not_be_read_is_told(site, what):
    (site / what).chmod(0)
    child = os.fork()
    if child == 0:
        try:
            if os.getuid() == 0:
                os.setgid(65534)
                os.setuid(65534)
            codes = {problem.code for problem in paichart.load(site).problems}
        finally:
            os._exit(0 if codes == {"PAI103"} else 1)
    (site / what).chmod(0o755)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_a_file_of_100_mib_is_told_without_reading_it(site):
    with (site / "layout.yaml").open("wb") as file:
        for _ in range(100):
            file.write(b"machine: 1\n" * (MIB // 11))
    tracemalloc.start()
    try:
        assert told(config_dir=".") == ["layout.yaml:1:1 error PAI104"]
        assert tracemalloc.get_traced_memory()[1] < 50 * MIB
    finally:
        tracemalloc.stop()


ENDLESS = [
    # id                    text                                            where it is told
    ("brackets", "a: " + "[" * 10_000, "1:67 error PAI119"),
    ("dashes", "- " * 10_000, "1:129 error PAI119"),
    ("keys-in-keys", "".join(f"{' ' * i}a:\n" for i in range(1000)), "65:65 error PAI119"),
    ("one-long-line", f"a: {'x' * MIB}: y\n", f"1:{MIB + 4} error PAI108"),
    ("quote-over-many-lines", 'a: "x\n' + "b: 1\n" * 50_000, "1:4 error PAI108"),
    ("quote-over-many-blanks", 'a: "' + " " * MIB, "1:4 error PAI108"),
]


@pytest.mark.parametrize(("text", "where"), [pytest.param(*row[1:], id=row[0]) for row in ENDLESS])
def test_a_text_without_an_end_is_told_at_once(site, text, where):
    (site / "layout.yaml").write_text(text)
    assert told(config_dir=".") == [f"layout.yaml:{where}"]


def test_of_very_many_mistakes_the_first_thousand_are_told(site):
    Path("config.yaml").write_text("docker_image_tag: v1\n" + "".join(f"k{i}: 1\n" for i in range(20_000)))
    problems = told(config_dir=".")
    assert len(problems) == 1001  # and the warning about plain http
    assert problems[1] == "config.yaml:2:1 error PAI201"
