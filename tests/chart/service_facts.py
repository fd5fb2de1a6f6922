"""What `paichart services` tells of each service, read off a rendered release.

To see which setting a port or folder comes from, the release is built from settings that are all different:
each port and folder of services-configuration.yaml gets a value of its own, by which it is known again.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

import paichart
from paichart.catalog import KUBERNETES_TAG, PAI_IMAGE
from paichart.schema import load_schema
from tests.chart.charts import ROOT
from tests.chart.render import Object, Objects, Pods, render

EVERYTHING = ROOT / "examples" / "everything"
NAMESPACE = "pai-system"
REGISTRY, PAI_NAMESPACE, TAG = "pai.registry.example", "pai-namespace", "pai-tag"
_FIRST_PORT, _FIRST_NODE_PORT = 40000, 32000
_PREFIX = re.compile(rf"^({NAMESPACE}-)?openpai-")
_NAME = "app.kubernetes.io/name"
# Ports of other machines than the release's, and the range of the jobs' ports.
_NOT_OURS = ("smtp-port", "domainport", "db_port", "schedule-port-start", "schedule-port-end")
_CERTIFICATE = {
    "crt_name": "pai.crt",
    "crt_path": "/etc/pai/pai.crt",
    "key_name": "pai.key",
    "key_path": "/etc/pai/pai.key",
}
_WORDS = {"pai-master": "the master", "pai-worker": "workers", "pai-storage": "storage machines"}


@dataclass(frozen=True, slots=True)
class Marked:
    """Values that tell their setting: `ports` by number, `folders` by path."""

    ports: dict[int, str] = field(default_factory=dict)
    folders: dict[str, str] = field(default_factory=dict)

    def port(self, number: int) -> int | str:
        """The placeholder of the setting that a port comes from, or the port itself."""
        return f"{{{self.ports[number]}}}" if number in self.ports else number

    def folder(self, path: str) -> str:
        """A path with the setting that it comes from in its place."""
        for marked in sorted(self.folders, key=len, reverse=True):
            if path == marked or path.startswith(f"{marked}/"):
                return f"{{{self.folders[marked]}}}{path.removeprefix(marked)}"
        return path


def recorded(folder: Path) -> dict[str, Any]:
    """Facts of every service, with placeholders, from builds in folder: data in folders, and in volumes.

    What only data in folders brings is under `on-folder`.
    """
    marked = Marked()
    in_folders = facts(_release(folder / "folders", marked, {}), marked)
    marked = Marked()
    in_volumes = facts(_release(folder / "volumes", marked, {"class": "fast"}), marked)
    return {name: _split(found, in_volumes[name]) for name, found in in_folders.items()}


def _split(in_folder: dict[str, Any], in_volume: dict[str, Any]) -> dict[str, Any]:
    found = {key: value for key, value in in_folder.items() if key != "claims"}
    only = [text for text in in_folder["privileges"] if text not in in_volume["privileges"]]
    found["privileges"] = [text for text in in_folder["privileges"] if text not in only]
    return {**found, "on-folder": only} if only else found


def as_configured(folder: Path) -> dict[str, Any]:
    """Facts of every service as examples/everything has them, without placeholders."""
    shutil.copytree(EVERYTHING, folder / "config")
    paichart.build(paichart.load(folder / "config"), folder / "out")
    return facts(render(folder / "out", namespace=NAMESPACE), Marked())


def facts(objects: Objects, marked: Marked) -> dict[str, Any]:
    """What each service of a rendered release is, by name."""
    names = sorted({str(item["metadata"]["labels"][_NAME]) for item in objects})
    return {name: _service(name, objects, marked) for name in names}


def _service(name: str, objects: Objects, marked: Marked) -> dict[str, Any]:
    own = Objects("", tuple(item for item in objects if item["metadata"]["labels"][_NAME] == name))
    pods = [found for found in own.pod_specs() if not found.is_test]
    return {
        "workloads": sorted(
            ({"kind": found.kind, "name": found.component, "nodes": nodes(found)} for found in pods),
            key=lambda workload: (workload["name"] != name, workload["name"]),
        ),
        "ports": _unique(_ports(own, pods, marked)),
        "images": sorted({_image(c.spec["image"], marked) for found in pods for c in found.containers()}),
        "claims": len(own.all("PersistentVolumeClaim")),
        "folders": _unique(
            marked.folder(item["spec"]["hostPath"]["path"])
            for item in own.all("PersistentVolume")
            if "hostPath" in item["spec"]
        ),
        "privileges": _unique([*_of_pods(pods, marked), *_access(own, objects)]),
    }


def nodes(pods: Pods) -> str:
    """On which nodes pods may run, in words."""
    terms = (
        pods.spec.get("affinity", {})
        .get("nodeAffinity", {})
        .get("requiredDuringSchedulingIgnoredDuringExecution", {})
        .get("nodeSelectorTerms", [])
    )
    rules = [rule for term in terms for rule in term.get("matchExpressions", [])]
    rules += [
        {"key": key, "operator": "In", "values": [value]}
        for key, value in pods.spec.get("nodeSelector", {}).items()
        if not key.startswith("kubernetes.io/os")
    ]
    places = [_WORDS.get(rule["key"], rule["key"]) for rule in rules if rule["operator"] == "In"]
    without = [rule["key"] for rule in rules if rule["operator"] == "NotIn"]
    place = " and ".join(places) or ("every node" if pods.kind == "DaemonSet" else "any node")
    return f"{place} without {', '.join(without)}" if without else place


def _ports(own: Objects, pods: Sequence[Pods], marked: Marked) -> Iterator[dict[str, Any]]:
    for item in own.all("Service"):
        for port in item["spec"]["ports"]:
            name = str(port.get("name", ""))
            yield {"at": "service", "name": name, "port": marked.port(port["port"])}
            if "nodePort" in port:
                yield {"at": "node", "name": name, "port": marked.port(port["nodePort"])}
    for found in pods:
        for container in found.containers():
            for port in container.spec.get("ports", []):
                number = port.get("hostPort") or (found.spec.get("hostNetwork") and port["containerPort"])
                if number:
                    yield {"at": "host", "name": str(port.get("name", "")), "port": marked.port(number)}


def _image(text: str, marked: Marked) -> str:
    own = f"{REGISTRY}/{PAI_NAMESPACE}/"
    if text.startswith(own):
        return PAI_IMAGE + text.removeprefix(own).removesuffix(f":{TAG}")
    return text.replace(f":{_kubernetes_tag()}", f":{KUBERNETES_TAG}") if marked.ports else text


def _kubernetes_tag() -> str:
    config = yaml.safe_load((EVERYTHING / "config.yaml").read_text(encoding="utf-8"))
    return f"v{config['paichart']['kubernetes-version']}"


def _of_pods(pods: Sequence[Pods], marked: Marked) -> Iterator[str]:
    for found in pods:
        for key, word in (("hostNetwork", "network"), ("hostPID", "processes"), ("hostIPC", "memory")):
            if found.spec.get(key):
                yield f"the machine's {word}"
    yield from _folders(pods, marked)
    for word, containers in _by_privilege(pods).items():
        yield f"{word}: {', '.join(containers)}"


def _folders(pods: Sequence[Pods], marked: Marked) -> Iterator[str]:
    for found in pods:
        for volume in found.spec.get("volumes", []):
            if "hostPath" not in volume:
                continue
            mounts = [
                mount
                for container in found.containers()
                for mount in container.spec.get("volumeMounts", [])
                if mount["name"] == volume["name"]
            ]
            verb = "reads" if all(mount.get("readOnly") for mount in mounts) else "writes"
            yield f"{verb} {marked.folder(volume['hostPath']['path'])} of the machine"


def _by_privilege(pods: Sequence[Pods]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for owner in pods:
        for container in owner.containers():
            context = {**owner.spec.get("securityContext", {}), **container.spec.get("securityContext", {})}
            words = ["privileged"] if context.get("privileged") else []
            words += ["root"] if context.get("runAsUser") == 0 or not context.get("runAsNonRoot") else []
            words += [f"capability {name}" for name in context.get("capabilities", {}).get("add", [])]
            for word in words:
                names = found.setdefault(word, [])
                names += [] if container.name in names else [container.name]
    return found


def _access(own: Objects, objects: Objects) -> Iterator[str]:
    """What the service's accounts may do with the API: own roles by rule, foreign ones by name."""
    roles = {
        (item["kind"], item["metadata"].get("namespace"), item["metadata"]["name"]): item for item in objects
    }
    for binding in own.all("ClusterRoleBinding", "RoleBinding"):
        namespace = binding["metadata"].get("namespace")
        where = f"in {_space(namespace)}" if namespace else "in the cluster"
        ref = binding["roleRef"]
        role = roles.get((ref["kind"], namespace if ref["kind"] == "Role" else None, ref["name"]))
        if role is None:
            yield f"{where}: what {ref['name']} may"
            continue
        for rule in role["rules"]:
            yield f"{where}: {_rule(rule)}"


def _space(namespace: str) -> str:
    return "the release's namespace" if namespace == NAMESPACE else namespace


def _rule(rule: Mapping[str, Any]) -> str:
    named = [_PREFIX.sub("<release>-", name) for name in rule.get("resourceNames", [])]
    things = rule.get("resources") or rule.get("nonResourceURLs", [])
    names = f" {', '.join(named)}" if named else ""
    return f"{', '.join(rule['verbs'])} {', '.join(things)}{names}"


def _unique(found: Iterator[Any] | Sequence[Any]) -> list[Any]:
    """Each once, in the order met."""
    kept: list[Any] = []
    for value in found:
        if value not in kept:
            kept.append(value)
    return kept


def _release(folder: Path, marked: Marked, storage: Mapping[str, str]) -> Objects:
    """Render examples/everything with a value of its own for every port, folder and part of an image."""
    shutil.copytree(EVERYTHING, folder / "config")
    services_file = folder / "config" / "services-configuration.yaml"
    services = yaml.safe_load(services_file.read_text(encoding="utf-8"))
    services["pylon"] = {"ssl": dict(_CERTIFICATE)}  # a port of its own needs files of its own
    _mark(load_schema("services-configuration").content, services, (), marked)
    services_file.write_text(yaml.safe_dump(services, sort_keys=False), encoding="utf-8")
    config_file = folder / "config" / "config.yaml"
    config = yaml.safe_load(config_file.read_text(encoding="utf-8"))
    config |= {
        "docker_registry_domain": REGISTRY,
        "docker_registry_namespace": PAI_NAMESPACE,
        "docker_image_tag": TAG,
    }
    marked.folders["/marked/kubelet"] = "paichart.kubelet-root"
    config["paichart"]["kubelet-root"] = "/marked/kubelet"
    config["paichart"]["storage"] = dict(storage)
    config_file.write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
    paichart.build(paichart.load(folder / "config"), folder / "out")
    return render(folder / "out", namespace=NAMESPACE)


def _is_folder(schema: Mapping[str, Any]) -> bool:
    return str(schema.get("x-paichart-rule", "")).startswith("an absolute path")


def _mark(schema: Mapping[str, Any], data: Object, path: tuple[str, ...], marked: Marked) -> None:
    """Set every port and folder that schema knows to a value of its own, and write down which."""
    for name, part in schema.get("properties", {}).items():
        key = ".".join((*path, name))
        if part.get("properties"):
            inner = data.get(name) or {}
            _mark(part, inner, (*path, name), marked)
            if inner:
                data[name] = inner
        elif name in _NOT_OURS or "x-paichart-ignored" in part:
            continue
        elif part.get("maximum") == 65535:
            number = _FIRST_PORT + len(marked.ports)
            marked.ports[number] = key
            data[name] = number
        elif part.get("maximum") == 32767:
            number = _FIRST_NODE_PORT + len(marked.ports)
            marked.ports[number] = key
            data[name] = number
        elif _is_folder(part) and "default" in part:
            path_ = f"/marked/{len(marked.folders)}"
            marked.folders[path_] = key
            data[name] = path_
