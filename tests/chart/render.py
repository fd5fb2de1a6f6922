"""Renders charts with the real Helm; the Kubernetes schemas check each object before a test sees it."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from tests.chart import kubernetes
from tests.chart.charts import cache, digest, files_in, subchart
from tests.rig.tools import ensure

Object = dict[str, Any]

OLDEST_MINOR = 25
DEFAULT_VERSION = "1.34.0"
# What the default rendering must be valid for; other versions are checked against themselves.
CHECKED_MINORS = (OLDEST_MINOR, 30, 34, kubernetes.newest_minor())
TEMPLATE_PATHS: Mapping[str, tuple[str, ...]] = {
    "Pod": (),
    "Deployment": ("spec", "template"),
    "StatefulSet": ("spec", "template"),
    "DaemonSet": ("spec", "template"),
    "Job": ("spec", "template"),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
}


class RenderError(Exception):
    """Helm refused to render; the message is what it said."""


class InvalidObjectsError(Exception):
    """What Helm rendered is no YAML for Kubernetes; the message names each object and problem."""


@dataclass(frozen=True, slots=True)
class Container:
    """One container of a pod template. spec is its YAML, pods the title of what makes its pods."""

    spec: Object
    is_init: bool
    pods: str

    @property
    def name(self) -> str:
        """Its name in the pod."""
        return str(self.spec["name"])

    def __str__(self) -> str:
        return f"{self.pods}, container {self.name}"


@dataclass(frozen=True, slots=True)
class Pods:
    """An object that makes pods, or is one, and the template of these pods."""

    owner: Object
    template: Object

    @property
    def kind(self) -> str:
        """Kind of the owner: `Deployment`, `CronJob`, `Pod`…"""
        return str(self.owner["kind"])

    @property
    def component(self) -> str:
        """Label `app.kubernetes.io/component` of the pods, or an empty text."""
        return str(self.labels.get("app.kubernetes.io/component", ""))

    @property
    def labels(self) -> dict[str, str]:
        """Labels of the pods."""
        return dict(self.template["metadata"].get("labels", {}))

    @property
    def namespace(self) -> str:
        """Namespace of the pods."""
        return str(self.owner["metadata"].get("namespace", ""))

    @property
    def spec(self) -> Object:
        """The pod spec."""
        spec: Object = self.template["spec"]
        return spec

    @property
    def is_test(self) -> bool:
        """Whether this is a `helm test` pod."""
        return bool(self.owner["metadata"].get("annotations", {}).get("helm.sh/hook") == "test")

    def containers(self, *, init: bool = True) -> tuple[Container, ...]:
        """The containers of the pod, init containers first; without init the long-running ones only."""
        first = self.spec.get("initContainers", []) if init else []
        return (
            *(Container(spec, True, str(self)) for spec in first),
            *(Container(spec, False, str(self)) for spec in self.spec["containers"]),
        )

    def __str__(self) -> str:
        return title(self.owner)


@dataclass(frozen=True, slots=True)
class Objects(Sequence[Object]):
    """What one call of Helm rendered. text is the manifest as printed, items its objects in that order."""

    text: str
    items: tuple[Object, ...]

    def __getitem__(self, index: Any) -> Any:
        return self.items[index]

    def __len__(self) -> int:
        return len(self.items)

    def all(self, *kinds: str) -> tuple[Object, ...]:
        """All objects of these kinds."""
        return tuple(item for item in self.items if item["kind"] in kinds)

    def find(self, kind: str, name: str | None = None, namespace: str | None = None) -> Object:
        """The one object of this kind, name and namespace (None is any). Fails unless there is one."""
        found = [
            item
            for item in self.all(kind)
            if name in (None, item["metadata"]["name"])
            and namespace in (None, item["metadata"].get("namespace"))
        ]
        if len(found) != 1:
            titles = "\n  ".join(title(item) for item in self.items)
            raise AssertionError(f"{len(found)} objects are {kind} {name or '*'}; rendered were:\n  {titles}")
        return found[0]

    def pod_specs(self) -> Iterator[Pods]:
        """Everything that makes pods, test pods included."""
        for item in self.items:
            if item["kind"] in TEMPLATE_PATHS:
                template = item
                for step in TEMPLATE_PATHS[item["kind"]]:
                    template = template[step]
                yield Pods(item, template)

    def containers(self, *, init: bool = True) -> Iterator[tuple[Pods, Container]]:
        """Every container of everything that makes pods."""
        for pods in self.pod_specs():
            for container in pods.containers(init=init):
                yield pods, container


def title(item: Mapping[str, Any]) -> str:
    """How messages name an object: `Service default/openpai-pylon`."""
    metadata = item.get("metadata") or {}
    return f"{item.get('kind')} {metadata.get('namespace', '-')}/{metadata.get('name')}"


def render(
    chart: str | Path,
    values: Mapping[str, Any] | None = None,
    *,
    release: str = "openpai",
    namespace: str = "default",
    kube_version: str = DEFAULT_VERSION,
    api_versions: Sequence[str] = (),
    helm: int = 4,
) -> Objects:
    """Render a subchart (by name) or a chart folder and return its objects, checked.

    The same call is answered from a cache; all objects are the caller's own. Raises RenderError when Helm
    refuses, and InvalidObjectsError when an object does not fit the schemas of Kubernetes: of CHECKED_MINORS,
    or, if another kube_version is asked for, of that.
    """
    text = manifest(
        chart,
        values,
        release=release,
        namespace=namespace,
        kube_version=kube_version,
        api_versions=api_versions,
        helm=helm,
    )
    minor = int(kube_version.split(".")[1])
    return parse(text, CHECKED_MINORS if kube_version == DEFAULT_VERSION else (minor,))


def manifest(
    chart: str | Path,
    values: Mapping[str, Any] | None = None,
    *,
    release: str = "openpai",
    namespace: str = "default",
    kube_version: str = DEFAULT_VERSION,
    api_versions: Sequence[str] = (),
    helm: int = 4,
    cached: bool = True,
) -> str:
    """The text that `helm template` prints, unchecked. Raises RenderError."""
    folder = chart if isinstance(chart, Path) else subchart(chart)
    words = ["template", release, str(folder), "--include-crds", "--namespace", namespace]
    words += ["--kube-version", kube_version, *(f"--api-versions={version}" for version in api_versions)]
    # Charts in the cache are named by their content; others are looked into.
    content = "" if folder.parent == cache() else digest(files_in(folder))
    key = json.dumps([str(_helm(helm)), words, values, content])
    file = cache() / f"rendered-{hashlib.sha256(key.encode()).hexdigest()[:24]}.yaml"
    if not (cached and file.exists()):
        _write(file, run_helm(*words, values=values, helm=helm))
    os.utime(file)
    return file.read_text(encoding="utf-8")


def run_helm(*words: str, values: Mapping[str, Any] | None = None, helm: int = 4) -> str:
    """Run Helm of a major version, cut off from the user's settings; return stdout. Raises RenderError."""
    given = [] if values is None else ["--values", "-"]
    result = subprocess.run(
        [str(_helm(helm)), *words, *given],
        input=None if values is None else json.dumps(values),
        env=_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode != 0:
        raise RenderError(f"{result.stdout}{result.stderr}")
    return result.stdout


def parse(text: str, minors: Sequence[int]) -> Objects:
    """Read rendered text, check each object against these Kubernetes minors. Raises InvalidObjectsError.

    What passed once is remembered, for all test processes.
    """
    key = f"{sorted(set(minors))}{sorted(kubernetes.WITHOUT_SCHEMA)}{text}"
    file = cache() / f"checked-{hashlib.sha256(key.encode()).hexdigest()[:24]}.json"
    if file.exists():
        os.utime(file)
        return Objects(text, tuple(json.loads(file.read_text(encoding="utf-8"))))
    items = _checked(text, minors)
    _write(file, json.dumps(items))
    return Objects(text, items)


def _checked(text: str, minors: Sequence[int]) -> tuple[Object, ...]:
    try:
        items = tuple(item for item in yaml.load_all(text, Loader=_Loader) if item is not None)
    except yaml.YAMLError as error:
        raise InvalidObjectsError(str(error)) from error
    found = [
        f"{title(item)}: {problem} (Kubernetes 1.{minor})"
        for item in items
        for minor in dict.fromkeys(minors)
        for problem in kubernetes.problems(item, minor)
    ]
    if found:
        raise InvalidObjectsError("\n".join(found))
    return items


class _Loader(yaml.CSafeLoader):
    """Refuses a key that stands twice, and reads dates as Helm does: as text."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        twice = sorted({str(key) for key in keys if keys.count(key) > 1})
        if twice:
            raise yaml.constructor.ConstructorError(
                None, None, f"key {', '.join(twice)} stands twice", node.start_mark
            )
        return super().construct_mapping(node, deep)


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


@lru_cache
def _helm(major: int) -> Path:
    return ensure(f"helm{major}")


@lru_cache
def _environment() -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("HELM_", "KUBE"))}
    homes = ("HELM_CACHE_HOME", "HELM_CONFIG_HOME", "HELM_DATA_HOME")
    # Helm ends before Go's garbage collection would pay.
    return {**inherited, **{name: str(cache() / "helm") for name in homes}, "GOGC": "off"}


def _write(file: Path, text: str) -> None:
    handle, name = tempfile.mkstemp(dir=file.parent)
    with os.fdopen(handle, "w", encoding="utf-8") as output:
        output.write(text)
    Path(name).replace(file)
