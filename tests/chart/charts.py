"""The charts of this repository as files: which there are, their values, schemas, templates and scenarios."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
CHARTS = ROOT / "charts"
LIBRARY = "pai-common"
UMBRELLA = "openpai"
_KEPT_S = 24 * 60 * 60


def subcharts() -> tuple[str, ...]:
    """Names of the service charts, sorted."""
    found = (path.parent.name for path in CHARTS.glob("*/Chart.yaml"))
    return tuple(sorted(name for name in found if name not in (LIBRARY, UMBRELLA)))


def scenarios(chart: str) -> tuple[str, ...]:
    """Names of a chart's scenarios: `quick-start` for ci/quick-start-values.yaml."""
    files = (CHARTS / chart / "ci").glob("*-values.yaml")
    return tuple(sorted(file.name.removesuffix("-values.yaml") for file in files))


def all_scenarios() -> tuple[tuple[str, str], ...]:
    """(chart, scenario) of every scenario of every service chart."""
    return tuple((chart, scenario) for chart in subcharts() for scenario in scenarios(chart))


def scenario_values(chart: str, scenario: str) -> dict[str, Any]:
    """The values of one scenario."""
    return load_yaml(CHARTS / chart / "ci" / f"{scenario}-values.yaml")


def default_values(chart: str) -> dict[str, Any]:
    """The chart's own values.yaml."""
    return load_yaml(CHARTS / chart / "values.yaml")


def schema(chart: str) -> dict[str, Any]:
    """The chart's values.schema.json."""
    loaded: dict[str, Any] = json.loads((CHARTS / chart / "values.schema.json").read_text(encoding="utf-8"))
    return loaded


def templates(chart: str) -> dict[str, str]:
    """Text of each template file, by its path in the chart."""
    folder = CHARTS / chart
    files = sorted(path for path in (folder / "templates").rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in files}


def load_yaml(path: Path) -> dict[str, Any]:
    """A YAML file that holds a mapping; an empty one counts as an empty mapping."""
    loaded: dict[str, Any] = json.loads(_as_json(path.read_text(encoding="utf-8")))
    return loaded


@lru_cache
def _as_json(text: str) -> str:
    return json.dumps(yaml.load(text, Loader=yaml.CSafeLoader) or {})


def merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """`over` laid over `base` as Helm does with values: mappings are merged, the rest is replaced."""
    result = dict(base)
    for key, value in over.items():
        below = result.get(key)
        if isinstance(below, Mapping) and isinstance(value, Mapping):
            result[key] = merged(below, value)
        else:
            result[key] = value
    return result


@lru_cache
def subchart(name: str) -> Path:
    """A copy of charts/<name> with the library chart in its charts/ folder, as Helm wants it."""
    return prepared(subchart_files(name))


def subchart_files(name: str) -> dict[str, bytes]:
    """The files of such a copy by their path in it."""
    library = _copied(CHARTS / LIBRARY)
    return {**_copied(CHARTS / name), **{f"charts/{LIBRARY}/{path}": data for path, data in library.items()}}


def prepared(files: Mapping[str, bytes]) -> Path:
    """Write a chart's files into the cache, once for all test processes, and return where they lie."""
    target = cache() / f"chart-{digest(files)}"
    if target.exists():
        os.utime(target)
        return target
    staging = Path(tempfile.mkdtemp(dir=cache()))
    for path, data in files.items():
        (staging / path).parent.mkdir(parents=True, exist_ok=True)
        (staging / path).write_bytes(data)
    try:
        staging.rename(target)
    except OSError:  # another test process was quicker
        shutil.rmtree(staging)
    return target


@lru_cache
def cache() -> Path:
    """The user's folder for prepared charts and what they rendered to, named by a hash of all that goes in.

    What nobody used for a day is removed.
    """
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "paichart" / "rendered"
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.iterdir():
        with suppress(FileNotFoundError):  # another test process tidies up as well
            if time.time() - path.stat().st_mtime > _KEPT_S:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
    return folder


def files_in(folder: Path) -> dict[str, bytes]:
    """Content of each file below a folder, by its path in it."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def _copied(folder: Path) -> dict[str, bytes]:
    """A chart's files without charts that a developer's Helm put into it."""
    return {path: data for path, data in files_in(folder).items() if not path.startswith("charts/")}


def digest(files: Mapping[str, bytes]) -> str:
    """A hash of files and their paths."""
    digest = hashlib.sha256()
    for path, data in sorted(files.items()):
        digest.update(f"{path}\0{len(data)}\0".encode())
        digest.update(data)
    return digest.hexdigest()[:24]
