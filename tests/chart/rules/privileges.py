"""What pods may do to their node and themselves: the restricted profile, and the table of exceptions."""

from __future__ import annotations

from collections.abc import Iterator

from tests.chart.exceptions import POD, is_allowed
from tests.chart.render import Container, Object, Pods
from tests.chart.rules.rendering import Rendering, rule


@rule
def privileges_are_listed(rendering: Rendering) -> Iterator[str]:
    """Whatever goes beyond the restricted profile stands in the table of exceptions, with its reason."""
    for pods in rendering.objects.pod_specs():
        for container, what in privileges(pods):
            if not is_allowed(pods.component, container, what):
                yield f"{pods}, {f'container {container}' if container else 'pod'}: {what}"


def privileges(pods: Pods) -> Iterator[tuple[str, str]]:
    """(container or POD, what) of each thing beyond the restricted profile and a read-only root."""
    for key in ("hostNetwork", "hostPID", "hostIPC"):
        if pods.spec.get(key):
            yield POD, key
    for volume in pods.spec.get("volumes", []):
        if "hostPath" in volume:
            yield POD, f"hostPath {volume['hostPath']['path']}"
    for container in pods.containers():
        for what in _of_container(pods, container):
            yield container.name, what


def _of_container(pods: Pods, container: Container) -> Iterator[str]:
    pod_level: Object = pods.spec.get("securityContext", {})
    own: Object = container.spec.get("securityContext", {})
    both = {**pod_level, **own}
    if both.get("runAsNonRoot") is not True or both.get("runAsUser") == 0:
        yield "root"
    if own.get("readOnlyRootFilesystem") is not True:
        yield "writable root file system"
    if not pods.spec.get("hostNetwork"):
        for port in container.spec.get("ports", []):
            if "hostPort" in port:
                yield f"hostPort {port['hostPort']}"
    for mount in container.spec.get("volumeMounts", []):
        if mount.get("mountPropagation", "None") != "None":
            yield f"mount propagation {mount['mountPropagation']}"
    if own.get("privileged"):
        yield "privileged"  # which implies all below
        return
    if own.get("allowPrivilegeEscalation") is not False:
        yield "privilege escalation"
    capabilities = own.get("capabilities", {})
    if "ALL" not in capabilities.get("drop", []):
        yield "keeps capabilities"
    for name in capabilities.get("add", []):
        yield f"capability {name}"
    if both.get("seccompProfile", {}).get("type") not in ("RuntimeDefault", "Localhost"):
        yield "no seccomp profile"
