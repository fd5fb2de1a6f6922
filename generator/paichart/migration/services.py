"""services-configuration.yaml → today's: sections under new names, and what the running services say instead.

Old names: `deployment/clusterObjectModel/forward_compatibility.py` of OpenPAI, which knew them up to v1.8.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from paichart.migration.config import renewed_tag
from paichart.migration.edits import Editor
from paichart.migration.entries import Action, Entry, dotted
from paichart.migration.legacy import Running, value_at
from paichart.validator import Path

FILE = "services-configuration.yaml"

_RENAMED: tuple[tuple[Path, str], ...] = (
    (("restserver",), "rest-server"),
    (("cluster", "docker-registry-info"), "docker-registry"),
    (("cluster", "docker-registry-info", "docker-namespace"), "namespace"),
    (("cluster", "docker-registry-info", "docker-registry-domain"), "domain"),
    (("cluster", "docker-registry-info", "docker-username"), "username"),
    (("cluster", "docker-registry-info", "docker-password"), "password"),
    (("cluster", "docker-registry-info", "docker-tag"), "tag"),
    (("grafana", "grafana-port"), "port"),
    (("prometheus", "prometheus-port"), "port"),
)
"""Keys that only got another name."""

_MOVED: tuple[tuple[Path, Path], ...] = (
    (("cluster", "cluster-id"), ("cluster", "common", "cluster-id")),
    (("cluster", "data-path"), ("cluster", "common", "data-path")),
    (("prometheus", "node-exporter-port"), ("node-exporter", "port")),
    (("prometheus", "alerting", "alert_manager_port"), ("alert-manager", "port")),
)
"""Keys that stand in another section now."""

_OLD_NAME = "it is called so since OpenPAI 0.9"
_NO_SERVICE = "OpenPAI has no such service since it left YARN (v1.0)"
_MAIL = "write alert-manager.alert-handler.email-configs instead"
REASONS: Mapping[str, str] = {
    "drivers": "GPU drivers belong to the cluster",
    "cleaner": "OpenPAI has no such service since v1.0; the log manager cleans logs",
    "layout": "the machines stand in layout.yaml",
    **dict.fromkeys(
        (
            "hadoop",
            "hadoop-batch-job",
            "hadoop-data-node",
            "hadoop-jobhistory",
            "hadoop-name-node",
            "hadoop-node-manager",
            "hadoop-resource-manager",
            "frameworklauncher",
            "yarn-exporter",
            "yarn-frameworklauncher",
            "zookeeper",
        ),
        _NO_SERVICE,
    ),
    **dict.fromkeys(
        ("alerting", "receiver", "smtp_url", "smtp_from", "smtp_auth_username", "smtp_auth_password"), _MAIL
    ),
}
"""Keys of old files that are not needed any more, and why."""


def rename(data: Mapping[str, Any], editor: Editor) -> Iterator[Entry]:
    """Ask for today's names of what was called otherwise, and yield which."""
    for path, name in _RENAMED:
        parent = value_at(data, path[:-1])
        if value_at(data, path) is not None and name not in parent:
            editor.rename(path, name)
            yield Entry(Action.TRANSLATED, FILE, (dotted(path),), _OLD_NAME, new=name)
    for path, home in _MOVED:
        value = value_at(data, path)
        if isinstance(value, str | int) and value_at(data, home) is None:
            editor.remove(*path)
            editor.add(home, json.dumps(value))
            yield Entry(Action.TRANSLATED, FILE, (dotted(path),), _OLD_NAME, new=dotted(home))


def translate(data: Mapping[str, Any], running: Running | None, editor: Editor) -> Iterator[Entry]:
    """Ask for the changes of a file with today's names, and yield what they do."""
    yield from _tag(data, editor)
    if running is not None:
        yield from _running(data, running, editor)
    yield from _disk_image(data, running, editor)
    if value_at(data, ("pylon", "ssl")) is not None:
        todo = "make the certificate's Secret with the command that `paichart build` prints"
        yield Entry(Action.DECISION, FILE, ("pylon.ssl",), todo)


def _tag(data: Mapping[str, Any], editor: Editor) -> Iterator[Entry]:
    """Use the same release of images as config.yaml, so that the two agree."""
    path = ("cluster", "docker-registry", "tag")
    written = value_at(data, path)
    if isinstance(written, str):
        tag, reason = renewed_tag(written)
        if reason:
            editor.replace(path, tag)
            yield Entry(Action.TRANSLATED, FILE, (dotted(path),), reason, written, tag)


def _running(data: Mapping[str, Any], running: Running, editor: Editor) -> Iterator[Entry]:
    """Take over the secrets that stay in this file as the running services have them."""
    for path, secret in running.settings.items():
        written = value_at(data, path)
        if secret and written != secret:
            if written is None:
                editor.add(path, json.dumps(str(secret)))
            else:
                editor.replace(path, json.dumps(str(secret)))
            reason = "as the cluster has it; the configuration says otherwise"
            yield Entry(Action.TRANSLATED, FILE, (dotted(path),), reason, new="***")


def _disk_image(data: Mapping[str, Any], running: Running | None, editor: Editor) -> Iterator[Entry]:
    """Keep mounting the disk image on which the old deployer always kept PostgreSQL's data."""
    path = ("internal-storage", "enable")
    root = str(value_at(data, ("internal-storage", "root-path")) or "/mnt/paiInternal").rstrip("/")
    if value_at(data, path) is not None:
        return
    if running is not None and "internal-storage-create-ds" in running.services:
        editor.add(path, "true")
        reason = f"PostgreSQL's data lies on the disk image {root}/storage.ext4, which this service mounts"
        yield Entry(Action.TRANSLATED, FILE, (dotted(path),), reason, new="true")
    else:
        todo = (
            f"PostgreSQL's data is looked for in {root}/storage. If the disk image {root}/storage.ext4 is "
            "mounted there, set true: else nobody mounts it after a reboot, and PostgreSQL refuses to start"
        )
        yield Entry(Action.DECISION, FILE, (dotted(path),), todo)
