"""The external address. Legacy's rule: src/pylon/config/pylon.py, `uri` and `uri-https`; ports that are
the scheme's own are left out, because identity providers compare redirect addresses literally."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import pytest

from paichart.derive import network
from paichart.model import Cluster, Machine, Settings, Sku

SSL = {"crt_name": "pai.crt", "crt_path": "/pai/pai.crt", "key_name": "pai.key", "key_path": "/pai/pai.key"}


def cluster(
    paichart: Mapping[str, Any] | None = None,
    pylon: Mapping[str, Any] | None = None,
    address: str = "10.0.0.1",
) -> Cluster:
    """A cluster of one master with these settings under `paichart` and `pylon`."""
    sku = Sku("master-machine", Fraction(24), Fraction(61440))
    return Cluster(
        machines=(Machine("pai-master", address, sku, is_master=True),),
        skus={sku.name: sku},
        config=Settings({"paichart": paichart or {}}),
        services=Settings({"pylon": pylon or {}}),
    )


NODE_PORT = {"exposure": {"type": "nodePort"}}
URLS = [
    # id                     paichart                                  pylon                    expected
    ("quick-start", {}, {"port": 80}, "http://10.0.0.1"),
    ("other-port", {}, {"port": 8080}, "http://10.0.0.1:8080"),
    ("port-as-text", {}, {"port": "8080"}, "http://10.0.0.1:8080"),
    ("domain", {}, {"domain": "pai.example.org"}, "http://pai.example.org"),
    ("default-ssl-port-alone-is-no-tls", {}, {"ssl": {"port": 443}}, "http://10.0.0.1"),
    ("ssl", {}, {"ssl": {**SSL, "port": 443}, "domain": "pai.example.org"}, "https://pai.example.org"),
    ("ssl-port", {}, {"port": 80, "ssl": {**SSL, "port": 8443}}, "https://10.0.0.1:8443"),
    ("https-on-port-80", {}, {"ssl": {**SSL, "port": 80}}, "https://10.0.0.1:80"),
    ("tls-secret", {"tls": {"secret-name": "pai-tls"}}, {}, "https://10.0.0.1"),
    (
        "external-url-wins",
        {"external-url": "https://ai.example.org/"},
        {"domain": "b"},
        "https://ai.example.org",
    ),
    ("domain-in-capitals", {}, {"domain": "PAI.Example.org"}, "http://pai.example.org"),
    ("url-in-capitals", {"external-url": "HTTPS://AI.Example.org/Pai/"}, {}, "https://ai.example.org/Pai"),
    ("node-port", {"exposure": {"type": "nodePort", "node-port": 31080}}, {}, "http://10.0.0.1:31080"),
    ("node-port-unchosen", NODE_PORT, {"port": 8080}, "http://10.0.0.1:30080"),
    ("node-port-https", NODE_PORT, {"ssl": SSL}, "https://10.0.0.1:30443"),
    (
        "load-balancer",
        {"exposure": {"type": "loadBalancer"}},
        {"port": 8080, "domain": "p.example"},
        "http://p.example",
    ),
    (
        "ingress",
        {"exposure": {"type": "ingress"}, "tls": {"secret-name": "t"}},
        {"domain": "p.example"},
        "https://p.example",
    ),
]


@pytest.mark.parametrize(
    ("paichart", "pylon", "expected"), [pytest.param(*row[1:], id=row[0]) for row in URLS]
)
def test_external_url(paichart: dict[str, Any], pylon: dict[str, Any], expected: str) -> None:
    assert network.external_url(cluster(paichart, pylon)) == expected


def test_ipv6_master_stands_in_brackets() -> None:
    assert network.external_url(cluster(pylon={"port": 8080}, address="fd00::1")) == "http://[fd00::1]:8080"
    assert network.external_url(cluster(address="fd00::1")) == "http://[fd00::1]"
