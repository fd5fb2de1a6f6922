"""layout.yaml of any age → today's: keys that were called otherwise, and memory that was a bare number.

Sources: OpenPAI v0.14 and before, `examples/cluster-configuration/layout.yaml`; v1.0 and after,
`contrib/kubespray/config/layout.yaml` and its check `validate_layout_schema.py`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from paichart.migration.edits import Editor
from paichart.migration.entries import Action, Entry
from paichart.model import GPU_DEFAULT_TYPE
from paichart.validator import Path

FILE = "layout.yaml"

_NO_LOGIN = "paichart never logs in to machines: the cluster exists"
_NO_KUBERNETES = "Kubernetes exists already and is not built by paichart"
REASONS: Mapping[str, str] = {
    **dict.fromkeys(
        (
            "default-machine-properties",
            "username",
            "password",
            "sshport",
            "ssh-secret-name",
            "ssh-keyfile-path",
        ),
        _NO_LOGIN,
    ),
    **dict.fromkeys(
        ("etcdid", "k8s-role", "dashboard", "zkid", "docker-data", "os", "kubernetes"), _NO_KUBERNETES
    ),
}
"""Keys of old layouts that are not needed any more, and why."""

_LARGEST_GIB = 1_000_000
_OF_OLD_ROWS = ("k8s-role", "etcdid", "zkid", "nodename")


def translate(data: Mapping[str, Any], editor: Editor) -> Iterator[Entry]:
    """Ask for the changes of a layout, and yield what they do."""
    yield from _skus(data, editor)
    yield from _names(data, editor)
    if "kubernetes" in data and _is_old(data):
        editor.remove("kubernetes")
        reason = "these were addresses of the Kubernetes that paictl built"
        yield Entry(Action.IGNORED, FILE, ("kubernetes",), reason)


def _skus(data: Mapping[str, Any], editor: Editor) -> Iterator[Entry]:
    skus = data.get("machine-sku")
    for name, sku in skus.items() if isinstance(skus, Mapping) else ():
        path: Path = ("machine-sku", name)
        if not isinstance(sku, Mapping):
            continue
        memory = sku.get("mem")
        if isinstance(memory, int) and not isinstance(memory, bool) and 0 < memory < _LARGEST_GIB:
            editor.replace((*path, "mem"), f"{memory}Gi")
            reason = "a bare number was GiB; Kubernetes reads it as bytes"
            yield Entry(
                Action.TRANSLATED, FILE, (f"machine-sku.{name}.mem",), reason, f"{memory}", f"{memory}Gi"
            )
        if isinstance(sku.get("gpu"), Mapping) and "computing-device" not in sku:
            yield _gpu(path, sku["gpu"], editor)


def _gpu(path: Path, gpu: Mapping[str, Any], editor: Editor) -> Entry:
    """Turn `gpu: {type: model, count}` into a computing-device; one that counts none goes."""
    key = f"machine-sku.{path[-1]}.gpu"
    if gpu.get("count") == 0:
        editor.remove(*path, "gpu")
        return Entry(Action.IGNORED, FILE, (key,), "a machine without devices has no computing-device")
    editor.rename((*path, "gpu"), "computing-device")
    if "type" in gpu:
        editor.rename((*path, "gpu", "type"), "model")
    else:
        editor.add((*path, "gpu", "model"), "unknown")
    editor.add((*path, "gpu", "type"), GPU_DEFAULT_TYPE)
    reason = f"its 'type' was the model; the resource is {GPU_DEFAULT_TYPE}"
    return Entry(Action.TRANSLATED, FILE, ("machine-sku[].gpu",), reason, new="computing-device")


def _names(data: Mapping[str, Any], editor: Editor) -> Iterator[Entry]:
    """Name each machine as its node: `nodename`, where a row has one, was the node's name."""
    rows = data.get("machine-list")
    renamed = 0
    for i, row in enumerate(rows if isinstance(rows, list) else ()):
        if not isinstance(row, Mapping) or not isinstance(row.get("nodename"), str):
            continue
        path: Path = ("machine-list", i)
        if "hostname" not in row:
            editor.rename((*path, "nodename"), "hostname")
            continue
        editor.remove(*path, "nodename")
        if row["hostname"] != row["nodename"]:
            editor.replace((*path, "hostname"), json.dumps(row["nodename"]))
            renamed += 1
    if renamed:
        reason = f"hostname is the name of the node, which was nodename ({renamed} machines)"
        yield Entry(Action.TRANSLATED, FILE, ("machine-list[].nodename",), reason, new="hostname")
        todo = "compare the hostnames with `kubectl get nodes`: they must be the nodes' names today"
        yield Entry(Action.DECISION, FILE, ("machine-list[].hostname",), todo)


def _is_old(data: Mapping[str, Any]) -> bool:
    """Tell whether the layout is of the time when paictl built Kubernetes itself, before OpenPAI 1.0."""
    rows = data.get("machine-list")
    return "default-machine-properties" in data or any(
        key in row
        for row in (rows if isinstance(rows, list) else ())
        if isinstance(row, Mapping)
        for key in _OF_OLD_ROWS
    )
