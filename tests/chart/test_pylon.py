"""Pylon's objects: how each exposure leads users in, where certificates come from, what is refused."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from paichart.derive import pylon
from paichart.model import Cluster, Machine, Settings, Sku
from tests.chart.charts import default_values, merged, scenario_values
from tests.chart.render import Object, Objects, RenderError, render

TLS = {"tls": {"enabled": True, "secretName": "pai-tls"}}
OTHERS = ("nodePort", "loadBalancer", "ingress", "gateway")


def pylon_with(values: dict[str, Any] | None = None, kind: str = "hostPort", url: str = "") -> Objects:
    """Pylon with an exposure and an external URL."""
    base = {
        "global": {"externalUrl": url or "https://pai.example.org"},
        "exposure": {"type": kind, "gateway": {"name": "public"}},
    }
    return render("pylon", merged(base, values or {}))


def container(objects: Objects) -> Object:
    """The nginx container."""
    found: Object = objects.find("Deployment")["spec"]["template"]["spec"]["containers"][0]
    return found


def host_ports(objects: Objects) -> dict[str, int | None]:
    """Host port of each named port."""
    return {port["name"]: port.get("hostPort") for port in container(objects)["ports"]}


def test_by_default_the_master_answers_on_port_80() -> None:
    objects = pylon_with()
    spec = objects.find("Deployment")["spec"]
    assert host_ports(objects) == {"http": 80}
    assert spec["replicas"] == 1
    terms = spec["template"]["spec"]["affinity"]["nodeAffinity"]
    expression = terms["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"][0][
        "matchExpressions"
    ]
    assert expression == [{"key": "pai-master", "operator": "In", "values": ["true"]}]
    # The port is free only when the old pod is gone.
    assert spec["strategy"]["rollingUpdate"] == {"maxSurge": 0, "maxUnavailable": 1}
    assert objects.find("Service")["spec"]["type"] == "ClusterIP"


def test_tls_opens_the_https_port_of_the_master() -> None:
    objects = pylon_with(merged(TLS, {"exposure": {"hostPort": {"http": 8080, "https": 8443}}}))
    assert host_ports(objects) == {"http": 8080, "https": 8443}
    assert [port["port"] for port in objects.find("Service")["spec"]["ports"]] == [80, 443]


@pytest.mark.parametrize("kind", OTHERS)
def test_other_exposures_run_two_copies_anywhere_and_never_stop(kind: str) -> None:
    objects = pylon_with(kind=kind)
    spec = objects.find("Deployment")["spec"]
    pod = spec["template"]["spec"]
    assert host_ports(objects) == {"http": None}
    assert spec["replicas"] == 2
    assert spec["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}
    assert "affinity" not in pod
    assert pod["topologySpreadConstraints"][0]["topologyKey"] == "kubernetes.io/hostname"
    assert objects.find("PodDisruptionBudget")["spec"]["maxUnavailable"] == 1


def test_node_ports_are_the_ones_given_or_kubernetes_own_choice() -> None:
    given = pylon_with(merged(TLS, {"exposure": {"nodePort": {"http": 31080, "https": 0}}}), "nodePort")
    service = given.find("Service")["spec"]
    assert service["type"] == "NodePort"
    assert [port.get("nodePort") for port in service["ports"]] == [31080, None]


def test_a_load_balancer_gets_class_networks_and_annotations() -> None:
    exposure = {
        "loadBalancer": {"className": "example.org/lb", "sourceRanges": ["192.0.2.0/24"]},
        "annotations": {"example.org/scheme": "internal"},
        "externalTrafficPolicy": "Local",
    }
    service = pylon_with({"exposure": exposure}, "loadBalancer").find("Service")
    assert service["metadata"]["annotations"] == {"example.org/scheme": "internal"}
    assert service["spec"]["loadBalancerClass"] == "example.org/lb"
    assert service["spec"]["loadBalancerSourceRanges"] == ["192.0.2.0/24"]
    assert service["spec"]["externalTrafficPolicy"] == "Local"


def test_an_ingress_takes_everything_for_the_external_host() -> None:
    objects = pylon_with(merged(TLS, {"exposure": {"ingress": {"className": "haproxy"}}}), "ingress")
    ingress = objects.find("Ingress")
    (rule,) = ingress["spec"]["rules"]
    (path,) = rule["http"]["paths"]
    assert "annotations" not in ingress["metadata"]
    assert ingress["spec"]["ingressClassName"] == "haproxy"
    assert ingress["spec"]["tls"] == [{"secretName": "pai-tls", "hosts": ["pai.example.org"]}]
    assert (rule["host"], path["path"], path["pathType"]) == ("pai.example.org", "/", "Prefix")
    # TLS ends at the Ingress: pylon has no certificate and no https port.
    assert [port["name"] for port in container(objects)["ports"]] == ["http"]
    assert "secret" not in str(objects.find("Deployment")["spec"]["template"]["spec"]["volumes"])


@pytest.mark.parametrize("url", ["http://10.0.0.1:8080", "http://[fd00::1]", "https://[fd00::1]:8443"])
def test_an_address_is_no_host_name(url: str) -> None:
    assert "host" not in pylon_with(kind="ingress", url=url).find("Ingress")["spec"]["rules"][0]
    assert "hostnames" not in pylon_with(kind="gateway", url=url).find("HTTPRoute")["spec"]


def test_several_host_names_are_all_taken() -> None:
    names = ["pai.example.org", "ai.example.org"]
    given = {"exposure": {"hostnames": names}}
    rules = pylon_with(given, "ingress").find("Ingress")["spec"]["rules"]
    assert [rule["host"] for rule in rules] == names
    assert pylon_with(given, "gateway").find("HTTPRoute")["spec"]["hostnames"] == names


def test_a_gateway_gets_a_route_to_pylon() -> None:
    gateway = {"namespace": "gateways", "sectionName": "https", "requestTimeout": "1h"}
    route = pylon_with({"exposure": {"gateway": gateway}}, "gateway").find("HTTPRoute")["spec"]
    # https://gateway-api.sigs.k8s.io/reference/spec/#httproute
    assert route == {
        "parentRefs": [{"name": "public", "namespace": "gateways", "sectionName": "https"}],
        "hostnames": ["pai.example.org"],
        "rules": [
            {
                "matches": [{"path": {"type": "PathPrefix", "value": "/"}}],
                "timeouts": {"request": "1h"},
                "backendRefs": [{"name": "openpai-pylon", "port": 80}],
            }
        ],
    }


@pytest.mark.parametrize(
    ("url", "names"),
    [
        ("https://pai.example.org:8443", {"dnsNames": ["pai.example.org"]}),
        ("https://10.0.0.1", {"ipAddresses": ["10.0.0.1"]}),
        ("https://[fd00::1]:8443", {"ipAddresses": ["fd00::1"]}),
    ],
)
def test_cert_manager_is_asked_for_what_users_type(url: str, names: dict[str, Any]) -> None:
    issuer = {"name": "internal-ca", "kind": "ClusterIssuer"}
    objects = pylon_with(
        {"tls": {"enabled": True, "certManager": {"enabled": True, "issuerRef": issuer}}}, url=url
    )
    # https://cert-manager.io/docs/reference/api-docs/#cert-manager.io/v1.CertificateSpec
    assert objects.find("Certificate")["spec"] == {
        "secretName": "openpai-pylon-tls",
        "issuerRef": {**issuer, "group": "cert-manager.io"},
        **names,
    }
    volumes = objects.find("Deployment")["spec"]["template"]["spec"]["volumes"]
    assert [v["secret"]["secretName"] for v in volumes if "secret" in v] == ["openpai-pylon-tls"]


def test_a_renewed_certificate_reaches_the_pod() -> None:
    # The kubelet never renews a file that is mounted alone.
    mounts = container(pylon_with(TLS))["volumeMounts"]
    assert [mount for mount in mounts if mount["mountPath"] == "/etc/pylon-tls" and "subPath" in mount] == []
    assert "/etc/pylon-tls" in [mount["mountPath"] for mount in mounts]


@pytest.mark.parametrize(
    ("values", "kind", "words"),
    [
        ({"tls": {"enabled": True}}, "hostPort", "kubectl create secret tls"),
        ({"exposure": {"gateway": {"name": ""}}}, "gateway", "needs exposure.gateway.name"),
        ({"tls": {"enabled": True, "certManager": {"enabled": True}}}, "hostPort", "issuerRef.name"),
        (
            {"tls": {"enabled": True, "certManager": {"enabled": True, "issuerRef": {"name": "a"}}}},
            "gateway",
            "belongs to the Gateway",
        ),
        ({"frameAncestors": '"; return 200 x; #'}, "hostPort", "frameAncestors"),
        ({"logManager": {"hosts": {"a b": "10.0.0.1"}}}, "hostPort", "a b"),
        ({"logManager": {"hosts": {"a": "10.0.0.1; include x"}}}, "hostPort", "hosts"),
    ],
)
def test_what_cannot_work_is_refused(values: dict[str, Any], kind: str, words: str) -> None:
    with pytest.raises(RenderError, match=words):
        pylon_with(values, kind)


def test_pods_restart_when_the_configuration_changes() -> None:
    def checksum(values: dict[str, Any]) -> str:
        annotations = pylon_with(values).find("Deployment")["spec"]["template"]["metadata"]["annotations"]
        return str(annotations["checksum/config"])

    assert checksum({}) == checksum({})
    assert checksum({}) != checksum({"logManager": {"hosts": {"pai-worker9": "10.0.0.9"}}})


def test_helm_test_follows_the_way_to_portal_and_rest_server() -> None:
    words = pylon_with(TLS).find("Pod")["spec"]["containers"][0]["args"]
    host = "openpai-pylon.default.svc"
    assert words[1:] == [
        f"http://{host}:80/healthz",
        f"http://{host}:80/",
        f"http://{host}:80/rest-server/api/v2/info",
        f"https://{host}:443/healthz",
    ]


def test_legacys_memory_limit_comes_with_qos() -> None:
    # src/pylon/deploy/pylon.yaml.template
    assert container(pylon_with())["resources"] == {}
    assert container(pylon_with({"global": {"qos": True}}))["resources"] == {"limits": {"memory": "1Gi"}}


# Together with the generator


def test_the_generator_knows_every_backend() -> None:
    assert pylon.backends(()) == default_values("pylon")["backends"]


@pytest.mark.parametrize("kind", ["hostPort", *OTHERS])
@pytest.mark.parametrize("tls", [False, True])
def test_derived_values_render(kind: str, tls: bool) -> None:
    sku = Sku("gpu-machine", Fraction(24), Fraction(225280))
    paichart: dict[str, Any] = {"exposure": {"type": kind, "gateway": {"name": "public"}, "class-name": "c"}}
    if tls:
        paichart["tls"] = {"secret-name": "pai-tls"}
    cluster = Cluster(
        machines=(Machine("pai-master", "fd00::1", sku, is_master=True),),
        skus={sku.name: sku},
        config=Settings({"paichart": paichart}),
        services=Settings({"pylon": {"domain": "pai.example.org"}}),
        dashboard_url="https://10.0.0.1:9090",
    )
    assert render("pylon", pylon.values(cluster)).find("Deployment")


def test_quick_starts_scenario_is_what_the_generator_writes() -> None:
    sku = Sku("any", Fraction(24), Fraction(225280))
    machines = {"pai-master": "10.0.0.1", "pai-worker1": "10.0.0.2", "pai-worker2": "10.0.0.3"}
    cluster = Cluster(
        machines=tuple(Machine(n, a, sku, is_master=n == "pai-master") for n, a in machines.items()),
        skus={sku.name: sku},
        config=Settings({}),
        services=Settings({"pylon": {"port": 80}}),
    )
    scenario = scenario_values("pylon", "quick-start")
    derived = {"global": scenario["global"], **pylon.values(cluster)}
    assert render("pylon", derived).items == render("pylon", scenario).items


# The port for the release's own job that reports usage


def test_the_job_that_reports_usage_has_a_port_that_nothing_outside_leads_to() -> None:
    # A Service of its own: that of pylon may be a NodePort or a load balancer.
    for kind in ("hostPort", *OTHERS):
        objects = pylon_with({"usageReports": True, "backends": {"alert-manager": True}}, kind)
        outside, inside = (
            objects.find("Service", f"openpai-pylon{end}")["spec"] for end in ("", "-internal")
        )
        assert inside["type"] == "ClusterIP"
        assert [(port["name"], port["port"]) for port in inside["ports"]] == [("internal", 8088)]
        assert "internal" not in [port["targetPort"] for port in outside["ports"]]
        assert host_ports(objects)["internal"] is None


def test_only_that_job_reaches_the_port() -> None:
    rules = pylon_with({"usageReports": True, "backends": {"alert-manager": True}}).find("NetworkPolicy")[
        "spec"
    ]["ingress"]
    (rule,) = (rule for rule in rules if 8088 in [port["port"] for port in rule["ports"]])
    components = [peer["podSelector"]["matchLabels"]["app.kubernetes.io/component"] for peer in rule["from"]]
    assert components == ["cluster-utilization", "helm-test"]
    assert [port["port"] for port in rule["ports"]] == [8088]


def test_without_an_alert_manager_that_port_is_closed() -> None:
    objects = pylon_with()
    assert list(host_ports(objects)) == ["http"]
    assert len(objects.all("Service")) == 1
    assert "8088" not in objects.text
