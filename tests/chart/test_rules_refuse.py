"""Each rule refuses what it is there to refuse, and passes objects that are as they should be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.chart.charts import merged
from tests.chart.render import Object, Objects
from tests.chart.rules import RULES, Rendering
from tests.chart.rules.identity import LABELS

NAMESPACE = "pai-system"
SELECTOR = {
    "app.kubernetes.io/name": "shop",
    "app.kubernetes.io/instance": "openpai",
    "app.kubernetes.io/component": "shop",
}
RESTRICTED = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
}
TOKEN = {"automountServiceAccountToken": True}


def thing(kind: str, name: str = "openpai-shop", **fields: Any) -> Object:
    """An object as it should be, with some top-level fields merged over it."""
    labels = dict.fromkeys(LABELS, "1.8.0") | SELECTOR
    metadata = {"name": name, "namespace": NAMESPACE, "labels": labels}
    return merged({"apiVersion": "v1", "kind": kind, "metadata": metadata}, fields)


def cluster_thing(kind: str, name: str, **fields: Any) -> Object:
    """The same for a cluster-scoped kind."""
    made = thing(kind, name, **fields)
    return {**made, "metadata": {k: v for k, v in made["metadata"].items() if k != "namespace"}}


def workload(
    kind: str = "Deployment",
    *,
    container: Mapping[str, Any] = {},
    pod: Mapping[str, Any] = {},
    spec: Mapping[str, Any] = {},
    labels: Mapping[str, str] = {},
    drop: str = "",
) -> Object:
    """A workload as it should be, with fields merged over its container, its pod spec and its own spec."""
    whole_container = merged(
        {
            "name": "shop",
            "image": "docker.io/openpai/shop:v1.8.0",
            "imagePullPolicy": "IfNotPresent",
            "ports": [{"name": "http", "containerPort": 8080}],
            "readinessProbe": {"httpGet": {"port": "http", "path": "/"}},
            "livenessProbe": {"tcpSocket": {"port": 8080}},
            "resources": {},
            "securityContext": RESTRICTED,
        },
        container,
    )
    whole_container.pop(drop, None)
    pod_spec = {
        "automountServiceAccountToken": False,
        "priorityClassName": "system-cluster-critical",
        "imagePullSecrets": [{"name": "pai-secret"}],
        "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [whole_container],
    }
    template = {"metadata": {"labels": {**SELECTOR, "app": "shop", **labels}}, "spec": merged(pod_spec, pod)}
    template["spec"].pop(drop, None)
    own = {"revisionHistoryLimit": 3, "selector": {"matchLabels": SELECTOR}, "template": template}
    made = thing(kind, spec=merged(own, spec))
    made["spec"].pop(drop, None)
    return made


def asking_pod() -> Object:
    made = workload()["spec"]["template"]
    labels = {"app.kubernetes.io/component": "helm-test"}
    metadata = {"annotations": {"helm.sh/hook": "test"}, "labels": labels}
    return thing("Pod", "openpai-shop-test", metadata=metadata, spec=made["spec"])


def service(**fields: Any) -> Object:
    return thing(
        "Service", spec={"selector": SELECTOR, "ports": [{"port": 80, "targetPort": "http"}], **fields}
    )


def policy(**fields: Any) -> Object:
    return thing("NetworkPolicy", spec={"podSelector": {"matchLabels": SELECTOR}, **fields})


def role(kind: str = "Role", **entry: Any) -> Object:
    made = thing if kind == "Role" else cluster_thing
    rules = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"], **entry}]
    return made(kind, "pai-system-openpai-shop", rules=rules)


def binding(kind: str = "RoleBinding", *, to: str = "Role", account: str = "openpai-shop") -> Object:
    made = thing if kind == "RoleBinding" else cluster_thing
    return made(
        kind,
        "pai-system-openpai-shop",
        roleRef={"kind": to, "name": "pai-system-openpai-shop"},
        subjects=[{"kind": "ServiceAccount", "name": account, "namespace": NAMESPACE}],
    )


def mounting(**source: Any) -> Object:
    """A workload with one mounted volume."""
    volumes = {"volumes": [{"name": "v", **source}]}
    return workload(pod=volumes, container={"volumeMounts": [{"name": "v", "mountPath": "/v"}]})


ACCOUNT = thing("ServiceAccount", automountServiceAccountToken=True)
PULL_SECRET = thing("Secret", "pai-secret", data={".dockerconfigjson": "e30="})
GOOD = [
    PULL_SECRET,
    workload(pod={"serviceAccountName": "openpai-shop", "automountServiceAccountToken": True}),
    service(),
    asking_pod(),
    policy(ingress=[{"ports": [{"port": 8080}], "from": [{"podSelector": {"matchLabels": SELECTOR}}]}]),
    ACCOUNT,
    role(),
    binding(),
]

# rule, objects, what it says about them
BAD: list[tuple[str, list[Object], str]] = [
    ("each_object_is_rendered_once", [service(), service()], "rendered 2 times"),
    ("namespaces_are_stated", [cluster_thing("Service", "a")], "states no namespace"),
    ("namespaces_are_stated", [thing("ClusterRole")], "cluster-scoped but states"),
    ("other_namespaces_are_listed", [thing("Secret", metadata={"namespace": "kube-public"})], "kube-public"),
    ("other_namespaces_are_listed", [thing("Secret", metadata={"namespace": "kube-system"})], "kube-system"),
    ("shared_places_get_unique_names", [cluster_thing("ClusterRole", "openpai-shop")], "would clash"),
    ("shared_places_get_unique_names", [thing("Role", metadata={"namespace": "default"})], "would clash"),
    ("names_are_valid", [thing("Service", "Shop")], "no DNS name"),
    ("names_are_valid", [thing("StatefulSet", "s" * 53)], "53 characters"),
    ("names_are_valid", [thing("Secret", metadata={"labels": {"a": "b" * 64}})], "64 characters"),
    ("objects_carry_the_standard_labels", [{**service(), "metadata": {"name": "a"}}], "helm.sh/chart"),
    ("selectors_hold_the_three_labels", [service(selector={"app": "shop"})], "selects by app"),
    ("selectors_hold_the_three_labels", [policy(podSelector={})], "selects by nothing"),
    (
        "selectors_hold_the_three_labels",
        [workload(spec={"selector": {"matchLabels": {"app.kubernetes.io/version": "1.8.0"}}})],
        "app.kubernetes.io/version",
    ),
    (
        "claims_carry_no_version",
        [workload("StatefulSet", spec={"volumeClaimTemplates": [thing("PersistentVolumeClaim", "data")]})],
        "helm.sh/chart",
    ),
    ("claims_carry_no_version", [thing("PersistentVolumeClaim", "data-1.8.0")], "version in its name"),
    (
        "only_tests_are_hooks",
        [thing("Job", metadata={"annotations": {"helm.sh/hook": "pre-install"}})],
        "pre-install",
    ),
    ("data_is_kept", [thing("PersistentVolumeClaim")], "does not say"),
    ("data_is_kept", [cluster_thing("Namespace", "pai-group")], "does not say"),
    ("data_is_kept", [cluster_thing("PersistentVolume", "pai-system-data", spec={})], "not retain"),
    (
        "data_is_kept",
        [workload("StatefulSet", spec={"persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Delete"}})],
        "deletes its claims",
    ),
    ("nothing_is_null", [thing("Secret", metadata={"annotations": None})], "metadata.annotations is null"),
    ("nothing_is_null", [workload(container={"args": [None]})], "args[0] is null"),
    ("custom_resources_have_one_owner", [thing("Pod", status={})], "status"),
    ("custom_resources_have_one_owner", [thing("APIService", spec={"caBundle": "Cg=="})], "caBundle"),
    (
        "names_in_pods_are_unique",
        [workload(container={"env": [{"name": "A"}, {"name": "A"}]})],
        "environment variable A",
    ),
    (
        "names_in_pods_are_unique",
        [workload(container={"ports": [{"containerPort": 1}, {"containerPort": 1}]})],
        "port (1, 'TCP')",
    ),
    ("names_in_pods_are_unique", [workload(pod={"volumes": [{"name": "v"}, {"name": "v"}]})], "volume v"),
    ("service_ports_are_unique", [service(ports=[{"port": 1, "name": "a"}, {"port": 1}])], "port (1, 'TCP')"),
    ("service_ports_are_unique", [service(ports=[{"port": 1}, {"port": 2}])], "port name ''"),
    (
        "volumes_and_mounts_match",
        [workload(container={"volumeMounts": [{"name": "v", "mountPath": "/"}]})],
        "none of its",
    ),
    ("volumes_and_mounts_match", [workload(pod={"volumes": [{"name": "v"}]})], "nothing mounts"),
    ("containers_are_probed", [workload(drop="livenessProbe")], "no liveness probe"),
    ("containers_are_probed", [workload(drop="readinessProbe")], "no readiness probe"),
    (
        "probes_ask_a_declared_port",
        [workload(container={"livenessProbe": {"tcpSocket": {"port": 81}}})],
        "port 81",
    ),
    ("containers_state_resources", [workload(drop="resources")], "states no resources"),
    (
        "requests_stay_below_limits",
        [workload(container={"resources": {"requests": {"memory": "1Gi"}, "limits": {"memory": "1000Mi"}}})],
        "above its limit 1000Mi",
    ),
    ("images_are_pinned", [workload(container={"image": "host:5000/shop"})], "can change"),
    ("images_are_pinned", [workload(container={"image": "docker.io/openpai/shop:latest"})], "can change"),
    ("images_are_pinned", [workload(drop="imagePullPolicy")], "no pull policy"),
    ("pods_name_a_pull_secret", [workload(drop="imagePullSecrets")], "no pull secret"),
    ("services_have_priority", [workload(drop="priorityClassName")], "no priority class"),
    (
        "pods_carry_their_selector_and_app",
        [workload(labels={"app.kubernetes.io/component": "x"})],
        "does not select",
    ),
    ("masters_taint_is_tolerated", [workload("DaemonSet")], "does not run on tainted nodes"),
    (
        "masters_taint_is_tolerated",
        [workload(pod={"affinity": {"nodeAffinity": {"key": "pai-master"}}})],
        "does not tolerate its taint",
    ),
    ("services_are_tested", [service()], "asked by no test pod"),
    ("pods_carry_their_selector_and_app", [thing("Pod", spec={"containers": []})], "lack label app"),
    (
        "pods_carry_their_selector_and_app",
        [thing("CronJob", spec={"jobTemplate": {"spec": {"template": workload()["spec"]["template"]}}})],
        "carry label app",
    ),
    (
        "replicas_have_one_owner",
        [
            workload(spec={"replicas": 2}),
            thing(
                "HorizontalPodAutoscaler",
                spec={"scaleTargetRef": {"kind": "Deployment", "name": "openpai-shop"}},
            ),
        ],
        "states replicas",
    ),
    ("several_copies_have_a_budget", [workload(spec={"replicas": 2})], "without a PodDisruptionBudget"),
    (
        "several_copies_have_a_budget",
        [workload(), thing("PodDisruptionBudget", spec={"selector": {"matchLabels": SELECTOR}})],
        "block every drain",
    ),
    ("history_is_bounded", [workload(drop="revisionHistoryLimit")], "revisionHistoryLimit: 3"),
    (
        "volumes_have_one_writer",
        [mounting(persistentVolumeClaim={"claimName": "data"})],
        "strategy Recreate",
    ),
    (
        "pods_restart_with_their_configuration",
        [thing("ConfigMap"), mounting(configMap={"name": "openpai-shop"})],
        "has 0 checksum annotations",
    ),
    ("privileges_are_listed", [workload(pod={"hostNetwork": True})], "pod: hostNetwork"),
    ("privileges_are_listed", [mounting(hostPath={"path": "/etc"})], "pod: hostPath /etc"),
    ("privileges_are_listed", [workload(container={"securityContext": {"runAsUser": 0}})], "root"),
    ("privileges_are_listed", [workload(pod={"securityContext": {"runAsNonRoot": False}})], "root"),
    (
        "privileges_are_listed",
        [workload(container={"securityContext": {"readOnlyRootFilesystem": False}})],
        "writable root",
    ),
    (
        "privileges_are_listed",
        [workload(container={"ports": [{"containerPort": 1, "hostPort": 1}]})],
        "hostPort 1",
    ),
    ("privileges_are_listed", [workload(container={"securityContext": {"privileged": True}})], "privileged"),
    (
        "privileges_are_listed",
        [workload(container={"securityContext": {"allowPrivilegeEscalation": True}})],
        "escalation",
    ),
    (
        "privileges_are_listed",
        [workload(container={"securityContext": {"capabilities": {"drop": []}}})],
        "keeps capabilities",
    ),
    (
        "privileges_are_listed",
        [workload(container={"securityContext": {"capabilities": {"add": ["CHOWN"]}}})],
        "capability CHOWN",
    ),
    (
        "privileges_are_listed",
        [workload(pod={"securityContext": {"seccompProfile": {"type": "Unconfined"}}})],
        "no seccomp profile",
    ),
    (
        "privileges_are_listed",
        [
            workload(
                container={
                    "volumeMounts": [{"name": "v", "mountPath": "/", "mountPropagation": "Bidirectional"}]
                }
            )
        ],
        "mount propagation Bidirectional",
    ),
    ("tokens_are_for_those_with_a_role", [workload(pod=TOKEN)], "gets a token although no"),
    (
        "tokens_are_for_those_with_a_role",
        [workload(drop="automountServiceAccountToken")],
        "gets a token although no",
    ),
    (
        "tokens_are_for_those_with_a_role",
        [workload(pod={"serviceAccountName": "openpai-shop"}), ACCOUNT, role(), binding()],
        "gets no token although a",
    ),
    ("accounts_give_no_token_by_default", [thing("ServiceAccount")], "automountServiceAccountToken"),
    ("roles_name_what_they_need", [role(verbs=["*"])], "wildcard in verbs"),
    ("roles_name_what_they_need", [role(resources=["*"])], "wildcard in resources"),
    ("roles_name_what_they_need", [role(apiGroups=["*"])], "wildcard in apiGroups"),
    ("roles_name_what_they_need", [role(resources=["pods/exec"])], "allows pods/exec"),
    ("roles_name_what_they_need", [role(verbs=["impersonate"])], "allows impersonate"),
    (
        "no_role_reads_all_secrets",
        [role("ClusterRole", resources=["secrets"]), binding("ClusterRoleBinding", to="ClusterRole")],
        "all namespaces",
    ),
    ("bindings_join_what_exists", [binding(), ACCOUNT], "Role pai-system-openpai-shop, which does not"),
    ("bindings_join_what_exists", [binding(), role()], "ServiceAccount openpai-shop, which does not"),
    ("pods_name_what_exists", [workload()], "Secret pai-secret"),
    ("pods_name_what_exists", [mounting(configMap={"name": "gone"})], "ConfigMap gone"),
    ("pods_name_what_exists", [mounting(persistentVolumeClaim={"claimName": "gone"})], "Claim gone"),
    ("pods_name_what_exists", [workload(pod={"serviceAccountName": "gone"})], "ServiceAccount gone"),
    ("pods_name_what_exists", [workload(pod={"priorityClassName": "gone"})], "PriorityClass gone"),
    (
        "pods_name_what_exists",
        [workload(container={"envFrom": [{"secretRef": {"name": "gone"}}]})],
        "Secret gone",
    ),
    (
        "pods_read_keys_that_exist",
        [
            thing("Secret", stringData={"b": ""}),
            workload(
                container={
                    "env": [
                        {"name": "A", "valueFrom": {"secretKeyRef": {"name": "openpai-shop", "key": "a"}}}
                    ]
                }
            ),
        ],
        "reads key a of Secret openpai-shop",
    ),
    (
        "pods_read_keys_that_exist",
        [thing("ConfigMap"), mounting(configMap={"name": "openpai-shop", "items": [{"key": "a"}]})],
        "reads key a of ConfigMap",
    ),
    (
        "variables_are_defined_before_use",
        [workload(container={"env": [{"name": "A", "value": "$(B)"}, {"name": "B", "value": ""}]})],
        "A uses $(B) before",
    ),
    ("variables_are_defined_before_use", [workload(container={"args": ["--port=$(PORT)"]})], "$(PORT)"),
    ("services_reach_a_port", [service()], "selects no pods"),
    ("services_reach_a_port", [workload(), service(ports=[{"port": 80}])], "target port 80"),
    ("policies_match_pods", [policy()], "selects no pods"),
    ("policies_match_pods", [workload(), policy(ingress=[{"ports": [{"port": 80}]}])], "opens port 80"),
    (
        "policies_match_pods",
        [workload(), policy(ingress=[{"from": [{"podSelector": {"matchLabels": {"app": "x"}}}]}])],
        "of which there are none",
    ),
    ("listening_pods_have_a_policy", [workload()], "no NetworkPolicy"),
    (
        "budgets_and_scalers_match",
        [thing("PodDisruptionBudget", spec={"selector": {"matchLabels": SELECTOR}})],
        "selects no pods",
    ),
    (
        "budgets_and_scalers_match",
        [thing("HorizontalPodAutoscaler", spec={"scaleTargetRef": {"kind": "Deployment", "name": "gone"}})],
        "scales Deployment gone",
    ),
    ("budgets_and_scalers_match", [workload("StatefulSet", spec={"serviceName": "gone"})], "Service gone"),
    (
        "routes_lead_to_services",
        [thing("HTTPRoute", spec={"rules": [{"backendRefs": [{"name": "gone", "port": 80}]}]}), service()],
        "gone:80",
    ),
    (
        "hosts_are_services",
        [workload(container={"args": ["http://openpai-shop.pai-system.svc:81/"]}), service()],
        "openpai-shop.pai-system.svc:81",
    ),
    (
        "hosts_are_services",
        [thing("ConfigMap", data={"a": "server gone.pai-system.svc.cluster.local;"})],
        "gone.pai-system.svc",
    ),
    (
        "variables_hold_no_secret",
        [workload(container={"env": [{"name": "DB_PASSWORD", "value": "hunter2"}]})],
        "DB_PASSWORD is written out",
    ),
    (
        "secrets_stand_in_secrets",
        [thing("ConfigMap", data={"url": "postgresql://root:hunter2@db/openpai"})],
        "address with a password",
    ),
    (
        "secrets_stand_in_secrets",
        [thing("ConfigMap", data={"key": "-----BEGIN RSA PRIVATE KEY-----"})],
        "private key",
    ),
]


def problems(name: str, items: list[Object]) -> list[str]:
    return list(RULES[name](Rendering(Objects("", tuple(items)), namespace=NAMESPACE, is_whole=True)))


@pytest.mark.parametrize(("name", "items", "words"), BAD, ids=[f"{row[0]}-{row[2]}" for row in BAD])
def test_rule_refuses(name: str, items: list[Object], words: str) -> None:
    assert words in "\n".join(problems(name, items))


@pytest.mark.parametrize("name", RULES)
def test_rule_passes_good_objects(name: str) -> None:
    assert problems(name, GOOD) == []


def test_every_rule_was_seen_refusing() -> None:
    assert {row[0] for row in BAD} == set(RULES)
