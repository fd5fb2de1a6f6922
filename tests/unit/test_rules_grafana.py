"""Rules of a Grafana that the admin has, told at their line and column."""

from __future__ import annotations

import pytest

from tests.unit.checking import places, problems

CONFIG = """\
docker_image_tag: v1.8.0
paichart:
  tls: {{secret-name: pai-tls}}
  monitoring:
    operator: {operator}
    grafana-url: {url}
"""


def config(operator: str = "true", url: str = "https://grafana.example.com") -> str:
    return CONFIG.format(operator=operator, url=url)


def test_a_grafana_that_can_show_the_pages():
    assert places(config()) == []


def test_no_grafana_of_the_admins_is_fine():
    assert places(config(operator="false", url='""').replace('    grafana-url: ""\n', "")) == []


def test_a_grafana_that_gets_no_dashboards():
    assert places(config(operator="false")) == ["config.yaml:6:18 note PAI245"]


def test_a_grafana_over_http_in_a_portal_over_https():
    (problem,) = problems(config(url="http://grafana.example.com/x"))
    assert (str(problem.span), problem.severity.value) == ("config.yaml:6:18", "warning")
    assert problem.hint == "write https://grafana.example.com/x"


@pytest.mark.parametrize("external", ["http://pai.example.com", "https://pai.example.com"])
def test_the_address_that_users_type_decides(external):
    text = config(url="http://grafana.example.com").replace("  tls: {secret-name: pai-tls}\n", "")
    found = [place for place in places(f"{text}  external-url: {external}\n") if place.endswith("PAI245")]
    assert bool(found) == external.startswith("https")
