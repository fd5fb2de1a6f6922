"""Reads a cluster into a snapshot: lists in pages, of each object only what is needed, nothing changed.

What the account may not read becomes a refusal; only a cluster that tells nothing at all is an error.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from typing import Any, TypeVar

from paichart.derive.network import exposure_type
from paichart.kube import Api, ClusterError
from paichart.preflight import recorded, reduce
from paichart.preflight.needs import (
    claims,
    dcgm,
    gateway,
    priority_classes,
    runtime_classes,
    secrets,
    storage_classes,
)
from paichart.preflight.plan import FRAMEWORKS, JOBS, Plan, has_job_pod_policy, shared_objects
from paichart.preflight.rights import rights_of
from paichart.preflight.snapshot import (
    Class,
    Limit,
    Meta,
    Node,
    Pod,
    Ref,
    Refusal,
    Revision,
    SecretShape,
    Service,
    Snapshot,
    Workload,
)

T = TypeVar("T")

_CORE = "/api/v1"
_APPS = "/apis/apps/v1"
_UNFINISHED = "status.phase!=Succeeded,status.phase!=Failed"
_DCGM = ("app=nvidia-dcgm-exporter", "app.kubernetes.io/name=dcgm-exporter")
_POLICY_GROUP = "admissionregistration.k8s.io"
_FORBIDDEN = 403


def read(api: Api, plan: Plan) -> Snapshot:
    """Return what preflight looks at. Raises ClusterError when the cluster tells nothing."""
    version = (api.get("/version") or {}).get("gitVersion", "")
    reader = _Reader(api)
    nodes = reader.nodes()
    snapshot = Snapshot(
        version=version,
        nodes=nodes,
        pods=reader.pods({machine.name for machine in plan.cluster.machines if machine.is_master}),
        services=reader.services(),
        workloads=reader.workloads(),
        objects=reader.objects(plan),
        secrets=reader.secrets(plan),
        ingress_classes=reader.ingress_classes(plan),
        served=reader.served(plan),
        revisions=reader.revisions(plan),
        webhooks=reader.webhooks(plan),
        limits=reader.limits(plan),
        has_dcgm=reader.has_dcgm() if dcgm(plan) else None,
        rights=reader.rights(plan),
        refusals=tuple(reader.refusals),
    )
    if reader.is_blind:
        raise ClusterError(
            "the account of the kubeconfig may read nothing of the cluster",
            "ask for the ClusterRole `view` and for the right to list nodes",
            _FORBIDDEN,
        )
    return snapshot


class _Reader:
    """Reads, and notes what it may not."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._has_read = False
        self.refusals: list[Refusal] = []

    @property
    def is_blind(self) -> bool:
        """Whether every list and object was refused."""
        return not self._has_read

    def nodes(self) -> tuple[Node, ...] | None:
        return self._list(f"{_CORE}/nodes", "list nodes", "whether the machines fit", reduce.node)

    def pods(self, masters: set[str]) -> tuple[Pod, ...] | None:
        skipped = "whether host ports are free, and what runs on the master"
        path, right = f"{_CORE}/pods", "list pods"
        return self._list(path, right, skipped, reduce.pod_of(masters), fieldSelector=_UNFINISHED)

    def services(self) -> tuple[Service, ...] | None:
        skipped = "whether node ports are free"
        return self._list(f"{_CORE}/services", "list services", skipped, reduce.service)

    def workloads(self) -> tuple[Workload, ...] | None:
        """The workloads that may be in our way, and the legacy ones among CronJobs; None without one kind."""
        found: list[Workload] = []
        is_whole = True
        for kind in ("Deployment", "StatefulSet", "DaemonSet"):
            plural = f"{kind.lower()}s"
            skipped = f"whether {plural} of another OpenPAI run"
            some = self._list(f"{_APPS}/{plural}", f"list {plural}.apps", skipped, reduce.workload_of(kind))
            is_whole = is_whole and some is not None
            found += some or ()
        return tuple(found) if found or is_whole else None

    def objects(self, plan: Plan) -> Mapping[Ref, Meta | None]:
        """Metadata of single objects: those that must be there, and those that must not."""
        wanted = {Ref("namespaces", "", name): _CORE for name in (JOBS, plan.namespace)}
        wanted |= {
            Ref("storageclasses", "", name): "/apis/storage.k8s.io/v1" for name in storage_classes(plan)
        }
        wanted |= {Ref("runtimeclasses", "", name): "/apis/node.k8s.io/v1" for name in runtime_classes(plan)}
        scheduling = "/apis/scheduling.k8s.io/v1"
        wanted |= {Ref("priorityclasses", "", name): scheduling for name in priority_classes(plan)}
        wanted |= {Ref("persistentvolumeclaims", plan.namespace, name): _CORE for name in claims(plan)}
        if ref := gateway(plan):
            wanted[ref] = "/apis/gateway.networking.k8s.io/v1"
        wanted |= _legacy_objects()
        wanted |= shared_objects(plan)
        wanted[FRAMEWORKS] = "/apis/apiextensions.k8s.io/v1"
        found = {ref: self._meta(ref, base) for ref, base in wanted.items()}
        return {ref: meta for ref, (is_known, meta) in found.items() if is_known}

    def secrets(self, plan: Plan) -> Mapping[Ref, SecretShape | None]:
        found: dict[Ref, SecretShape | None] = {}
        for ref in secrets(plan):
            path, right = _path(_CORE, ref), f"get secrets in {ref.namespace}"
            is_known, item = self._get(path, right, f"whether Secret {ref.name} is right")
            if is_known:
                found[ref] = reduce.secret(item) if item else None
        return found

    def ingress_classes(self, plan: Plan) -> tuple[Class, ...] | None:
        if exposure_type(plan.cluster) != "ingress":
            return None
        path = "/apis/networking.k8s.io/v1/ingressclasses"
        right, skipped = "list ingressclasses.networking.k8s.io", "whether the ingress class is there"
        return self._list(path, right, skipped, reduce.ingress_class, is_metadata_enough=True)

    def served(self, plan: Plan) -> frozenset[str] | None:
        """The API as `group/version`, and with the policy switched on as `group/version/resource` of its
        group.
        """
        is_known, groups = self._get("/apis", "get /apis", "which APIs are served")
        if not is_known or groups is None:
            return None
        versions = [v["groupVersion"] for group in groups["groups"] for v in group["versions"]]
        found = set(versions)
        if has_job_pod_policy(plan):
            for version in versions:
                if version.startswith(f"{_POLICY_GROUP}/"):
                    path = f"/apis/{version}"
                    _, resources = self._get(path, f"get {path}", "whether policies are served")
                    found |= {f"{version}/{r['name']}" for r in (resources or {}).get("resources", ())}
        return frozenset(found)

    def revisions(self, plan: Plan) -> tuple[Revision, ...] | None:
        path = f"{_CORE}/namespaces/{plan.namespace}/secrets"
        right = f"list secrets in {plan.namespace}"
        selector = f"owner=helm,name={plan.release}"
        skipped = f"whether release {plan.release} is installed"
        return self._list(
            path, right, skipped, reduce.revision, is_metadata_enough=True, labelSelector=selector
        )

    def webhooks(self, plan: Plan) -> tuple[str, ...] | None:
        found: list[tuple[str, ...] | None] = []
        for plural in ("mutatingwebhookconfigurations", "validatingwebhookconfigurations"):
            path, right = f"/apis/{_POLICY_GROUP}/v1/{plural}", f"list {plural}.{_POLICY_GROUP}"
            make = reduce.strict_webhook_of((JOBS, plan.namespace))
            found.append(self._list(path, right, "which webhooks can stop pods", make))
        return _whole(found)

    def limits(self, plan: Plan) -> tuple[Limit, ...] | None:
        found: list[tuple[Limit, ...] | None] = []
        for namespace in dict.fromkeys((JOBS, plan.namespace)):
            for plural, make in (("resourcequotas", reduce.quota), ("limitranges", reduce.limit_range)):
                path = f"{_CORE}/namespaces/{namespace}/{plural}"
                right = f"list {plural} in {namespace}"
                found.append(self._list(path, right, f"whether {plural} limit pods", make))
        return _whole(found)

    def has_dcgm(self) -> bool | None:
        """Whether a pod of NVIDIA's DCGM exporter is there; None when pods can't be listed."""
        for selector in _DCGM:
            try:
                page = self._api.get(f"{_CORE}/pods", labelSelector=selector, limit="1")
            except ClusterError as error:
                if error.status == _FORBIDDEN:
                    return None
                raise
            if page and page.get("items"):
                return True
        return False

    def rights(self, plan: Plan) -> Any:
        try:
            return rights_of(self._api, plan)
        except ClusterError as error:
            self._note(
                error, "create selfsubjectaccessreviews.authorization.k8s.io", "what the account may do"
            )
            return None

    def _list(
        self,
        path: str,
        right: str,
        skipped: str,
        make: Callable[[Mapping[str, Any]], T | None],
        *,
        is_metadata_enough: bool = False,
        **query: str,
    ) -> tuple[T, ...] | None:
        try:
            found = self._api.reduced(path, make, is_metadata_enough=is_metadata_enough, **query)
        except ClusterError as error:
            self._note(error, right, skipped)
            return None
        self._has_read = True
        return tuple(found)

    def _meta(self, ref: Ref, base: str) -> tuple[bool, Meta | None]:
        group = base.removeprefix("/apis/").rpartition("/")[0] if base != _CORE else ""
        where = f" in {ref.namespace}" if ref.namespace else ""
        right = f"get {ref.resource}{f'.{group}' if group else ''}{where}"
        is_known, item = self._get(
            _path(base, ref), right, f"what {ref.resource} are there", is_metadata_enough=True
        )
        return is_known, reduce.meta(item) if item else None

    def _get(
        self, path: str, right: str, skipped: str, *, is_metadata_enough: bool = False
    ) -> tuple[bool, Mapping[str, Any] | None]:
        """Return whether an object could be asked for, and the object if there is one."""
        try:
            item = self._api.get(path, is_metadata_enough=is_metadata_enough)
        except ClusterError as error:
            self._note(error, right, skipped)
            return False, None
        self._has_read = self._has_read or path.count("/") > 2
        return True, item

    def _note(self, error: ClusterError, right: str, skipped: str) -> None:
        """Note a refusal; raise what is none."""
        if error.status != _FORBIDDEN:
            raise error
        refusal = Refusal(right, skipped)
        if refusal not in self.refusals:
            self.refusals.append(refusal)


def _whole(parts: Sequence[tuple[T, ...] | None]) -> tuple[T, ...] | None:
    """Return the items of all parts, None when one could not be read."""
    known = [part for part in parts if part is not None]
    return tuple(chain.from_iterable(known)) if len(known) == len(parts) else None


def _legacy_objects() -> dict[Ref, str]:
    bases = {"CronJob": "/apis/batch/v1", "ConfigMap": _CORE, "Namespace": _CORE}
    return {
        Ref(f"{kind.lower()}s", namespace, name): base
        for kind, base in bases.items()
        for namespace, name in recorded.legacy()[kind]
    }


def _path(base: str, ref: Ref) -> str:
    where = f"/namespaces/{ref.namespace}" if ref.namespace else ""
    return f"{base}{where}/{ref.resource}/{ref.name}"
