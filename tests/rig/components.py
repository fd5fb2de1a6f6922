"""Command lines of the control plane's programs, with a stock cluster's settings."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests.rig.pki import Pair
from tests.rig.tools import ensure

Command = list[str | Path]

SERVICE_NETWORK = "10.96.0.0/16"
# The first address of SERVICE_NETWORK, which the `kubernetes` Service gets.
API_SERVICE_ADDRESS = "10.96.0.1"
STAGES = Path(__file__).parent / "stages"
# An endpoint may not be a loopback address, so the `kubernetes` Service shows one from the range for
# documentation (RFC 5737). Nothing in the rig goes through that Service.
_ADVERTISED_ADDRESS = "192.0.2.1"
_UNTHROTTLED = ("--kube-api-qps=2000", "--kube-api-burst=4000")


@dataclass(frozen=True, slots=True)
class Ports:
    """Loopback TCP ports of one cluster."""

    etcd: int
    etcd_peer: int
    api: int
    controllers: int
    scheduler: int


@dataclass(frozen=True, slots=True)
class Keys:
    """Key material that the API server and the controllers load."""

    authority: Path
    serving: Pair
    service_accounts: Pair


def etcd(ports: Ports, folder: Path) -> Command:
    """A throw-away store: nothing is synced to disk, for its data need not outlive a crash."""
    client, peer = f"http://127.0.0.1:{ports.etcd}", f"http://127.0.0.1:{ports.etcd_peer}"
    return [
        ensure("etcd"),
        f"--data-dir={folder / 'etcd'}",
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=default={peer}",
        "--unsafe-no-fsync",
        f"--quota-backend-bytes={8 << 30}",
        "--log-level=warn",
    ]


def api_server(ports: Ports, keys: Keys) -> Command:
    """The API server as kubeadm would run it, but for one admission plugin."""
    return [
        ensure("kube-apiserver"),
        f"--etcd-servers=http://127.0.0.1:{ports.etcd}",
        "--bind-address=127.0.0.1",
        f"--secure-port={ports.api}",
        f"--advertise-address={_ADVERTISED_ADDRESS}",
        f"--service-cluster-ip-range={SERVICE_NETWORK}",
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction",
        # It taints each new node until a controller takes the taint away: a slow patch for each of 5,000.
        "--disable-admission-plugins=TaintNodesByCondition",
        "--allow-privileged=true",
        f"--client-ca-file={keys.authority}",
        f"--tls-cert-file={keys.serving.certificate}",
        f"--tls-private-key-file={keys.serving.key}",
        # Without these the other components keep looking for the authority of a front proxy.
        f"--requestheader-client-ca-file={keys.authority}",
        "--requestheader-allowed-names=front-proxy-client",
        "--requestheader-username-headers=X-Remote-User",
        "--requestheader-group-headers=X-Remote-Group",
        "--requestheader-extra-headers-prefix=X-Remote-Extra-",
        "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
        f"--service-account-key-file={keys.service_accounts.certificate}",
        f"--service-account-signing-key-file={keys.service_accounts.key}",
    ]


def controller_manager(ports: Ports, keys: Keys, kubeconfig: Path) -> Command:
    """All default controllers but one, each under its own service account as kubeadm has it."""
    return [
        ensure("kube-controller-manager"),
        *_clients(kubeconfig, ports.controllers),
        "--use-service-account-credentials=true",
        # That one rewrites all nodes whenever their number passes 100, 500, 1,000 and 2,000.
        "--controllers=*,-ttl-controller",
        f"--service-account-private-key-file={keys.service_accounts.key}",
        f"--root-ca-file={keys.authority}",
        # A volume that was bound a moment too early for its claim is looked at again this soon.
        "--pvclaimbinder-sync-period=2s",
        # The simulator renews leases seldom, see stages/kwok.yaml.
        "--node-monitor-grace-period=5m",
    ]


def scheduler(ports: Ports, kubeconfig: Path) -> Command:
    """The default scheduler."""
    return [ensure("kube-scheduler"), *_clients(kubeconfig, ports.scheduler)]


def kwok(kubeconfig: Path) -> Command:
    """The simulator of kubelets, with the stages that lie beside this file."""
    files = [f"--config={file}" for file in sorted(STAGES.glob("*.yaml"))]
    return [ensure("kwok"), f"--kubeconfig={kubeconfig}", *files]


def _clients(kubeconfig: Path, port: int) -> Command:
    return [
        f"--kubeconfig={kubeconfig}",
        f"--authentication-kubeconfig={kubeconfig}",
        f"--authorization-kubeconfig={kubeconfig}",
        "--bind-address=127.0.0.1",
        f"--secure-port={port}",
        "--leader-elect=false",
        *_UNTHROTTLED,
    ]
