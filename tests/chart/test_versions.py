"""One chart for every Kubernetes minor and both Helm majors, and the same bytes each time."""

from __future__ import annotations

import re

import pytest

from tests.chart import kubernetes
from tests.chart.charts import CHARTS, scenario_values, scenarios, subcharts, templates
from tests.chart.render import OLDEST_MINOR, RenderError, manifest, parse, render, run_helm
from tests.chart.scenes import NAMESPACE
from tests.chart.template_text import actions
from tests.chart.umbrella import all_values, umbrella

MINORS = range(OLDEST_MINOR, kubernetes.newest_minor() + 1)
EXTREMES = (MINORS[0], MINORS[-1])


def test_the_newest_minor_is_known() -> None:
    assert MINORS[-1] >= 37


@pytest.mark.parametrize(
    "minor",
    [pytest.param(minor, marks=[] if minor in EXTREMES else pytest.mark.programs) for minor in MINORS],
)
def test_umbrella_is_valid_for_each_minor(minor: int) -> None:
    assert render(umbrella(), all_values(), namespace=NAMESPACE, kube_version=f"1.{minor}.0")


@pytest.mark.parametrize("minor", EXTREMES)
def test_charts_that_ask_for_the_version_are_valid_for_the_extremes(minor: int) -> None:
    for chart in sorted(path.parent.name for path in CHARTS.glob("*/ci")):
        text = "\n".join(action for template in templates(chart).values() for action in actions(template))
        for scenario in scenarios(chart) if ".Capabilities" in text else ():
            assert render(chart, scenario_values(chart, scenario), kube_version=f"1.{minor}.0")


@pytest.mark.parametrize("version", ["1.24.17", "1.10.0"])
def test_umbrella_refuses_older_clusters(version: str) -> None:
    with pytest.raises(RenderError, match=r"requires kubeVersion: >=1\.25\.0-0"):
        manifest(umbrella(), all_values(), kube_version=version)


@pytest.mark.parametrize("version", ["v1.29.3-gke.1282000", "v1.31.4+k3s1", "v1.30.2-eks-db838b0"])
def test_umbrella_takes_vendors_versions(version: str) -> None:
    assert manifest(umbrella(), all_values(), kube_version=version)


def test_helm_3_renders_the_same(chart: str, scenario: str) -> None:
    values = scenario_values(chart, scenario)
    assert comparable(manifest(chart, values, helm=3)) == comparable(manifest(chart, values))


def test_helm_3_renders_the_same_umbrella() -> None:
    values = all_values()
    assert comparable(manifest(umbrella(), values, helm=3)) == comparable(manifest(umbrella(), values))


@pytest.mark.programs
def test_helm_3_lints_the_umbrella() -> None:
    printed = run_helm("lint", "--strict", "--quiet", str(umbrella()), values=all_values(), helm=3)
    assert "[ERROR]" not in printed


@pytest.mark.programs
def test_rendering_again_gives_the_same_bytes() -> None:
    again = manifest(umbrella(), all_values(), cached=False)
    assert again == manifest(umbrella(), all_values(), cached=False)


def test_order_of_values_does_not_matter() -> None:
    values = all_values()
    backwards = dict(reversed(values.items()))
    assert manifest(umbrella(), backwards) == manifest(umbrella(), values)


@pytest.mark.parametrize("helm", [3, 4])
def test_every_subchart_refuses_an_unknown_value(helm: int) -> None:
    unknown = {chart: {f"unknown-{chart}": 1} for chart in subcharts()}
    with pytest.raises(RenderError) as refusal:
        manifest(umbrella(), all_values(unknown), helm=helm)
    assert [chart for chart in subcharts() if f"unknown-{chart}" not in str(refusal.value)] == []


@pytest.mark.parametrize("helm", [3, 4])
def test_umbrella_refuses_an_unknown_value(helm: int) -> None:
    with pytest.raises(RenderError, match="externalURL"):
        manifest(umbrella(), all_values({"global": {"externalURL": "http://pai"}}), helm=helm)


def comparable(text: str) -> list[str]:
    """Documents of a rendering in one order: Helm 3 and 4 sort objects of one kind differently."""
    parse(text, ())
    return sorted(document.strip() for document in re.split(r"(?m)^---$", text) if document.strip())
