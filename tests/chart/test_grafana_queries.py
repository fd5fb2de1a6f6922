"""The dashboards' queries find what their panels promise: Prometheus' own tool evaluates them."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.chart.charts import ROOT
from tests.chart.dashboards import filled, panels, promtool, uids

pytestmark = pytest.mark.programs

DATA = ROOT / "tests/chart/data"
GPU = re.compile(r"gpu|nvidiasmi|rocmsmi")

Samples = Mapping[str, float]
"""Labels, as `{a="b"}`, and the value."""

NODE = {"node": "10.0.0.2"}
# What a cluster without GPUs shows: nothing, so that the panel's own text stands there, or a true 0.
WITHOUT_GPUS: Sequence[tuple[str, str, Mapping[str, str], Samples]] = [
    ("pai_clusterview", "GPUs free", {}, {}),
    ("pai_clusterview", "GPU utilization", {}, {}),
    ("pai_clusterview", "Jobs running", {}, {"{}": 2}),
    ("pai_nodeview", "GPUs", NODE, {}),
    ("pai_nodeview", "Hottest GPU", NODE, {}),
    ("joblevelmetrics", "Idle GPUs", {"job": "alice~train"}, {}),
    ("gpu-in-node", "Cards missing", NODE, {}),
    ("gpu-in-node", "Cards held", NODE, {"{}": 0}),
]


@pytest.fixture(scope="module")
def series() -> list[dict[str, str]]:
    """The sample cluster."""
    loaded: list[dict[str, str]] = yaml.safe_load((DATA / "grafana-series.yaml").read_text(encoding="utf-8"))
    return loaded


@pytest.fixture(scope="module")
def expected() -> dict[str, list[Any]]:
    """Rows of grafana-queries.yaml by dashboard."""
    loaded: dict[str, list[Any]] = yaml.safe_load((DATA / "grafana-queries.yaml").read_text(encoding="utf-8"))
    return loaded


def query(uid: str, kind: str, title: str, letter: str = "A") -> str:
    """The text of one query of the panel of this kind and title."""
    (panel,) = (entry for entry in panels(uid) if (entry["type"], entry["title"]) == (kind, title))
    (target,) = (target for target in panel["targets"] if target["refId"] == letter)
    return str(target["expr"])


def disagreement(
    folder: Path, cases: Sequence[tuple[str, Samples]], given: Sequence[Mapping[str, str]]
) -> str:
    """What promtool has against the expected samples at minute 30; nothing if all are right."""
    tests = [
        {
            "expr": text,
            "eval_time": "30m",
            "exp_samples": [{"labels": labels, "value": value} for labels, value in samples.items()],
        }
        for text, samples in cases
    ]
    group = {"interval": "1m", "input_series": list(given), "promql_expr_test": tests}
    file = folder / "tests.yaml"
    file.write_text(yaml.safe_dump({"evaluation_interval": "1m", "tests": [group]}), encoding="utf-8")
    command = [promtool(), "test", "rules", str(file)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    return "" if result.returncode == 0 else result.stdout + result.stderr


@pytest.mark.parametrize("uid", uids())
def test_queries_find_what_their_panels_promise(
    uid: str, expected: dict[str, list[Any]], series: list[dict[str, str]], tmp_path: Path
) -> None:
    cases = [
        (filled(query(uid, kind, title, letter), values), samples)
        for kind, title, letter, values, samples in expected[uid]
    ]
    assert disagreement(tmp_path, cases, series) == ""


@pytest.mark.parametrize("uid", uids())
def test_every_panel_is_tried(uid: str, expected: dict[str, list[Any]]) -> None:
    tried = {(kind, title) for kind, title, *_ in expected[uid]}
    assert {(panel["type"], panel["title"]) for panel in panels(uid)} - tried == set()


def test_a_cluster_without_gpus_shows_no_figure_of_them(series: list[dict[str, str]], tmp_path: Path) -> None:
    without = [entry for entry in series if not GPU.search(entry["series"])]
    cases = [
        (filled(query(uid, "stat", title), values), samples) for uid, title, values, samples in WITHOUT_GPUS
    ]
    assert disagreement(tmp_path, cases, without) == ""


def figures() -> Iterator[str]:
    """Every figure's query, with some value for each variable."""
    values = dict.fromkeys(("node", "job", "role", "task", "service_name", "namespace"), "x")
    for uid in uids():
        for panel in panels(uid):
            if panel["type"] == "stat":
                yield filled(panel["targets"][0]["expr"], values)


def test_an_empty_cluster_is_no_alarm(tmp_path: Path) -> None:
    """Without any series a figure is 0, or nothing, in place of which the panel's own text stands."""
    cases: list[tuple[str, Samples]] = [
        (text, {"{}": 0} if text.endswith(" or vector(0)") else {}) for text in sorted(set(figures()))
    ]
    assert disagreement(tmp_path, cases, []) == ""


def test_a_wrong_figure_is_seen(series: list[dict[str, str]], tmp_path: Path) -> None:
    text = filled(query("pai_clusterview", "stat", "CPU"), {})
    assert "got:" in disagreement(tmp_path, [(text, {"{}": 51})], series)
