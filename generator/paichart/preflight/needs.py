"""Objects that must be there before the release: the configuration names them, and nobody makes them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from paichart.derive.monitoring import has_job_exporter
from paichart.derive.network import exposure_type
from paichart.derive.pylon import tls_secret
from paichart.model import GPU_DEFAULT_TYPE
from paichart.preflight.plan import JOBS, Plan, credential_keys, is_external, pull_secret
from paichart.preflight.snapshot import Ref

TLS = "kubernetes.io/tls"
PULL = "kubernetes.io/dockerconfigjson"
_ALIKE = {PULL: (PULL, "kubernetes.io/dockercfg")}
_BUILT_IN = (
    "system-cluster-critical",
    "system-node-critical",
    "pai-daemon-priority",
    "pai-job-minimal-priority",
)


@dataclass(frozen=True, slots=True)
class Need:
    """A Secret that must be there: what for, of which type (empty for any), and with which keys."""

    purpose: str
    type: str = ""
    keys: frozenset[str] = frozenset()

    def is_met_by(self, type_: str) -> bool:
        """Tell whether a Secret of a type will do."""
        return not self.type or type_ in _ALIKE.get(self.type, (self.type,))


def storage_classes(plan: Plan) -> Mapping[str, str]:
    """Return the storage classes that volumes name, and where the values do."""
    return _texts(plan, "storageClass")


def runtime_classes(plan: Plan) -> Mapping[str, str]:
    """Return the runtime classes that pods name, and where the values do."""
    return _texts(plan, "runtimeClassName")


def priority_classes(plan: Plan) -> Mapping[str, str]:
    """Return the priority classes that pods name and neither Kubernetes nor the release makes."""
    made = (*_BUILT_IN, plan.set("global", "priorityClassName"))
    named = _texts(plan, "priorityClassName", skip=("global",))
    return {name: path for name, path in named.items() if name not in made}


def dcgm(plan: Plan) -> bool:
    """Tell whether the metrics of GPUs come from NVIDIA's DCGM exporter."""
    has_gpus = any(
        worker.sku.device and worker.sku.device.type == GPU_DEFAULT_TYPE for worker in plan.cluster.workers
    )
    return has_gpus and not has_job_exporter(plan.cluster)


def claims(plan: Plan) -> Mapping[str, str]:
    """Return the volume claims of the admin's that the values name, and where."""
    return _texts(plan, "existingClaim")


def gateway(plan: Plan) -> Ref | None:
    """Return the Gateway that the portal's route joins."""
    if exposure_type(plan.cluster) != "gateway":
        return None
    own = plan.cluster.config.mapping("paichart", "exposure", "gateway")
    return Ref("gateways", str(own.get("namespace") or plan.namespace), str(own.get("name") or ""))


def secrets(plan: Plan) -> Mapping[Ref, Need]:
    """Return the Secrets that the admin makes."""
    found: dict[Ref, Need] = {}
    if is_external(plan):
        name = plan.cluster.config.text("paichart", "credentials-secret")
        found[_secret(plan.namespace, name)] = Need("the credentials", "", credential_keys(plan))
        for where in (plan.namespace, JOBS):
            found[_secret(where, pull_secret(plan))] = Need("the pull secret of services and jobs", PULL)
        keys = frozenset(("ssh-privatekey", "ssh-publickey"))
        found[_secret(JOBS, "job-ssh-secret")] = Need("the jobs' SSH key", "", keys)
    tls = plan.values.mapping("pylon", "tls")
    if tls.get("enabled") and not plan.values.flag("pylon", "tls", "certManager", "enabled"):
        found[_secret(plan.namespace, tls_secret(plan.cluster))] = Need("the portal's certificate", TLS)
    for name in plan.cluster.config.items("paichart", "image-pull-secrets"):
        found.setdefault(_secret(plan.namespace, str(name)), Need("paichart.image-pull-secrets", PULL))
    for name in plan.values.items("openpai-runtime", "jobPodPolicy", "imagePullSecrets"):
        found.setdefault(_secret(JOBS, str(name)), Need("the pull secret of job pods", PULL))
    for name, path in _texts(plan, "existingSecret", skip=("global",)).items():
        found.setdefault(_secret(plan.namespace, name), Need(f"paichart.values: {path}"))
    return found


def _secret(namespace: str, name: str) -> Ref:
    return Ref("secrets", namespace, name)


def _texts(plan: Plan, key: str, *, skip: tuple[str, ...] = ()) -> dict[str, str]:
    """Return each text that stands under a key anywhere in the values, and the first path that has it.

    Values of services that are off don't count, nor parts named in skip.
    """
    found: dict[str, str] = {}
    parts = {"global", *plan.services} - set(skip)
    top = {name: part for name, part in plan.values.data.items() if name in parts}
    for path, value in _walk(top, key, ()):
        found.setdefault(value, ".".join(path))
    return found


def _walk(part: Mapping[str, Any], key: str, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    for name, value in part.items():
        if name == key and isinstance(value, str) and value:
            yield (*path, name), value
        elif isinstance(value, Mapping):
            yield from _walk(value, key, (*path, name))
