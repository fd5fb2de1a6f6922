"""Runs a release's node-label Job for real, since a simulated pod runs no program."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.rig.cluster import Cluster
from tests.rig.processes import RigError

_SCRIPT_TIMEOUT_S = 300.0


@dataclass(frozen=True, slots=True)
class JobRun:
    """How the program of a Job ended. output holds its stdout, then its stderr."""

    job: str
    exit_code: int
    output: str


def run_label_job(
    cluster: Cluster,
    namespace: str,
    release: str,
    *,
    timeout_s: float = 60,
    done: Collection[str] = (),
) -> JobRun:
    """Wait for the release's Job of component `label-nodes` and run its program on this machine.

    The program gets its command line, plain environment values and ConfigMap volumes from the Job, and
    acts as the pod's service account. Jobs named in `done` are passed over: an upgrade brings a new one.
    Raises RigError when no such Job appears within timeout_s seconds.
    """
    selector = f"app.kubernetes.io/component=label-nodes,app.kubernetes.io/instance={release}"
    path = f"/apis/batch/v1/namespaces/{namespace}/jobs?labelSelector={selector}"

    def new_jobs() -> list[dict[str, Any]]:
        return [job for job in cluster.api.get(path)["items"] if job["metadata"]["name"] not in done]

    job = cluster.wait(new_jobs, timeout_s, f"release {release} has a label-nodes Job")[0]
    with tempfile.TemporaryDirectory(prefix="paichart-job-") as folder:
        return _run(cluster, namespace, job, Path(folder))


def _run(cluster: Cluster, namespace: str, job: Mapping[str, Any], folder: Path) -> JobRun:
    pod = job["spec"]["template"]["spec"]
    container = pod["containers"][0]
    mounts = _materialise(cluster, namespace, pod, folder)
    identity = _service_account_folder(cluster, namespace, pod.get("serviceAccountName", "default"), folder)
    given = {entry["name"]: _moved(entry.get("value", ""), mounts) for entry in container.get("env", [])}
    server = urlsplit(cluster.server_url)
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "KUBERNETES_SERVICE_HOST": str(server.hostname),
        "KUBERNETES_SERVICE_PORT": str(server.port),
        **given,
        "PAICHART_SERVICEACCOUNT_DIR": str(identity),
    }
    words = [*container.get("command", []), *container.get("args", [])]
    command = [_moved(_expanded(word, given), mounts) for word in words]
    if not re.fullmatch(r"(.*/)?python3?", command[0]):
        raise RigError(f"Job {job['metadata']['name']} runs '{command[0]}', not a Python script")
    result = cluster.run([sys.executable, *command[1:]], env=environment, timeout_s=_SCRIPT_TIMEOUT_S)
    return JobRun(job["metadata"]["name"], result.returncode, result.stdout + result.stderr)


def _materialise(cluster: Cluster, namespace: str, pod: Mapping[str, Any], folder: Path) -> dict[str, Path]:
    """Write the pod's ConfigMap volumes into the folder; return each mount path with its stand-in."""
    sources = {volume["name"]: volume.get("configMap") for volume in pod.get("volumes", [])}
    mounts = {}
    for number, mount in enumerate(pod["containers"][0].get("volumeMounts", [])):
        target = mounts[mount["mountPath"].rstrip("/")] = folder / f"mount-{number}"
        target.mkdir()
        source = sources[mount["name"]]
        if source is None:
            continue
        data = cluster.get("configmap", source["name"], namespace).get("data", {})
        items = source.get("items") or [{"key": key, "path": key} for key in data]
        for item in items:
            file = target / item["path"]
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(data[item["key"]], encoding="utf-8")
        if "subPath" in mount:
            mounts[mount["mountPath"]] = target / mount["subPath"]
    return mounts


def _service_account_folder(cluster: Cluster, namespace: str, account: str, folder: Path) -> Path:
    """Write what the kubelet would mount for a pod of this service account; return the folder."""
    target = folder / "serviceaccount"
    target.mkdir()
    (target / "token").write_text(cluster.token(namespace, account), encoding="utf-8")
    (target / "ca.crt").write_bytes(cluster.ca_file.read_bytes())
    (target / "namespace").write_text(namespace, encoding="utf-8")
    return target


def _moved(text: str, mounts: Mapping[str, Path]) -> str:
    """The text with the mount path that it starts with replaced by its stand-in."""
    for path, target in mounts.items():
        if text == path or text.startswith(f"{path}/"):
            return f"{target}{text.removeprefix(path)}"
    return text


def _expanded(word: str, values: Mapping[str, str]) -> str:
    """Fill in `$(NAME)` as Kubernetes does in command and args; unknown names stay."""
    return re.sub(r"\$\((\w+)\)", lambda match: values.get(match[1], match[0]), word)
