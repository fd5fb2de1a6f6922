"""Ratios of our time to a bare tool's, and sizes: `make bench`. Exits 1 when a limit is missed.

Absolute seconds say more about the machine than about us, so each figure is divided by a peer's, measured in
turn with it (A B A B …) and taken as the median of the pairs.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import paichart
from tests.chart.release_size import config_map_sizes, release_secret_size
from tests.chart.render import manifest, render

EXAMPLES = Path(__file__).parents[2] / "examples"
KIB = 1024
RELEASE_LIMIT = 700 * KIB
CONFIG_MAP_LIMIT = 1024 * KIB
ROUNDS = 5
MACHINES = 10_000


@dataclass(frozen=True, slots=True)
class Figure:
    """One ratio, its limit, and the seconds behind it."""

    name: str
    ours_s: float
    peer_s: float
    ratio: float
    limit: float

    def __str__(self) -> str:
        verdict = "ok" if self.ratio <= self.limit else "MISSED"
        seconds = f"{self.ours_s:6.2f} s against {self.peer_s:6.2f} s"
        return f"{self.name:<58} {seconds}   ratio {self.ratio:5.2f}   limit {self.limit:5.2f}   {verdict}"


def cpu_seconds(command: Sequence[str]) -> float:
    """Run a command and return the processor time that it took, in seconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime - before.ru_utime) + (after.ru_stime - before.ru_stime)


def compare(name: str, ours: Callable[[], float], peer: Callable[[], float], limit: float) -> Figure:
    """Measure both in turn and return the median of their ratios."""
    pairs = [(ours(), peer()) for _ in range(ROUNDS)]
    ratio = statistics.median(mine / theirs for mine, theirs in pairs)
    mine, theirs = (statistics.median(side) for side in zip(*pairs, strict=True))
    return Figure(name, mine, theirs, ratio, limit)


def write_site(folder: Path, machines: int) -> None:
    """Write config.yaml and a layout.yaml of three SKUs with so many machines."""
    (folder / "config.yaml").write_text("docker_image_tag: v1.8.0\n")
    device = "computing-device: {{type: nvidia.com/gpu, model: {0}, count: 8}}"
    sku = f"  {{0}}:\n    {device}\n    mem: 448Gi\n    cpu: {{{{vcore: 40}}}}\n"
    lines = ["machine-sku:\n", *(sku.format(name) for name in ("a100", "v100", "t4")), "machine-list:\n"]
    for number in range(machines):
        role = "pai-master" if number == 0 else "pai-worker"
        address = f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"
        kind = ("a100", "v100", "t4")[number % 3]
        lines.append(
            f'- hostname: node-{number}\n  hostip: {address}\n  machine-type: {kind}\n  {role}: "true"\n'
        )
    (folder / "layout.yaml").write_text("".join(lines))


@dataclass(frozen=True, slots=True)
class Size:
    """How large one thing is that etcd must hold, and its limit, in bytes."""

    name: str
    bytes: int
    limit: int

    def __str__(self) -> str:
        verdict = "ok" if self.bytes <= self.limit else "MISSED"
        return f"{self.name:<58} {self.bytes / KIB:7.1f} KiB   limit {self.limit / KIB:7.1f}   {verdict}"


def release_sizes(example: Path) -> list[Size]:
    """Return the sizes of an example's release: Helm's record of it, then its ConfigMaps, large first."""
    with tempfile.TemporaryDirectory() as name:
        chart = Path(name) / "out"
        paichart.build(paichart.load(example), chart, credentials=Path(name) / "credentials.yaml")
        record = release_secret_size(manifest(chart, {}), chart, {})
        config_maps = config_map_sizes(render(chart, {}))
    sizes = [Size(f"release of examples/{example.name}", record, RELEASE_LIMIT)]
    for title, size in sorted(config_maps.items(), key=lambda item: -item[1]):
        sizes.append(Size(f"ConfigMap {title}", size, CONFIG_MAP_LIMIT))
    return sizes


def main() -> int:
    """Print every figure; return 1 when one misses its limit."""
    python = sys.executable
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_site(folder, MACHINES)
        os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
        parse = f"import yaml; yaml.load(open({str(folder / 'layout.yaml')!r}), yaml.CSafeLoader)"
        validate = [python, "-m", "paichart.cli", "validate", name]
        build = [python, "-m", "paichart.cli", "build", name, "--output-dir", f"{name}/out"]
        figures = [
            compare(
                "paichart --version / import yaml, typer",
                lambda: cpu_seconds([python, "-m", "paichart.cli", "--version"]),
                lambda: cpu_seconds([python, "-c", "import yaml, typer"]),
                2.5,
            ),
            compare(
                f"validate {MACHINES:,} machines / CSafeLoader on the file",
                lambda: cpu_seconds(validate),
                lambda: cpu_seconds([python, "-c", parse]),
                3,
            ),
            compare(
                f"build {MACHINES:,} machines / CSafeLoader on the file",
                lambda: cpu_seconds(build),
                lambda: cpu_seconds([python, "-c", parse]),
                3,
            ),
        ]
    sizes = release_sizes(EXAMPLES / "everything")
    for line in (*figures, *sizes):
        print(line)
    is_missed = any(figure.ratio > figure.limit for figure in figures)
    return 1 if is_missed or any(size.bytes > size.limit for size in sizes) else 0


if __name__ == "__main__":
    sys.exit(main())
