"""Why services may do what they may: for security reviewers, who ask that first."""

from __future__ import annotations

from fnmatch import fnmatchcase

REASONS: tuple[tuple[str, str, str], ...] = (
    ("*", "root: prepare-folder*", "the kubelet makes a folder on the machine as root"),
    ("*", "capability CHOWN: prepare-folder*", "gives the folder to the service's own user"),
    ("*", "capability DAC_READ_SEARCH: prepare-folder*", "looks into a folder of another user"),
    ("alert-manager", "reads *", "watches when the API server's certificate ends"),
    ("alert-manager", "*: patch nodes", "cordons a node whose GPUs fail"),
    ("cluster-configuration", "*nodes", "labels the nodes that the layout names"),
    ("database-controller", "*priorityclasses", "each job has a priority class of its own"),
    ("database-controller", "*frameworks*", "jobs in the cluster are frameworks"),
    ("database-controller", "*secrets", "a job's secrets, and its pull secrets"),
    ("database-controller", "*events", "carries a job's events into the database"),
    ("device-plugin", "writes *", "tells the kubelet of the device, in the kubelet's own folder"),
    ("device-plugin", "privileged: *", "SELinux keeps confined containers out of that folder"),
    ("device-plugin", "root: *", "the kubelet's folder is root's"),
    ("dshuttle-csi", "the machine's network", "finds the worker of its machine by the machine's address"),
    ("dshuttle-csi", "writes *", "the kubelet's folders, the worker's socket, and logs"),
    ("dshuttle-csi", "root: *", "the kubelet's folders are root's"),
    ("dshuttle-csi", "privileged: *", "mounts for the whole machine"),
    ("dshuttle-worker", "the machine's network", "is called at the address of its machine"),
    ("dshuttle-worker", "writes *", "cached files, logs, and the socket of the mounts"),
    ("fluentd", "reads *", "the kubelet keeps frameworkcontroller's log there"),
    ("fluentd", "root: *", "logs are root's"),
    ("frameworkcontroller", "*frameworks", "runs jobs, and ends them"),
    ("frameworkcontroller", "*pods", "makes the pods of a job; their list is a config map"),
    ("frameworkcontroller", "*/finalizers", "a job's pods belong to it, and go with it"),
    ("frameworkcontroller", "*customresourcedefinitions*", "makes sure that the cluster knows frameworks"),
    ("hivedscheduler", "*nodes, pods", "places pods on nodes"),
    ("hivedscheduler", "*pods/binding", "binds a pod to its node"),
    ("hivedscheduler", "*what system:*", "one kube-scheduler serves all virtual clusters"),
    ("hivedscheduler", "in kube-system: *", "checks who asks the scheduler"),
    ("internal-storage", "writes *", "the disk image lies on the machine, and so do loop devices"),
    ("internal-storage", "privileged: *", "sets up a loop device and mounts it"),
    ("internal-storage", "root: *", "only root may mount"),
    ("job-exporter", "the machine's network", "a task's traffic is that of the machine's interface"),
    ("job-exporter", "the machine's processes", "enters the namespaces of tasks by their processes"),
    ("job-exporter", "writes /dev *", "sees which GPUs the machine has now"),
    ("job-exporter", "reads *", "what containers use, and how they are called, stands there"),
    ("job-exporter", "privileged: *", "enters the namespaces of tasks, and sees all devices"),
    ("job-exporter", "root: *", "enters the namespaces of tasks"),
    ("log-manager", "writes *", "jobs write their logs there"),
    ("log-manager", "root: *", "deletes files of whatever user a job had"),
    ("log-manager", "capability SETGID: *", "the image's cron sets the groups of its task"),
    ("log-manager", "capability DAC_OVERRIDE: *", "deletes from folders of other users"),
    ("node-exporter", "the machine's network", "the kernel tells a reader of its own network only"),
    ("node-exporter", "reads *", "file systems are measured where they are mounted"),
    ("openpai-runtime", "in *", "a job reads its own state when it starts"),
    ("postgresql", "reads *", "looks for an unmounted disk image beside the data"),
    ("prometheus", "*pods", "finds what to measure"),
    ("prometheus", "*nodes", "finds what to measure"),
    ("prometheus", "*nodes/metrics", "reads the kubelets' own metrics"),
    ("rest-server", "*nodes, pods", "shows what is free, and where jobs run"),
    ("rest-server", "*persistentvolume*", "shows the storage that a group may use"),
    ("rest-server", "*: get pods, secrets", "a job's log and its configuration"),
    ("rest-server", "*configmaps*", "shows the version"),
    ("rest-server", "in pai-group: *", "groups are Secrets there"),
    ("rest-server", "in pai-user-token: *", "tokens are Secrets there"),
    ("rest-server", "in pai-user-v2: *", "users are Secrets there"),
    ("storage-manager", "writes *", "the folder that it shares"),
    ("storage-manager", "reads *", "the modules of the machine's kernel"),
    ("storage-manager", "privileged: *", "drives the NFS server of the machine's kernel"),
    ("storage-manager", "root: *", "serves as whichever user asks"),
    ("watchdog", "*priorityclasses", "removes those of ended jobs"),
    ("watchdog", "*nodes, pods", "tells how nodes and pods are doing"),
    ("watchdog", "*healthz", "tells how the API server is doing"),
    ("watchdog", "*secrets", "removes those of ended jobs"),
    ("watchdog", "*frameworks", "tells which jobs have ended"),
)
"""Service, privilege as the catalog words it (`*` in both is anything), and the reason; the first counts."""


def why(service: str, privilege: str) -> str:
    """Return why a service has a privilege; empty when no row of :data:`REASONS` fits."""
    return next(
        (
            reason
            for name, what, reason in REASONS
            if fnmatchcase(service, name) and fnmatchcase(privilege, what)
        ),
        "",
    )
