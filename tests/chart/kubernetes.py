"""The strict JSON schemas that Kubernetes publishes for its objects, as packed in `kubernetes_validate`."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate  # type: ignore[import-untyped] # the package has no types
from jsonschema.protocols import Validator
from referencing import Registry, Resource

_SCHEMAS = Path(kubernetes_validate.__file__).parent / "kubernetes-json-schema"

# Kinds that the package has no schema for, and who checks them instead.
WITHOUT_SCHEMA: Mapping[str, str] = {
    "cert-manager.io/v1/Certificate": "an add-on's kind; tests of the pylon chart read its fields",
    "gateway.networking.k8s.io/v1/HTTPRoute": "an add-on's kind; tests of the pylon chart read its fields",
    "monitoring.coreos.com/v1/PodMonitor": "an add-on's kind; tests of the prometheus chart read its fields",
    "monitoring.coreos.com/v1/PrometheusRule": "an add-on's kind; promtool checks its rules",
}


def newest_minor() -> int:
    """The newest Kubernetes minor that the package knows, 37 for 1.37."""
    return max(int(folder.name.split(".")[1]) for folder in _SCHEMAS.iterdir())


def problems(item: Mapping[str, Any], minor: int) -> list[str]:
    """What the schema of Kubernetes 1.<minor> has against an object; empty when it is fine."""
    return list(_problems(json.dumps(item, sort_keys=True), minor))


@cache
def _problems(text: str, minor: int) -> tuple[str, ...]:
    item = json.loads(text)
    api_version, kind = item.get("apiVersion", ""), item.get("kind", "")
    if f"{api_version}/{kind}" in WITHOUT_SCHEMA:
        return ()
    validator = _validator(api_version, kind, minor)
    if validator is None:
        return (f"Kubernetes 1.{minor} has no {api_version} {kind}",)
    return tuple(f"{_dotted(error)}: {error.message[:300]}" for error in validator.iter_errors(item))


@cache
def _validator(api_version: str, kind: str, minor: int) -> Validator | None:
    # rbac.authorization.k8s.io/v1 ClusterRole lies in clusterrole-rbac-v1.json.
    version = re.sub(r"^([^./]*)(?:\.[^/]*)?/", r"\1-", api_version)
    file = _folder(minor) / f"{kind.lower()}-{version}.json"
    if not file.exists():
        return None
    schema = json.loads(file.read_text(encoding="utf-8"))
    return jsonschema.Draft202012Validator(
        schema, registry=Resource.from_contents(schema) @ _definitions(minor)
    )


@cache
def _definitions(minor: int) -> Registry[Any]:
    text = (_folder(minor) / "_definitions.json").read_text(encoding="utf-8")
    return Resource.from_contents(json.loads(text)) @ Registry()


def _folder(minor: int) -> Path:
    return _SCHEMAS / f"v1.{minor}.0-local-strict"


def _dotted(error: jsonschema.ValidationError) -> str:
    return ".".join(str(part) for part in error.absolute_path) or "(root)"
