"""Whatever an object names is there: Secrets and keys, claims, accounts, ports, pods, Services, variables."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tests.chart.render import Object, Pods, title
from tests.chart.rules.pods import configuration_read_by
from tests.chart.rules.rendering import Rendering, is_subset, rule, strings

# Kubernetes itself makes these.
_BUILT_IN = {
    ("ConfigMap", "kube-root-ca.crt"),
    ("ServiceAccount", "default"),
    ("PriorityClass", "system-cluster-critical"),
    ("PriorityClass", "system-node-critical"),
}
_BUILT_IN_HOSTS = {("kubernetes", "default")}
# Kubernetes writes the keys of such a Secret.
_FILLED_IN = "kubernetes.io/service-account-token"
# What Kubernetes fills in: $(NAME), unless doubled $$(NAME).
_VARIABLE = re.compile(r"(?<!\$)(?:\$\$)*\$\(([A-Za-z_][A-Za-z0-9_.-]*)\)")
_SERVICE_HOST = re.compile(
    r"(?<![\w.-])([a-z][-a-z0-9]*)\.([a-z0-9][-a-z0-9]*)\.svc(?:\.cluster\.local)?(?::(\d+))?"
)


@rule
def pods_name_what_exists(rendering: Rendering) -> Iterator[str]:
    """What a pod names (Secrets, claims, accounts…) is rendered, built in, or the admin's own."""
    for pods in rendering.objects.pod_specs():
        for kind, name in _named_by(pods):
            namespace = "" if kind == "PriorityClass" else pods.namespace
            is_known = name in rendering.names(kind, namespace) or (kind, name) in _BUILT_IN
            if not is_known and not rendering.is_admins_own(name):
                yield f"{pods} names {kind} {name}, which does not exist"


@rule
def pods_read_keys_that_exist(rendering: Rendering) -> Iterator[str]:
    """Keys of rendered ConfigMaps and Secrets that a pod reads or mounts are in them."""
    contents = {
        (item["kind"], item["metadata"].get("namespace"), item["metadata"]["name"]): {
            *item.get("data", {}),
            *item.get("stringData", {}),
            *item.get("binaryData", {}),
        }
        for item in rendering.known("ConfigMap", "Secret")
        if item.get("type") != _FILLED_IN
    }
    for pods in rendering.objects.pod_specs():
        for kind, name, key in _keys_read_by(pods):
            keys = contents.get((kind, pods.namespace, name))
            if keys is not None and key not in keys:
                yield f"{pods} reads key {key} of {kind} {name}, which has only {sorted(keys)}"


@rule
def variables_are_defined_before_use(rendering: Rendering) -> Iterator[str]:
    """`$(NAME)` stands after NAME; in a command, where lower-case ones are the shell's, NAME exists."""
    for _, container in rendering.objects.containers():
        spec, defined = container.spec, set()
        for entry in spec.get("env", []):
            for name in _VARIABLE.findall(str(entry.get("value", ""))):
                if name not in defined and "envFrom" not in spec:
                    yield f"{container}: {entry['name']} uses $({name}) before it is defined"
            defined.add(entry["name"])
        for word in (*spec.get("command", []), *spec.get("args", [])):
            for name in _VARIABLE.findall(word):
                if name.isupper() and name not in defined and "envFrom" not in spec:
                    yield f"{container}: the command uses $({name}), which is not defined"


@rule
def services_reach_a_port(rendering: Rendering) -> Iterator[str]:
    """A Service selects pods of the release, and their containers declare each of its target ports."""
    for service in rendering.objects.all("Service"):
        selector = service["spec"].get("selector")
        if selector is None:
            continue
        selected = _selected(rendering, selector, service["metadata"].get("namespace", ""))
        if not selected:
            yield f"{title(service)} selects no pods"
        for port in service["spec"].get("ports", []):
            target = port.get("targetPort", port["port"])
            if selected and target not in set().union(*map(_declared_ports, selected)):
                yield f"{title(service)}: no container declares target port {target}"


@rule
def policies_match_pods(rendering: Rendering) -> Iterator[str]:
    """A NetworkPolicy selects pods, opens ports that they declare, and lets in pods that exist."""
    for policy in rendering.objects.all("NetworkPolicy"):
        namespace = policy["metadata"].get("namespace", "")
        selected = _selected(rendering, policy["spec"]["podSelector"].get("matchLabels", {}), namespace)
        if not selected:
            yield f"{title(policy)} selects no pods"
        declared = set().union(*map(_declared_ports, selected))
        for ingress in policy["spec"].get("ingress", []):
            for port in ingress.get("ports", []):
                if selected and "port" in port and port["port"] not in declared:
                    yield f"{title(policy)} opens port {port['port']}, which no container declares"
            if rendering.is_whole:
                yield from _unmatched_peers(rendering, policy, ingress)


@rule
def listening_pods_have_a_policy(rendering: Rendering) -> Iterator[str]:
    """A NetworkPolicy selects pods that declare ports, but on the host's network, where none works."""
    policies = rendering.objects.all("NetworkPolicy")
    for pods in rendering.lasting():
        is_closed = any(
            is_subset(policy["spec"]["podSelector"].get("matchLabels", {}), pods.labels)
            for policy in policies
        )
        if _declared_ports(pods) and not pods.spec.get("hostNetwork") and not is_closed:
            yield f"{pods} listens but no NetworkPolicy selects it"


@rule
def budgets_and_scalers_match(rendering: Rendering) -> Iterator[str]:
    """A PodDisruptionBudget selects pods; an autoscaler's target exists; a StatefulSet's Service exists."""
    for budget in rendering.objects.all("PodDisruptionBudget"):
        labels = budget["spec"]["selector"]["matchLabels"]
        if not _selected(rendering, labels, budget["metadata"].get("namespace", "")):
            yield f"{title(budget)} selects no pods"
    for scaler in rendering.objects.all("HorizontalPodAutoscaler"):
        target = scaler["spec"]["scaleTargetRef"]
        if target["name"] not in rendering.names(target["kind"], scaler["metadata"].get("namespace", "")):
            yield f"{title(scaler)} scales {target['kind']} {target['name']}, which does not exist"
    for owner in rendering.objects.all("StatefulSet"):
        name = owner["spec"].get("serviceName")
        if name and name not in rendering.names("Service", owner["metadata"].get("namespace", "")):
            yield f"{title(owner)} names Service {name}, which does not exist"


@rule
def routes_lead_to_services(rendering: Rendering) -> Iterator[str]:
    """Back ends of an Ingress or HTTPRoute are ports of Services of the release."""
    for item in rendering.objects.all("Ingress", "HTTPRoute"):
        for name, port in _backends(item):
            if (name, port) not in _service_ports(rendering, item["metadata"].get("namespace", "")):
                yield f"{title(item)} leads to {name}:{port}, which is no port of a Service"


@rule
def hosts_are_services(rendering: Rendering) -> Iterator[str]:
    """In a whole release, each `name.namespace.svc[:port]` in any text is a Service with that port."""
    if not rendering.is_whole:
        return
    for item in rendering.objects:
        for text in strings(item):
            for name, namespace, port in _SERVICE_HOST.findall(text):
                ports = {p for service, p in _service_ports(rendering, namespace) if service == name}
                is_known = bool(ports) and (not port or int(port) in ports)
                if not is_known and (name, namespace) not in _BUILT_IN_HOSTS:
                    yield f"{title(item)} calls {name}.{namespace}.svc:{port}, which is no Service"


def _named_by(pods: Pods) -> Iterator[tuple[str, str]]:
    optional = {name for kind, name in _optional(pods.template)}
    yield from ((kind, name) for kind, name in configuration_read_by(pods) if name not in optional)
    for volume in pods.spec.get("volumes", []):
        if "persistentVolumeClaim" in volume:
            yield "PersistentVolumeClaim", volume["persistentVolumeClaim"]["claimName"]
    for secret in pods.spec.get("imagePullSecrets", []):
        yield "Secret", secret["name"]
    if "serviceAccountName" in pods.spec:
        yield "ServiceAccount", pods.spec["serviceAccountName"]
    if "priorityClassName" in pods.spec:
        yield "PriorityClass", pods.spec["priorityClassName"]


def _optional(node: Any) -> Iterator[tuple[str, str]]:
    """Kind and name of each ConfigMap and Secret that may be missing."""
    if isinstance(node, Mapping):
        if node.get("optional") is True:
            yield "", str(node.get("name") or node.get("secretName"))
        for value in node.values():
            yield from _optional(value)
    elif isinstance(node, list):
        for value in node:
            yield from _optional(value)


def _keys_read_by(pods: Pods) -> Iterator[tuple[str, str, str]]:
    for container in pods.containers():
        for entry in container.spec.get("env", []):
            for field, kind in (("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret")):
                source = entry.get("valueFrom", {}).get(field)
                if source and not source.get("optional"):
                    yield kind, source["name"], source["key"]
    for volume in pods.spec.get("volumes", []):
        for source in (volume, *volume.get("projected", {}).get("sources", [])):
            for field, kind in (("configMap", "ConfigMap"), ("secret", "Secret")):
                content = source.get(field, {})
                for item in content.get("items", []):
                    if not content.get("optional"):
                        yield kind, content.get("name") or content["secretName"], item["key"]
        yield from _sub_paths(pods, volume)


def _sub_paths(pods: Pods, volume: Object) -> Iterator[tuple[str, str, str]]:
    """A file that is mounted alone (subPath) is a key of its ConfigMap or Secret."""
    for field, kind in (("configMap", "ConfigMap"), ("secret", "Secret")):
        content = volume.get(field, {})
        if not content or content.get("items"):
            continue
        for container in pods.containers():
            for mount in container.spec.get("volumeMounts", []):
                if mount["name"] == volume["name"] and "subPath" in mount:
                    yield kind, content.get("name") or content["secretName"], mount["subPath"]


def _selected(rendering: Rendering, selector: Mapping[str, str], namespace: str) -> list[Pods]:
    everything = (*rendering.objects.pod_specs(), *rendering.others.pod_specs())
    return [pods for pods in everything if pods.namespace == namespace and is_subset(selector, pods.labels)]


def _declared_ports(pods: Pods) -> set[int | str]:
    ports = [port for container in pods.containers() for port in container.spec.get("ports", [])]
    return {port["containerPort"] for port in ports} | {port["name"] for port in ports if "name" in port}


def _unmatched_peers(rendering: Rendering, policy: Object, ingress: Object) -> Iterator[str]:
    for peer in ingress.get("from", []):
        labels = peer.get("podSelector", {}).get("matchLabels", {})
        if (
            labels
            and "namespaceSelector" not in peer
            and not _selected(rendering, labels, policy["metadata"]["namespace"])
        ):
            yield f"{title(policy)} lets in pods with {labels}, of which there are none"


def _service_ports(rendering: Rendering, namespace: str) -> set[tuple[str, int | str]]:
    services = (s for s in rendering.known("Service") if s["metadata"].get("namespace") == namespace)
    return {
        (service["metadata"]["name"], value)
        for service in services
        for port in service["spec"].get("ports", [])
        for value in (port["port"], port.get("name", port["port"]))
    }


def _backends(item: Object) -> Iterator[tuple[str, int | str]]:
    for rule_ in item["spec"].get("rules", []):
        for reference in rule_.get("backendRefs", []):
            yield reference["name"], reference["port"]
        for path in rule_.get("http", {}).get("paths", []):
            service = path["backend"]["service"]
            yield service["name"], service["port"].get("number") or service["port"]["name"]
