"""Six layouts, as the old deployer installed them and as they are now; and what other programs say to them.

The tables are written by hand: services.yaml has what was and what is otherwise now, each with its reason,
<layout>/expected.yaml the services of a layout.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

import paichart
from tests.chart import kubernetes, nginx
from tests.chart.render import OLDEST_MINOR, Objects, manifest, parse, render
from tests.legacy import files, objects, table
from tests.rig.debian import ensure

pytestmark = pytest.mark.programs

NAMESPACE = "pai-system"
ROWS = [(name, service) for name in table.LAYOUTS for service in table.layout(name).services]
KUBERNETES = "<kubernetes>"


@dataclass(frozen=True, slots=True)
class Built:
    """One layout's chart: its folder, its services, and its objects."""

    folder: Path
    services: tuple[str, ...]
    objects: Objects


Build = Callable[[str], Built]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """Makes the release of a layout through the library, each once."""

    @cache
    def build(name: str) -> Built:
        folder = tmp_path_factory.mktemp(name)
        ignored = shutil.ignore_patterns("credentials.yaml")
        shutil.copytree(table.layout(name).inputs, folder / "in", ignore=ignored)
        made = paichart.build(paichart.load(folder / "in"), folder / "out")
        return Built(folder / "out", made.services, render(folder / "out", namespace=NAMESPACE))

    return build


@pytest.mark.parametrize("name", table.LAYOUTS)
def test_a_layout_installs_the_services_that_it_did(name: str, built: Build) -> None:
    assert sorted(built(name).services) == sorted(table.layout(name).services)


@pytest.mark.parametrize(("name", "service"), ROWS)
def test_a_service_is_as_it_was_but_for_what_the_table_tells(name: str, service: str, built: Build) -> None:
    found = objects.services(built(name).objects).get(service)
    assert found is not None, "the layout's chart has nothing of this service"
    wanted = table.expected(service, table.layout(name))
    for workload, told in wanted["workloads"].items():
        shown = found["workloads"].get(workload, {"containers": {}})["containers"]
        for container, row in told["containers"].items():
            image = shown.get(container, {}).get("image", "")
            if _fits(image, row["image"]):
                row["image"] = image
    assert found == wanted


def _fits(image: str, pattern: str) -> bool:
    """Whether an image is the one told; only `*` and <kubernetes> leave its tag open."""
    return fnmatchcase(image, pattern.replace(KUBERNETES, "v1.*"))


@pytest.mark.parametrize("name", table.LAYOUTS)
def test_every_object_is_valid_for_every_kubernetes(name: str, built: Build) -> None:
    minors = range(OLDEST_MINOR, kubernetes.newest_minor() + 1)
    assert parse(manifest(built(name).folder, namespace=NAMESPACE), minors)


@pytest.mark.parametrize("name", table.LAYOUTS)
def test_nginx_takes_the_front_door(name: str, built: Build) -> None:
    values = yaml.safe_load((built(name).folder / "values.yaml").read_text(encoding="utf-8"))
    with nginx.site({**values["pylon"], "global": values["global"]}) as site:
        if "tls" in table.layout(name).facts:
            files.write_certificate(site.folder / "tls")
            site.give_away()
        result = site.check()
    assert (result.returncode, "test is successful" in result.stderr) == (0, True), result.stderr


@pytest.mark.parametrize("name", table.LAYOUTS)
def test_promtool_takes_prometheus_configuration_and_rules(name: str, built: Build, tmp_path: Path) -> None:
    found = files.of_container(built(name).objects, "prometheus", "prometheus", tmp_path)
    (config,) = [path for path in found if path.name == "prometheus.yml"]
    config.write_text(without_kubernetes(config.read_text(encoding="utf-8")), encoding="utf-8")
    result = run(ensure("promtool"), "check", "config", config)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "rules found" in result.stdout


@pytest.mark.parametrize("name", table.LAYOUTS)
def test_amtool_takes_alertmanagers_configuration(name: str, built: Build, tmp_path: Path) -> None:
    found = files.of_container(built(name).objects, "alert-manager", "alertmanager", tmp_path)
    (config,) = [
        path for path in found if path.suffix in (".yml", ".yaml") and "receivers:" in path.read_text()
    ]
    result = run(ensure("amtool"), "check-config", config)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "receivers" in result.stdout


def without_kubernetes(text: str) -> str:
    """Prometheus' configuration with a file in place of Kubernetes: Debian builds promtool without it."""
    config = yaml.safe_load(text)
    for job in config["scrape_configs"]:
        if job.pop("kubernetes_sd_configs", None):
            job["file_sd_configs"] = [{"files": ["targets.json"]}]
    return yaml.safe_dump(config)


def run(*command: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)


def test_the_table_has_a_row_for_each_of_the_29_services() -> None:
    assert len(table.rows()) == 29
    assert set(table.layout("everything").services) == set(table.rows())


def test_there_are_the_six_layouts_and_everything() -> None:
    six = {"seed", "cpu-only", "hived-off", "three-skus", "other-devices", "all-configured"}
    assert {*table.LAYOUTS} == {*six, "everything"}
    assert not [name for name in six if {*table.layout(name).services} - table.rows().keys()]
