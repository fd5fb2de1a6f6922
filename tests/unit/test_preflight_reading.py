"""What preflight reads of a cluster: in pages, no more than it needs, and what it does without."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cache
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from paichart.kube import Api, ClusterError, connect
from paichart.model import Device
from paichart.preflight.examination import check
from paichart.preflight.plan import Plan
from paichart.preflight.reading import read
from paichart.preflight.snapshot import Class, Limit, Node, Pod, Ref, Revision, Snapshot, Taint, Workload
from tests.unit.derived import site
from tests.unit.fake_api import TOKEN, Request
from tests.unit.starter_nodes import Lists, kubeconfig_of

Json = dict[str, Any]

SECRET = "c2VjcmV0LXZhbHVl"  # noqa: S105 # nobody's
REVIEWS = "/apis/authorization.k8s.io/v1"
NODES, PODS, SECRETS = "/api/v1/nodes", "/api/v1/pods", "/api/v1/namespaces/default/secrets"
CREDENTIALS = f"{SECRETS}/openpai-credentials"


def meta(name: str, namespace: str = "", **more: Any) -> Json:
    return {"name": name, **({"namespace": namespace} if namespace else {}), **more}


def made(name: str, namespace: str = "", **more: Any) -> Json:
    return {"metadata": meta(name, namespace, **more)}


MASTER: Json = {
    "metadata": meta("pai-master", labels={"kubernetes.io/hostname": "pai-master"}),
    "spec": {
        "unschedulable": True,
        "taints": [{"key": "dedicated", "value": "infra", "effect": "NoSchedule"}],
    },
    "status": {
        "addresses": [
            {"type": "Hostname", "address": "pai-master"},
            {"type": "InternalIP", "address": "10.0.0.1"},
            {"type": "ExternalIP", "address": "192.0.2.1"},
        ],
        "allocatable": {
            "cpu": "23500m",
            "memory": "60Gi",
            "pods": "110",
            "ephemeral-storage": "1Ti",
            "hugepages-2Mi": "0",
            "nvidia.com/gpu": "4",
        },
        "conditions": [
            {
                "type": "Ready",
                "status": "Unknown",
                "message": "stopped",
                "lastTransitionTime": "2026-11-24T10:00:00Z",
            },
            {"type": "DiskPressure", "status": "True"},
            {"type": "MemoryPressure", "status": "False"},
        ],
        "nodeInfo": {
            "architecture": "amd64",
            "operatingSystem": "linux",
            "kubeletVersion": "v1.31.4",
            "containerRuntimeVersion": "containerd://2.1.0",
        },
        "images": [{"names": ["a" * 200]}] * 50,
    },
}


def pod(name: str, where: str, spec: Json, **more: Any) -> Json:
    return {"metadata": meta(name, "web", **more), "spec": {"nodeName": where, **spec}}


def container(port: Json | None = None, **requests: str) -> Json:
    return {"ports": [port] if port else [], "resources": {"requests": requests}}


OWNER = [{"kind": "DaemonSet", "name": "nginx"}]
PODS_OF_THE_CLUSTER = [
    pod(
        "by-port",
        "w1",
        {
            "containers": [container({"containerPort": 8080, "hostPort": 80})],
            "initContainers": [container({"containerPort": 81, "hostPort": 81})],
        },
        ownerReferences=OWNER,
    ),
    pod(
        "by-network",
        "w1",
        {"hostNetwork": True, "containers": [container({"containerPort": 53, "protocol": "UDP"})]},
    ),
    pod("on-master", "pai-master", {"containers": [container(cpu="500m", memory="1Gi"), container(cpu="1")]}),
    pod("harmless", "w1", {"containers": [container({"containerPort": 80})]}),
    {
        "metadata": meta("waiting", "web"),
        "spec": {"containers": [container({"containerPort": 1, "hostPort": 1})]},
    },
]


def template(*images: str) -> Json:
    return {"template": {"spec": {"containers": [{"image": image} for image in images]}}}


WEBHOOKS = [
    (
        "strict",
        {"failurePolicy": "Fail", "rules": [{"apiGroups": [""], "resources": ["pods"], "operations": ["*"]}]},
    ),
    ("any", {"rules": [{"apiGroups": ["*"], "resources": ["*/*"], "operations": ["CREATE"]}]}),
    (
        "lax",
        {
            "failurePolicy": "Ignore",
            "rules": [{"apiGroups": [""], "resources": ["pods"], "operations": ["*"]}],
        },
    ),
    ("other", {"rules": [{"apiGroups": ["apps"], "resources": ["deployments"], "operations": ["CREATE"]}]}),
    ("delete", {"rules": [{"apiGroups": [""], "resources": ["pods"], "operations": ["DELETE"]}]}),
]


def asked_of(name: str, by_labels: Json | None = None, **namespaces: Any) -> tuple[str, Json]:
    """A strict webhook for pods that asks for namespaces by an expression, or for labels of pods."""
    rules = [{"apiGroups": [""], "resources": ["pods"], "operations": ["CREATE"]}]
    selector = {"matchExpressions": [namespaces]} if namespaces else {}
    return name, {"rules": rules, "namespaceSelector": selector, "objectSelector": by_labels or {}}


NAME = "kubernetes.io/metadata.name"
WEBHOOKS += [
    asked_of("everywhere-but-there", key=NAME, operator="NotIn", values=["kube-system"]),
    asked_of("here", key=NAME, operator="In", values=["default"]),
    asked_of("unless-excluded", key="policy/ignore", operator="DoesNotExist"),
    asked_of("there", key=NAME, operator="In", values=["kube-system"]),
    asked_of("everywhere-but-here", key=NAME, operator="NotIn", values=["default"]),
    asked_of("sidecars", key="istio-injection", operator="In", values=["enabled"]),
    asked_of("revisions", key="istio.io/rev", operator="Exists"),
    asked_of("of-marked-pods", {"matchLabels": {"azure.workload.identity/use": "true"}}),
]


def lists() -> dict[str, list[Json]]:
    apps = "/apis/apps/v1"
    hooks = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"
    default_class = {"ingressclass.kubernetes.io/is-default-class": "true"}
    helm = {"owner": "helm", "name": "openpai"}
    limit = {"limits": [{"type": "Container", "max": {"cpu": "4"}, "default": {"cpu": "1"}}]}
    return {
        NODES: [MASTER],
        PODS: PODS_OF_THE_CLUSTER,
        "/api/v1/services": [
            {**made("site", "web"), "spec": {"ports": [{"port": 80, "nodePort": 30080}]}},
            {**made("balanced", "web"), "spec": {"healthCheckNodePort": 30999}},
            {**made("dns", "web"), "spec": {"ports": [{"port": 53, "nodePort": 30443, "protocol": "UDP"}]}},
            {**made("plain", "web"), "spec": {"ports": [{"port": 80}]}},
        ],
        f"{apps}/deployments": [
            {**made("fc", "jobs"), "spec": template("ghcr.io/x/frameworkcontroller@sha256:1a2b", "other:1")},
            {**made("portal", "default"), "spec": template("nginx:1")},
        ],
        f"{apps}/statefulsets": [{**made("hivedscheduler-ds-a", "default"), "spec": template("k:1")}],
        f"{apps}/daemonsets": [
            {**made("pylon-ds", "default"), "spec": template("p:1")},
            {**made("pylon-ds", "other"), "spec": template("p:1")},
            {
                **made("d", "pai", labels={"app.kubernetes.io/part-of": "openpai"}),
                "spec": template("everpeace/k8s-host-device-plugin:latest"),
            },
        ],
        "/apis/networking.k8s.io/v1/ingressclasses": [
            made("nginx", annotations=default_class),
            made("traefik"),
        ],
        hooks: [{**made(name), "webhooks": [hook]} for name, hook in WEBHOOKS],
        SECRETS: [
            made("sh.helm.release.v1.openpai.v1", labels={**helm, "version": "1", "status": "superseded"}),
            made("sh.helm.release.v1.openpai.v2", labels={**helm, "version": "2", "status": "deployed"}),
        ],
        "/api/v1/namespaces/default/resourcequotas": [
            {**made("q", "default"), "spec": {"hard": {"pods": "10", "limits.cpu": "4"}}},
            {**made("gke-resource-quotas", "default"), "spec": {"hard": {"pods": "1500"}}},
        ],
        "/api/v1/namespaces/default/limitranges": [{**made("l", "default"), "spec": limit}],
    }


def objects() -> dict[str, Json]:
    enforce = {"pod-security.kubernetes.io/enforce": "baseline", "team": "a"}
    return {
        "/version": {"gitVersion": "v1.31.4"},
        "/apis": {"groups": [{"versions": [{"groupVersion": "apps/v1"}]}]},
        "/api/v1/namespaces/default": made("default", labels=enforce),
        "/apis/storage.k8s.io/v1/storageclasses/fast": made("fast"),
        CREDENTIALS: {
            **made("openpai-credentials", "default"),
            "type": "Opaque",
            "data": {"jwt-secret": SECRET},
        },
    }


@dataclass(slots=True)
class Guarded(Lists):
    """Answers reviews too: `allowed` are the rights that the account has, all of them when it is None."""

    allowed: frozenset[tuple[str, str, str]] | None = None
    rules: list[Json] = field(default_factory=list)
    is_metadata_asked: list[str] = field(default_factory=list)

    def truth(self, request: Request) -> tuple[int, Any] | bytes:
        if request.path in self.refused:
            return 403, {"message": "forbidden"}
        if request.path == f"{REVIEWS}/selfsubjectaccessreviews":
            return 201, {"status": {"allowed": self._may(request.body["spec"])}}
        if request.path == f"{REVIEWS}/selfsubjectrulesreviews":
            return 201, {"status": {"resourceRules": self.rules}}
        if "PartialObjectMetadata" in request.headers["accept"]:
            self.is_metadata_asked.append(request.path)
        selectors = request.query.get("labelSelector", [])
        request.query["labelSelector"] = [term for selector in selectors for term in selector.split(",")]
        return Lists.truth(self, request)

    def _may(self, spec: Mapping[str, Any]) -> bool:
        if self.allowed is None:
            return True
        asked = spec.get("resourceAttributes") or spec["nonResourceAttributes"]
        what = asked.get("resource") or asked["path"]
        return (asked["verb"], what, asked.get("namespace", "")) in self.allowed


def guarded(**more: Any) -> Guarded:
    return Guarded(**{"lists": lists(), "objects": objects(), **more})


INPUTS: Json = {
    "storage": {"class": "fast"},
    "exposure": {"type": "ingress"},
    "credentials": "external",
}


class Wire:
    """The official client's way to a double in this process: without sockets it is quick."""

    def __init__(self, double: Guarded) -> None:
        self._double = double
        self.configuration = SimpleNamespace(
            auth_settings=lambda: {"token": {"key": "authorization", "value": f"Bearer {TOKEN}"}}
        )
        self.rest_client = SimpleNamespace(pool_manager=SimpleNamespace(request=self._request))

    def _request(self, method: str, url: str, *, headers: Json, body: bytes | None, **_: object) -> Any:
        parts = urlsplit(url)
        lower = {name.lower(): value for name, value in headers.items()}
        content = json.loads(body) if body else None
        request = Request(method, parts.path, parse_qs(parts.query), lower, content)
        status, answer = self._double.answer(request)
        return SimpleNamespace(status=status, reason="", data=json.dumps(answer).encode())


def api_of(double: Guarded) -> Api:
    return Api("https://lab.example.com:6443", "lab", Wire(double))


@cache
def plan() -> Plan:
    return Plan.of(site(None, INPUTS), "openpai", "default")


def snapshot(double: Guarded) -> Snapshot:
    return read(api_of(double), plan())


def codes(double: Guarded) -> list[str]:
    return [finding.code for finding in check(plan(), snapshot(double))]


def test_over_the_network_it_is_the_same(tmp_path):
    with kubeconfig_of(guarded(), tmp_path) as kubeconfig:
        assert read(connect(kubeconfig), plan()) == snapshot(guarded())


def test_a_cluster_is_reduced_to_what_is_looked_at():
    found = snapshot(guarded())
    assert found.version == "v1.31.4"
    assert found.nodes == (
        Node(
            "pai-master",
            addresses=("10.0.0.1",),
            unready="stopped",
            since="2026-11-24T10:00:00Z",
            is_cordoned=True,
            cpu=Fraction(47, 2),
            memory=Fraction(61440),
            devices={"nvidia.com/gpu": 4},
            platform="linux/amd64",
            kubelet="v1.31.4",
            runtime="containerd://2.1.0",
            taints=(Taint("dedicated", "infra", "NoSchedule"),),
            troubles=("DiskPressure",),
            hostname_label="pai-master",
        ),
    )
    assert found.pods == (
        Pod("web", "by-port", "w1", "DaemonSet web/nginx", ports=(("TCP", 80), ("TCP", 81))),
        Pod("web", "by-network", "w1", "a pod in namespace web", ports=(("UDP", 53),)),
        Pod(
            "web",
            "on-master",
            "pai-master",
            "a pod in namespace web",
            cpu=Fraction(3, 2),
            memory=Fraction(1024),
        ),
    )
    assert [(one.name, one.node_ports) for one in found.services or ()] == [
        ("site", (30080,)),
        ("balanced", (30999,)),
    ]
    assert found.workloads == (
        Workload("Deployment", "jobs", "fc", ("ghcr.io/x/frameworkcontroller@sha256:1a2b",)),
        Workload("StatefulSet", "default", "hivedscheduler-ds-a"),
        Workload("DaemonSet", "default", "pylon-ds"),
        Workload("DaemonSet", "pai", "d", ("everpeace/k8s-host-device-plugin:latest",), is_ours=True),
    )
    assert found.ingress_classes == (Class("nginx", True), Class("traefik", False))
    assert found.served == frozenset({"apps/v1"})
    assert found.revisions == (Revision(1, "superseded"), Revision(2, "deployed"))
    assert found.webhooks == ("strict", "any", "everywhere-but-there", "here", "unless-excluded")
    assert found.limits == (
        Limit("ResourceQuota", "default", "q", ("limits.cpu", "pods")),
        Limit(
            "LimitRange",
            "default",
            "l",
            ("max cpu 4 a container",),
            frozenset({"limits.cpu", "requests.cpu"}),
        ),
    )
    assert found.has_dcgm is None
    assert found.refusals == ()


def test_single_objects_are_there_or_known_not_to_be():
    found = snapshot(guarded())
    default = found.objects[Ref("namespaces", "", "default")]
    assert default is not None
    assert default.labels == {"pod-security.kubernetes.io/enforce": "baseline"}
    assert found.objects[Ref("storageclasses", "", "fast")] is not None
    assert found.objects[Ref("namespaces", "", "pai-user-v2")] is None
    assert found.objects[Ref("configmaps", "default", "pai-configuration")] is None


def test_of_secrets_types_and_keys_are_kept_and_no_value():
    found = snapshot(guarded())
    shape = found.secrets[Ref("secrets", "default", "openpai-credentials")]
    assert shape is not None
    assert shape.keys == {"jwt-secret"}
    assert SECRET not in repr(found)


def test_content_is_asked_for_only_of_secrets_that_must_have_keys():
    double = guarded()
    snapshot(double)
    asked = {request.path for request in double.requests}
    with_content = {
        path for path in asked - set(double.is_metadata_asked) if "/secrets" in path or "/configmaps" in path
    }
    assert with_content == {CREDENTIALS, f"{SECRETS}/pai-secret", f"{SECRETS}/job-ssh-secret"}


def test_a_gateway_and_a_policy_are_asked_for_when_the_site_has_them():
    double = guarded()
    gateway = "/apis/gateway.networking.k8s.io/v1/namespaces/front/gateways/public"
    double.objects[gateway] = made("public", "front")
    group = "admissionregistration.k8s.io"
    versions = [{"groupVersion": f"{group}/v1"}, {"groupVersion": f"{group}/v1beta1"}]
    double.objects["/apis"] = {"groups": [{"versions": versions}]}
    double.objects[f"/apis/{group}/v1"] = {"resources": [{"name": "mutatingwebhookconfigurations"}]}
    double.objects[f"/apis/{group}/v1beta1"] = {"resources": [{"name": "mutatingadmissionpolicies"}]}
    settings = {
        "exposure": {"type": "gateway", "gateway": {"name": "public", "namespace": "front"}},
        "values": {"openpai-runtime": {"jobPodPolicy": {"enabled": True}}},
    }
    found = read(api_of(double), Plan.of(site(None, settings), "openpai", "default"))
    assert found.objects[Ref("gateways", "front", "public")] is not None
    assert f"{group}/v1beta1/mutatingadmissionpolicies" in (found.served or ())
    assert f"{group}/v1/mutatingadmissionpolicies" not in (found.served or ())


def test_nothing_is_changed():
    double = guarded(allowed=frozenset())
    snapshot(double)
    written = {request.path for request in double.requests if request.method != "GET"}
    assert written == {f"{REVIEWS}/selfsubjectaccessreviews", f"{REVIEWS}/selfsubjectrulesreviews"}


def test_lists_are_read_in_pages_and_begun_again_when_the_cluster_forgot():
    double = guarded(page_size=1)
    double.lists[NODES] = [replace_name(MASTER, name) for name in ("a", "b", "c")]
    forgotten = []

    def forget(request: Request) -> tuple[int, Any] | None:
        if request.path == NODES and request.query.get("continue") == ["2"] and not forgotten:
            forgotten.append(request)
            return 410, {"message": "expired"}
        return None

    double.fault = forget
    found = snapshot(double)
    assert [node.name for node in found.nodes or ()] == ["a", "b", "c"]
    assert forgotten


def test_a_cluster_that_always_forgets_is_an_error_and_no_empty_list():
    with pytest.raises(ClusterError) as error:
        snapshot(guarded(fault=lambda request: (410, {}) if request.path == NODES else None))
    assert error.value.status == 410


def replace_name(item: Json, name: str) -> Json:
    return {**item, "metadata": {**item["metadata"], "name": name}}


def test_an_administrator_is_known_by_one_question():
    double = guarded()
    found = snapshot(double)
    assert found.rights is not None
    assert found.rights.is_admin
    assert sum(request.method == "POST" for request in double.requests) == 1


EVERYTHING = {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}


def test_rights_of_a_namespace_are_one_question_where_the_server_lists_its_rules():
    double = guarded(allowed=frozenset(), rules=[EVERYTHING])
    found = snapshot(double)
    assert found.rights is not None
    assert {right.namespace for right in found.rights.missing} == {""}
    assert {right.resource for right in found.rights.missing} == {
        "clusterrolebindings",
        "clusterroles",
        "customresourcedefinitions",
        "namespaces",
        "priorityclasses",
    }
    asked = [
        request.body["spec"]["resourceAttributes"].get("namespace", "")
        for request in double.requests
        if request.method == "POST" and "resourceAttributes" in request.body["spec"]
    ]
    # The roles of kube-system are bound by name, which rules of a namespace say nothing about.
    assert set(asked) <= {"", "kube-system"}


def test_a_right_that_no_rule_gives_is_asked_for_alone():
    only = frozenset({("create", "configmaps", "default")})
    found = snapshot(guarded(allowed=only))
    assert found.rights is not None
    missing = {(r.verb, r.resource, r.namespace) for r in found.rights.missing}
    assert ("create", "configmaps", "default") not in missing
    assert ("patch", "configmaps", "default") in missing


def test_rules_about_single_names_give_no_right_to_all():
    rule = {**EVERYTHING, "resourceNames": ["one"]}
    found = snapshot(guarded(allowed=frozenset(), rules=[rule]))
    assert found.rights is not None
    assert {"default"} <= {right.namespace for right in found.rights.missing}


def test_who_may_escalate_and_bind_may_grant_what_he_has_not():
    rbac = {(verb, kind, "") for verb in ("escalate", "bind") for kind in ("roles", "clusterroles")}
    found = snapshot(guarded(allowed=frozenset(rbac)))
    assert found.rights is not None
    assert found.rights.ungrantable == ()
    found = snapshot(guarded(allowed=frozenset(right for right in rbac if right[0] == "escalate")))
    assert found.rights is not None
    assert ("patch", "nodes") in {(right.verb, right.resource) for right in found.rights.ungrantable}
    assert {right.name for right in found.rights.ungrantable if right.verb == "bind"} == {
        "extension-apiserver-authentication-reader",
        "system:kube-scheduler",
        "system:volume-scheduler",
    }


def paths_that_are_read() -> list[str]:
    double = guarded()
    snapshot(double)
    return sorted({request.path for request in double.requests} - {"/version"})


def test_whatever_is_refused_is_a_finding_and_the_rest_is_looked_at():
    whole = codes(guarded())
    assert "PAI342" not in whole
    for path in paths_that_are_read():
        found = codes(guarded(refused=(path,)))
        assert found.count("PAI342") == 1, path
        assert set(found) <= {*whole, "PAI342"}, path


def test_all_that_is_refused_is_told_at_once():
    hooks = "/apis/admissionregistration.k8s.io/v1"
    limits = "/api/v1/namespaces/default"
    paths = (f"{hooks}/mutatingwebhookconfigurations", f"{hooks}/validatingwebhookconfigurations")
    paths += (f"{limits}/resourcequotas", f"{limits}/limitranges")
    assert codes(guarded(refused=paths)).count("PAI342") == 4


def test_an_account_that_may_read_nothing_is_an_error():
    with pytest.raises(ClusterError) as error:
        snapshot(guarded(refused=tuple(paths_that_are_read())))
    assert error.value.message == "the account of the kubeconfig may read nothing of the cluster"
    assert error.value.is_refusal


def test_an_account_that_may_get_but_not_list_is_told_so():
    found = codes(guarded(refused=tuple(set(paths_that_are_read()) - {"/api/v1/namespaces/default"})))
    assert "PAI342" in found
    assert "PAI330" in found  # the namespace of jobs could be read


@pytest.mark.parametrize("status", [401, 500])
def test_a_cluster_that_fails_is_an_error(status):
    double = guarded(fault=lambda request: (status, {}) if request.path == NODES else None)
    with pytest.raises(ClusterError) as error:
        snapshot(double)
    assert error.value.status == status


def test_a_broken_amount_counts_as_nothing():
    double = guarded()
    broken = json.loads(json.dumps(MASTER))
    broken["status"]["allocatable"]["cpu"] = "many"
    double.lists[NODES] = [broken, {"metadata": {"name": "new"}}]
    found = snapshot(double)
    assert [(node.name, node.cpu) for node in found.nodes or ()] == [("pai-master", 0), ("new", 0)]
    assert found.nodes[1].unready == "its kubelet never reported"


def test_dcgm_is_found_by_either_label():
    double = guarded()
    label = {"app.kubernetes.io/name": "dcgm-exporter"}
    inputs = site(None, {"monitoring": {"job-metrics": "kubelet"}})
    sku = replace(inputs.workers[0].sku, device=Device("nvidia.com/gpu", "K80", 4))
    inputs = replace(inputs, machines=(inputs.master, replace(inputs.workers[0], sku=sku)))
    measured = Plan.of(inputs, "openpai", "default")
    assert read(api_of(double), measured).has_dcgm is False
    double.lists[PODS] = [pod("dcgm", "w1", {"containers": [container()]}, labels=label)]
    assert read(api_of(double), measured).has_dcgm is True


def test_pods_are_listed_once_where_nothing_is_asked_of_dcgm():
    double = guarded()
    snapshot(double)
    assert [request.path for request in double.requests].count(PODS) == 1
