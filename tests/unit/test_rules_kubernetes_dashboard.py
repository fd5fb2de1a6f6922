"""Rules of the Kubernetes dashboard: one of the release, or one of the admin's."""

from __future__ import annotations

import pytest

from tests.unit.checking import LAYOUT, places

ASKED = "cluster: {common: {k8s-rbac: 'true'}}\n"


def layout(url: str) -> str:
    return f"kubernetes: {{dashboard-url: '{url}'}}\n{LAYOUT}"


@pytest.mark.parametrize("url", ["https://10.0.0.1:9090", "http://MASTER:9090/"])
def test_legacys_url_on_the_master_is_that_of_the_installed_one(url):
    assert places(layout=layout(url), services=ASKED) == []


@pytest.mark.parametrize("url", ["https://k8s.example.com", "https://10.0.0.2:9090"])
def test_a_dashboard_elsewhere_wins_over_an_own_one(url):
    assert places(layout=layout(url), services=ASKED) == ["layout.yaml:1:29 note PAI244"]
    assert places(layout=layout(url)) == []
