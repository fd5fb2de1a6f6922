"""`paichart preflight` against a real API server: a cluster that fits, and each thing broken in turn."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner, Result

import paichart
from paichart.cli.app import app
from paichart.preflight.plan import Plan, rights_to_install
from tests.cluster import legacy_objects
from tests.cluster.conftest import ClusterFactory
from tests.cluster.test_capacity import kubeconfig_of_account
from tests.rig.cluster import Cluster

pytestmark = pytest.mark.cluster

EXAMPLES = Path(__file__).parents[2] / "examples"
WORKER = "pai-worker1"
ENFORCE = "pod-security.kubernetes.io/enforce"
FUSE_OF_THE_RIG = ("PAI348", "warning")
"""The rig's nodes offer FUSE devices although no plugin runs."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The quick-start inputs."""
    folder = tmp_path_factory.mktemp("inputs") / "site"
    shutil.copytree(EXAMPLES / "quick-start", folder)
    return folder


@pytest.fixture(scope="module")
def cluster(cluster_factory: ClusterFactory, site: Path) -> Cluster:
    """The machines of quick-start as kubeadm makes them: the master carries the control plane's taint."""
    return cluster_factory(site / "layout.yaml", master_taint=True)


def preflight(site: Path, kubeconfig: Path, *more: str) -> Result:
    return CliRunner().invoke(app, ["preflight", str(site), "--kubeconfig", str(kubeconfig), *more])


def findings(site: Path, cluster: Cluster, *more: str) -> list[dict[str, Any]]:
    result = preflight(site, cluster.kubeconfig, "--output", "json", *more)
    found = json.loads(result.stdout)["findings"]
    assert result.exit_code == any(one["severity"] == "error" for one in found), result.output
    return [one for one in found if (one["code"], one["severity"]) != FUSE_OF_THE_RIG]


def told(site: Path, cluster: Cluster, *more: str) -> list[tuple[str, str]]:
    return [(one["code"], one["name"]) for one in findings(site, cluster, *more)]


def test_a_cluster_that_fits_gives_no_error(cluster: Cluster, site: Path) -> None:
    assert told(site, cluster) == []
    text = preflight(site, cluster.kubeconfig).stdout
    assert text.startswith(f"cluster   paichart-test at {cluster.server_url}: Kubernetes v1.")
    assert "account   may do everything" in text


def test_a_namespace_that_is_not_there_is_a_note(cluster: Cluster, site: Path) -> None:
    assert told(site, cluster, "--namespace", "pai-system") == [("PAI332", "pai-system")]


def test_a_cordoned_node_is_told_once(cluster: Cluster, site: Path) -> None:
    cluster.kubectl("cordon", WORKER)
    try:
        assert told(site, cluster) == [("PAI303", WORKER)]
        text = preflight(site, cluster.kubeconfig).stdout
        assert f"> kubectl --kubeconfig {cluster.kubeconfig} uncordon {WORKER}\n" in text
    finally:
        cluster.kubectl("uncordon", WORKER)
    assert told(site, cluster) == []


@pytest.mark.parametrize(
    ("name", "effect", "code"),
    [
        ("pai-master", "NoSchedule", "PAI317"),
        (WORKER, "NoSchedule", "PAI318"),
        (WORKER, "PreferNoSchedule", ""),
    ],
)
def test_a_taint_is_told_with_the_command_that_takes_it_off(
    cluster: Cluster, site: Path, name: str, effect: str, code: str
) -> None:
    cluster.kubectl("taint", "node", name, f"dedicated=infra:{effect}")
    found = findings(site, cluster)
    assert [(one["code"], one["name"]) for one in found] == ([(code, name)] if code else [])
    cure = found[0]["cure"] if code else f"kubectl taint node {name} dedicated:{effect}-"
    cluster.kubectl(*cure.split("\n")[0].split()[1:])
    assert told(site, cluster) == []


@pytest.mark.parametrize(
    ("resource", "less", "code"),
    [
        ("cpu", "8", "PAI306"),
        ("memory", "32Gi", "PAI307"),
        ("nvidia.com/gpu", "2", "PAI310"),
        ("nvidia.com/gpu", None, "PAI309"),
    ],
)
def test_a_node_that_offers_less_is_told(
    cluster: Cluster, site: Path, resource: str, less: str | None, code: str
) -> None:
    before = cluster.get("node", WORKER)["status"]["allocatable"]
    offer(cluster, {resource: less})
    try:
        assert told(site, cluster) == [(code, WORKER)]
    finally:
        offer(cluster, {resource: before[resource]})


def offer(cluster: Cluster, amounts: dict[str, str | None]) -> None:
    patch = json.dumps({"status": {"allocatable": amounts, "capacity": amounts}})
    cluster.kubectl("patch", "node", WORKER, "--subresource=status", "--type=merge", "--patch", patch)


def test_the_cure_for_pod_security_can_be_pasted(cluster: Cluster, site: Path) -> None:
    cluster.kubectl("label", "namespace", "default", f"{ENFORCE}=baseline")
    (found,) = findings(site, cluster)
    assert found["code"] == "PAI330"
    cluster.kubectl(*found["cure"].split()[1:])
    assert cluster.get("namespace", "default")["metadata"]["labels"][ENFORCE] == "privileged"
    assert told(site, cluster) == []


def test_a_quota_refuses_services_that_do_not_say_what_they_take(
    cluster: Cluster, site: Path, tmp_path: Path
) -> None:
    cluster.kubectl("create", "quota", "team", "--hard=limits.cpu=64")
    try:
        (found,) = findings(site, cluster)
        assert (found["code"], found["severity"], found["name"]) == ("PAI333", "error", "default/team")
        limits = [{"type": "Container", "default": {"cpu": "1"}}]
        body = {"metadata": {"name": "usual"}, "spec": {"limits": limits}}
        cluster.api.post("/api/v1/namespaces/default/limitranges", body)
        assert [(one["code"], one["severity"]) for one in findings(site, cluster)] == [("PAI333", "warning")]
    finally:
        cluster.kubectl("delete", "quota/team", "limitrange/usual", "--ignore-not-found")


def test_a_taken_host_port_names_the_pod(cluster: Cluster, site: Path) -> None:
    port = {"containerPort": 9100, "hostPort": 9100}
    keep = {"annotations": {"paichart.test/keep-running": "true"}}
    body = {
        "metadata": {"name": "exporter", **keep},
        "spec": {"nodeName": WORKER, "containers": [{"name": "c", "image": "a", "ports": [port]}]},
    }
    cluster.api.post("/api/v1/namespaces/default/pods", body)
    try:
        (found,) = findings(site, cluster)
        assert (found["code"], found["name"], found["detail"]) == ("PAI337", WORKER, "pod exporter")
    finally:
        cluster.kubectl("delete", "pod", "exporter", "--force")


def test_a_taken_node_port_names_the_service(cluster: Cluster, site: Path, tmp_path: Path) -> None:
    other = with_settings(site, tmp_path, {"exposure": {"type": "nodePort"}})
    assert told(other, cluster) == []
    cluster.kubectl("create", "service", "nodeport", "web", "--tcp=80", "--node-port=30080")
    try:
        (found,) = findings(other, cluster)
        assert (found["code"], found["name"]) == ("PAI338", "30080")
        assert "Service default/web" in found["message"]
    finally:
        cluster.kubectl("delete", "service", "web")


def with_settings(site: Path, folder: Path, settings: dict[str, Any]) -> Path:
    """A copy of the inputs with further settings under `paichart`."""
    copy = folder / "copy"
    shutil.copytree(site, copy)
    config = yaml.safe_load((copy / "config.yaml").read_text())
    config.setdefault("paichart", {}).update(settings)
    (copy / "config.yaml").write_text(yaml.safe_dump(config))
    return copy


def test_what_the_configuration_counts_on_is_looked_for(cluster: Cluster, site: Path, tmp_path: Path) -> None:
    settings = {
        "storage": {"class": "fast"},
        "exposure": {"type": "ingress", "class-name": "nginx"},
        "external-url": "https://pai.example.com",
        "tls": {"secret-name": "portal-tls"},
        "credentials": "external",
        "monitoring": {"operator": True, "job-metrics": "kubelet"},
        "gpu-runtime-class": "nvidia",
        "kubernetes-version": "v1.30.0",
    }
    other = with_settings(site, tmp_path, settings)
    assert told(other, cluster) == [
        ("PAI321", "fast"),
        ("PAI323", "nvidia"),
        ("PAI325", "nginx"),
        ("PAI327", "monitoring.coreos.com/v1"),
        ("PAI335", "default/job-ssh-secret"),
        ("PAI335", "default/openpai-credentials"),
        ("PAI335", "default/pai-secret"),
        ("PAI335", "default/portal-tls"),
        ("PAI320", cluster.api.get("/version")["gitVersion"]),
        ("PAI328", "dcgm-exporter"),
    ]


def test_the_secrets_that_paichart_credentials_writes_are_right(
    cluster: Cluster, site: Path, tmp_path: Path
) -> None:
    other = with_settings(site, tmp_path, {"credentials": "external"})
    manifests = CliRunner().invoke(app, ["credentials", str(other)]).stdout
    cluster.kubectl("apply", "-f", "-", input=manifests)
    try:
        assert told(other, cluster) == []
        # The same inputs, but the chart would make what is there.
        assert {code for code, _ in told(site, cluster)} == {"PAI345"}
    finally:
        cluster.kubectl("delete", "-f", "-", input=manifests)


def test_a_leftover_can_be_given_to_the_release_by_pasting(cluster: Cluster, site: Path) -> None:
    cluster.kubectl("create", "namespace", "pai-user-v2")
    cluster.kubectl("create", "configmap", "pai-configuration")
    try:
        found = findings(site, cluster)
        assert [(one["code"], one["name"]) for one in found] == [
            ("PAI345", "pai-user-v2"),
            ("PAI343", "pai-configuration"),
        ]
        for command in found[0]["cure"].split("\n")[1:]:
            cluster.kubectl(*command.split()[1:])
        assert [code for code, _ in told(site, cluster)] == ["PAI343"]
        assert told(site, cluster, "--release", "pai")[0] == ("PAI346", "pai-user-v2")
    finally:
        cluster.kubectl("delete", "configmap", "pai-configuration")
        cluster.kubectl("delete", "namespace", "pai-user-v2")


def account(cluster: Cluster, folder: Path, name: str, *roles: str) -> Path:
    """A kubeconfig of a service account that has these ClusterRoles."""
    folder.mkdir(exist_ok=True)
    kubeconfig = kubeconfig_of_account(cluster, folder, name)
    for role in roles:
        cluster.kubectl(
            "create",
            "clusterrolebinding",
            f"{name}-{role}",
            f"--clusterrole={role}",
            f"--serviceaccount=default:{name}",
        )
    return kubeconfig


def test_an_account_that_may_read_nothing_is_the_machines_fault(
    cluster: Cluster, site: Path, tmp_path: Path
) -> None:
    result = preflight(site, account(cluster, tmp_path / "a", "nobody"))
    assert (result.exit_code, result.stdout) == (3, "")
    assert result.stderr.startswith("error: the account of the kubeconfig may read nothing of the cluster")


def test_an_account_that_may_only_view_is_told_what_it_lacks(
    cluster: Cluster, site: Path, tmp_path: Path
) -> None:
    result = preflight(site, account(cluster, tmp_path / "a", "viewer", "view"), "--output", "json")
    assert result.exit_code == 1
    document = json.loads(result.stdout)
    assert document["account"] == {"administrator": False}
    found = {(one["code"], one["name"]) for one in document["findings"]}
    assert ("PAI342", "list nodes") in found
    assert ("PAI340", "deployments.apps in default") in found
    assert ("PAI341", "nodes") in found
    assert ("PAI340", "customresourcedefinitions.apiextensions.k8s.io") in found


@contextmanager
def installed(cluster: Cluster, site: Path, folder: Path, *args: str) -> Iterator[Path]:
    paichart.build(paichart.load(site), folder / "out")
    cluster.helm("install", "openpai", folder / "out", *args)
    try:
        yield folder / "out"
    finally:
        cluster.helm("uninstall", "openpai")


def test_the_rights_that_are_asked_for_are_enough_to_install(
    cluster: Cluster, site: Path, tmp_path: Path
) -> None:
    loaded = paichart.load(site)
    assert loaded.cluster is not None
    rules = [
        {"apiGroups": [right.group], "resources": [right.resource], "verbs": [right.verb]}
        for right in rights_to_install(Plan.of(loaded.cluster, "openpai", "default"))
    ]
    rbac = {"apiGroups": ["rbac.authorization.k8s.io"], "resources": ["roles", "clusterroles"]}
    rules.append({**rbac, "verbs": ["escalate", "bind"]})
    role = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": "installer"},
        "rules": rules,
    }
    cluster.kubectl("apply", "-f", "-", input=yaml.safe_dump(role))
    kubeconfig = account(cluster, tmp_path / "a", "installer", "installer", "view")
    document = json.loads(preflight(site, kubeconfig, "--output", "json").stdout)
    assert {one["code"] for one in document["findings"]} <= {"PAI342", FUSE_OF_THE_RIG[0]}
    with installed(cluster, site, tmp_path, "--kubeconfig", str(kubeconfig)):
        found = findings(site, cluster)
        assert [(one["code"], one["severity"]) for one in found] == [("PAI347", "note")]
        assert told(site, cluster, "--namespace", "kube-public")[0][0] == "PAI337"


def test_a_running_legacy_installation_is_told_object_by_object(cluster_factory: ClusterFactory) -> None:
    legacy = cluster_factory()
    legacy_objects.install(legacy)
    found = findings(legacy_objects.FOLDER, legacy)
    codes = {one["code"] for one in found}
    assert {"PAI343", "PAI344", "PAI345"} <= codes
    names = {one["name"] for one in found if one["code"] == "PAI344"}
    assert {
        "daemonset/rest-server-ds",
        "statefulset/frameworkcontroller-sts",
        "cronjob/cert-expiration-checker",
    } <= names
    kept = {one["name"] for one in found if one["code"] == "PAI345"}
    assert {"pai-user-v2", "pai-group", legacy_objects.CRD, "pai-daemon-priority"} <= kept
    legacy.stop()
