"""The image cache: the real registry takes the rendered configuration, and gives out what it has cached."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.chart.charts import merged, scenario_values, scenarios
from tests.chart.render import Object, Objects, RenderError, render
from tests.rig.debian import ensure

pytestmark = pytest.mark.programs

# User and password `test`, the sample of legacy's src/docker-cache/config/docker-cache.yaml, decoded.
HTPASSWD = "test:$2y$05$EFbijahz/0yxP.q0Y5UnvO9cShG18BG37C0G4XhFamMwSQwP.0jB.\n"
MANIFEST_TYPE = "application/vnd.docker.distribution.manifest.v2+json"
LAYER = os.urandom(64) * 1024


def digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


MANIFEST = json.dumps(
    {
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE,
        "config": {
            "mediaType": "application/vnd.docker.container.image.v1+json",
            "size": len(LAYER),
            "digest": digest(LAYER),
        },
        "layers": [
            {
                "mediaType": "application/vnd.docker.image.rootfs.diff.tar.gzip",
                "size": len(LAYER),
                "digest": digest(LAYER),
            }
        ],
    }
).encode()


def rendered(values: Mapping[str, Any] | None = None, scenario: str = "quick-start") -> Objects:
    given = merged(scenario_values("docker-cache", scenario), values or {})
    return render("docker-cache", given, namespace="pai-system")


def pod(objects: Objects) -> Object:
    found: Object = objects.find("Deployment")["spec"]["template"]["spec"]
    return found


def container(objects: Objects) -> Object:
    (found,) = pod(objects)["containers"]
    return dict(found)


def config(objects: Objects) -> Any:
    return yaml.safe_load(objects.find("ConfigMap")["data"]["config.yml"])


def variables(objects: Objects) -> dict[str, Object]:
    return {entry["name"]: entry for entry in container(objects).get("env", [])}


class Hub(BaseHTTPRequestHandler):
    """A registry with one image, openpai/example:1, that counts what it is asked for."""

    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        contents = {
            "/v2/": (b"{}", "application/json"),
            "/v2/openpai/example/manifests/1": (MANIFEST, MANIFEST_TYPE),
            f"/v2/openpai/example/manifests/{digest(MANIFEST)}": (MANIFEST, MANIFEST_TYPE),
            f"/v2/openpai/example/blobs/{digest(LAYER)}": (LAYER, "application/octet-stream"),
        }
        body, kind = contents.get(self.path, (b"", ""))
        self.send_response(200 if body else 404)
        self.send_header("Content-Length", str(len(body)))
        if body:
            self.send_header("Content-Type", kind)
            self.send_header("Docker-Content-Digest", digest(body))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    do_HEAD = do_GET  # noqa: N815

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def hub() -> Iterator[tuple[str, list[str]]]:
    """Run the registry that is cached; give its address and what it was asked for."""
    handler = type("OneHub", (Hub,), {"asked": [], "protocol_version": "HTTP/1.1"})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", handler.asked
    finally:
        server.shutdown()
        server.server_close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def cache(folder: Path, upstream: str, *, login: bool) -> Iterator[str]:
    """Run the registry with the rendered configuration, its volume and Secret in folder; give its address."""
    port = free_port()
    values = {
        "port": port,
        "remoteUrl": upstream,
        "login": {"enabled": login},
        "storage": {"filesystem": {"rootDirectory": str(folder / "layers")}},
    }
    (folder / "config.yml").write_text(rendered(values).find("ConfigMap")["data"]["config.yml"])
    (folder / "htpasswd").write_text(HTPASSWD)
    env = {"PATH": os.environ["PATH"], "OTEL_TRACES_EXPORTER": "none"}
    if login:
        env["REGISTRY_AUTH_HTPASSWD_PATH"] = str(folder / "htpasswd")
    with (folder / "log").open("w") as log:
        command = [str(ensure("docker-registry")), "serve", str(folder / "config.yml")]
        process = subprocess.Popen(command, env=env, stdout=log, stderr=log)
    try:
        address = f"http://127.0.0.1:{port}"
        wait_for(address, process, folder / "log")
        yield address
    finally:
        process.terminate()
        process.wait(30)


def wait_for(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(150):
        assert process.poll() is None, log.read_text()
        try:
            if ask(address + "/")[0] == 200:
                return
        except OSError:
            time.sleep(0.2)
    raise AssertionError(log.read_text())


def ask(url: str, *, user: str = "", method: str = "GET") -> tuple[int, bytes]:
    request = urllib.request.Request(url, method=method, headers={"Accept": MANIFEST_TYPE})  # noqa: S310
    if user:
        request.add_header("Authorization", f"Basic {base64.b64encode(user.encode()).decode()}")
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=20) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def until_kept(layers: Path) -> None:
    """Wait until a layer that went through is linked to its image: that goes on after the answer."""
    (digest_type, value) = digest(LAYER).split(":")
    for _ in range(100):
        if list(layers.rglob(f"_layers/{digest_type}/{value}/link")):
            return
        time.sleep(0.1)
    raise AssertionError("the layer was not kept")


def test_image_is_fetched_once_and_outlives_the_process(tmp_path: Path) -> None:
    manifest = f"/v2/openpai/example/manifests/{digest(MANIFEST)}"
    layer = f"/v2/openpai/example/blobs/{digest(LAYER)}"
    with hub() as (upstream, asked):
        with cache(tmp_path, upstream, login=False) as address:
            assert ask(address + "/v2/")[0] == 200
            assert ask(address + "/v2/openpai/example/manifests/1") == (200, MANIFEST)
            assert ask(address + layer) == (200, LAYER)
            until_kept(tmp_path / "layers")
        asked.clear()
        with cache(tmp_path, upstream, login=False) as address:
            assert ask(address + manifest) == (200, MANIFEST)
            assert ask(address + layer) == (200, LAYER)
        assert manifest not in asked
        assert layer not in asked


def test_tag_is_given_out_while_the_hub_is_away(tmp_path: Path) -> None:
    manifest = "/v2/openpai/example/manifests/1"
    with hub() as (upstream, _):
        running = cache(tmp_path, upstream, login=False)
        address = running.__enter__()
        assert ask(address + manifest) == (200, MANIFEST)
    try:
        assert ask(address + manifest) == (200, MANIFEST)
    finally:
        running.__exit__(None, None, None)


def test_login_is_asked_for_but_not_by_the_probe(tmp_path: Path) -> None:
    manifest = "/v2/openpai/example/manifests/1"
    with hub() as (upstream, _), cache(tmp_path, upstream, login=True) as address:
        assert ask(address + "/v2/")[0] == 401
        assert ask(address + manifest)[0] == 401
        assert ask(address + manifest, user="test:wrong")[0] == 401
        assert ask(address + manifest, user="test:test") == (200, MANIFEST)
        probe = container(rendered())["readinessProbe"]["httpGet"]
        assert ask(address + probe["path"])[0] == 200


def test_cache_takes_no_images(tmp_path: Path) -> None:
    with hub() as (upstream, _), cache(tmp_path, upstream, login=False) as address:
        assert ask(f"{address}/v2/openpai/example/blobs/uploads/", method="POST")[0] == 405


@pytest.mark.parametrize("scenario", scenarios("docker-cache"))
def test_configuration_holds_no_secret(scenario: str) -> None:
    objects = rendered(scenario=scenario)
    text = json.dumps(config(objects)).lower()
    assert not any(word in text for word in ("accountkey", "password", "username", "secret"))


def test_credentials_are_references() -> None:
    references = {
        name: entry["valueFrom"]["secretKeyRef"]
        for name, entry in variables(rendered(scenario="azure")).items()
    }
    assert references == {
        "REGISTRY_STORAGE_AZURE_ACCOUNTKEY": {"name": "my-credentials", "key": "docker-cache-azure-key"},
        "REGISTRY_PROXY_USERNAME": {"name": "hub-login", "key": "username"},
        "REGISTRY_PROXY_PASSWORD": {"name": "hub-login", "key": "token"},
    }


@pytest.mark.parametrize(
    ("scenario", "secret"), [("azure", "my-credentials"), ("storage-class", "my-credentials")]
)
def test_login_is_a_file_of_the_credentials(scenario: str, secret: str) -> None:
    objects = rendered(scenario=scenario)
    (volume,) = (volume["secret"] for volume in pod(objects)["volumes"] if volume["name"] == "login")
    assert volume == {"secretName": secret, "items": [{"key": "docker-cache-htpasswd", "path": "htpasswd"}]}
    (mount,) = (mount for mount in container(objects)["volumeMounts"] if mount["name"] == "login")
    assert config(objects)["auth"]["htpasswd"]["path"] == f"{mount['mountPath']}/htpasswd"


def test_no_login_is_the_default() -> None:
    objects = rendered()
    assert "auth" not in config(objects)
    assert "login" not in {volume["name"] for volume in pod(objects)["volumes"]}
    assert variables(objects) == {}


def test_volume_is_mounted_where_the_registry_writes() -> None:
    objects = rendered(scenario="storage-class")
    (mount,) = (mount for mount in container(objects)["volumeMounts"] if mount["name"] == "data")
    assert config(objects)["storage"]["filesystem"]["rootdirectory"] == mount["mountPath"] == "/srv/layers"
    assert objects.find("Deployment")["spec"]["strategy"] == {"type": "Recreate"}


def test_layers_may_be_removed_when_nobody_asks_for_them() -> None:
    # Without it a layer that expires is refused to be deleted: proxyregistry.go, linkedblobstore.go of 2.8.3.
    assert config(rendered())["storage"]["delete"] == {"enabled": True}
    assert config(rendered())["storage"]["cache"] == {"blobdescriptor": "inmemory"}


def test_azure_needs_no_volume() -> None:
    objects = rendered(scenario="azure")
    assert not objects.all("PersistentVolumeClaim", "PersistentVolume")
    assert "data" not in {volume["name"] for volume in pod(objects)["volumes"]}
    assert objects.find("Deployment")["spec"]["strategy"] == {"type": "RollingUpdate"}
    storage = config(objects)["storage"]
    assert storage["azure"] == {
        "accountname": "mystorageaccount",
        "container": "layers",
        "realm": "core.chinacloudapi.cn",
        # Asked for by version 3, passed over by 2.8: registry/storage/driver/azure.
        "credentials": {"type": "shared_key"},
    }
    assert "filesystem" not in storage


def test_azure_without_an_account_is_refused() -> None:
    with pytest.raises(RenderError, match="accountName is empty; give the account, or set"):
        rendered({"storage": {"backend": "azure"}})


def test_nodes_reach_it_at_legacys_port() -> None:
    # src/docker-cache/config/docker-cache.yaml: service_port, service_nodeport
    service = rendered().find("Service")["spec"]
    assert (service["type"], service["ports"][0]["port"], service["ports"][0]["nodePort"]) == (
        "NodePort",
        5000,
        30500,
    )
    (rule,) = rendered().find("NetworkPolicy")["spec"]["ingress"]
    assert rule == {"ports": [{"port": "http", "protocol": "TCP"}]}


@pytest.mark.parametrize(("scenario", "kind"), [("storage-class", "ClusterIP"), ("azure", "LoadBalancer")])
def test_node_port_is_asked_for_only_where_there_is_one(scenario: str, kind: str) -> None:
    service = rendered(scenario=scenario).find("Service")["spec"]
    assert service["type"] == kind
    assert "nodePort" not in service["ports"][0]


def test_port_below_1024_needs_no_root() -> None:
    context = pod(rendered(scenario="azure"))["securityContext"]
    assert context["runAsUser"] == 1000
    assert context["sysctls"] == [{"name": "net.ipv4.ip_unprivileged_port_start", "value": "0"}]
    assert "sysctls" not in pod(rendered())["securityContext"]


def test_names_of_services_are_not_taken_for_settings() -> None:
    # A Service `registry` would make the variable REGISTRY_PORT, which is none the registry understands.
    assert pod(rendered())["enableServiceLinks"] is False
