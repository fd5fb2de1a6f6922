"""Classes and APIs of the cluster that the configuration counts on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from paichart.derive.monitoring import is_operator_on
from paichart.derive.network import exposure_type
from paichart.preflight import needs
from paichart.preflight.finding import Finding
from paichart.preflight.plan import Plan, has_job_pod_policy
from paichart.preflight.snapshot import Ref, Snapshot
from paichart.problems import Severity

_POLICIES = "mutatingadmissionpolicies"
_API = "API"


def check_storage_class(plan: Plan, snapshot: Snapshot) -> Iterator[Finding]:
    """PAI321: the storage classes of the volumes are there."""
    cure = "write one of `kubectl get storageclass` as paichart.storage.class"
    yield from _absent(plan, snapshot, needs.storage_classes, "storageclasses", "PAI321", cure)


def check_claim(plan: Plan, snapshot: Snapshot) -> Iterator[Finding]:
    """PAI322: volume claims of the admin's are there."""
    cure = f"make the claim in namespace {plan.namespace}, or leave the value out"
    yield from _absent(plan, snapshot, needs.claims, "persistentvolumeclaims", "PAI322", cure, plan.namespace)


def check_runtime_class(plan: Plan, snapshot: Snapshot) -> Iterator[Finding]:
    """PAI323: the runtime classes of pods are there."""
    cure = "write one of `kubectl get runtimeclass` (NVIDIA's GPU operator makes nvidia), or leave it out"
    yield from _absent(plan, snapshot, needs.runtime_classes, "runtimeclasses", "PAI323", cure)


def check_priority_class(plan: Plan, snapshot: Snapshot) -> Iterator[Finding]:
    """PAI324: the priority classes of pods are there."""
    cure = "write one of `kubectl get priorityclass`, or leave the value out"
    yield from _absent(plan, snapshot, needs.priority_classes, "priorityclasses", "PAI324", cure)


def check_ingress(plan: Plan, snapshot: Snapshot) -> Iterator[Finding]:
    """PAI325: the ingress class is there, or a default one."""
    if exposure_type(plan.cluster) != "ingress" or snapshot.ingress_classes is None:
        return
    wanted = plan.cluster.config.text("paichart", "exposure", "class-name")
    cure = "install an ingress controller, or write one of `kubectl get ingressclass` as "
    cure += "paichart.exposure.class-name"
    if wanted and wanted not in {found.name for found in snapshot.ingress_classes}:
        yield Finding("PAI325", Severity.ERROR, "ingress class", wanted, "is not in the cluster", cure)
    elif not wanted and not any(found.is_default for found in snapshot.ingress_classes):
        message = "there is no default ingress class, and paichart.exposure.class-name names none"
        yield Finding("PAI325", Severity.ERROR, "ingress class", "(default)", message, cure)


def check_gateway(plan: Plan, snapshot: Snapshot) -> Iterator[Finding]:
    """PAI326: the Gateway API is served, and the Gateway is there."""
    ref = needs.gateway(plan)
    if ref is None:
        return
    api = "gateway.networking.k8s.io/v1"
    if snapshot.served is not None and api not in snapshot.served:
        message = "is not served: exposure gateway makes an HTTPRoute"
        cure = "install the Gateway API and a controller for it, or choose another paichart.exposure.type"
        yield Finding("PAI326", Severity.ERROR, _API, api, message, cure)
    elif ref in snapshot.objects and snapshot.objects[ref] is None:
        cure = "write one of these as paichart.exposure.gateway:\n"
        cure += f"kubectl get gateway --namespace {ref.namespace}"
        name = f"{ref.namespace}/{ref.name}"
        yield Finding("PAI326", Severity.ERROR, "Gateway", name, "is not in the cluster", cure)


def check_operator(plan: Plan, snapshot: Snapshot) -> Iterator[Finding]:
    """PAI327: the Prometheus operator's API is served when objects for it are written."""
    api = "monitoring.coreos.com/v1"
    if is_operator_on(plan.cluster) and snapshot.served is not None and api not in snapshot.served:
        message = "is not served: paichart.monitoring.operator makes PodMonitors and PrometheusRules"
        cure = "install the Prometheus operator, or set paichart.monitoring.operator: false"
        yield Finding("PAI327", Severity.ERROR, _API, api, message, cure)


def check_dcgm(plan: Plan, snapshot: Snapshot) -> Iterator[Finding]:
    """PAI328: with the kubelets' metrics, those of GPUs come from NVIDIA's DCGM exporter."""
    if needs.dcgm(plan) and snapshot.has_dcgm is False:
        message = "does not run: with job-metrics kubelet nothing else measures GPUs"
        cure = (
            "install it (NVIDIA's GPU operator brings it), or set paichart.monitoring.job-metrics: exporter"
        )
        yield Finding("PAI328", Severity.WARNING, "program", "dcgm-exporter", message, cure)


def check_policy(plan: Plan, snapshot: Snapshot) -> Iterator[Finding]:
    """PAI329: MutatingAdmissionPolicy is served when one is made."""
    if not has_job_pod_policy(plan) or snapshot.served is None:
        return
    if not any(api.endswith(f"/{_POLICIES}") for api in snapshot.served):
        message = "is not served: openpai-runtime.jobPodPolicy makes one"
        cure = (
            "use Kubernetes v1.36 or newer, switch the feature on at the API server, or leave the policy out"
        )
        yield Finding("PAI329", Severity.ERROR, _API, "MutatingAdmissionPolicy", message, cure)


def _absent(
    plan: Plan,
    snapshot: Snapshot,
    wanted: Callable[[Plan], Mapping[str, str]],
    resource: str,
    code: str,
    cure: str,
    namespace: str = "",
) -> Iterator[Finding]:
    """Yield a finding for each wanted object that is known not to be there."""
    kinds = {"storageclasses": "storage class", "persistentvolumeclaims": "volume claim"}
    kind = kinds.get(resource) or resource.replace("classes", " class")
    for name, path in wanted(plan).items():
        ref = Ref(resource, namespace, name)
        if ref in snapshot.objects and snapshot.objects[ref] is None:
            yield Finding(code, Severity.ERROR, kind, name, "is not in the cluster", cure, f"named by {path}")
