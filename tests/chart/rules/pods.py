"""What every pod template has: unique names, probes, resources, images, scheduling, checksums."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from tests.chart.exceptions import is_allowed
from tests.chart.render import Object, Pods, title
from tests.chart.rules.rendering import Rendering, is_subset, rule

_CHECKSUM = "checksum/"
_CONTROL_PLANE = "node-role.kubernetes.io/control-plane"
_NAME = "app.kubernetes.io/name"


@rule
def names_in_pods_are_unique(rendering: Rendering) -> Iterator[str]:
    """Variables, ports, volumes and mount paths stand once: server-side apply refuses a second."""
    for _, container in rendering.objects.containers():
        spec = container.spec
        lists = {
            "environment variable": [entry["name"] for entry in spec.get("env", [])],
            "port name": [port["name"] for port in spec.get("ports", []) if "name" in port],
            "port": [(p["containerPort"], p.get("protocol", "TCP")) for p in spec.get("ports", [])],
            "mount path": [mount["mountPath"] for mount in spec.get("volumeMounts", [])],
        }
        for what, entries in lists.items():
            for entry in _twice(entries):
                yield f"{container}: {what} {entry} stands twice"
    for pods in rendering.objects.pod_specs():
        names = [container.name for container in pods.containers()]
        volumes = [volume["name"] for volume in pods.spec.get("volumes", [])]
        ports = [p["name"] for c in pods.containers() for p in c.spec.get("ports", []) if "name" in p]
        for what, entries in {"container": names, "volume": volumes, "port name": ports}.items():
            for entry in _twice(entries):
                yield f"{pods}: {what} {entry} stands twice"


@rule
def service_ports_are_unique(rendering: Rendering) -> Iterator[str]:
    """Port names and numbers of a Service stand once."""
    for service in rendering.objects.all("Service"):
        ports = service["spec"].get("ports", [])
        for entry in _twice([port.get("name", "") for port in ports]):
            yield f"{title(service)}: port name '{entry}' stands twice"
        for entry in _twice([(port["port"], port.get("protocol", "TCP")) for port in ports]):
            yield f"{title(service)}: port {entry} stands twice"


@rule
def volumes_and_mounts_match(rendering: Rendering) -> Iterator[str]:
    """Every mount names a volume of its pod, and every volume is mounted."""
    for pods in rendering.objects.pod_specs():
        claims = pods.owner["spec"].get("volumeClaimTemplates", []) if pods.kind == "StatefulSet" else []
        volumes = {volume["name"] for volume in pods.spec.get("volumes", [])}
        volumes |= {claim["metadata"]["name"] for claim in claims}
        mounted = {mount["name"] for c in pods.containers() for mount in c.spec.get("volumeMounts", [])}
        for name in sorted(mounted - volumes):
            yield f"{pods} mounts {name}, which is none of its volumes"
        for name in sorted(volumes - mounted):
            yield f"{pods} has volume {name}, which nothing mounts"


@rule
def containers_are_probed(rendering: Rendering) -> Iterator[str]:
    """Each lasting container has a liveness probe, and a readiness probe if it listens."""
    for pods in rendering.lasting():
        for container in pods.containers(init=False):
            needed = ["liveness", *(["readiness"] if container.spec.get("ports") else [])]
            for kind in needed:
                is_missing = f"{kind}Probe" not in container.spec
                if is_missing and not is_allowed(pods.component, container.name, f"no {kind} probe"):
                    yield f"{container} has no {kind} probe"


@rule
def probes_ask_a_declared_port(rendering: Rendering) -> Iterator[str]:
    """A probe's port is one that its container declares."""
    for _, container in rendering.objects.containers():
        ports = container.spec.get("ports", [])
        declared = {port["containerPort"] for port in ports} | {port.get("name") for port in ports}
        for kind in ("startup", "readiness", "liveness"):
            probe = container.spec.get(f"{kind}Probe", {})
            for action in ("httpGet", "tcpSocket", "grpc"):
                port = probe.get(action, {}).get("port")
                if port is not None and port not in declared:
                    yield f"{container}: the {kind} probe asks port {port}, not declared"


@rule
def containers_state_resources(rendering: Rendering) -> Iterator[str]:
    """Each container has the key `resources`, be it empty."""
    for _, container in rendering.objects.containers():
        if "resources" not in container.spec:
            yield f"{container} states no resources"


@rule
def requests_stay_below_limits(rendering: Rendering) -> Iterator[str]:
    """No request is above its limit: the API server refuses such a pod."""
    for _, container in rendering.objects.containers():
        resources = container.spec.get("resources", {})
        for name, limit in resources.get("limits", {}).items():
            request = resources.get("requests", {}).get(name, limit)
            if quantity(request) > quantity(limit):
                yield f"{container} requests {request} {name}, above its limit {limit}"


@rule
def images_are_pinned(rendering: Rendering) -> Iterator[str]:
    """Each image has a tag other than latest, or a digest, and a stated pull policy."""
    for pods, container in rendering.objects.containers():
        image = container.spec["image"]
        tag = image.rpartition("/")[2].partition(":")[2]
        is_pinned = "@sha256:" in image or tag not in ("", "latest")
        if not is_pinned and not is_allowed(pods.component, container.name, "latest tag"):
            yield f"{container}: image {image} can change under its name"
        if "imagePullPolicy" not in container.spec:
            yield f"{container} states no pull policy"


@rule
def pods_name_a_pull_secret(rendering: Rendering) -> Iterator[str]:
    """Each pod names the release's pull secret."""
    for pods in rendering.objects.pod_specs():
        if not pods.spec.get("imagePullSecrets"):
            yield f"{pods} names no pull secret"


@rule
def services_have_priority(rendering: Rendering) -> Iterator[str]:
    """Each workload states a priority class, so that no job pushes it out."""
    for pods in rendering.objects.pod_specs():
        if not pods.is_test and not pods.spec.get("priorityClassName"):
            yield f"{pods} has no priority class"


@rule
def masters_taint_is_tolerated(rendering: Rendering) -> Iterator[str]:
    """Pods bound to the master tolerate the taint that kubeadm gives it; other DaemonSets tolerate all."""
    for pods in rendering.lasting():
        tolerations = pods.spec.get("tolerations", [])
        tolerates_all = {"operator": "Exists"} in tolerations
        is_bound = "pai-master" in str(pods.spec.get("affinity", {}))
        if pods.kind == "DaemonSet" and not is_bound and not tolerates_all:
            yield f"{pods} does not run on tainted nodes"
        if is_bound and not tolerates_all and _CONTROL_PLANE not in (t.get("key") for t in tolerations):
            yield f"{pods} is bound to the master but does not tolerate its taint"


@rule
def services_are_tested(rendering: Rendering) -> Iterator[str]:
    """Each chart that answers on a port has a `helm test` pod."""
    tested = {pods.labels.get(_NAME) for pods in rendering.objects.pod_specs() if pods.is_test}
    for service in rendering.objects.all("Service"):
        if service["metadata"]["labels"][_NAME] not in tested:
            yield f"{title(service)} is asked by no test pod"


@rule
def pods_carry_their_selector_and_app(rendering: Rendering) -> Iterator[str]:
    """Pods carry what their workload selects by, and the legacy label `app`; a CronJob's do without it.

    Watchdog counts pods with that label, and one that has done its work is not ready.
    """
    for pods in rendering.lasting():
        if not is_subset(pods.owner["spec"]["selector"]["matchLabels"], pods.labels):
            yield f"{pods} does not select its own pods"
    for pods in rendering.objects.pod_specs():
        if pods.kind == "CronJob" and "app" in pods.labels:
            yield f"{pods}: its pods carry label app, so watchdog would count them as a service's"
        if pods.kind != "CronJob" and not pods.is_test and "app" not in pods.labels:
            yield f"{pods}: its pods lack label app"


@rule
def replicas_have_one_owner(rendering: Rendering) -> Iterator[str]:
    """A workload that an autoscaler drives states no replicas."""
    for scaler in rendering.objects.all("HorizontalPodAutoscaler"):
        target = scaler["spec"]["scaleTargetRef"]
        for pods in rendering.lasting():
            is_target = (pods.kind, pods.owner["metadata"]["name"]) == (target["kind"], target["name"])
            if is_target and "replicas" in pods.owner["spec"]:
                yield f"{pods} states replicas although {title(scaler)} drives them"


@rule
def several_copies_have_a_budget(rendering: Rendering) -> Iterator[str]:
    """A PodDisruptionBudget exists exactly for the workloads that run more than one copy."""
    budgets = rendering.objects.all("PodDisruptionBudget")
    for pods in rendering.lasting():
        has_budget = any(
            is_subset(budget["spec"]["selector"]["matchLabels"], pods.labels) for budget in budgets
        )
        runs_several = pods.owner["spec"].get("replicas", 1) > 1
        if runs_several and not has_budget:
            yield f"{pods} runs several copies without a PodDisruptionBudget"
        if has_budget and not runs_several:
            yield f"{pods} runs one copy, so a PodDisruptionBudget would block every drain"


@rule
def history_is_bounded(rendering: Rendering) -> Iterator[str]:
    """Each lasting workload keeps three old revisions."""
    for pods in rendering.lasting():
        if pods.owner["spec"].get("revisionHistoryLimit") != 3:
            yield f"{pods} does not set revisionHistoryLimit: 3"


@rule
def volumes_have_one_writer(rendering: Rendering) -> Iterator[str]:
    """A Deployment that mounts a claim replaces its pod (Recreate): two pods would fight over the volume."""
    for pods in rendering.lasting():
        claims = [volume for volume in pods.spec.get("volumes", []) if "persistentVolumeClaim" in volume]
        is_recreated = pods.owner["spec"].get("strategy", {}).get("type") == "Recreate"
        if pods.kind == "Deployment" and claims and not is_recreated:
            yield f"{pods} mounts a claim but is not replaced with strategy Recreate"


@rule
def pods_restart_with_their_configuration(rendering: Rendering) -> Iterator[str]:
    """A lasting pod has a checksum annotation for each ConfigMap and Secret of its chart that it reads."""
    for pods in rendering.lasting():
        own = {
            (item["kind"], item["metadata"]["name"])
            for item in rendering.objects.all("ConfigMap", "Secret")
            if item["metadata"].get("labels", {}).get("app.kubernetes.io/name")
            == pods.labels.get("app.kubernetes.io/name")
        }
        read = own & set(configuration_read_by(pods))
        annotations = pods.template["metadata"].get("annotations", {})
        checksums = [name for name in annotations if name.startswith(_CHECKSUM)]
        if len(checksums) < len(read):
            names = ", ".join(sorted(f"{kind} {name}" for kind, name in read))
            yield f"{pods} reads {names} but has {len(checksums)} checksum annotations"


def configuration_read_by(pods: Pods) -> Iterator[tuple[str, str]]:
    """Kind and name of each ConfigMap and Secret that a pod mounts or takes environment variables from."""
    for volume in pods.spec.get("volumes", []):
        yield from _volume_sources(volume)
        for source in volume.get("projected", {}).get("sources", []):
            yield from _volume_sources(source)
    for container in pods.containers():
        for entry in container.spec.get("env", []):
            source = entry.get("valueFrom", {})
            if "configMapKeyRef" in source:
                yield "ConfigMap", source["configMapKeyRef"]["name"]
            if "secretKeyRef" in source:
                yield "Secret", source["secretKeyRef"]["name"]
        for source in container.spec.get("envFrom", []):
            for key, kind in (("configMapRef", "ConfigMap"), ("secretRef", "Secret")):
                if key in source:
                    yield kind, source[key]["name"]


def quantity(value: object) -> float:
    """A Kubernetes quantity as a number: `500m` is 0.5, `1Ki` is 1024."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(m|[kMGTPE]|[KMGTPE]i)?", str(value))
    assert match, f"{value} is no quantity"
    suffix = match[2] or ""
    if suffix == "m":
        return float(match[1]) / 1000
    power = " kMGTPE".index(suffix[0].replace("K", "k")) if suffix else 0
    return float(match[1]) * float((1024 if suffix.endswith("i") else 1000) ** power)


def _volume_sources(volume: Object) -> Iterator[tuple[str, str]]:
    if "configMap" in volume:
        yield "ConfigMap", volume["configMap"]["name"]
    if "secret" in volume:
        yield "Secret", volume["secret"].get("secretName") or volume["secret"]["name"]


def _twice(entries: Iterable[object]) -> list[str]:
    return [str(entry) for entry, times in Counter(entries).items() if times > 1]
