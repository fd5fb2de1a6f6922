"""Every key of the old deployer's services-configuration.yaml is known, with its kind and its default.

The tables were written by hand from `src/*/config/*.yaml`, `src/*/config/*.py` and the templates of OpenPAI
(fork kubegems/openpai; the same keys as tag v1.8.0 but for prometheus-pushgateway, which came later).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from paichart.schema import load_schema, with_defaults

SCHEMA = load_schema("services-configuration")

# What a section holds by default: `src/<service>/config/<service>.yaml`.
DEFAULTS: dict[str, dict[str, Any]] = {
    "alert-manager": {
        "port": 9093,
        "use-pylon": False,
        "repeat-interval": "24h",
        "alert-handler.log-level": "info",
        "alert-handler.port": 9095,
        "job-status-change-notification.log-level": "info",
        "job-status-change-notification.db-poller-max-db-connection": 10,
        "job-status-change-notification.db-poller-interval-second": 120,
        "cert-expiration-checker.schedule": "0 0 * * *",
        "cert-expiration-checker.alert-residual-days": 30,
    },
    "authentication": {
        "OIDC": False,
        "group-manager.group-data-source": "basic",
        "group-manager.admin-group.groupname": "admingroup",
        "group-manager.admin-group.description": "admin's group",
        "group-manager.admin-group.externalName": "",
        "group-manager.admin-group.extension.acls.virtualClusters": [],
        "group-manager.admin-group.extension.acls.admin": True,
        "group-manager.default-group.groupname": "default",
        "group-manager.default-group.description": "group for default vc",
        "group-manager.default-group.externalName": "",
        "group-manager.default-group.extension.acls.virtualClusters": ["default"],
        "group-manager.default-group.extension.acls.admin": False,
    },
    "cluster": {
        "common.cluster-id": "pai",
        "common.cluster-type": "k8s",
        "common.data-path": "/datastorage",
        "common.job-history": "true",
        "common.az-rdma": "false",
        "common.deploy-in-aks": "false",
    },
    "database-controller": {
        "log-level": "info",
        "retain-mode": False,
        "k8s-connection-timeout-second": 120,
        "write-merger-connection-timeout-second": 120,
        "write-merger-port": 9748,
        "write-merger-max-db-connection": 100,
        "write-merger-max-heap-mb": 2048,
        "db-poller-interval-second": 120,
        "db-poller-max-db-connection": 10,
        "db-poller-max-rpc-concurrency": 50,
        "db-poller-max-heap-mb": 4096,
        "framework-watcher-max-rpc-concurrency": 150,
        "framework-watcher-max-heap-mb": 8192,
        "framework-watcher-watch-timeout-seconds": 86400,
        "cluster-event-watcher-max-rpc-concurrency": 40,
        "cluster-event-watcher-max-heap-mb": 2048,
        "cluster-event-max-db-connection": 40,
        "cluster-event-watcher-max-disk-usage-percent": 80,
        "cluster-event-watcher-watch-timeout-seconds": 86400,
    },
    "docker-cache": {
        "registry_listener": ":5000",
        "container_port": 5000,
        "service_port": 5000,
        "service_nodeport": 30500,
    },
    "dshuttle": {
        "worker_request_mem": "2G",
        "worker_limit_mem": "8G",
        "worker_max_heap_size": "4G",
        "worker_rpc_port": 4999,
        "worker_web_port": 5000,
        "worker_active_processor_count": 5,
        "job_worker_max_heap_size": "2G",
        "job_worker_request_mem": "1G",
        "job_worker_limit_mem": "3G",
        "job_worker_rpc_port": 5001,
        "job_worker_data_port": 5002,
        "job_worker_web_port": 5003,
        "job_worker_active_processor_count": 5,
        "master_max_heap_size": "12G",
        "master_limit_mem": "16G",
        "master_request_mem": "8G",
        "master_rpc_port": 30998,
        "master_web_port": 30999,
        "master_active_processor_count": 10,
        "job_master_rpc_port": 31001,
        "job_master_web_port": 31002,
        "job_master_request_mem": "4G",
        "job_master_limit_mem": "8G",
        "job_master_max_heap_size": "6G",
        "job_master_active_processor_count": 10,
        "fuse_max_direct_mem_size": "3G",
        "fuse_max_heap_size": "5G",
        "fuse_active_processor_count": 10,
        "csi_daemon_request_mem": "4G",
        "csi_daemon_limit_mem": "10G",
        "tieredstores": [
            {
                "level": 0,
                "mediumtype": "MEM,SSD",
                "alias": "MEM",
                "path": "/dev/shm,/mnt/ssd",  # noqa: S108 # a default, nothing is written
                "quota": "1GB,100GB",
                "watermark_low_ratio": 0.7,
                "watermark_high_ratio": 0.95,
            }
        ],
        "log.level": "INFO",
        "log.max_file_size": "50MB",
        "log.max_backup_index": 20,
    },
    "fluentd": {},
    "grafana": {"port": 3000},
    "hivedscheduler": {"webservice-port": 30096, "config": ""},
    "internal-storage": {"type": "hostPath", "root-path": "/mnt/paiInternal", "quota-gb": 30},
    "job-exporter": {"port": 9102, "logging-level": "INFO", "interface": "eth0,eno2"},
    "k8s-dashboard": {},
    "log-manager": {"port": 9103, "admin_name": "admin", "token_expired_second": 120},
    "marketplace-db": {
        "user": "user",
        "db": "marketplace",
        "port": 9291,
        "max-connection": 1000,
        "data-path": "/mnt/marketplace",
    },
    "marketplace-restserver": {
        "server-port": 9292,
        "azure_storage.type": "blob",
        "azure_storage.storage_account": "openpaimarketplace",
        "azure_storage.connection_strings": [],
        "azure_storage_json": "",
    },
    "marketplace-webportal": {"server-port": 9293},
    "node-exporter": {"port": 9100},
    "postgresql": {"user": "root", "db": "openpai", "port": 5432, "max-connection": 1000},
    "prometheus": {"port": 9091, "scrape_interval": 30},
    "prometheus-pushgateway": {
        "port": 9097,
        "metrics-cleaner.job-time-to-live": 30,
        "metrics-cleaner.clean-interval": 15,
    },
    "pylon": {"port": 80},
    "rest-server": {
        "server-port": 9186,
        "rate-limit-api-per-min": 600,
        "rate-limit-list-job-per-min": 120,
        "rate-limit-submit-job-per-hour": 3600,
        "schedule-port-start": 15000,
        "schedule-port-end": 40000,
        "jwt-expire-time": "7d",
        "debugging-reservation-seconds": 604800,
        "enable-priority-class": "true",
        "sql-max-connection": 50,
        "hived-computing-device-envs": "NVIDIA_VISIBLE_DEVICES,HIVED_VISIBLE_DEVICES",
        "log-server": "log_manager",
    },
    "storage-manager": {
        "localpath": "/share",
        "security-type": "AUTO",
        "workgroup": "WORKGROUP",
        "smbuser": "smbuser",
    },
    "webportal": {
        "server-port": 9286,
        "enable-job-transfer": False,
        "marketplace": True,
        "save-template": True,
        "plugins": [],
    },
}

# Keys whose old default is not taken over, and why.
OTHER_DEFAULTS = {
    "alert-manager.actions-available": "worked out; the list was the old deployer's start value",
    "alert-manager.alert-handler.configured": "worked out",
    "alert-manager.cert-expiration-checker.cert-path": "was Kubespray's; the checker is off without it",
    "alert-manager.cluster-utilization.configured": "worked out",
    "alert-manager.job-status-change-notification.configured": "worked out",
    "authentication.group-manager.grouplist": "held a sample group, which the quick start left out",
    "cluster.common.qos-switch": "config.yaml says it, false when it does not",
    "cluster.common.docker-data-root": "config.yaml says it",
    "cluster.docker-registry.namespace": "config.yaml says it",
    "cluster.docker-registry.domain": "config.yaml says it",
    "cluster.docker-registry.tag": "config.yaml says it; `latest` is no release",
    "cluster.docker-registry.secret-name": "the quick start wrote pai-secret over regsecret",
    "device-plugin.devices": "plugins of GPUs belong to the cluster",
    "docker-cache.enabled": "config.yaml says it",
    "docker-cache.storage_backend": "config.yaml says it",
    "docker-cache.azure_account_name": "config.yaml says it",
    "docker-cache.azure_account_key": "config.yaml says it",
    "docker-cache.azure_container_name": "config.yaml says it",
    "docker-cache.fs_mount_path": "config.yaml says it",
    "docker-cache.remote_url": "config.yaml says it",
    "docker-cache.registry-htpasswd": "config.yaml says it",
    "dshuttle.registry_username": "was a placeholder",
    "dshuttle.registry_password": "was a placeholder",
    "log-manager.admin_password": "was known to everybody; made by paichart",
    "log-manager.jwt_secret": "was known to everybody; made by paichart",
    "marketplace-db.passwd": "was known to everybody; made by paichart",
    "marketplace-webportal.api-port": "nothing reads it",
    "postgresql.passwd": "was known to everybody; made by paichart",
    "pylon.webhdfs-legacy-port": "YARN only",
    "pylon.deploy-service": "nothing reads it",
    "rest-server.jwt-secret": "was known to everybody; made by paichart",
    "rest-server.github-owner": "nothing reads it",
    "rest-server.github-repository": "nothing reads it",
    "rest-server.github-path": "nothing reads it",
    "rest-server.log_azure_storage_account": "was a placeholder",
    "rest-server.log_azure_storage_account_key": "was a placeholder",
    "rest-server.log_azure_storage_container_name": "was a placeholder",
    "storage-manager.smbpwd": "was known to everybody; made by paichart",
}

# Keys without a default that the parsers or templates read.
OPTIONAL = {
    "alert-manager.pai-bearer-token",
    "alert-manager.alert-handler.pai-bearer-token",
    "alert-manager.alert-handler.email-configs.admin-receiver",
    "alert-manager.alert-handler.email-configs.smtp-host",
    "alert-manager.alert-handler.email-configs.smtp-port",
    "alert-manager.alert-handler.email-configs.smtp-from",
    "alert-manager.alert-handler.email-configs.smtp-auth-username",
    "alert-manager.alert-handler.email-configs.smtp-auth-password",
    "alert-manager.job-status-change-notification.enable",
    "alert-manager.cluster-utilization.schedule",
    "alert-manager.customized-routes.routes",
    "alert-manager.customized-receivers",
    "authentication.OIDC-type",
    "authentication.AAD.wellKnownURL",
    "authentication.AAD.tenantID",
    "authentication.AAD.clientID",
    "authentication.AAD.clientSecret",
    "authentication.AAD.nonceLifetime",
    "authentication.AAD.nonceMaxAmount",
    "authentication.AAD.clockSkew",
    "authentication.AAD.resourceURL",
    "authentication.group-manager.winbind-server-address",
    "cluster.common.marketplace",
    "cluster.common.dshuttle",
    "cluster.common.prometheus-pushgateway",
    "cluster.docker-registry.username",
    "cluster.docker-registry.password",
    "k8s-job-exit-spec.spec",
    "marketplace-restserver.db_host",
    "marketplace-restserver.db_port",
    "marketplace-restserver.db_user",
    "marketplace-restserver.db_password",
    "marketplace-restserver.db",
    "marketplace-restserver.idp_url",
    "marketplace-webportal.marketplace_api_uri",
    "marketplace-webportal.npm-install-token",
    "prometheus.customized-alerts",
    "pylon.domain",
    "pylon.uri",
    "pylon.ssl.port",
    "pylon.ssl.crt_name",
    "pylon.ssl.crt_path",
    "pylon.ssl.key_name",
    "pylon.ssl.key_path",
    "rest-server.default-pai-admin-username",
    "rest-server.default-pai-admin-password",
    "storage-manager.domain",
    "storage-manager.domainfqdn",
    "storage-manager.domaincontroller",
    "storage-manager.domainport",
    "storage-manager.domainuser",
    "storage-manager.domainpwd",
    "storage-manager.default_realm",
    "storage-manager.krb5_realms",
    "storage-manager.domain_realm",
    "storage-manager.idmap",
}

ROWS = [(service, key, default) for service, keys in DEFAULTS.items() for key, default in keys.items()]


def part_of(path: str) -> Mapping[str, Any] | None:
    """The schema of a dotted key, None when the file can't have it."""
    part: Mapping[str, Any] = SCHEMA.content
    for name in path.split("."):
        if name not in part.get("properties", {}):
            return None
        part = part["properties"][name]
    return part


def value_at(data: Mapping[str, Any], path: str) -> Any:
    value: Any = data
    for name in path.split("."):
        value = value[name]
    return value


def test_there_is_a_section_for_each_parser_of_the_old_deployer():
    # The folders that have config/<name>.py, device-plugin, k8s-job-exit-spec and dshuttle among them.
    assert set(SCHEMA.content["properties"]) == {*DEFAULTS, "device-plugin", "k8s-job-exit-spec"}
    assert len(SCHEMA.content["properties"]) == 26


@pytest.mark.parametrize(("service", "key", "default"), ROWS, ids=[f"{row[0]}.{row[1]}" for row in ROWS])
def test_a_key_has_its_old_default(service, key, default):
    filled = with_defaults({}, SCHEMA)
    value = value_at(filled, f"{service}.{key}")
    assert (type(value), value) == (type(default), default)


@pytest.mark.parametrize("path", sorted({*OTHER_DEFAULTS, *OPTIONAL}))
def test_a_key_without_a_default_is_known(path):
    assert part_of(path) is not None


def test_no_secret_has_a_default():
    paths = {*OTHER_DEFAULTS, *OPTIONAL, *(f"{service}.{key}" for service, key, _ in ROWS)}
    with_default = [
        path
        for path in paths
        if (part := part_of(path)) and "x-paichart-secret" in part and part.get("default")
    ]
    assert with_default == []


def test_ports_that_had_to_be_whole_numbers_must_be():
    # The parsers of these sections refuse another type: "expect port in … to be int".
    for path in (
        "alert-manager.port",
        "grafana.port",
        "job-exporter.port",
        "log-manager.port",
        "node-exporter.port",
        "prometheus.port",
        "prometheus.scrape_interval",
        "prometheus-pushgateway.port",
    ):
        part = part_of(path)
        assert part is not None, path
        assert part["type"] == "integer", path
