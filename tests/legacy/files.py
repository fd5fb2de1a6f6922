"""The files that a container of a rendered release finds, in a folder for other programs to read."""

from __future__ import annotations

import base64
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.chart.render import Container, Object, Objects, Pods

OF_SERVICE = "app.kubernetes.io/name"
ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"


def of_container(objects: Objects, service: str, name: str, folder: Path) -> list[Path]:
    """Write what ConfigMaps and Secrets bring into one container; return the files.

    Paths of the container that stand in them are replaced by those below folder. A Secret that is not in the
    release, and the account's token, are there with a word in each file.
    """
    pods, container = _find(objects, service, name)
    mounts = {mount["mountPath"].rstrip("/"): mount for mount in container.spec.get("volumeMounts", [])}
    written = []
    for place, mount in mounts.items():
        for path, text in _files(pods, mount, objects):
            file = folder / f"{place}/{path}".lstrip("/") if path else folder / place.lstrip("/")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
            written.append(file)
    account = folder / ACCOUNT.lstrip("/")
    account.mkdir(parents=True)
    for word in ("token", "ca.crt"):
        (account / word).write_text(word, encoding="utf-8")
    for file in written:
        text = file.read_text(encoding="utf-8")
        for place in sorted((ACCOUNT, *mounts), key=len, reverse=True):
            text = text.replace(f"{place}/", f"{folder}{place}/")
        file.write_text(text, encoding="utf-8")
    return written


def write_certificate(folder: Path) -> None:
    """Write a key and a certificate of its own, tls.key and tls.crt."""
    folder.mkdir(exist_ok=True)
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=pai"]
    key, certificate = folder / "tls.key", folder / "tls.crt"
    subprocess.run([*command, "-keyout", key, "-out", certificate], check=True, capture_output=True)


def _find(objects: Objects, service: str, name: str) -> tuple[Pods, Container]:
    for pods, container in objects.containers(init=False):
        if pods.owner["metadata"]["labels"][OF_SERVICE] == service and container.name == name:
            return pods, container
    raise AssertionError(f"{service} has no container {name}")


def _files(pods: Pods, mount: Mapping[str, Any], objects: Objects) -> Iterator[tuple[str, str]]:
    """Yield path below the mount, and content; the path is empty where a single file is mounted."""
    (volume,) = [found for found in pods.spec["volumes"] if found["name"] == mount["name"]]
    for source in (volume, *volume.get("projected", {}).get("sources", [])):
        for key, kind in (("configMap", "ConfigMap"), ("secret", "Secret")):
            if key in source:
                item = _object(objects, kind, source[key], pods.namespace)
                for path, text in _placed(source[key], item):
                    if path == mount.get("subPath"):
                        yield "", text
                    elif "subPath" not in mount:
                        yield path, text


def _object(objects: Objects, kind: str, source: Mapping[str, Any], namespace: str) -> Object:
    name = source.get("name") or source.get("secretName")
    for item in objects.all(kind):
        if (item["metadata"]["name"], item["metadata"].get("namespace")) == (name, namespace):
            return item
    return {}


def _placed(source: Mapping[str, Any], item: Object) -> Iterator[tuple[str, str]]:
    data = {key: str(value) for key, value in (item.get("stringData") or {}).items()}
    for key, value in (item.get("data") or {}).items():
        data[key] = base64.b64decode(value).decode() if item["kind"] == "Secret" else str(value)
    for entry in source.get("items") or [{"key": key, "path": key} for key in data]:
        yield entry["path"], data.get(entry["key"], entry["key"])
