"""What `paichart build` writes for each example renders, and keeps every rule."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import paichart
from tests.chart.charts import ROOT, load_yaml
from tests.chart.render import Objects, render, run_helm
from tests.chart.rules import Rendering, broken_rules
from tests.chart.scenes import NAMESPACE

EXAMPLES = tuple(sorted(path.parent.name for path in (ROOT / "examples").glob("*/layout.yaml")))


@pytest.fixture(scope="module", params=EXAMPLES)
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The chart of one example."""
    folder = tmp_path_factory.mktemp(request.param)
    shutil.copytree(ROOT / "examples" / request.param, folder / "config")
    paichart.build(paichart.load(folder / "config"), folder / "out")
    return folder / "out"


def test_helm_lint_is_clean(built: Path) -> None:
    assert "[ERROR]" not in run_helm("lint", "--strict", "--quiet", str(built))


@pytest.mark.parametrize(("release", "namespace"), [("openpai", "default"), ("ai", NAMESPACE)])
def test_example_keeps_every_rule(built: Path, release: str, namespace: str) -> None:
    objects = render(built, release=release, namespace=namespace)
    others = certificate(built.parent / "config", namespace)
    assert broken_rules(Rendering(objects, release, namespace, is_whole=True, others=others)) == ""


def certificate(config: Path, namespace: str) -> Objects:
    """The TLS Secret that the example's admin makes, if it names one."""
    settings = load_yaml(config / "config.yaml").get("paichart", {})
    name = settings.get("tls", {}).get("secret-name")
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": namespace}}
    return Objects("", (secret,) if name else ())
