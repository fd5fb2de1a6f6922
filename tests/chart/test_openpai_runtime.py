"""What the job runtime v0.1.11, which is in the image v1.8.0, finds in the cluster."""

from __future__ import annotations

import pytest
import yaml

from tests.chart.charts import scenario_values
from tests.chart.render import Objects, RenderError, render
from tests.chart.scenes import whole

NAMESPACE = "pai-system"
FRAMEWORKS = {
    "apiGroups": ["frameworkcontroller.microsoft.com"],
    "resources": ["frameworks"],
    "verbs": ["get"],
}


def rendered(scenario: str) -> Objects:
    return render("openpai-runtime", scenario_values("openpai-runtime", scenario), namespace=NAMESPACE)


def rights(objects: Objects) -> dict[str, list[object]]:
    """Rules by namespace of the roles that are bound to the runtime's account."""
    account = {"kind": "ServiceAccount", "name": "runtime-account", "namespace": "default"}
    found = {}
    for binding in objects.all("RoleBinding", "ClusterRoleBinding"):
        if account in binding["subjects"]:
            reference, namespace = binding["roleRef"], binding["metadata"].get("namespace")
            found[namespace] = objects.find(reference["kind"], reference["name"], namespace)["rules"]
    return found


def test_jobs_find_the_patterns_under_the_name_that_rest_server_mounts() -> None:
    # rest-server v1.8.0, src/models/v2/job/k8s.js; the runtime's src/init reads runtime-exit-spec.yaml.
    patterns = rendered("quick-start").find("ConfigMap", "runtime-exit-spec-configuration", "default")
    assert yaml.safe_load(patterns["data"]["runtime-exit-spec.yaml"]) == [
        {"containerExitCode": 128, "patterns": [{"gpuInfo": {"nvidiaDoubleEccError": True}}]},
        {"containerExitCode": 137, "patterns": [{"exitCode": 137}]},
        {"containerExitCode": 220, "patterns": [{"exitCode": 127, "userLogRegex": "(?i)command not found"}]},
    ]


def test_without_patterns_the_runtime_still_finds_its_file() -> None:
    patterns = rendered("storage-secrets").find("ConfigMap", "runtime-exit-spec-configuration")
    assert yaml.safe_load(patterns["data"]["runtime-exit-spec.yaml"]) == []


def test_jobs_get_a_token() -> None:
    account = rendered("quick-start").find("ServiceAccount", "runtime-account", "default")
    assert account["automountServiceAccountToken"] is True


def test_whoever_runs_a_job_may_read_frameworks_and_nothing_else() -> None:
    # src/init and frameworkbarrier get the job's own Framework; plugins/teamwise_storage returns at once.
    assert rights(whole().objects) == {"default": [FRAMEWORKS]}


def test_storage_secrets_are_readable_when_asked_for() -> None:
    secrets = {
        "apiGroups": [""],
        "resources": ["secrets"],
        "resourceNames": ["storage-server", "storage-config"],
        "verbs": ["get"],
    }
    assert rights(rendered("storage-secrets")) == {"default": [FRAMEWORKS], "pai-storage": [secrets]}


POLICY = {"jobPodPolicy": {"enabled": True, "runtimeClassName": "nvidia"}}
SERVED = [
    # id        Kubernetes  versions that it serves               the one that is used
    ("stable", "1.37.2", ["v1", "v1beta1"], "v1"),
    ("beta", "1.35.0", ["v1beta1", "v1alpha1"], "v1beta1"),
    ("alpha", "1.32.0", ["v1alpha1"], "v1alpha1"),
]


@pytest.mark.parametrize(
    ("kube_version", "served", "used"), [pytest.param(*row[1:], id=row[0]) for row in SERVED]
)
def test_job_pods_are_completed_by_what_the_cluster_serves(
    kube_version: str, served: list[str], used: str
) -> None:
    kinds = [f"admissionregistration.k8s.io/{version}/MutatingAdmissionPolicy" for version in served]
    objects = render("openpai-runtime", POLICY, kube_version=kube_version, api_versions=kinds)
    policies = objects.all("MutatingAdmissionPolicy", "MutatingAdmissionPolicyBinding")
    versions = [policy["apiVersion"] for policy in policies]
    assert versions == [f"admissionregistration.k8s.io/{used}"] * 2


def test_a_cluster_that_serves_no_policy_is_told_so() -> None:
    with pytest.raises(RenderError, match="serves no MutatingAdmissionPolicy"):
        render("openpai-runtime", POLICY)


def test_a_policy_that_asks_for_nothing_is_refused() -> None:
    served = ["admissionregistration.k8s.io/v1/MutatingAdmissionPolicy"]
    with pytest.raises(RenderError, match="asks for nothing"):
        render("openpai-runtime", {"jobPodPolicy": {"enabled": True}}, api_versions=served)


def test_job_pods_are_left_alone_unless_asked() -> None:
    assert rendered("quick-start").all("MutatingAdmissionPolicy", "MutatingAdmissionPolicyBinding") == ()
