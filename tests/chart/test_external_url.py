"""One address that users type, whatever the exposure: pylon, REST server, alerts, graphs and sign-in agree.

The addresses are worked by hand from legacy's rule (src/pylon/config/pylon.py) and each exposure's own ports.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from paichart import credentials
from paichart.derive import common, pylon
from tests.chart.render import Object, Objects, render
from tests.unit.derived import site

TLS = {"tls": {"secret-name": "pai-tls"}}
GIVEN = {"external-url": "https://pai.example.org"}
GATEWAY = {"type": "gateway", "gateway": {"name": "public"}}
# id, paichart, address
CASES = [
    ("host-port", {}, "http://10.0.0.1"),
    ("host-port-https", TLS, "https://10.0.0.1"),
    ("node-port", {"exposure": {"type": "nodePort"}}, "http://10.0.0.1:30080"),
    ("node-port-https", {"exposure": {"type": "nodePort"}, **TLS}, "https://10.0.0.1:30443"),
    ("load-balancer", {"exposure": {"type": "loadBalancer"}, **TLS, **GIVEN}, "https://pai.example.org"),
    ("ingress", {"exposure": {"type": "ingress"}, **GIVEN}, "https://pai.example.org"),
    ("ingress-tls", {"exposure": {"type": "ingress"}, **TLS, **GIVEN}, "https://pai.example.org"),
    ("gateway", {"exposure": GATEWAY, **GIVEN}, "https://pai.example.org"),
]
OIDC = {
    "authentication": {"OIDC": True, "OIDC-type": "AAD", "AAD": {"clientID": "a", "clientSecret": "b"}},
}


@pytest.mark.parametrize(("paichart", "url"), [pytest.param(*row[1:], id=row[0]) for row in CASES])
def test_all_agree_on_the_address(paichart: dict[str, Any], url: str, tmp_path: Path) -> None:
    cluster = site(OIDC, paichart)
    shared = common.values(cluster)
    assert shared["externalUrl"] == url
    front = render("pylon", {"global": shared, **pylon.values(cluster)})
    assert_led_there(front, url)
    rest_server = render("rest-server", {"global": shared, "authentication": {"method": "OIDC"}})
    assert environment(rest_server, "rest-server")["WEBPORTAL_URL"] == url
    alerts = render("alert-manager", {"global": shared})
    assert f"--web.external-url={url}/alert-manager/" in alerts.text
    graphs = render("grafana", {"global": shared})
    assert f"{url}/grafana" in graphs.text
    file = credentials.complete(tmp_path / "credentials.yaml", {}, cluster).data["oidc.yaml"]
    assert yaml.safe_load(file)["redirectUrl"] == f"{url}/rest-server/api/v1/authn/oidc/return"


def environment(objects: Objects, name: str) -> dict[str, str]:
    """Plain variables of a container."""
    containers = (c for pods in objects.pod_specs() if not pods.is_test for c in pods.containers())
    spec: Object = next(c.spec for c in containers if c.name == name)
    return {entry["name"]: entry["value"] for entry in spec["env"] if "value" in entry}


def assert_led_there(front: Objects, url: str) -> None:
    """What users type reaches pylon: host and port of the address are those that the objects take."""
    scheme, _, authority = url.partition("://")
    host, _, port = authority.partition(":")
    number = int(port or {"http": 80, "https": 443}[scheme])
    service = front.find("Service", "openpai-pylon")["spec"]
    kind = service["type"]
    if front.all("Ingress"):
        assert [rule["host"] for rule in front.find("Ingress")["spec"]["rules"]] == [host]
    elif front.all("HTTPRoute"):
        assert front.find("HTTPRoute")["spec"]["hostnames"] == [host]
    elif kind == "ClusterIP":
        ports = front.find("Deployment")["spec"]["template"]["spec"]["containers"][0]["ports"]
        assert {p["name"]: p.get("hostPort") for p in ports}[scheme] == number
    else:
        key = "nodePort" if kind == "NodePort" else "port"
        assert {p["name"]: p[key] for p in service["ports"]}[scheme] == number
