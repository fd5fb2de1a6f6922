"""The release that is about to be installed: what its objects are, and what it takes of the cluster.

`data/release.yaml` holds what only the rendered charts would tell, so that this needs no Helm.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from paichart.catalog import services_on, services_running
from paichart.derive.monitoring import has_job_exporter, is_operator_on
from paichart.derive.network import exposure_type
from paichart.model import Cluster, Machine, Settings
from paichart.preflight import recorded
from paichart.preflight.snapshot import Ref, Right
from paichart.values import derive_values

JOBS = "default"
"""Namespace of the jobs, which images have compiled in."""

FRAMEWORKS = Ref("customresourcedefinitions", "", "frameworks.frameworkcontroller.microsoft.com")

_VERBS = ("create", "delete", "get", "patch")
"""What Helm does with an object; with its own Secrets more."""

_HELM_STORAGE = ("create", "delete", "get", "list", "patch", "update")


@dataclass(frozen=True, slots=True)
class Plan:
    """A site and the name and namespace of its release; `values` are the chart's, without credentials."""

    cluster: Cluster
    release: str
    namespace: str
    values: Settings
    services: frozenset[str]

    @classmethod
    def of(cls, cluster: Cluster, release: str, namespace: str) -> Plan:
        """Return the plan of a release."""
        values = Settings(derive_values(cluster, None))
        return cls(cluster, release, namespace, values, services_on(cluster))

    @property
    def machines(self) -> Mapping[str, Machine]:
        """The machines by name, in layout order."""
        return {machine.name: machine for machine in self.cluster.machines}

    @property
    def master(self) -> Machine:
        """The machine that runs the services."""
        return self.cluster.master

    def set(self, *path: str) -> str:
        """Return the text that values have at a path, empty without one or for what is no text."""
        value = self.values.value(*path)
        return value if isinstance(value, str) else ""


def is_external(plan: Plan) -> bool:
    """Tell whether the credentials are in a Secret that the admin makes."""
    return plan.cluster.config.text("paichart", "credentials") == "external"


def has_job_pod_policy(plan: Plan) -> bool:
    """Tell whether a MutatingAdmissionPolicy completes job pods."""
    return plan.values.flag("openpai-runtime", "jobPodPolicy", "enabled")


_WHEN: Mapping[str, Callable[[Plan], bool]] = {
    "cert-manager": lambda plan: plan.values.flag("pylon", "tls", "certManager", "enabled"),
    "crd": lambda plan: plan.values.value("frameworkcontroller", "crd", "create") is not False,
    "folders": lambda plan: not plan.cluster.config.text("paichart", "storage", "class"),
    "gateway": lambda plan: exposure_type(plan.cluster) == "gateway",
    "ingress": lambda plan: exposure_type(plan.cluster) == "ingress",
    "job-pod-policy": has_job_pod_policy,
    "kubelet-metrics": lambda plan: not has_job_exporter(plan.cluster),
    "label-nodes": lambda plan: plan.cluster.config.flag("paichart", "label-nodes"),
    "namespaces": lambda plan: (
        plan.values.value("cluster-configuration", "namespaces", "create") is not False
    ),
    "network-policies": lambda plan: plan.cluster.config.flag("paichart", "network-policies"),
    "operator": lambda plan: is_operator_on(plan.cluster),
    "own-credentials": lambda plan: not is_external(plan),
    "prometheus": lambda plan: "prometheus" in services_running(plan.cluster),
}


def pull_secret(plan: Plan) -> str:
    """Return the name of the pull secret that job pods name."""
    return plan.set("global", "jobPullSecret")


def rights_to_install(plan: Plan) -> tuple[Right, ...]:
    """Return what `helm install` and its opposite do with the release's objects, each once."""
    found = [
        Right(verb, row["group"], row["resource"], _namespace(where, plan))
        for row in _rows("objects", plan)
        for where in row["in"]
        for verb in _VERBS
    ]
    found += [Right(verb, "", "secrets", plan.namespace) for verb in _HELM_STORAGE]
    return tuple(dict.fromkeys(found))


def rights_to_grant(plan: Plan) -> tuple[Right, ...]:
    """Return the rights of the release's accounts, each once; URL paths are resources that begin with /."""
    found = [
        Right(verb, row.get("group", ""), what, _namespace(row["in"], plan), name)
        for row in _rows("grants", plan)
        for what in (*row.get("resources", ()), *row.get("urls", ()))
        for verb in row["verbs"]
        for name in row.get("names", ("",))
    ]
    return tuple(dict.fromkeys(found))


def rights_to_bind(plan: Plan) -> tuple[Right, ...]:
    """Return the rights to bind roles of Kubernetes' own."""
    group = "rbac.authorization.k8s.io"
    return tuple(
        Right("bind", group, row["resource"], _namespace(row["in"], plan), row["name"])
        for row in _rows("bindings", plan)
    )


def shared_objects(plan: Plan) -> Mapping[Ref, str]:
    """Return the objects with a compiled-in name that this release makes, and the API path of their kind."""
    own = {"pai-secret": pull_secret(plan), "pai-daemon-priority": plan.set("global", "priorityClassName")}
    return {
        Ref(row["resource"], _namespace(row["in"], plan), own.get(row["name"]) or row["name"]): row["path"]
        for row in _rows("shared", plan)
    }


def credential_keys(plan: Plan) -> frozenset[str]:
    """Return the keys that pods of this release can't start without."""
    keys = {
        key
        for name, keys in recorded.release()["credentials"].items()
        if name in plan.services
        for key in keys
    }
    if plan.cluster.services.flag("authentication", "OIDC"):
        keys = keys - {"admin-password", "admin-username"} | {"oidc.yaml"}
    if plan.values.value("grafana", "server", "enabled") is False:
        keys.discard("grafana-admin-password")
    return frozenset(keys)


def tolerates_all(service: str) -> bool:
    """Tell whether a service's pods run on tainted nodes whatever the taint."""
    return service in recorded.release()["tolerates-all"]


def _rows(part: str, plan: Plan) -> Iterator[Mapping[str, Any]]:
    """Yield the rows of release.yaml that hold for a plan."""
    for row in recorded.release()[part]:
        is_there = row.get("service", "") in ("", *plan.services)
        if is_there and ("when" not in row or _WHEN[row["when"]](plan)):
            yield row


def _namespace(where: str, plan: Plan) -> str:
    return {"release": plan.namespace, "cluster": ""}.get(where, where)
