"""Jobs as rest-server v1.8.0, the database controller and the framework controller make them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from tests.cluster.legacy.shapes import Object, made, only_on, secret
from tests.rig.cluster import Cluster

RUNNING, STARTING, COMPLETED = "alice~train", "bob.builder~search", "alice~earlier"


def framework_name(job: str) -> str:
    """Return the name of a job's Framework, as rest-server makes it."""
    return hashlib.md5(job.encode()).hexdigest()  # noqa: S324 - a name, no secret


def submit(cluster: Cluster, job: str) -> None:
    """Make a job with all that the database controller and the framework controller make for it."""
    name, user = framework_name(job), job.partition("~")[0]
    is_over = job == COMPLETED
    pod = _pod_template(name, starts=job == STARTING)
    role = {"name": "worker", "taskNumber": 2, "task": {"pod": pod, "podGracefulDeletionTimeoutSec": 600}}
    role["task"]["retryPolicy"] = {"fancyRetryPolicy": False, "maxRetryCount": 0}
    role["frameworkAttemptCompletionPolicy"] = {"minFailedTaskCount": 1, "minSucceededTaskCount": -1}
    retries = {"fancyRetryPolicy": True, "maxRetryCount": 0}
    spec = {"executionType": "Start", "description": None, "retryPolicy": retries, "taskRoles": [role]}
    state = "Completed" if is_over else "AttemptPreparing" if job == STARTING else "AttemptRunning"
    attempt = {
        "id": 0,
        "taskRoleStatuses": [{"name": "worker", "taskStatuses": [{"index": 0, "state": state}]}],
    }
    framework = made("Framework", name, "default", spec=spec)
    framework["status"] = {"state": state, "attemptStatus": attempt}
    framework["metadata"]["labels"] = {"userName": user, "virtualCluster": "default"}
    framework["metadata"]["annotations"] = {"jobName": job.partition("~")[2], "requestGeneration": "1"}
    stored = _created(cluster, framework)
    _created(cluster, made("PriorityClass", f"{name}-priority", value=-1000, description=job))
    login = secret(f"{name}-configcred", "default", {"config": f"of {job}"})
    _created(cluster, _owned(login, stored))
    if not is_over:
        owner = _created(cluster, _owned(made("ConfigMap", f"{name}-attempt", "default"), stored))
        for index in range(2):
            _created(cluster, _owned(_task(name, index, pod), owner))


def _pod_template(name: str, *, starts: bool) -> dict[str, Any]:
    """Return what rest-server v1.8.0 asks for; a job that starts is one that no scheduler has placed yet."""
    group = {"name": f"default/{name}", "members": [{"podNumber": 2, "leafCellNumber": 1}]}
    wanted = {
        "virtualCluster": "default",
        "priority": 0,
        "leafCellType": "gpu-machine",
        "affinityGroup": group,
    }
    mounts = [{"name": "ssh", "mountPath": "/usr/local/pai/ssh-secret"}]
    app = {"name": "app", "image": "example.com/train:1", "volumeMounts": mounts}
    app["resources"] = {"limits": {"github.com/fuse": "1", "cpu": "5", "memory": "54982Mi"}}
    placed = {} if starts else {"nodeName": "pai-worker1"}
    exits = {"name": "runtime-exit-spec-configuration"}
    return {
        "metadata": {"annotations": {"hivedscheduler.microsoft.com/pod-scheduling-spec": json.dumps(wanted)}},
        "spec": {
            **placed,
            "schedulerName": "hivedscheduler-ds-default",
            "hostNetwork": True,
            "restartPolicy": "Never",
            "serviceAccountName": "runtime-account",
            "imagePullSecrets": [{"name": "pai-secret"}],
            "affinity": only_on("pai-worker"),
            "initContainers": [{"name": "init", "image": "docker.io/openpai/openpai-runtime:v1.8.0"}],
            "containers": [app],
            "volumes": [
                {"name": "ssh", "secret": {"secretName": "job-ssh-secret"}},
                {"name": "exit-spec", "configMap": exits},
            ],
        },
    }


def _task(name: str, index: int, template: Mapping[str, Any]) -> dict[str, Any]:
    """Return the pod of a task, with HiveD's note of the cell that it was given."""
    pod = made("Pod", f"{name}-worker-{index}", "default", spec=template["spec"])
    pod["metadata"]["labels"] = {
        "FC_FRAMEWORK_NAME": name,
        "FC_TASK_INDEX": str(index),
        "type": "kube-launcher-task",
    }
    notes = {**template["metadata"]["annotations"], "paichart.test/keep-running": "true"}
    if "nodeName" in template["spec"]:
        place = {"node": "pai-worker1", "leafCellIsolation": [index], "cellChain": "gpu-machine-NODE-POOL"}
        notes["hivedscheduler.microsoft.com/pod-bind-info"] = json.dumps(place)
        notes["hivedscheduler.microsoft.com/pod-leaf-cell-isolation"] = str(index)
    pod["metadata"]["annotations"] = notes
    return pod


def _owned(item: dict[str, Any], owner: Object) -> dict[str, Any]:
    reference = {"apiVersion": owner["apiVersion"], "kind": owner["kind"], "name": owner["metadata"]["name"]}
    reference |= {"uid": owner["metadata"]["uid"], "controller": True, "blockOwnerDeletion": True}
    item["metadata"]["ownerReferences"] = [reference]
    return item


def _created(cluster: Cluster, item: Object) -> Object:
    answer: Object = json.loads(cluster.kubectl("create", "-f", "-", "-o", "json", input=json.dumps(item)))
    return answer
