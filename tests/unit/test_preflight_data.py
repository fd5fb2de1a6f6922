"""What preflight knows of a release without Helm is what the charts render: data/release.yaml."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import yaml

import paichart
from paichart.catalog import entries
from paichart.preflight import recorded
from paichart.preflight.plan import (
    Plan,
    credential_keys,
    rights_to_bind,
    rights_to_grant,
    rights_to_install,
    shared_objects,
    tolerates_all,
)
from paichart.preflight.reduce import is_listed
from paichart.preflight.version import NEWEST, OLDEST
from paichart.release import SERVICES
from tests.chart import kubernetes
from tests.chart.charts import ROOT
from tests.chart.render import Object, Objects, render
from tests.chart.rules.identity import FIXED_NAMES
from tests.cluster.legacy.workloads import WORKLOADS

NAMESPACE = "pai-system"
RBAC = "rbac.authorization.k8s.io"
CERTIFICATE = {"tls": {"enabled": True, "certManager": {"enabled": True, "issuerRef": {"name": "ours"}}}}
POLICY = {"jobPodPolicy": {"enabled": True, "runtimeClassName": "nvidia"}}
SITES: Mapping[str, tuple[str, dict[str, Any]]] = {
    "quick-start": ("quick-start", {}),
    "everything": ("everything", {}),
    "company": ("company", {}),
    "elsewhere": ("everything", {"storage": {"class": "fast"}, "credentials": "external"}),
    "own-labels": (
        "quick-start",
        {
            "label-nodes": False,
            "network-policies": False,
            "values": {"openpai-runtime": POLICY, "pylon": CERTIFICATE},
        },
    ),
    "gateway": (
        "quick-start",
        {
            "external-url": "https://pai.example.com",
            "exposure": {"type": "gateway", "gateway": {"name": "public"}},
            "monitoring": {"operator": True, "job-metrics": "kubelet"},
        },
    ),
    "own-prometheus": (
        "quick-start",
        {"monitoring": {"prometheus-url": "http://p.monitoring.svc:9090", "operator": True}},
    ),
}


@pytest.fixture(scope="module", params=SITES)
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Plan, Objects]:
    """A site's plan, and the objects that its chart renders without those of `helm test`."""
    example, settings = SITES[request.param]
    folder = tmp_path_factory.mktemp(request.param)
    shutil.copytree(ROOT / "examples" / example, folder / "config")
    file = folder / "config" / "config.yaml"
    config = yaml.safe_load(file.read_text(encoding="utf-8"))
    config.setdefault("paichart", {}).update(settings)
    file.write_text(yaml.safe_dump(config), encoding="utf-8")
    loaded = paichart.load(folder / "config")
    assert loaded.cluster is not None, loaded.problems
    paichart.build(loaded, folder / "out")
    served = ("admissionregistration.k8s.io/v1/MutatingAdmissionPolicy",)
    found = render(folder / "out", namespace=NAMESPACE, kube_version=f"1.{NEWEST}.0", api_versions=served)
    lasting = tuple(item for item in found if "helm.sh/hook" not in item["metadata"].get("annotations", {}))
    return Plan.of(loaded.cluster, "openpai", NAMESPACE), Objects("", lasting)


def plural(kind: str) -> str:
    """The resource of a kind, as English has it and the API server too."""
    word = kind.lower()
    if word.endswith("y"):
        return f"{word[:-1]}ies"
    return f"{word}es" if word.endswith("s") else f"{word}s"


def group(item: Object) -> str:
    return str(item["apiVersion"]).rpartition("/")[0]


def rules(objects: Objects) -> Iterator[tuple[str, str, str, str, str]]:
    """Verb, group, resource or URL, namespace and name of every right that the roles give."""
    for item in objects.all("Role", "ClusterRole"):
        namespace = item["metadata"].get("namespace", "")
        for rule in item["rules"]:
            for verb in rule["verbs"]:
                for url in rule.get("nonResourceURLs", []):
                    yield verb, "", url, namespace, ""
                for resource in rule.get("resources", []):
                    for name in rule.get("resourceNames", [""]):
                        yield verb, rule["apiGroups"][0], resource, namespace, name


@pytest.mark.programs
def test_rights_to_install_are_about_the_kinds_that_the_charts_render(site: tuple[Plan, Objects]) -> None:
    plan, objects = site
    rendered = {(group(o), plural(o["kind"]), o["metadata"].get("namespace", "")) for o in objects}
    rendered |= {("", "secrets", NAMESPACE)}  # Helm's own record
    asked = {(right.group, right.resource, right.namespace) for right in rights_to_install(plan)}
    assert asked == rendered


@pytest.mark.programs
def test_rights_to_grant_are_those_of_the_rendered_roles(site: tuple[Plan, Objects]) -> None:
    plan, objects = site
    asked = {(r.verb, r.group, r.resource, r.namespace, r.name) for r in rights_to_grant(plan)}
    assert asked == set(rules(objects))


@pytest.mark.programs
def test_bound_roles_are_those_that_the_charts_bind_and_do_not_render(site: tuple[Plan, Objects]) -> None:
    plan, objects = site
    own = {(o["kind"], o["metadata"].get("namespace", ""), o["metadata"]["name"]) for o in objects}
    foreign = set()
    for item in objects.all("RoleBinding", "ClusterRoleBinding"):
        ref, namespace = item["roleRef"], item["metadata"].get("namespace", "")
        if (ref["kind"], namespace if ref["kind"] == "Role" else "", ref["name"]) not in own:
            foreign.add((plural(ref["kind"]), namespace, ref["name"]))
    assert {(right.resource, right.namespace, right.name) for right in rights_to_bind(plan)} == foreign


@pytest.mark.programs
def test_shared_objects_are_the_rendered_ones_with_a_fixed_name(site: tuple[Plan, Objects]) -> None:
    plan, objects = site
    rendered = {
        (plural(item["kind"]), item["metadata"].get("namespace", ""), item["metadata"]["name"])
        for item in objects
        if f"{item['kind']} {item['metadata'].get('namespace', '-')}/{item['metadata']['name']}"
        in FIXED_NAMES
    }
    assert set(shared_objects(plan)) == rendered


@pytest.mark.programs
def test_credential_keys_are_those_that_pods_need_to_start(site: tuple[Plan, Objects]) -> None:
    plan, objects = site
    named = plan.cluster.config.text("paichart", "credentials-secret")
    secret = (
        named if plan.cluster.config.text("paichart", "credentials") == "external" else "openpai-credentials"
    )
    needed = set()
    for pods in objects.pod_specs():
        for container in pods.containers():
            for entry in container.spec.get("env", []):
                ref = entry.get("valueFrom", {}).get("secretKeyRef", {})
                if ref.get("name") == secret and not ref.get("optional"):
                    needed.add(ref["key"])
        for volume in pods.spec.get("volumes", []):
            own = volume.get("secret", {})
            if own.get("secretName") == secret and not own.get("optional"):
                needed |= {item["key"] for item in own.get("items", [])}
    # Those that the inputs give, for services that are set up with them.
    given = {
        "docker-cache-azure-key",
        "log-azure-storage-key",
        "marketplace-azure-storage",
        "pai-bearer-token",
    }
    given |= {"smtp-password", "storage-manager-domain-password", "docker-cache-htpasswd"}
    assert credential_keys(plan) == needed - given


@pytest.mark.programs
def test_tolerations_are_those_of_the_rendered_pods(site: tuple[Plan, Objects]) -> None:
    _, objects = site
    everything = [{"operator": "Exists"}]
    control_plane = [
        {"key": "node-role.kubernetes.io/control-plane", "operator": "Exists", "effect": "NoSchedule"}
    ]
    for pods in objects.pod_specs():
        name = pods.owner["metadata"]["labels"]["app.kubernetes.io/name"]
        is_job_info = pods.component == "job-info"  # the Deployment in place of the daemon
        expected = everything if tolerates_all(name) and not is_job_info else control_plane
        assert pods.spec["tolerations"] == expected, str(pods)


def test_versions_are_the_umbrella_charts_and_the_newest_that_is_tested() -> None:
    chart = yaml.safe_load((ROOT / "charts/openpai/Chart.yaml").read_text(encoding="utf-8"))
    assert chart["kubeVersion"] == f">=1.{OLDEST}.0-0"
    assert kubernetes.newest_minor() == NEWEST


def test_every_service_that_is_named_is_one() -> None:
    named = {row["service"] for part in recorded.release().values() for row in part if "service" in row}
    named |= {*recorded.release()["tolerates-all"], *recorded.release()["credentials"]}
    assert named - {service.name for service in SERVICES} == set()


def test_words_for_nodes_are_those_that_preflight_understands() -> None:
    words = {work.nodes for entry in entries() for work in entry.workloads}
    assert {word for word in words if not word.startswith("every node without no-")} == {
        "any node",
        "storage machines",
        "the master",
        "workers",
    }


def test_legacy_workloads_are_those_of_a_full_start_by_paictl() -> None:
    legacy = recorded.legacy()
    for workload in WORKLOADS:
        rows = legacy[workload.kind]
        assert is_listed(workload.namespace, workload.name, rows), f"{workload.kind} {workload.name}"
