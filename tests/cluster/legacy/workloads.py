"""The workloads that a full start of OpenPAI v1.8.0 leaves running: names, labels, ports and passwords."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.cluster.legacy.shapes import Object, made, only_on

DATABASE_PASSWORD = "rootpass"  # noqa: S105
"""The old deployer's default: no file says it, only the running database."""

JWT_SECRET = "legacy-jwt-secret"  # noqa: S105


@dataclass(frozen=True, slots=True)
class Workload:
    """One workload: its pods' label `app`, whether they run on the master alone, the ports of the machine."""

    kind: str
    name: str
    app: str
    on_master: bool = True
    host_ports: tuple[int, ...] = ()
    namespace: str = "default"
    env: Mapping[str, str] = field(default_factory=dict)

    @property
    def manifest(self) -> Object:
        """The workload as the API server takes it."""
        labels = {"app": self.app}
        container: dict[str, Any] = {"name": self.app, "image": f"docker.io/openpai/{self.app}:v1.8.0"}
        container["ports"] = [{"containerPort": port, "hostPort": port} for port in self.host_ports]
        pods: dict[str, Any] = {"containers": [container]}
        if self.on_master:
            pods["affinity"] = only_on("pai-master")
        container["env"] = [{"name": name, "value": value} for name, value in self.env.items()]
        if self.kind == "CronJob":
            job = {"template": {"spec": {**pods, "restartPolicy": "OnFailure"}}}
            spec: dict[str, Any] = {"schedule": "0 0 * * *", "jobTemplate": {"spec": job}}
        else:
            spec = {"selector": {"matchLabels": labels}}
            spec["template"] = {"metadata": {"labels": labels}, "spec": pods}
        if self.kind == "StatefulSet":
            spec["serviceName"] = self.app
        return made(self.kind, self.name, self.namespace, spec=spec)


_DATABASE = {"POSTGRES_USER": "root", "POSTGRES_PASSWORD": DATABASE_PASSWORD, "POSTGRES_DB": "openpai"}
_LOG_MANAGER = {"ADMIN_NAME": "admin", "ADMIN_PASSWORD": "admin", "JWT_SECRET": "jwt_secret"}
_REST_SERVER = {"JWT_SECRET": JWT_SECRET, "DEFAULT_PAI_ADMIN_PASSWORD": "admin-password"}

WORKLOADS = (
    Workload("Deployment", "alertmanager", "alertmanager", host_ports=(9093,)),
    Workload("CronJob", "cert-expiration-checker", "cert-expiration-checker"),
    Workload("StatefulSet", "database-controller-sts", "database-controller", host_ports=(9748,)),
    Workload(
        "DaemonSet", "k8s-host-device-plugin-daemonset", "fuse", on_master=False, namespace="kube-system"
    ),
    Workload("DaemonSet", "fluentd-ds", "fluentd"),
    Workload("StatefulSet", "frameworkcontroller-sts", "frameworkcontroller"),
    Workload("Deployment", "grafana", "grafana", host_ports=(3000,)),
    Workload("StatefulSet", "hivedscheduler-hs", "hivedscheduler-hs"),
    Workload("StatefulSet", "hivedscheduler-ds-default", "hivedscheduler-ds-default"),
    Workload("DaemonSet", "internal-storage-create-ds", "internal-storage-create"),
    Workload("DaemonSet", "job-exporter", "job-exporter", on_master=False, host_ports=(9102,)),
    Workload("Deployment", "kubernetes-dashboard-openpai", "dashboard", namespace="kube-system"),
    Workload(
        "DaemonSet", "log-manager-ds", "log-manager", on_master=False, host_ports=(9103,), env=_LOG_MANAGER
    ),
    Workload("DaemonSet", "marketplace-db-ds", "marketplace-db", host_ports=(9291,)),
    Workload("DaemonSet", "marketplace-restserver-ds", "marketplace-restserver", host_ports=(9292,)),
    Workload("DaemonSet", "marketplace-webportal-ds", "marketplace-webportal", host_ports=(9293,)),
    Workload("DaemonSet", "node-exporter", "node-exporter", on_master=False, host_ports=(9100,)),
    Workload("DaemonSet", "postgresql-ds", "postgresql", host_ports=(5432,), env=_DATABASE),
    Workload("Deployment", "prometheus-deployment", "prometheus", host_ports=(9091,)),
    Workload("DaemonSet", "pylon-ds", "pylon", host_ports=(80,)),
    Workload("DaemonSet", "rest-server-ds", "rest-server", host_ports=(9186,), env=_REST_SERVER),
    Workload("Deployment", "watchdog", "watchdog", host_ports=(9101,)),
    Workload("DaemonSet", "webportal-ds", "webportal", host_ports=(9286,)),
)
