"""Preflight's checks: a cluster that fits gives nothing; each thing that does not fit gives its code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from paichart.model import Capacity, Cluster, Device, Machine, Settings, Sku
from paichart.preflight.examination import CHECKS, check
from paichart.preflight.finding import Finding
from paichart.preflight.plan import Plan
from paichart.preflight.snapshot import (
    Class,
    Limit,
    Meta,
    Node,
    Pod,
    Ref,
    Refusal,
    Revision,
    Right,
    Rights,
    SecretShape,
    Service,
    Snapshot,
    Taint,
    Workload,
)
from paichart.problems import Severity, Span
from tests.unit.derived import site

MASTER, WORKER = "pai-master", "pai-worker1"
GPU = "nvidia.com/gpu"
GPU_SKU = Sku("gpu", Fraction(24), Fraction(61440), Device(GPU, "K80", 4))
E, W, N = Severity.ERROR, Severity.WARNING, Severity.NOTE
HELM = {"app.kubernetes.io/managed-by": "Helm"}


def named(resource: str, name: str, namespace: str = "") -> Ref:
    return Ref(resource, namespace, name)


DEFAULT = named("namespaces", "default")


def owned(release: str = "openpai", namespace: str = "default") -> Meta:
    """An object of a Helm release."""
    return Meta(HELM, {"meta.helm.sh/release-name": release, "meta.helm.sh/release-namespace": namespace})


def secured(level: str) -> Meta:
    return Meta({"pod-security.kubernetes.io/enforce": level})


def node(name: str, **changes: Any) -> Node:
    """A node that is all that the layout says of a machine with this name."""
    addresses = {MASTER: ("10.0.0.1",), WORKER: ("10.0.0.2", "fd00::2")}
    whole = Node(
        name,
        addresses.get(name, ("10.0.0.9",)),
        cpu=Fraction(24),
        memory=Fraction(61440),
        devices={GPU: 4},
        kubelet="v1.31.4",
        runtime="containerd://2.1.0",
        hostname_label=name,
    )
    return replace(whole, **changes)


def cluster(services: Mapping[str, Any] | None = None, **paichart: Any) -> Cluster:
    """One master and one worker with four GPUs; the hostname of each is at a line of its own."""
    base = site(services, paichart)
    machines = (
        Machine(WORKER, "10.0.0.2", GPU_SKU, is_worker=True, span=Span("layout.yaml", 8, 15)),
        Machine(MASTER, "10.0.0.1", base.master.sku, is_master=True, span=Span("layout.yaml", 5, 15)),
    )
    return replace(base, machines=machines, skus={sku.name: sku for sku in (GPU_SKU, base.master.sku)})


def snapshot(*nodes: Node, **changes: Any) -> Snapshot:
    """A cluster that fits; nodes take the place of those with their name."""
    all_nodes = {MASTER: node(MASTER), WORKER: node(WORKER), **{one.name: one for one in nodes}}
    whole = Snapshot(
        version="v1.31.4",
        nodes=tuple(all_nodes.values()),
        pods=(),
        services=(),
        workloads=(),
        objects={DEFAULT: Meta()},
        ingress_classes=(),
        served=frozenset(),
        revisions=(),
        webhooks=(),
        limits=(),
        has_dcgm=False,
        rights=Rights(is_admin=True),
    )
    return replace(whole, **changes)


def findings(
    found: Snapshot, inputs: Cluster | None = None, namespace: str = "default", release: str = "openpai"
) -> list[Finding]:
    return list(check(Plan.of(inputs or cluster(), release, namespace), found))


def pod(number: int, where: str = MASTER, owner: str = "DaemonSet ingress/nginx", **more: Any) -> Pod:
    return Pod("ingress", "nginx-1", where, owner, ports=(("TCP", number),), **more)


def taint(text: str) -> Taint:
    name, _, effect = text.rpartition(":")
    key, _, value = name.partition("=")
    return Taint(key, value, effect)


NODES = [
    # id, the node, expected
    ("missing", replace(node(WORKER), name="worker-1"), {("PAI301", N, "worker-1")}),
    ("extra", node("pai-worker9"), {("PAI301", N, "pai-worker9")}),
    ("master-not-ready", node(MASTER, unready="kubelet is down"), {("PAI302", E, MASTER)}),
    ("no-worker-ready", node(WORKER, unready="kubelet is down"), {("PAI302", E, WORKER)}),
    ("cordoned-worker", node(WORKER, is_cordoned=True), {("PAI303", W, WORKER)}),
    ("cordoned-master", node(MASTER, is_cordoned=True), {("PAI303", E, MASTER)}),
    ("address", node(WORKER, addresses=("10.0.1.2",)), {("PAI304", E, WORKER)}),
    ("hostname-label", node(MASTER, hostname_label="master"), {("PAI305", E, MASTER)}),
    ("worker-label", node(WORKER, hostname_label="worker"), set()),
    ("few-cores", node(WORKER, cpu=Fraction(16)), {("PAI306", E, WORKER)}),
    # 24 cores less 1 % (at most half a core) and the 500m kept free are 23.26 for jobs.
    ("rather-few-cores", node(WORKER, cpu=Fraction("23.5")), {("PAI306", W, WORKER)}),
    ("little-memory", node(WORKER, memory=Fraction(30000)), {("PAI307", E, WORKER)}),
    ("no-gpus", node(WORKER, devices={"amd.com/gpu": 4}), {("PAI309", E, WORKER)}),
    ("lost-gpu", node(WORKER, devices={GPU: 3}), {("PAI310", E, WORKER)}),
    ("all-gpus-ill", node(WORKER, devices={GPU: 0}), {("PAI310", E, WORKER)}),
    ("unused-gpus", node(WORKER, devices={GPU: 8}), {("PAI311", N, WORKER)}),
    ("arm", node(WORKER, platform="linux/arm64"), {("PAI313", E, WORKER)}),
    ("windows", node(WORKER, platform="windows/amd64"), {("PAI313", E, WORKER)}),
    ("old-kubelet", node(WORKER, kubelet="v1.27.9"), {("PAI314", W, WORKER)}),
    ("skewed-kubelet", node(WORKER, kubelet="v1.28.0"), set()),
    ("ancient-kubelet", node(WORKER, kubelet="v1.24.9"), {("PAI314", E, WORKER)}),
    ("newer-kubelet", node(WORKER, kubelet="v1.32.0-gke.1"), {("PAI314", W, WORKER)}),
    ("cri-o", node(WORKER, runtime="cri-o://1.31.0"), set()),
    ("other-runtime", node(WORKER, runtime="frakti://1.0"), {("PAI315", W, WORKER)}),
    ("disk-pressure", node(WORKER, troubles=("DiskPressure",)), {("PAI316", W, WORKER)}),
    (
        "control-plane",
        node(MASTER, taints=(taint("node-role.kubernetes.io/control-plane:NoSchedule"),)),
        set(),
    ),
    (
        "old-master-taint",
        node(MASTER, taints=(taint("node-role.kubernetes.io/master:NoSchedule"),)),
        {("PAI317", E, MASTER)},
    ),
    (
        "master-no-execute",
        node(MASTER, taints=(taint("node-role.kubernetes.io/control-plane:NoExecute"),)),
        {("PAI317", E, MASTER)},
    ),
    ("soft-taint", node(WORKER, taints=(taint("dedicated=ai:PreferNoSchedule"),)), set()),
    (
        "worker-taint",
        node(WORKER, taints=(taint("nvidia.com/gpu=present:NoSchedule"),)),
        {("PAI318", E, WORKER)},
    ),
    (
        "own-taint-of-cordon",
        node(WORKER, is_cordoned=True, taints=(taint("node.kubernetes.io/unschedulable:NoSchedule"),)),
        {("PAI303", W, WORKER)},
    ),
    ("fuse", node(WORKER, devices={GPU: 4, "github.com/fuse": 110}), {("PAI348", W, WORKER)}),
]


def test_a_cluster_that_fits_gives_no_finding():
    assert findings(snapshot()) == []


@pytest.mark.parametrize(("one", "expected"), [pytest.param(*row[1:], id=row[0]) for row in NODES])
def test_a_node_that_does_not_fit_is_told(one, expected):
    assert {(found.code, found.severity, found.name) for found in findings(snapshot(one))} == expected


GATEWAY = {"exposure": {"type": "gateway", "gateway": {"name": "public", "namespace": "gateways"}}}
POLICY = {"jobPodPolicy": {"enabled": True, "tolerations": [{"key": GPU, "operator": "Exists"}]}}
V1_POLICIES = "admissionregistration.k8s.io/v1/mutatingadmissionpolicies"
PUBLIC = named("gateways", "public", "gateways")
GATEWAYS = frozenset({"gateway.networking.k8s.io/v1"})
INGRESS = {"exposure": {"type": "ingress", "class-name": "nginx"}}
CLASSES = [
    # id, paichart settings, the cluster, expected
    (
        "storage",
        {"storage": {"class": "fast"}},
        {named("storageclasses", "fast"): None},
        ("PAI321", E, "fast"),
    ),
    ("storage-there", {"storage": {"class": "fast"}}, {named("storageclasses", "fast"): Meta()}, None),
    (
        "claim",
        {"values": {"postgresql": {"persistence": {"existingClaim": "db"}}}},
        {named("persistentvolumeclaims", "db", "default"): None},
        ("PAI322", E, "db"),
    ),
    (
        "runtime",
        {"values": {"job-exporter": {"nvidia": {"runtimeClassName": "nvidia"}}}},
        {named("runtimeclasses", "nvidia"): None},
        ("PAI323", E, "nvidia"),
    ),
    (
        "priority",
        {"values": {"pylon": {"priorityClassName": "p"}}},
        {named("priorityclasses", "p"): None},
        ("PAI324", E, "p"),
    ),
    ("ingress", INGRESS, (Class("haproxy", True),), ("PAI325", E, "nginx")),
    ("ingress-there", INGRESS, (Class("nginx", False),), None),
    ("no-default", {"exposure": {"type": "ingress"}}, (Class("nginx", False),), ("PAI325", E, "(default)")),
    ("default", {"exposure": {"type": "ingress"}}, (Class("nginx", True),), None),
    ("no-gateway-api", GATEWAY, frozenset(), ("PAI326", E, "gateway.networking.k8s.io/v1")),
    ("operator", {"monitoring": {"operator": True}}, frozenset(), ("PAI327", E, "monitoring.coreos.com/v1")),
    ("operator-there", {"monitoring": {"operator": True}}, frozenset({"monitoring.coreos.com/v1"}), None),
    ("dcgm", {"monitoring": {"job-metrics": "kubelet"}}, False, ("PAI328", W, "dcgm-exporter")),
    ("dcgm-there", {"monitoring": {"job-metrics": "kubelet"}}, True, None),
    (
        "policy",
        {"values": {"openpai-runtime": POLICY}},
        frozenset(),
        ("PAI329", E, "MutatingAdmissionPolicy"),
    ),
    ("policy-there", {"values": {"openpai-runtime": POLICY}}, frozenset({V1_POLICIES}), None),
]


@pytest.mark.parametrize(
    ("settings", "facts", "expected"), [pytest.param(*row[1:], id=row[0]) for row in CLASSES]
)
def test_what_the_configuration_counts_on_is_looked_for(settings, facts, expected):
    field = {dict: "objects", tuple: "ingress_classes", frozenset: "served", bool: "has_dcgm"}[type(facts)]
    found = findings(snapshot(**{field: facts}), cluster(**settings))
    assert [(one.code, one.severity, one.name) for one in found] == ([expected] if expected else [])


@pytest.mark.parametrize(("meta", "codes"), [(None, ["PAI326"]), (Meta(), [])])
def test_the_gateway_itself_is_looked_for(meta, codes):
    found = snapshot(served=GATEWAYS, objects={PUBLIC: meta})
    assert [one.code for one in findings(found, cluster(**GATEWAY))] == codes


CREDENTIALS = named("secrets", "openpai-credentials", "default")
TLS = named("secrets", "portal", "default")
WITH_TLS = {"tls": {"secret-name": "portal"}}
SECRETS = [
    ("tls-missing", WITH_TLS, {TLS: None}, [("PAI335", "default/portal")]),
    ("tls-opaque", WITH_TLS, {TLS: SecretShape("Opaque", frozenset())}, [("PAI336", "default/portal")]),
    ("tls", WITH_TLS, {TLS: SecretShape("kubernetes.io/tls", frozenset())}, []),
    ("tls-unknown", WITH_TLS, {}, []),
    (
        "pull-secret",
        {"image-pull-secrets": ["login"]},
        {named("secrets", "login", "default"): None},
        [("PAI335", "default/login")],
    ),
    (
        "old-pull-secret",
        {"image-pull-secrets": ["login"]},
        {named("secrets", "login", "default"): SecretShape("kubernetes.io/dockercfg", frozenset())},
        [],
    ),
    (
        "no-pull-secret",
        {"image-pull-secrets": ["login"]},
        {named("secrets", "login", "default"): SecretShape("Opaque", frozenset())},
        [("PAI336", "default/login")],
    ),
    ("own-credentials", {}, {CREDENTIALS: None}, []),
    (
        "no-credentials",
        {"credentials": "external"},
        {CREDENTIALS: None},
        [("PAI335", "default/openpai-credentials")],
    ),
    (
        "no-keys",
        {"credentials": "external"},
        {CREDENTIALS: SecretShape("Opaque", frozenset({"jwt-secret"}))},
        [("PAI336", "default/openpai-credentials")],
    ),
]


@pytest.mark.parametrize(
    ("settings", "secrets", "expected"), [pytest.param(*row[1:], id=row[0]) for row in SECRETS]
)
def test_secrets_of_the_admin_are_looked_for(settings, secrets, expected):
    found = findings(snapshot(secrets=secrets), cluster(**settings))
    assert [(one.code, one.name) for one in found] == expected


def test_missing_keys_are_named_and_those_that_are_there_are_not():
    shape = SecretShape("Opaque", frozenset({"jwt-secret", "admin-password"}))
    (found,) = findings(snapshot(secrets={CREDENTIALS: shape}), cluster(credentials="external"))
    assert "admin-username" in found.message
    assert "jwt-secret" not in found.message.replace("log-manager-jwt-secret", "")


def test_with_oidc_the_credentials_are_others():
    inputs = cluster({"authentication": {"OIDC": True}}, credentials="external")
    shape = SecretShape("Opaque", frozenset())
    (found,) = findings(snapshot(secrets={CREDENTIALS: shape}), inputs)
    assert "oidc.yaml" in found.message
    assert "admin-password" not in found.message.replace("grafana-admin-password", "")


PORTS = [
    # id, settings of services-configuration, where the pod is, its port, expected
    ("front-door", {}, MASTER, 80, ["PAI337"]),
    ("no-tls", {}, MASTER, 443, []),
    ("elsewhere", {}, WORKER, 80, []),
    ("everywhere", {}, WORKER, 9100, ["PAI337"]),
    ("other-port", {"node-exporter": {"port": 9200}}, WORKER, 9100, []),
    ("other-taken", {"node-exporter": {"port": 9200}}, WORKER, 9200, ["PAI337"]),
    ("no-machine", {}, "stranger", 9100, ["PAI301", "PAI337"]),
    ("not-ours", {}, MASTER, 6443, []),
]


@pytest.mark.parametrize(
    ("services", "where", "number", "codes"), [pytest.param(*row[1:], id=row[0]) for row in PORTS]
)
def test_ports_of_machines_are_free_where_the_release_takes_them(services, where, number, codes):
    nodes = [node(where)] if where == "stranger" else []
    found = findings(snapshot(*nodes, pods=(pod(number, where),)), cluster(services))
    assert [one.code for one in found] == codes


@pytest.mark.parametrize(
    "settings",
    [
        {"exposure": {"type": "loadBalancer"}},
        {"exposure": {"type": "nodePort"}},
    ],
)
def test_the_master_keeps_its_ports_when_the_portal_is_reached_otherwise(settings):
    assert findings(snapshot(pods=(pod(80),)), cluster(**settings)) == []


def test_a_machine_that_has_no_log_manager_may_use_its_port():
    inputs = cluster()
    worker, master = inputs.machines
    inputs = replace(inputs, machines=(replace(worker, no_log_manager=True), master))
    assert findings(snapshot(pods=(pod(9103, WORKER),)), inputs) == []


def test_pods_of_this_release_are_not_in_its_way():
    own = Pod("default", "pylon-1", MASTER, "ReplicaSet default/pylon", "openpai", (("TCP", 80),))
    assert findings(snapshot(pods=(own,))) == []
    assert [one.code for one in findings(snapshot(pods=(own,)), release="other")] == ["PAI337"]
    assert [one.code for one in findings(snapshot(pods=(replace(own, namespace="pai"),)))] == ["PAI337"]


def test_the_same_number_of_another_protocol_is_another_port():
    assert findings(snapshot(pods=(replace(pod(80), ports=(("UDP", 80),)),))) == []


def test_ports_of_a_legacy_service_are_told_as_its_own():
    taken = snapshot(
        pods=(
            pod(9186, owner="DaemonSet default/rest-server-ds"),
            pod(80, owner="DaemonSet default/pylon-ds"),
        )
    )
    pylon = Workload("DaemonSet", "default", "pylon-ds")
    assert [one.code for one in findings(replace(taken, workloads=(pylon,)))] == ["PAI344"]
    assert [one.code for one in findings(taken)] == ["PAI337"]


def test_the_cure_names_the_setting_behind_a_port():
    (found,) = findings(snapshot(pods=(pod(9103, WORKER),)))
    assert "log-manager.port in services-configuration.yaml" in found.cure
    assert found.message == "port 9103 of log-manager is taken by DaemonSet ingress/nginx"


NODE_PORT = {"exposure": {"type": "nodePort"}}
SERVICES = [
    ("taken", NODE_PORT, Service("web", "site", node_ports=(30080,)), ["PAI338"]),
    ("ours", NODE_PORT, Service("default", "openpai-pylon", "openpai", (30080,)), []),
    ("https-off", NODE_PORT, Service("web", "site", node_ports=(30443,)), []),
    ("not-asked", {}, Service("web", "site", node_ports=(30080,)), []),
    ("range", {"exposure": {"type": "nodePort", "node-port": 8080}}, Service("web", "site"), ["PAI339"]),
]


@pytest.mark.parametrize(
    ("settings", "service", "codes"), [pytest.param(*row[1:], id=row[0]) for row in SERVICES]
)
def test_node_ports_are_free(settings, service, codes):
    assert [one.code for one in findings(snapshot(services=(service,)), cluster(**settings))] == codes


PAI = named("namespaces", "pai")
NAMESPACES = [
    ("baseline", {DEFAULT: secured("baseline")}, "default", ["PAI330"]),
    ("restricted", {DEFAULT: secured("restricted")}, "default", ["PAI330"]),
    ("privileged", {DEFAULT: secured("privileged")}, "default", []),
    ("release", {PAI: secured("restricted")}, "pai", ["PAI331"]),
    ("both", {DEFAULT: secured("baseline"), PAI: secured("baseline")}, "pai", ["PAI330", "PAI331"]),
    ("absent", {PAI: None}, "pai", ["PAI332"]),
    ("going", {PAI: Meta(is_deleted=True)}, "pai", ["PAI332"]),
]


@pytest.mark.parametrize(
    ("objects", "namespace", "codes"), [pytest.param(*row[1:], id=row[0]) for row in NAMESPACES]
)
def test_namespaces_admit_what_the_release_needs(objects, namespace, codes):
    assert [one.code for one in findings(snapshot(objects=objects), namespace=namespace)] == codes


def test_openshift_refuses_pods_until_told_otherwise():
    served = frozenset({"security.openshift.io/v1", "apps/v1"})
    found = findings(snapshot(served=served, objects={DEFAULT: Meta(), PAI: Meta()}), namespace="pai")
    assert [(one.code, one.severity, one.name) for one in found] == [
        ("PAI330", W, "default"),
        ("PAI331", W, "pai"),
    ]
    grant = "oc adm policy add-scc-to-group privileged system:serviceaccounts"
    assert [one.cure for one in found] == [f"{grant}:default", f"{grant}:pai"]
    assert [one.code for one in findings(snapshot(served=served))] == ["PAI330"]


QUOTA = Limit("ResourceQuota", "default", "q", ("limits.cpu",))
DEFAULTS = Limit("LimitRange", "default", "d", (), frozenset({"limits.cpu"}))
LIMITS = [
    ("quota", False, (QUOTA,), [("PAI333", E)]),
    ("defaults", False, (QUOTA, DEFAULTS), [("PAI333", W)]),
    ("requests", True, (QUOTA,), [("PAI333", W)]),
    ("objects", False, (Limit("ResourceQuota", "default", "q", ("pods",)),), [("PAI333", W)]),
    ("nothing", False, (DEFAULTS,), []),
]


@pytest.mark.parametrize(("qos", "limits", "expected"), [pytest.param(*row[1:], id=row[0]) for row in LIMITS])
def test_quotas_that_refuse_pods_are_told(qos, limits, expected):
    inputs = cluster({"cluster": {"common": {"qos-switch": str(qos).lower()}}})
    assert [(one.code, one.severity) for one in findings(snapshot(limits=limits), inputs)] == expected


def test_a_webhook_that_can_stop_pods_is_a_note():
    (found,) = findings(snapshot(webhooks=("policy-engine",)))
    assert (found.code, found.severity, found.name) == ("PAI334", N, "policy-engine")


VERSIONS = [
    ("v1.24.17", "", [("PAI319", E)]),
    ("v1.25.0", "", []),
    ("v1.37.2", "", []),
    ("v1.38.0", "", [("PAI319", W)]),
    ("v1.31.4-gke.100", "v1.31.0", []),
    ("v1.31.4", "v1.30.9", []),
    ("v1.31.4", "v1.29.0", [("PAI320", W)]),
    ("v1.31.4", "v1.32.0", [("PAI320", E)]),
]


@pytest.mark.parametrize(("version", "given", "expected"), VERSIONS)
def test_the_version_is_one_of_the_charts(version, given, expected):
    nodes = (node(MASTER, kubelet=version), node(WORKER, kubelet=version))
    inputs = cluster(**({"kubernetes-version": given} if given else {}))
    found = [one for one in findings(snapshot(*nodes, version=version), inputs) if one.code != "PAI314"]
    assert [(one.code, one.severity) for one in found] == expected


FRAMEWORKS = named("customresourcedefinitions", "frameworks.frameworkcontroller.microsoft.com")
USERS = named("namespaces", "pai-user-v2")
LEGACY = Workload("DaemonSet", "default", "rest-server-ds")
GRAFANA = Workload("Deployment", "default", "grafana")
PUSHED = {named("configmaps", "pai-configuration", "default"): Meta()}
LEFTOVERS = [
    ("pushed", {"objects": PUSHED}, ["PAI343"]),
    ("old-users", {"objects": {named("namespaces", "pai-user"): Meta()}}, ["PAI343"]),
    ("workload", {"workloads": (LEGACY,)}, ["PAI344"]),
    ("somebody's-grafana", {"workloads": (GRAFANA,)}, []),
    ("legacy-grafana", {"workloads": (GRAFANA, LEGACY)}, ["PAI344", "PAI344"]),
    ("pushed-grafana", {"workloads": (GRAFANA,), "objects": PUSHED}, ["PAI343", "PAI344"]),
    ("helm's-grafana", {"workloads": (replace(GRAFANA, is_helms=True), LEGACY)}, ["PAI344"]),
    ("scheduler", {"workloads": (Workload("StatefulSet", "default", "hivedscheduler-ds-vc1"),)}, ["PAI344"]),
    (
        "cron-job",
        {"workloads": (LEGACY,), "objects": {named("cronjobs", "cluster-utilization", "default"): Meta()}},
        ["PAI344", "PAI344"],
    ),
    ("crd", {"objects": {FRAMEWORKS: Meta()}}, ["PAI345"]),
    ("crd-of-ours", {"objects": {FRAMEWORKS: owned()}}, []),
    ("crd-of-another", {"objects": {FRAMEWORKS: owned("pai")}}, ["PAI346"]),
    ("users-elsewhere", {"objects": {USERS: owned("openpai", "pai-system")}}, ["PAI346"]),
    ("no-users", {"objects": {USERS: None}}, []),
    ("upgrade", {"revisions": (Revision(1, "superseded"), Revision(2, "deployed"))}, ["PAI347"]),
    (
        "fuse",
        {"workloads": (Workload("DaemonSet", "plugins", "p", ("x/smarter-device-manager:v1",)),)},
        ["PAI348"],
    ),
    (
        "controller",
        {"workloads": (Workload("Deployment", "a", "fc", ("x/frameworkcontroller:v1",)),)},
        ["PAI349"],
    ),
    ("hived", {"workloads": (Workload("Deployment", "a", "h", ("x/hivedscheduler:v1",)),)}, ["PAI349"]),
    (
        "our-controller",
        {"workloads": (Workload("StatefulSet", "default", "o", ("x/frameworkcontroller:v1",), True),)},
        [],
    ),
]


@pytest.mark.parametrize(("changes", "codes"), [pytest.param(*row[1:], id=row[0]) for row in LEFTOVERS])
def test_what_is_there_already_is_told(changes, codes):
    assert [one.code for one in findings(snapshot(**changes))] == codes


def test_who_forgot_the_namespace_of_his_release_is_told_it_first():
    (found,) = findings(snapshot(objects={USERS: owned("openpai", "pai-system")}))
    first, second, *_ = found.cure.split("\n")
    assert first == "if that is the one: paichart preflight --release openpai --namespace pai-system"
    assert "helm uninstall openpai --namespace pai-system" in second


@pytest.mark.parametrize(
    ("revisions", "severity", "cure"),
    [
        ((Revision(1, "pending-install"),), E, "(data stays)\nhelm uninstall openpai --namespace default"),
        ((Revision(9, "superseded"), Revision(10, "pending-upgrade")), E, "helm rollback openpai"),
        ((Revision(3, "failed"),), N, "helm upgrade --install openpai"),
    ],
)
def test_an_interrupted_release_is_an_error(revisions, severity, cure):
    (found,) = findings(snapshot(revisions=revisions))
    assert (found.code, found.severity) == ("PAI347", severity)
    assert found.cure.startswith(cure)


def test_fuse_of_our_own_release_is_no_rival():
    own = snapshot(
        node(WORKER, devices={GPU: 4, "github.com/fuse": 110}), revisions=(Revision(1, "deployed"),)
    )
    assert [one.code for one in findings(own)] == ["PAI347"]


def test_lacking_rights_are_told_by_object():
    missing = (Right("create", "apps", "deployments", "pai"), Right("patch", "apps", "deployments", "pai"))
    rights = Rights(missing=missing, ungrantable=(Right("patch", "", "nodes"),))
    found = findings(snapshot(rights=rights))
    assert [(one.code, one.name, one.detail) for one in found] == [
        ("PAI340", "deployments.apps in pai", "create, patch"),
        ("PAI341", "nodes", "patch"),
    ]


def test_what_could_not_be_read_is_told_and_nothing_is_claimed_of_it():
    blind = Snapshot(version="v1.31.4", refusals=(Refusal("list nodes", "whether the machines fit"),))
    assert [(one.code, one.severity, one.name) for one in findings(blind)] == [("PAI342", W, "list nodes")]


def test_a_missing_machine_is_told_at_its_hostname_with_the_node_that_is_meant():
    found = snapshot()
    nodes = (node(MASTER), node("pai-worker1.example.com", addresses=("10.0.0.2",)))
    missing, _ = findings(replace(found, nodes=nodes))
    assert (missing.code, missing.name, str(missing.span)) == ("PAI300", WORKER, "layout.yaml:8:15")
    assert missing.detail == "node 'pai-worker1.example.com' has its address 10.0.0.2"
    nodes = (node(MASTER), node("pai-worker-1", addresses=("10.9.9.9",)))
    missing, _ = findings(replace(found, nodes=nodes))
    assert missing.detail == "did you mean 'pai-worker-1'?"


def test_the_cure_for_lacking_memory_is_what_the_poorest_node_has():
    inputs = cluster()
    second = replace(inputs.machines[0], name="pai-worker2", address="10.0.0.9")
    inputs = replace(inputs, machines=(*inputs.machines, second))
    poor = (node(WORKER, memory=Fraction(40960)), node("pai-worker2", memory=Fraction("30720.7")))
    first, other = findings(snapshot(*poor), inputs)
    assert first.cure == other.cure
    assert first.cure.startswith("layout.yaml: machine-sku.gpu.mem: 30Gi\n")
    assert {first.detail, other.detail} == {"40Gi", "30Gi"}


def test_with_recorded_figures_a_node_is_held_against_them():
    recorded = {WORKER: Capacity(Fraction(16), Fraction(30000))}
    inputs = replace(cluster(), capacity=recorded)
    assert findings(snapshot(node(WORKER, cpu=Fraction(16), memory=Fraction(30000))), inputs) == []
    (found,) = findings(snapshot(node(WORKER, cpu=Fraction(16), memory=Fraction(29999))), inputs)
    assert (found.code, found.severity) == ("PAI308", W)


def test_a_full_master_is_told_with_what_is_free():
    other = Pod(
        "m", "prometheus-0", MASTER, "StatefulSet m/prometheus", cpu=Fraction("22.5"), memory=Fraction(1024)
    )
    (found,) = findings(snapshot(pods=(other,)))
    assert (found.code, found.name, found.detail) == ("PAI312", MASTER, "free are 1.5 cores and 59Gi")


@pytest.mark.parametrize(
    ("of", "severity"),
    [
        ("nvidia.com/gpu=present:NoSchedule", W),
        ("nvidia.com/gpu=present:NoExecute", E),
        ("dedicated=ai:NoSchedule", E),
    ],
)
def test_without_hived_the_api_server_may_let_jobs_that_ask_for_devices_tolerate_their_taint(of, severity):
    inputs = cluster()
    config = Settings({**inputs.config.data, "enable_hived_scheduler": "false"})
    inputs = replace(inputs, config=config)
    (found,) = findings(snapshot(node(WORKER, taints=(taint(of),))), inputs)
    assert (found.code, found.severity) == ("PAI318", severity)


def test_what_this_release_takes_of_the_master_already_is_no_lack_of_room():
    own = Pod("default", "p-0", MASTER, "x", release="openpai", cpu=Fraction("22.5"), memory=Fraction(50000))
    assert findings(snapshot(pods=(own,))) == []
    assert [one.code for one in findings(snapshot(pods=(replace(own, release="other"),)))] == ["PAI312"]


def test_jobs_tolerate_what_the_policy_gives_them():
    one = node(WORKER, taints=(taint("nvidia.com/gpu=present:NoSchedule"),))
    inputs = cluster(values={"openpai-runtime": POLICY})
    assert findings(snapshot(one, served=frozenset({V1_POLICIES})), inputs) == []


def test_a_toleration_in_the_values_counts_for_its_service_alone():
    one = node(MASTER, taints=(taint("dedicated=infra:NoSchedule"),))
    own = {"pylon": {"tolerations": [{"key": "dedicated", "value": "infra", "effect": "NoSchedule"}]}}
    (before,) = findings(snapshot(one))
    (after,) = findings(snapshot(one), cluster(values=own))
    assert int(before.detail.split()[0]) == int(after.detail.split()[0]) + 1


def test_every_check_has_its_code_in_its_docstring():
    for one in CHECKS:
        assert (one.__doc__ or "").startswith("PAI3"), one.__name__
