"""A real Kubernetes control plane on loopback whose nodes and pods are simulated."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.request import urlopen

from tests.rig import components
from tests.rig.api import Api
from tests.rig.components import Keys, Ports
from tests.rig.machines import Machine, node_object, nodes_from_layout
from tests.rig.pki import Authority, service_account_keys, write_kubeconfig
from tests.rig.processes import Processes, RigError, free_ports, stop_recorded, words
from tests.rig.tools import ensure

__all__ = ["Cluster", "Machine", "RigError", "nodes_from_layout"]

_T = TypeVar("_T")
_START_TIMEOUT_S = 60.0
_CREATORS = 16
_SERVER_NAMES = ("localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc")
_NO_PROVISIONER = "kubernetes.io/no-provisioner"
# A pod created before these exist is refused, or waits for its mounts.
_NEEDED_BY_PODS = (
    "/api/v1/namespaces/default/serviceaccounts/default",
    "/api/v1/namespaces/default/configmaps/kube-root-ca.crt",
)


class Cluster:
    """etcd, API server, controller manager, default scheduler and the node simulator, fresh and empty.

    Use it as a context manager, or call start and stop. Unless detached, everything ends with this
    Python process and the folder (certificates, logs, data) is removed. Clusters may run side by side.
    """

    def __init__(self, folder: Path | None = None, *, detached: bool = False) -> None:
        self.folder = folder or Path(tempfile.mkdtemp(prefix="paichart-cluster-"))
        self.kubeconfig = self.folder / "kubeconfig"
        self._detached = detached
        self._processes: Processes | None = None
        self._server_url = ""
        self._store_url = ""
        self._api: Api | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start the control plane and return when a release could be installed.

        Builds the tools first if they are missing. Raises RigError, with the program's log, on failure.
        """
        for is_last_try in (False, False, True):
            try:
                self._start_processes()
            except BaseException as error:
                self.stop()
                # Somebody took a port between our look and our use of it.
                if is_last_try or "address already in use" not in str(error):
                    raise
            else:
                return

    def stop(self) -> None:
        """Kill all programs and remove the folder. Stopping twice is harmless."""
        if self._processes is not None:
            self._processes.stop()
            self._processes = None
        shutil.rmtree(self.folder, ignore_errors=True)

    @staticmethod
    def stop_detached(folder: Path) -> bool:
        """Stop what a detached cluster left running in a folder and remove it. Returns whether it ran."""
        was_running = stop_recorded(folder)
        shutil.rmtree(folder, ignore_errors=True)
        return was_running

    @property
    def api(self) -> Api:
        """An HTTPS client with all rights."""
        if self._api is None:
            raise RigError("the cluster was not started")
        return self._api

    @property
    def server_url(self) -> str:
        """Where the API server listens, such as `https://127.0.0.1:40123`."""
        return self._server_url

    @property
    def ca_file(self) -> Path:
        """The certificate authority of the API server, PEM."""
        return self.folder / "ca.crt"

    @property
    def environment(self) -> dict[str, str]:
        """This process's environment for kubectl and Helm, cut off from the user's own files."""
        own = {
            "KUBECONFIG": self.kubeconfig,
            # Discovery is cached by address, and another cluster had this port before.
            "KUBECACHEDIR": self.folder / "cache",
            "HELM_CACHE_HOME": self.folder / "helm" / "cache",
            "HELM_CONFIG_HOME": self.folder / "helm" / "config",
            "HELM_DATA_HOME": self.folder / "helm" / "data",
        }
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("HELM_", "KUBE"))}
        return {**inherited, **{name: str(path) for name, path in own.items()}}

    def kubectl(self, *args: str | Path, input: str | None = None, check: bool = True) -> str:
        """Run kubectl with all rights and return its stdout. With check, failing raises RigError."""
        return self._checked([ensure("kubectl"), *args], input, check=check)

    def helm(self, *args: str | Path, version: int = 4, check: bool = True) -> str:
        """Run Helm of a major version, 4 or 3, and return its stdout. With check, failing raises RigError."""
        return self._checked([ensure(f"helm{version}"), *args], None, check=check)

    def run(
        self,
        command: Sequence[str | Path],
        *,
        env: Mapping[str, str],
        input: str | None = None,
        timeout_s: float = 900,
    ) -> subprocess.CompletedProcess[str]:
        """Run a program that ends with this Python process. Raises RigError after timeout_s seconds."""
        if self._processes is None:
            raise RigError("the cluster is not running")
        return self._processes.run(command, env=env, input=input, timeout_s=timeout_s)

    def get(self, kind: str, name: str | None = None, namespace: str | None = None) -> dict[str, Any]:
        """Return one object, or a List of a kind, from every namespace if none is named. Raises RigError."""
        args = ["get", kind, *([name] if name else []), "--output=json"]
        if namespace:
            args.append(f"--namespace={namespace}")
        elif not name:
            args.append("--all-namespaces")
        found: dict[str, Any] = json.loads(self.kubectl(*args))
        return found

    def add_nodes(
        self, machines: Iterable[Machine], *, master_taint: bool = False, timeout_s: float = 120
    ) -> None:
        """Create a node for each machine and return when all of them are Ready.

        With master_taint, masters carry kubeadm's control-plane label and taint. Fast enough for
        thousands. Raises RigError.
        """
        version = self.api.get("/version")["gitVersion"]
        nodes = [node_object(machine, version, master_taint=master_taint) for machine in machines]
        with ThreadPoolExecutor(_CREATORS) as pool:
            for _ in pool.map(lambda node: self.api.post("/api/v1/nodes", node), nodes):
                pass
        names = {str(node["metadata"]["name"]) for node in nodes}
        self.wait(lambda: names <= self._ready_nodes(), timeout_s, f"{len(names)} nodes are Ready")

    def remove_node(self, name: str) -> None:
        """Delete a node. The controllers delete its pods about a minute later. Raises ApiError."""
        self.api.delete(f"/api/v1/nodes/{name}")

    def add_storage_class(
        self, name: str, *, volumes: int, size: str = "1Ti", is_default: bool = False
    ) -> None:
        """Create a StorageClass without provisioner, and volumes of that size that its claims bind to."""
        annotations = {"storageclass.kubernetes.io/is-default-class": str(is_default).lower()}
        self.api.post(
            "/apis/storage.k8s.io/v1/storageclasses",
            {"metadata": {"name": name, "annotations": annotations}, "provisioner": _NO_PROVISIONER},
        )
        for number in range(volumes):
            spec = {
                "storageClassName": name,
                "capacity": {"storage": size},
                "accessModes": ["ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany"],
                "hostPath": {"path": f"/simulated/{name}-{number}"},
            }
            volume = {"metadata": {"name": f"{name}-{number}"}, "spec": spec}
            self.api.post("/api/v1/persistentvolumes", volume)

    def token(self, namespace: str, serviceaccount: str) -> str:
        """Return a fresh bearer token of a service account, valid for an hour.

        Waits a moment for an account that a controller is about to make. Raises RigError.
        """
        path = f"/api/v1/namespaces/{namespace}/serviceaccounts/{serviceaccount}/token"
        request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
        answer = self.wait(lambda: self.api.post(path, request), 10, f"{path} answers")
        return str(answer["status"]["token"])

    def wait(self, condition: Callable[[], _T], timeout_s: float, why: str) -> _T:
        """Return the condition's first truthy value; `why` words the claim that is waited for.

        A condition that raises RigError counts as not met yet. Raises RigError after timeout_s seconds,
        or at once when a program of the cluster ended.
        """
        deadline = time.monotonic() + timeout_s
        last: object = None
        while True:
            if self._processes is not None:
                self._processes.check()
            try:
                last = value = condition()
                if value:
                    return value
            except RigError as error:
                last = error
            if time.monotonic() > deadline:
                raise RigError(f"not so after {timeout_s:g} s: {why} (last: {last})")
            time.sleep(0.1)

    def rewrite_stored(self, key: str, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        """Change an object where it is stored as JSON, past every rule of the API server.

        So it can be what an older Kubernetes took. key is its path below etcd's `/registry`.
        """
        stored = {"key": base64.b64encode(f"/registry/{key}".encode()).decode()}
        (found,) = self._ask_store("range", stored)["kvs"]
        changed = json.dumps(change(json.loads(base64.b64decode(found["value"]))))
        self._ask_store("put", {**stored, "value": base64.b64encode(changed.encode()).decode()})

    def _ask_store(self, verb: str, body: Mapping[str, str]) -> dict[str, Any]:
        with urlopen(f"{self._store_url}/{verb}", json.dumps(body).encode()) as answer:  # noqa: S310
            asked: dict[str, Any] = json.load(answer)
            return asked

    def _start_processes(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        processes = self._processes = Processes(self.folder, detached=self._detached)
        ports = Ports(*free_ports(5))
        self._server_url = f"https://127.0.0.1:{ports.api}"
        self._store_url = f"http://127.0.0.1:{ports.etcd}/v3/kv"
        authority = Authority(self.folder)
        keys = Keys(
            authority=authority.certificate,
            serving=authority.server(_SERVER_NAMES, ("127.0.0.1", components.API_SERVICE_ADDRESS)),
            service_accounts=service_account_keys(self.folder),
        )
        admin = authority.client("admin", ["system:masters"])
        write_kubeconfig(self.kubeconfig, self._server_url, keys.authority, admin)
        manager = self._component_kubeconfig(authority, "kube-controller-manager")
        scheduler = self._component_kubeconfig(authority, "kube-scheduler")
        self._api = Api(self._server_url, keys.authority, admin)

        processes.start(components.etcd(ports, self.folder))
        processes.start(components.api_server(ports, keys))
        self.wait(self._api.is_ready, _START_TIMEOUT_S, "the API server is ready")
        processes.start(components.controller_manager(ports, keys, manager))
        processes.start(components.scheduler(ports, scheduler))
        processes.start(components.kwok(self.kubeconfig), env={"KWOK_WORKDIR": str(self.folder)})
        self.wait(self._can_run_pods, _START_TIMEOUT_S, "the controllers work")

    def _component_kubeconfig(self, authority: Authority, name: str) -> Path:
        client = authority.client(f"system:{name}")
        path = self.folder / f"{name}.kubeconfig"
        return write_kubeconfig(path, self._server_url, authority.certificate, client)

    def _can_run_pods(self) -> bool:
        return all(self.api.get(path) for path in _NEEDED_BY_PODS)

    def _ready_nodes(self) -> set[str]:
        # From the API server's cache, for thousands of nodes are asked for repeatedly.
        nodes = self.api.get("/api/v1/nodes?resourceVersion=0")["items"]
        return {str(node["metadata"]["name"]) for node in nodes if _is_ready(node)}

    def _checked(self, command: Sequence[str | Path], input: str | None, *, check: bool) -> str:
        result = self.run(command, env=self.environment, input=input)
        if check and result.returncode != 0:
            raise RigError(f"{words(command)}: exit {result.returncode}\n{result.stderr}")
        return result.stdout


def _is_ready(node: Mapping[str, Any]) -> bool:
    return any(
        entry["type"] == "Ready" and entry["status"] == "True"
        for entry in node["status"].get("conditions", [])
    )
