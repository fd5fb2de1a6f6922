"""docs/quickstart.md works as it stands: its commands, on a control plane, as a new user runs them."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests import pages
from tests.rig.cluster import Cluster
from tests.rig.jobs import run_label_job
from tests.rig.machines import Machine
from tests.rig.processes import RigError
from tests.rig.tools import ensure

pytestmark = pytest.mark.cluster

CHECKOUT = Path(__file__).resolve().parents[2]
PAGE = CHECKOUT / "docs/quickstart.md"

A100 = {"nvidia.com/gpu.product": "NVIDIA-A100-SXM4-80GB"}
T4 = {"nvidia.com/gpu.product": "Tesla-T4"}
MACHINES = (
    Machine("control-1", "10.0.0.1", cpu="16", memory="64Gi", is_master=True),
    *(
        Machine(f"gpu-{number}", f"10.0.1.{number}", "128", "1000Gi", {"nvidia.com/gpu": "8"}, A100)
        for number in (1, 2, 3)
    ),
    Machine("inference-1", "10.0.2.1", "32", "128Gi", {"nvidia.com/gpu": "1"}, T4),
)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """What `git clone` brings, of the files as they are now."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],
        cwd=CHECKOUT,
        check=True,
        capture_output=True,
        text=True,
    )
    folder = tmp_path / "paichart"
    for name in listed.stdout.splitlines():
        if (CHECKOUT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(CHECKOUT / name, folder / name)
    return folder


@contextmanager
def label_jobs_running(cluster: Cluster) -> Iterator[None]:
    """Run the program of each label Job that appears, which a simulated pod does not."""
    is_over = threading.Event()

    def run() -> None:
        done: list[str] = []
        while not is_over.is_set():
            try:
                done.append(run_label_job(cluster, "default", "openpai", timeout_s=2, done=tuple(done)).job)
            except RigError:
                continue  # none appeared meanwhile

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


def test_the_quick_start_works_as_written(checkout: Path, tmp_path: Path) -> None:
    steps = pages.steps(PAGE.read_text(encoding="utf-8"))
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, program in {"kubectl": "kubectl", "helm": "helm4"}.items():
        (programs / name).symlink_to(ensure(program))
    with Cluster() as cluster:
        cluster.add_nodes(MACHINES, master_taint=True)
        environment = cluster.environment
        environment |= {"PATH": f"{programs}:{environment['PATH']}", "PIP_NO_COMPILE": "1"}
        with label_jobs_running(cluster):
            printed = pages.run(steps, checkout, environment)
    assert len(steps) > 10
    for step, text in zip(steps, printed, strict=True):
        pages.check(step, text)
