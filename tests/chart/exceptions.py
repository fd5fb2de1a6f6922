"""What single containers may do although the rules forbid it, and why. docs/security.md prints this table.

A row that no scenario needs any more fails a test, so the table says what is so, not what once was.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase

POD = ""


@dataclass(frozen=True, slots=True)
class Allowed:
    """One thing that one container may do (POD: the pod as a whole). component and what may hold `*`."""

    component: str
    container: str
    what: str
    reason: str

    def covers(self, component: str, container: str, what: str) -> bool:
        """Whether this row is about that container and thing."""
        given = (component, container, what)
        return all(map(fnmatchcase, given, (self.component, self.container, self.what)))


ALLOWED: tuple[Allowed, ...] = (
    Allowed(
        "cert-expiration-checker",
        POD,
        "hostPath *",
        "the API server's certificate lies on the master, by value",
    ),
    Allowed(
        "database-controller", "*-watcher", "no liveness probe", "no port; ends by itself when a watch fails"
    ),
    Allowed("database-controller", "poller", "no liveness probe", "no port; a round that fails is repeated"),
    Allowed(
        "device-plugin-*", POD, "hostPath *", "plugins talk to kubelet, and see the devices, in its folders"
    ),
    Allowed("device-plugin-*", "*", "root", "kubelet's socket folder is root's"),
    Allowed("device-plugin-*", "*", "no liveness probe", "no port, and no shell in the images"),
    Allowed(
        "device-plugin-fuse",
        "k8s-host-device-plugin-ctr",
        "privileged",
        "SELinux keeps confined containers out of kubelet's socket folder",
    ),
    Allowed("device-plugin-fuse", "k8s-host-device-plugin-ctr", "latest tag", "its maker publishes no other"),
    Allowed("device-plugin-rdma", "rdma", "privileged", "an admin's own plugin, by value"),
    Allowed("device-plugin-rdma", POD, "hostNetwork", "an admin's own plugin, by value"),
    Allowed("fluentd", POD, "hostPath /var/log/pods", "the kubelet keeps frameworkcontroller's log there"),
    Allowed("fluentd", "fluentd", "root", "logs are root's; CRI-O lets nobody else read them"),
    Allowed("internal-storage", POD, "hostPath *", "the disk image lies on the node, and so do loop devices"),
    Allowed("internal-storage", "internal-storage-create", "root", "only root may mount"),
    Allowed(
        "internal-storage", "internal-storage-create", "privileged", "sets up a loop device and mounts it"
    ),
    Allowed(
        "internal-storage",
        "internal-storage-create",
        "mount propagation Bidirectional",
        "the disk is mounted for the node, not for the container",
    ),
    Allowed(
        "dshuttle-*", "dshuttle-*", "writable root file system", "the image writes settings when it starts"
    ),
    Allowed("dshuttle-worker", POD, "hostNetwork", "called at the address of its machine"),
    Allowed("dshuttle-worker", POD, "hostPath *", "cached files, logs, and the socket of the mounts"),
    Allowed("dshuttle-csi", POD, "hostNetwork", "mounts find the worker of their machine by its address"),
    Allowed("dshuttle-csi", POD, "hostPath *", "kubelet's folders, logs, and the worker's socket"),
    Allowed("dshuttle-csi", "*", "root", "kubelet's folders are root's"),
    Allowed("dshuttle-csi", "dshuttle-csi-daemon", "privileged", "mounts for the machine"),
    Allowed(
        "dshuttle-csi",
        "dshuttle-csi-daemon",
        "mount propagation Bidirectional",
        "what it mounts must show in the jobs' containers",
    ),
    Allowed(
        "dshuttle-csi", "dshuttle-csi-daemon", "no liveness probe", "a restart would end the jobs' mounts"
    ),
    Allowed(
        "dshuttle-csi",
        "node-driver-registrar",
        "no liveness probe",
        "no port on the machine's network; ends by itself when it loses the driver",
    ),
    Allowed("job-exporter*", POD, "hostNetwork", "the traffic of tasks is that of the node's interface"),
    Allowed("job-exporter*", POD, "hostPID", "enters the namespaces of tasks by their processes"),
    Allowed("job-exporter*", POD, "hostPath /dev", "sees which GPU driver the node has now"),
    Allowed("job-exporter*", POD, "hostPath /sys/fs/cgroup", "what containers use stands there"),
    Allowed(
        "job-exporter*", POD, "hostPath /var/log/containers", "the names of containers, from those of logs"
    ),
    Allowed("job-exporter", POD, "hostPath /var/drivers/*", "an old installation's GPU driver, by value"),
    Allowed("job-exporter*", "job-exporter", "root", "enters the namespaces of other containers"),
    Allowed("job-exporter*", "job-exporter", "privileged", "the same, and all devices of the node"),
    Allowed(
        "job-status-change-notification", "*", "no liveness probe", "no port; a round that fails is repeated"
    ),
    Allowed("log-manager", POD, "hostPath /var/log/pai", "jobs write their logs there"),
    Allowed("log-manager", "log-manager-nginx", "hostPort *", "logs are asked for at the job's node"),
    Allowed("log-manager", "log-cleaner", "root", "deletes files of whatever user a job had"),
    Allowed("log-manager", "log-cleaner", "capability DAC_OVERRIDE", "deletes from folders of other users"),
    Allowed(
        "log-manager", "log-cleaner", "capability SETGID", "the image's cron sets the groups of its task"
    ),
    Allowed("log-manager", "log-cleaner", "no liveness probe", "no port; it ends when its cron ends"),
    Allowed("node-exporter", POD, "hostNetwork", "the kernel tells a reader of its own network only"),
    Allowed("node-exporter", POD, "hostPath /", "file systems are measured where they are mounted"),
    Allowed(
        "node-exporter", "node-exporter", "mount propagation HostToContainer", "sees disks mounted later"
    ),
    Allowed(
        "postgresql", POD, "hostPath *", "check-folder looks for an unmounted disk image beside the data"
    ),
    Allowed("postgresql", "check-folder", "mount propagation HostToContainer", "waits for the loop disk"),
    Allowed("*", "prepare-folder*", "root", "kubelet makes a folder on the node as root"),
    Allowed("*", "prepare-folder*", "capability CHOWN", "gives the folder to the service's user"),
    Allowed("*", "prepare-folder*", "capability DAC_READ_SEARCH", "looks into folders of other users"),
    Allowed(
        "prometheus-pushgateway",
        "prometheus-pushgateway",
        "hostPort *",
        "machines that are no nodes push to the master, by value",
    ),
    Allowed("pylon", "pylon", "hostPort *", "users reach a bare-metal cluster at the master's address"),
    Allowed(
        "storage-manager",
        POD,
        "hostPath *",
        "the folder that is shared, and the modules of the node's kernel",
    ),
    Allowed(
        "storage-manager", "storage-manager", "hostPort *", "people mount the shares at the machine's address"
    ),
    Allowed(
        "storage-manager", "storage-manager", "root", "its daemons serve as whoever asks, and add a user"
    ),
    Allowed("storage-manager", "storage-manager", "privileged", "drives the NFS server of the node's kernel"),
    Allowed(
        "storage-manager",
        "storage-manager",
        "writable root file system",
        "the image writes its configuration and state all over /etc, /var and /run",
    ),
)

_asked_for: set[Allowed] = set()


def is_allowed(component: str, container: str, what: str) -> bool:
    """Whether the table lets a container (or POD) do this."""
    rows = [row for row in ALLOWED if row.covers(component, container, what)]
    _asked_for.update(rows)
    return bool(rows)


@contextmanager
def asked_for() -> Iterator[set[Allowed]]:
    """A set that holds, at the end of the block, the rows that some rule needed in it."""
    _asked_for.clear()
    found: set[Allowed] = set()
    yield found
    found.update(_asked_for)
