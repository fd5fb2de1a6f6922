"""Addresses of the web in all three files: no text of a user's gets through that is no address."""

from __future__ import annotations

import pytest

from tests.unit.checking import CONFIG, LAYOUT, places, problems

ADDRESSES = {
    "config.yaml": [
        "docker_cache_remote_url: '{}'\n",
        "paichart: {{external-url: '{}'}}\n",
        "paichart: {{monitoring: {{prometheus-url: '{}'}}}}\n",
        "paichart: {{monitoring: {{grafana-url: '{}'}}}}\n",
    ],
    "layout.yaml": ["kubernetes: {{dashboard-url: '{}'}}\n", "kubernetes: {{api-servers-url: '{}'}}\n"],
    "services-configuration.yaml": [
        "docker-cache: {{remote_url: '{}'}}\n",
        "marketplace-restserver: {{idp_url: '{}'}}\n",
        "marketplace-webportal: {{marketplace_api_uri: '{}'}}\n",
    ],
}
KEYS = [(name, text) for name, texts in ADDRESSES.items() for text in texts]


def codes(name: str, text: str) -> list[str]:
    """Codes of errors, with a text added to one of the files."""
    given = {
        "config.yaml": "docker_image_tag: v1\n",
        "layout.yaml": LAYOUT,
        "services-configuration.yaml": "",
    }
    given[name] += text
    found = problems(given["config.yaml"], given["layout.yaml"], given["services-configuration.yaml"])
    return [problem.code for problem in found if problem.severity.value == "error"]


@pytest.mark.parametrize("url", ["http://a:99999", "https://a:0/b", "http://[....]:80", "http://[::1::2]/"])
@pytest.mark.parametrize(("name", "text"), KEYS)
def test_a_host_or_a_port_that_cannot_be(name: str, text: str, url: str) -> None:
    assert codes(name, text.format(url)) == ["PAI047"]


@pytest.mark.parametrize(
    "url",
    ['http://a"b', "http://a/$(id)", "http://a;}", "http://{{x}}", "http://[zz]", "http://-", "http://u:p@a"],
)
@pytest.mark.parametrize(("name", "text"), KEYS)
def test_what_would_end_a_text_elsewhere(name: str, text: str, url: str) -> None:
    assert codes(name, text.format(url)) == ["PAI205"]


@pytest.mark.parametrize(
    "url",
    ["http://a", "HTTPS://A.example.com.:65535/", "https://[2001:db8::1]:9090/a/b/", "http://[::]/a%20b"],
)
@pytest.mark.parametrize(("name", "text"), KEYS)
def test_an_address(name: str, text: str, url: str) -> None:
    assert codes(name, text.format(url)) == []


def test_what_is_wrong_with_it() -> None:
    config = CONFIG + "  monitoring: {prometheus-url: 'http://prom:90900'}\n"
    (problem,) = (p for p in problems(config) if p.code == "PAI047")
    assert problem.message == "'http://prom:90900' is no address: port 90900 is not among 1 to 65535"
    assert places(config)[-1] == "config.yaml:5:32 error PAI047"


@pytest.mark.parametrize(
    ("label", "code"),
    [("a b: c", ["PAI207"]), ("a: b c", ["PAI205"]), ("example.com/a: B_c.d", []), ("a: ''", [])],
)
def test_labels_of_objects_are_labels(label: str, code: list[str]) -> None:
    text = f"paichart: {{monitoring: {{operator: true, operator-labels: {{{label}}}}}}}\n"
    assert codes("config.yaml", text) == code
