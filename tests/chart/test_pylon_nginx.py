"""Pylon's configuration in the real nginx: every path, as a user asks for it and as the backend sees it.

The paths are legacy's (src/pylon/deploy/pylon-config/location.conf.template at tag v1.8.0), which the portal
and the SDK have compiled in; what differs on purpose is said where it is tested.
"""

from __future__ import annotations

import hashlib
import http.client
import shutil
import socket
import ssl
import tempfile
import time
from collections.abc import Iterator
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from tests.chart.charts import default_values, merged, scenario_values, scenarios
from tests.chart.nginx import BIG_SCRIPT, Backend, Site, ask, config_files, site, size
from tests.rig.pki import Authority

pytestmark = pytest.mark.programs

SWITCHES = tuple(default_values("pylon")["backends"])
NAMES = (
    "rest-server",
    "webportal",
    "prometheus",
    "alert-manager",
    "grafana",
    "k8s-dashboard",
    "marketplace-restserver",
    "marketplace-webportal",
    "docker-cache",
    "dshuttle",
)
TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl"  # noqa: S105 # nobody's
HOST = "pai.example.org:8080"


@pytest.fixture(scope="module")
def backends() -> Iterator[dict[str, Backend]]:
    """A stub for each backend, and one for the log manager of a machine, on IPv4 and on IPv6."""
    started = {name: Backend(name) for name in (*NAMES, "log-manager")}
    yield started
    for backend in started.values():
        backend.stop()


def everything_on(log_manager_port: int) -> dict[str, Any]:
    """Values with every backend on and this machine in the layout."""
    return {
        "global": {"externalUrl": f"http://{HOST}", "servicePorts": {"log-manager": log_manager_port}},
        "backends": dict.fromkeys(SWITCHES, True),
        "usageReports": True,
        "logManager": {"hosts": {"pai-worker1": "127.0.0.1", "default": "127.0.0.1"}},
    }


@pytest.fixture(scope="module")
def pylon(backends: dict[str, Backend]) -> Iterator[Site]:
    """Nginx over plain http with every backend on."""
    with site(everything_on(backends["log-manager"].port), backends) as made, made.running():
        yield made


PATHS = [
    # id                  the user asks for                                  backend         which sees
    ("rest-server", "/rest-server/api/v2/jobs?limit=1", "rest-server", "/api/v2/jobs?limit=1"),
    (
        "encoded",
        "/rest-server/api/v2/x/a%2Fb%20c%3F~d?q=%20%2F",
        "rest-server",
        "/api/v2/x/a%2Fb%20c%3F~d?q=%20%2F",
    ),
    ("utf-8", "/rest-server/api/v2/%E4%BD%A0", "rest-server", "/api/v2/%E4%BD%A0"),
    ("doubled-slashes", "//rest-server//api/v2/info", "rest-server", "/api/v2/info"),
    ("rest-server-api-only", "/rest-server/metrics", "webportal", "/rest-server/metrics"),
    (
        "prometheus",
        "/prometheus/api/v1/query?query=up%7B%7D",
        "prometheus",
        "/prometheus/api/v1/query?query=up%7B%7D",
    ),
    ("pushgateway-is-not-prometheus", "/prometheus-pushgateway", "webportal", "/prometheus-pushgateway"),
    ("alert-manager", "/alert-manager/api/v1/alerts?x", "alert-manager", "/alert-manager/api/v1/alerts?x"),
    ("grafana-keeps-its-prefix", "/grafana/d/pai_nodeview?a=b", "grafana", "/grafana/d/pai_nodeview?a=b"),
    ("k8s-dashboard", "/kubernetes-dashboard/a/b?c", "k8s-dashboard", "/a/b?c"),
    ("marketplace-api", "/marketplace/api/items?a=b", "marketplace-restserver", "/items?a=b"),
    ("marketplace", "/marketplace/plugin.js?v=1", "marketplace-webportal", "/plugin.js?v=1"),
    ("docker-cache", "/registry/cache/v2/_catalog?n=5", "docker-cache", "/v2/_catalog?n=5"),
    ("dshuttle", "/dshuttle/api/v1/master/info", "dshuttle", "/api/v1/master/info"),
    ("portal", "/", "webportal", "/"),
    (
        "portal-page",
        "/job-detail.html?username=a&jobName=b%20c",
        "webportal",
        "/job-detail.html?username=a&jobName=b%20c",
    ),
    ("portal-encoded", "/scripts/a%2Fb%20c.js", "webportal", "/scripts/a%2Fb%20c.js"),
    ("prometheus-graph", "/prometheus/graph?g0.expr=up", "prometheus", "/prometheus/graph?g0.expr=up"),
    ("alert-manager-page", "/alert-manager/", "alert-manager", "/alert-manager/"),
    ("k8s-dashboard-root", "/kubernetes-dashboard/", "k8s-dashboard", "/"),
    ("marketplace-api-root", "/marketplace/api/", "marketplace-restserver", "/"),
    ("docker-cache-blob", "/registry/cache/v2/a/b/blobs/sha256:0", "docker-cache", "/v2/a/b/blobs/sha256:0"),
    ("dshuttle-for-the-portal", "/dshuttle/api/v1/master/info?a", "dshuttle", "/api/v1/master/info?a"),
    # Gone: Hadoop's.
    ("webhdfs", "/webhdfs/api/v1/x", "webportal", "/webhdfs/api/v1/x"),
    ("no-open-proxy", "/a/127.0.0.1:9/x", "webportal", "/a/127.0.0.1:9/x"),
    ("no-api-server", "/kubernetes/api/v1/nodes", "webportal", "/kubernetes/api/v1/nodes"),
]


@pytest.mark.parametrize(("target", "backend", "seen"), [pytest.param(*row[1:], id=row[0]) for row in PATHS])
def test_a_path_leads_to_its_backend(
    pylon: Site, backends: dict[str, Backend], target: str, backend: str, seen: str
) -> None:
    answer = pylon.ask(target)
    assert (answer.status, answer.body.decode()) == (200, backend)
    assert backends[backend].last.target == seen


def test_healthz_is_pylons_own(pylon: Site) -> None:
    assert pylon.ask("/healthz").body == b"ready\n"


@pytest.mark.parametrize(
    ("target", "status", "location"),
    [
        ("/grafana", 301, "/grafana/"),
        ("/grafana?orgId=1", 301, "/grafana/?orgId=1"),
        # The three addresses that the portal has compiled in: dashboard page, hardware page, job page.
        ("/grafana/dashboard/db/pai_clusterview", 302, "/grafana/d/pai_clusterview"),
        (
            "/grafana/dashboard/db/pai_nodeview?var-node=10.0.0.2",
            302,
            "/grafana/d/pai_nodeview?var-node=10.0.0.2",
        ),
        (
            "/grafana/dashboard/db/joblevelmetrics?var-job=a~b&from=1&to=2",
            302,
            "/grafana/d/joblevelmetrics?var-job=a~b&from=1&to=2",
        ),
        ("/prometheus", 301, "/prometheus/"),
        ("/alert-manager", 301, "/alert-manager/"),
        ("/kubernetes-dashboard", 301, "/kubernetes-dashboard/"),
        ("/marketplace", 301, "/marketplace/"),
        ("/marketplace/api", 301, "/marketplace/api/"),
        ("/registry/cache", 301, "/registry/cache/"),
        ("/dshuttle", 301, "/dshuttle/"),
    ],
)
def test_redirects_name_no_host_so_scheme_and_port_stay_the_users(
    pylon: Site, target: str, status: int, location: str
) -> None:
    answer = pylon.ask(target, host=HOST)
    assert (answer.status, answer.location) == (status, location)


@pytest.mark.parametrize(
    ("path", "sent", "location"),
    [
        ("/rest-server/api/v2/x", "/api/v2/y?z", "/rest-server/api/v2/y?z"),
        ("/rest-server/api/v2/x", f"http://{HOST}/api/v2/y", "/rest-server/api/v2/y"),
        # OIDC: to the identity provider, and back to the portal.
        (
            "/rest-server/api/v1/authn/oidc/login",
            "https://login.example.com/api?x",
            "https://login.example.com/api?x",
        ),
        ("/rest-server/api/v1/x", f"http://{HOST}/index.html?token=x", f"http://{HOST}/index.html?token=x"),
        ("/marketplace/x", "/y", "/marketplace/y"),
        ("/marketplace/api/x", f"http://{HOST}/y", "/marketplace/api/y"),
        ("/registry/cache/v2/x", f"https://{HOST}/v2/y", "/registry/cache/v2/y"),
        ("/registry/cache/v2/x", "https://elsewhere.example/v2/y", "https://elsewhere.example/v2/y"),
        ("/kubernetes-dashboard/x", "/y", "/kubernetes-dashboard/y"),
        ("/grafana/login", "/grafana/", "/grafana/"),
    ],
)
def test_a_backends_redirect_stays_under_its_prefix(pylon: Site, path: str, sent: str, location: str) -> None:
    answer = pylon.ask(f"{path}?redirect={sent}", host=HOST)
    assert (answer.status, answer.location) == (302, location)


def test_backends_are_told_who_asks_and_how(pylon: Site, backends: dict[str, Backend]) -> None:
    spoofed = {"X-Forwarded-For": "203.0.113.9", "X-Real-IP": "203.0.113.9", "X-Forwarded-Proto": "https"}
    for path, name in (
        ("/", "webportal"),
        ("/rest-server/api/x", "rest-server"),
        ("/dshuttle/x", "dshuttle"),
    ):
        pylon.ask(path, headers=spoofed, host=HOST)
        seen = backends[name].last.headers
        assert seen["host"] == seen["x-forwarded-host"] == HOST
        # rest-server takes the first address for the user's and limits his requests by it.
        assert seen["x-forwarded-for"] == seen["x-real-ip"] == "127.0.0.1"
        assert seen["x-forwarded-proto"] == "http"


def test_a_request_without_host_still_reaches_a_backend(pylon: Site, backends: dict[str, Backend]) -> None:
    with socket.create_connection(("127.0.0.1", pylon.http)) as connection:
        connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
        assert connection.makefile("rb").read().endswith(b"webportal")
    assert backends["webportal"].last.headers["host"]


def test_trusted_proxies_tell_the_users_address_and_scheme(backends: dict[str, Backend]) -> None:
    values = {"realIp": {"trustedProxies": ["127.0.0.0/8"]}}
    with site(values, backends) as made, made.running():
        made.ask("/", headers={"X-Forwarded-For": "198.51.100.1, 203.0.113.9", "X-Forwarded-Proto": "https"})
    seen = backends["webportal"].last.headers
    assert (seen["x-forwarded-for"], seen["x-forwarded-proto"]) == ("203.0.113.9", "https")


@pytest.mark.parametrize("path", ["/grafana/api/live/ws", "/kubernetes-dashboard/sockjs", "/chat"])
def test_websockets_pass(pylon: Site, path: str) -> None:
    with socket.create_connection(("127.0.0.1", pylon.http)) as connection:
        connection.settimeout(10)
        connection.sendall(
            f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\nConnection: keep-alive, Upgrade\r\n"
            "Upgrade: WebSocket\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n".encode()
        )
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += connection.recv(1)
        assert head.startswith(b"HTTP/1.1 101 ")
        connection.sendall(b"both ways")
        assert connection.recv(100) == b"both ways"


def test_other_upgrades_are_not_offered_to_backends(pylon: Site, backends: dict[str, Backend]) -> None:
    pylon.ask("/", headers={"Upgrade": "h2c", "Connection": "Upgrade, HTTP2-Settings"})
    assert not {"upgrade", "connection"} & backends["webportal"].last.headers.keys()


def test_connections_to_backends_are_used_again(pylon: Site, backends: dict[str, Backend]) -> None:
    for _ in range(10):
        pylon.ask("/rest-server/api/v2/info")
    # At most one connection a worker process.
    assert len({seen.connection for seen in backends["rest-server"].seen[-10:]}) <= 2


def test_large_bodies_pass_whole(pylon: Site, backends: dict[str, Backend]) -> None:
    body = bytes(range(256)) * 4 * 30_000  # 30 MiB; nginx alone would stop at 1 MiB
    assert pylon.ask("/rest-server/api/v2/jobs", "POST", body=body).status == 200
    seen = backends["rest-server"].last
    assert (seen.method, seen.length, seen.body) == ("POST", len(body), hashlib.sha256(body).hexdigest())


def test_bodies_are_not_collected_on_disk_first(pylon: Site, backends: dict[str, Backend]) -> None:
    backend = backends["rest-server"]
    before = backend.begun
    with socket.create_connection(("127.0.0.1", pylon.http)) as connection:
        connection.sendall(b"POST /rest-server/api/x HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n")
        connection.sendall(bytes(500_000))
        deadline = time.monotonic() + 10
        while backend.begun == before and time.monotonic() < deadline:
            time.sleep(0.01)
        assert backend.begun == before + 1
        connection.sendall(bytes(500_000))
        assert connection.recv(20).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("method", ["HEAD", "PUT", "DELETE"])
def test_methods_pass(pylon: Site, backends: dict[str, Backend], method: str) -> None:
    answer = pylon.ask("/rest-server/api/v2/jobs/a~b", method)
    assert answer.status == 200
    assert backends["rest-server"].last.method == method
    assert answer.body == (b"" if method == "HEAD" else b"rest-server")


def test_the_portals_scripts_are_compressed(pylon: Site) -> None:
    plain, packed = (
        pylon.ask("/app.js?script"),
        pylon.ask("/app.js?script", headers={"Accept-Encoding": "gzip"}),
    )
    assert plain.body == BIG_SCRIPT
    assert packed.headers["content-encoding"] == "gzip"
    assert len(packed.body) < len(BIG_SCRIPT) / 10


def test_answers_carry_security_headers_and_let_the_portal_frame_grafana(pylon: Site) -> None:
    for path in ("/", "/grafana/d/x", "/rest-server/api/x", "/healthz"):
        headers = pylon.ask(path).headers
        assert headers["content-security-policy"] == "frame-ancestors 'self'"
        assert "x-frame-options" not in headers
        assert headers["x-content-type-options"] == "nosniff"
        # Login tokens stand in addresses; they must not leave with the Referer.
        assert headers["referrer-policy"] == "same-origin"
        assert headers["server"] == "nginx"


# Job logs


@pytest.mark.parametrize("host", ["127.0.0.1", "pai-worker1", "PAI-Worker1", "default"])
def test_logs_come_from_the_layouts_machines(pylon: Site, backends: dict[str, Backend], host: str) -> None:
    log_manager = backends["log-manager"]
    target = f"/api/v1/logs/user.pai.stdout?username=a&token={TOKEN}&tail-mode=true"
    answer = pylon.ask(f"/log-manager/{host}:{log_manager.port}{target}")
    assert answer.body == b"log-manager"
    assert log_manager.last.target == target
    assert log_manager.last.headers["host"] == f"127.0.0.1:{log_manager.port}"


@pytest.mark.parametrize(
    "host", ["10.0.0.9", "evil.example.com", "localhost", "127.0.0.2", "127.1", "include", "[::1]"]
)
def test_logs_of_other_hosts_are_refused(pylon: Site, backends: dict[str, Backend], host: str) -> None:
    assert pylon.ask(f"/log-manager/{host}:{backends['log-manager'].port}/api/v1/logs").status == 403


@pytest.mark.parametrize(
    "target", ["127.0.0.1:{rest}/x", "127.0.0.1/x", "127.0.0.1:{log}0/x", "127.0.0.1:0{log}/x", "x"]
)
def test_other_ports_of_the_machines_are_refused(
    pylon: Site, backends: dict[str, Backend], target: str
) -> None:
    ports = {"rest": backends["rest-server"].port, "log": backends["log-manager"].port}
    assert pylon.ask(f"/log-manager/{target.format(**ports)}").status == 403


def test_nobody_logs_in_to_a_log_manager_through_pylon(pylon: Site, backends: dict[str, Backend]) -> None:
    port = backends["log-manager"].port
    assert pylon.ask(f"/log-manager/127.0.0.1:{port}/api/v1/tokens", "POST", body=b"{}").status == 403


def test_a_machine_does_not_get_the_portals_login(pylon: Site, backends: dict[str, Backend]) -> None:
    log_manager = backends["log-manager"]
    login = {"Cookie": f"token={TOKEN}", "Authorization": f"Bearer {TOKEN}"}
    pylon.ask(f"/log-manager/127.0.0.1:{log_manager.port}/api/v1/logs", headers=login)
    assert not {"cookie", "authorization"} & log_manager.last.headers.keys()
    pylon.ask("/rest-server/api/v2/jobs", headers=login)
    assert login["Authorization"] == backends["rest-server"].last.headers["authorization"]


def test_a_log_runs_no_script_in_the_portals_name(pylon: Site, backends: dict[str, Backend]) -> None:
    headers = pylon.ask(f"/log-manager/127.0.0.1:{backends['log-manager'].port}/api/v1/logs/x").headers
    assert "sandbox" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"


def test_logs_come_over_ipv6() -> None:
    log_manager = Backend("log-manager", "::1")
    values = {
        "global": {"servicePorts": {"log-manager": log_manager.port}},
        "logManager": {"hosts": {"pai-worker1": "::1"}},
    }
    with site(values) as made, made.running():
        for host in ("[::1]", "::1", "pai-worker1"):
            assert made.ask(f"/log-manager/{host}:{log_manager.port}/x").body == b"log-manager"
    log_manager.stop()


def test_logs_come_from_listed_networks(backends: dict[str, Backend]) -> None:
    log_manager = Backend("log-manager", "::1")
    networks = ["127.0.0.0/31", "::1/128"]
    for backend, inside, outside in (
        (backends["log-manager"], "127.0.0.1", ("127.0.0.2", "localhost", "10.0.0.1", "[::2]")),
        (log_manager, "[::1]", ("[::2]", "::2", "localhost", "255.255.255.255")),
    ):
        values = {
            "global": {"servicePorts": {"log-manager": backend.port}},
            "logManager": {"networks": networks},
        }
        with site(values) as made, made.running():
            assert made.ask(f"/log-manager/{inside}:{backend.port}/x").body == b"log-manager"
            for host in outside:
                assert made.ask(f"/log-manager/{host}:{backend.port}/x").status == 403
    log_manager.stop()


def test_ten_thousand_machines_start_quickly_and_fit_a_config_map(backends: dict[str, Backend]) -> None:
    # Names as long as clouds make them; the last machine is this one.
    names = [f"gpu-worker-pool-b-{i:05}.region-1.internal.example.org" for i in range(10_000)]
    hosts = {name: f"10.{i // 65536}.{i // 256 % 256}.{i % 256}" for i, name in enumerate(names)}
    hosts[names[-1]] = "127.0.0.1"
    port = backends["log-manager"].port
    values = {"global": {"servicePorts": {"log-manager": port}}, "logManager": {"hosts": hosts}}
    assert size(config_files(values)) < 1024 * 1024
    with site(values) as made:
        assert "[warn]" not in made.check().stderr
        started = time.monotonic()
        with made.running():
            assert time.monotonic() - started < 5
            assert made.ask(f"/log-manager/{names[-1]}:{port}/x").body == b"log-manager"


def test_a_host_named_like_another_machines_address_yields_to_it(backends: dict[str, Backend]) -> None:
    hosts = {"127.0.0.1": "10.0.0.1", "pai-worker1": "127.0.0.1"}
    port = backends["log-manager"].port
    values = {"global": {"servicePorts": {"log-manager": port}}, "logManager": {"hosts": hosts}}
    with site(values) as made, made.running():
        assert made.ask(f"/log-manager/127.0.0.1:{port}/x").body == b"log-manager"


# Services without a login of their own


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/prometheus/-/quit"),
        ("POST", "/prometheus/%2D/reload"),
        ("POST", "/prometheus/api/v1/admin/tsdb/delete_series?match[]=up"),
        ("POST", "/prometheus/api/v1/write"),
        ("POST", "/alert-manager/api/v2/silences"),
        ("DELETE", "/alert-manager/api/v2/silence/1"),
        ("POST", "/dshuttle/api/v1/master/logLevel"),
    ],
)
def test_what_would_do_harm_is_refused(pylon: Site, method: str, path: str) -> None:
    assert pylon.ask(path, method).status == 403


@pytest.mark.parametrize(
    ("access", "status", "backend"), [("full", 200, "alert-manager"), ("none", 200, "webportal")]
)
def test_alert_manager_opens_and_closes_by_value(
    backends: dict[str, Backend], access: str, status: int, backend: str
) -> None:
    values = {"usageReports": True, "backends": {"alert-manager": True}, "alertManagerAccess": access}
    with site(values, backends) as made, made.running():
        answer = made.ask("/alert-manager/api/v2/silences", "POST", body=b"{}")
    assert (answer.status, answer.body.decode()) == (status, backend)


# The release's own job that reports usage


INSIDE = [
    # What the image sends: src/alert-manager/src/cluster-utilization/send_alert.py of v1.8.0.
    (
        "GET",
        "/prometheus/api/v1/query?query=up%7B%7D",
        200,
        "prometheus",
        "/prometheus/api/v1/query?query=up%7B%7D",
    ),
    ("GET", "/rest-server/api/v2/jobs?order=a%2CDESC", 200, "rest-server", "/api/v2/jobs?order=a%2CDESC"),
    ("POST", "/alert-manager/api/v1/alerts", 200, "alert-manager", "/alert-manager/api/v1/alerts"),
    ("POST", "/alert-manager/api/v2/alerts", 200, "alert-manager", "/alert-manager/api/v2/alerts"),
    # Nothing else.
    ("POST", "/alert-manager/api/v1/silences", 404, "", ""),
    ("GET", "/alert-manager/api/v1/alerts", 403, "", ""),
    ("DELETE", "/alert-manager/api/v2/silence/1", 404, "", ""),
    ("POST", "/prometheus/api/v1/write", 403, "", ""),
    ("POST", "/prometheus/api/v1/query", 403, "", ""),
    ("GET", "/prometheus/api/v1/admin/tsdb/snapshot", 403, "", ""),
    ("POST", "/prometheus/-/quit", 404, "", ""),
    ("PUT", "/rest-server/api/v2/jobs", 403, "", ""),
    ("GET", "/grafana/d/x", 404, "", ""),
    ("GET", "/", 404, "", ""),
]


@pytest.mark.parametrize(("method", "target", "status", "backend", "seen"), INSIDE)
@pytest.mark.parametrize("tls", [False, True], ids=["http", "https"])
def test_the_job_that_reports_usage_reaches_what_it_needs_and_no_more(
    pylon: Site,
    secure: tuple[Site, Path],
    backends: dict[str, Backend],
    tls: bool,
    method: str,
    target: str,
    status: int,
    backend: str,
    seen: str,
) -> None:
    made = secure[0] if tls else pylon
    answer = made.ask_internal(
        target, method, {"Authorization": "Bearer x"}, b"[]" if method == "POST" else b""
    )
    assert answer.status == status
    if backend:
        assert (answer.body.decode(), backends[backend].last.target) == (backend, seen)
        assert backends[backend].last.headers["authorization"] == "Bearer x"


def test_alerts_are_sent_even_if_users_may_not_see_them(backends: dict[str, Backend]) -> None:
    values = {"usageReports": True, "backends": {"alert-manager": True}, "alertManagerAccess": "none"}
    with site(values, backends) as made, made.running():
        assert made.ask_internal("/alert-manager/api/v1/alerts", "POST", body=b"[]").body == b"alert-manager"


# Logs


def test_tokens_stand_in_no_log(backends: dict[str, Backend]) -> None:
    # The REST server is down: nginx writes about failed requests to the error log.
    values = {"logManager": {"hosts": {"pai-worker1": "127.0.0.1"}}}
    with site(values, {"webportal": backends["webportal"]}) as made:
        with made.running():
            assert made.ask(f"/rest-server/api/v2/jobs?token={TOKEN}").status == 502
            made.ask(f"/rest-server/api/v1/token/{TOKEN}", "DELETE")
            made.ask(f"/index.html?user=a&token={TOKEN}", headers={"Referer": f"http://x/?token={TOKEN}"})
            assert made.ask(f"/log-manager/127.0.0.1:9103/x?token={TOKEN}").status == 502
        # nginx logs a request when its answer is gone, so only now is everything there.
        logs = made.access_log + made.error_log
    assert '"DELETE /rest-server/api/v1/token/*** HTTP/1.1" 502' in logs
    assert '"GET /index.html HTTP/1.1" 200' in logs
    assert "eyJ" not in logs


# TLS


@pytest.fixture(scope="module")
def secure(
    backends: dict[str, Backend], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Site, Path]]:
    """Nginx with TLS, users' https port 8443, and the certificate authority to trust."""
    values = merged(
        everything_on(backends["log-manager"].port),
        {
            "global": {"externalUrl": "https://pai.example.org:8443"},
            "tls": {"enabled": True, "secretName": "pai-tls"},
        },
    )
    with site(values, backends) as made:
        trust = put_certificate(made, tmp_path_factory.mktemp("ca"))
        with made.running():
            yield made, trust


def put_certificate(made: Site, folder: Path) -> Path:
    """Make an authority and a certificate of it where the Secret is mounted; return the authority's."""
    authority = Authority(folder)
    pair = authority.server(["pai.example.org"], ["127.0.0.1"])
    shutil.copy(pair.certificate, made.folder / "tls" / "tls.crt")
    shutil.copy(pair.key, made.folder / "tls" / "tls.key")
    made.give_away()
    return authority.certificate


def test_https_leads_to_the_backends(secure: tuple[Site, Path], backends: dict[str, Backend]) -> None:
    made, trust = secure
    assert made.ask_https("/rest-server/api/v2/info", trust=trust).body == b"rest-server"
    assert backends["rest-server"].last.headers["x-forwarded-proto"] == "https"
    assert made.ask_https("/grafana", trust=trust).location == "/grafana/"


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_http_leads_to_https_with_its_port(secure: tuple[Site, Path], method: str) -> None:
    answer = secure[0].ask("/rest-server/api/v2/jobs?a=%20b", method, host="10.0.0.1")
    # 307 keeps the method, and browsers forget it when TLS is switched off again.
    assert (answer.status, answer.location) == (
        307,
        "https://pai.example.org:8443/rest-server/api/v2/jobs?a=%20b",
    )


def test_without_an_https_address_http_leads_to_the_same_host() -> None:
    values = {
        "global": {"externalUrl": "http://pai.example.org"},
        "tls": {"enabled": True, "secretName": "pai-tls"},
        "exposure": {"hostPort": {"https": 9443}},
    }
    with site(values) as made, made.running():
        assert made.ask("/x?y", host="pai.lan:8080").location == "https://pai.lan:9443/x?y"


def test_probes_and_pods_are_answered_over_http(secure: tuple[Site, Path]) -> None:
    made, _ = secure
    assert made.ask("/healthz", host="10.244.0.7:8080").body == b"ready\n"
    for name in (
        "pai-pylon",
        "pai-pylon.pai-system",
        "pai-pylon.pai-system.svc",
        "pai-pylon.pai-system.svc.cluster.local",
    ):
        assert made.ask("/rest-server/api/v2/info", host=name).body == b"rest-server"


def test_http_on_the_https_port_leads_to_https(secure: tuple[Site, Path]) -> None:
    made, _ = secure
    connection = http.client.HTTPConnection("127.0.0.1", made.https)
    answer = ask(connection, "/x?y", host="pai.example.org:8443")
    assert (answer.status, answer.location) == (307, "https://pai.example.org:8443/x?y")


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_tls_1_2_and_1_3_are_spoken(secure: tuple[Site, Path], version: ssl.TLSVersion) -> None:
    made, trust = secure
    context = ssl.create_default_context(cafile=str(trust))
    context.minimum_version = context.maximum_version = version
    with (
        socket.create_connection(("127.0.0.1", made.https)) as plain,
        context.wrap_socket(plain, server_hostname="pai.example.org") as wrapped,
    ):
        assert wrapped.version() == version.name.replace("_", ".")


def test_a_renewed_certificate_is_served_without_a_reload(
    backends: dict[str, Backend], tmp_path: Path
) -> None:
    values = {"tls": {"enabled": True, "secretName": "pai-tls"}}
    with site(values, backends) as made:
        (tmp_path / "old").mkdir()
        (tmp_path / "new").mkdir()
        old = put_certificate(made, tmp_path / "old")
        with made.running():
            assert made.ask_https("/", trust=old).status == 200
            new = put_certificate(made, tmp_path / "new")
            assert made.ask_https("/", trust=new).status == 200
            with pytest.raises(ssl.SSLCertVerificationError):
                made.ask_https("/", trust=old)


# Backends outside the release


def test_the_api_server_is_asked_by_its_name_and_its_certificate_checked(tmp_path: Path) -> None:
    for folder in ("good", "bad"):
        (tmp_path / folder).mkdir()
    authority, stranger = Authority(tmp_path / "good"), Authority(tmp_path / "bad")
    pair = authority.server(["kubernetes.default.svc"], [])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    api = Backend("kubernetes", tls=context)
    values = {"kubernetesApi": {"enabled": True}}
    for trusted, status in ((authority, 200), (stranger, 502)):
        with site(values, {"kubernetes": api}) as made:
            shutil.copy(trusted.certificate, made.folder / "ca" / "ca.crt")
            made.give_away()
            with made.running():
                answer = made.ask("/kubernetes/apis/apps/v1?x", headers={"Authorization": "Bearer x"})
                assert answer.status == status
    assert [(seen.target, seen.headers["host"], seen.headers["authorization"]) for seen in api.seen] == [
        ("/apis/apps/v1?x", "kubernetes.default.svc", "Bearer x")
    ]
    api.stop()


def test_a_dashboard_elsewhere_is_asked_by_its_own_name(tmp_path: Path) -> None:
    pair = Authority(tmp_path).server(["dashboard.example.org"], [])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    dashboard = Backend("k8s-dashboard", tls=context)
    values = {"kubernetesDashboard": {"url": "https://dashboard.example.org:9090"}}
    with site(values, {"k8s-dashboard": dashboard}) as made, made.running():
        assert made.ask("/kubernetes-dashboard/x?y").body == b"k8s-dashboard"
        away = made.ask("/kubernetes-dashboard/x?redirect=https://dashboard.example.org:9090/login")
    assert (dashboard.seen[0].target, dashboard.seen[0].headers["host"]) == (
        "/x?y",
        "dashboard.example.org:9090",
    )
    assert away.location == "/kubernetes-dashboard/login"
    dashboard.stop()


def test_a_dashboard_elsewhere_may_live_under_a_path() -> None:
    dashboard = Backend("k8s-dashboard")
    values = {"kubernetesDashboard": {"url": "http://dashboard.example.org/k8s/"}}
    with site(values, {"k8s-dashboard": dashboard}) as made, made.running():
        assert (
            made.ask("/kubernetes-dashboard/x?redirect=/k8s/login").location == "/kubernetes-dashboard/login"
        )
    assert dashboard.last.target == "/k8s/x?redirect=/k8s/login"
    dashboard.stop()


@pytest.mark.parametrize(("scheme", "port"), [("http", 80), ("https", 443)])
def test_a_dashboard_elsewhere_has_its_schemes_port(scheme: str, port: int) -> None:
    files = config_files({"kubernetesDashboard": {"url": f"{scheme}://dashboard.example.org"}})
    assert f"server dashboard.example.org:{port};" in files["nginx.conf"]


def test_a_dashboard_may_keep_its_prefix(backends: dict[str, Backend]) -> None:
    values = {"backends": {"k8s-dashboard": True}, "kubernetesDashboard": {"stripPrefix": False}}
    with site(values, backends) as made, made.running():
        made.ask("/kubernetes-dashboard/a%2Fb?c")
    assert backends["k8s-dashboard"].last.target == "/kubernetes-dashboard/a%2Fb?c"


@pytest.mark.parametrize("dots", ["..", "%2e%2E", ".%2e"])
def test_dots_lead_out_of_no_prefix(pylon: Site, backends: dict[str, Backend], dots: str) -> None:
    for path, name in (
        ("/kubernetes-dashboard/{}/kubernetes-dashboard/x", "k8s-dashboard"),
        ("/registry/cache/a/{}/{}/cache/x", "docker-cache"),
        ("/dshuttle/{}%2fdshuttle/x", "dshuttle"),
    ):
        before = len(backends[name].seen)
        assert pylon.ask(path.format(dots, dots)).status in (404, 200)
        assert len(backends[name].seen) == before


# Monitoring that the cluster had already


def test_an_own_prometheus_is_asked_without_the_prefix() -> None:
    prometheus = Backend("prometheus")
    values = {"prometheus": {"url": "http://prometheus.monitoring.svc:9090"}}
    with site(values, {"prometheus": prometheus}) as made, made.running():
        assert made.ask("/prometheus/api/v1/query?query=up%7B%7D").body == b"prometheus"
        assert prometheus.last.target == "/api/v1/query?query=up%7B%7D"
        assert prometheus.last.headers["host"] == "prometheus.monitoring.svc:9090"
        assert made.ask("/prometheus").location == "/prometheus/"
        assert made.ask("/prometheus/?redirect=/graph").location == "/prometheus/graph"
        assert made.ask("/prometheus/api/v1/query", "POST", body=b"query=up").status == 200
    prometheus.stop()


@pytest.mark.parametrize(("path", "seen"), [("/prometheus", "/prometheus/graph"), ("/a/b/", "/a/b/graph")])
def test_an_own_prometheus_may_live_under_a_path(path: str, seen: str) -> None:
    prometheus = Backend("prometheus")
    values = {"prometheus": {"url": f"http://prometheus.example.org{path}"}}
    with site(values, {"prometheus": prometheus}) as made, made.running():
        made.ask("/prometheus/graph")
        assert prometheus.last.target == seen
        back = made.ask(f"/prometheus/x?redirect=http://prometheus.example.org{path.rstrip('/')}/alerts")
        assert back.location == "/prometheus/alerts"
    prometheus.stop()


@pytest.mark.parametrize(
    "path",
    [
        "/-/quit",
        "/%2D/reload",
        "/x/../-/quit",
        "/x/..%2f-/quit",
        "/api/v1/admin/tsdb/snapshot",
        "/api/v1/%61dmin/tsdb/snapshot",
        "//api//v1//write",
    ],
)
def test_what_would_do_harm_to_an_own_prometheus_is_refused(path: str) -> None:
    prometheus = Backend("prometheus")
    values = {"prometheus": {"url": "http://prometheus.example.org/prometheus"}}
    with site(values, {"prometheus": prometheus}) as made, made.running():
        assert made.ask(f"/prometheus{path}", "POST").status in (403, 404)
    assert prometheus.seen == []
    prometheus.stop()


@pytest.mark.parametrize("given", [False, True], ids=["system", "given"])
def test_an_own_prometheus_shows_a_certificate_of_an_authority_that_is_trusted(
    tmp_path: Path, given: bool
) -> None:
    for folder in ("good", "bad"):
        (tmp_path / folder).mkdir()
    authority, stranger = Authority(tmp_path / "good"), Authority(tmp_path / "bad")
    pair = authority.server(["prometheus.example.org"], [])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    prometheus = Backend("prometheus", tls=context)
    ca = {"caConfigMap": "example-ca"} if given else {}
    values = {"prometheus": {"url": "https://prometheus.example.org:9443", **ca}}
    file = "prometheus-ca/ca.crt" if given else "system-ca/ca-certificates.crt"
    for trusted, status in ((authority, 200), (stranger, 502)):
        with site(values, {"prometheus": prometheus}) as made:
            shutil.copy(trusted.certificate, made.folder / file)
            made.give_away()
            with made.running():
                assert made.ask("/prometheus/api/v1/query").status == status
    assert [seen.headers["host"] for seen in prometheus.seen] == ["prometheus.example.org:9443"]
    prometheus.stop()


def test_a_certificate_for_another_name_is_refused(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    pair = authority.server(["other.example.org"], [])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    prometheus = Backend("prometheus", tls=context)
    values = {"prometheus": {"url": "https://prometheus.example.org"}}
    with site(values, {"prometheus": prometheus}) as made:
        shutil.copy(authority.certificate, made.folder / "system-ca/ca-certificates.crt")
        made.give_away()
        with made.running():
            assert made.ask("/prometheus/").status == 502
    prometheus.stop()


def test_the_job_that_reports_usage_reaches_an_own_prometheus_too(backends: dict[str, Backend]) -> None:
    values = {
        "backends": {"alert-manager": True},
        "usageReports": True,
        "prometheus": {"url": "http://prometheus.monitoring.svc:9090"},
    }
    with site(values, backends) as made, made.running():
        assert made.ask_internal("/prometheus/api/v1/query?query=up").body == b"prometheus"
        assert backends["prometheus"].last.target == "/api/v1/query?query=up"
        assert made.ask_internal("/prometheus/api/v1/admin/tsdb/snapshot").status == 403


@pytest.mark.parametrize("base", ["https://grafana.example.org", "https://example.org:3000/graphs/"])
def test_an_own_grafana_is_where_browsers_are_sent(base: str) -> None:
    address = base.rstrip("/")
    with site({"backends": {"grafana": True}, "grafana": {"url": base}}) as made, made.running():
        for asked, location in (
            ("/grafana", f"{address}/"),
            ("/grafana/", f"{address}/"),
            ("/grafana?orgId=1", f"{address}/?orgId=1"),
            ("/grafana/d/a%2Fb?c=%20", f"{address}/d/a%2Fb?c=%20"),
            ("/grafana/dashboard/db/pai_nodeview?var-node=a", f"{address}/d/pai_nodeview?var-node=a"),
            ("/grafana/%0d%0aSet-Cookie:a", f"{address}/%0d%0aSet-Cookie:a"),
            ("/grafana//evil.example.com/x", f"{address}/evil.example.com/x"),
        ):
            answer = made.ask(asked)
            assert (answer.status, answer.location) == (302, location)
        assert made.ask("/grafana/../../x").status != 302


# The dashboard of the release


def test_the_releases_own_dashboard_keeps_its_prefix_and_its_sockets(backends: dict[str, Backend]) -> None:
    values = {"backends": {"k8s-dashboard": True}, "kubernetesDashboard": {"stripPrefix": False}}
    with site(values, backends) as made, made.running():
        assert made.ask("/kubernetes-dashboard").location == "/kubernetes-dashboard/"
        assert "x-frame-options" not in made.ask("/kubernetes-dashboard/c/main").headers
        upgrade = {"Upgrade": "websocket", "Connection": "Upgrade"}
        with socket.create_connection(("127.0.0.1", made.http)) as connection:
            lines = "".join(f"{name}: {value}\r\n" for name, value in upgrade.items())
            connection.sendall(
                f"GET /kubernetes-dashboard/wsMultiplexer HTTP/1.1\r\nHost: {HOST}\r\n{lines}\r\n".encode()
            )
            assert connection.recv(13) == b"HTTP/1.1 101 "
    seen = [request.target for request in backends["k8s-dashboard"].seen[-2:]]
    assert seen == ["/kubernetes-dashboard/c/main", "/kubernetes-dashboard/wsMultiplexer"]


def test_dshuttles_pages_find_their_parts(backends: dict[str, Backend]) -> None:
    page = b'<link href="/static/a.css"><script src="/static/b.js"></script>fetch("/api/v1/master/info")'
    backends["dshuttle"].page = page
    with site({"backends": {"dshuttle": True}}, backends) as made, made.running():
        body = made.ask("/dshuttle/?page", headers={"Accept-Encoding": "gzip"}).body
    assert body.count(b"/dshuttle/") == 3


# nginx -t


@pytest.mark.parametrize("scenario", scenarios("pylon"))
def test_nginx_accepts_each_scenario(scenario: str) -> None:
    assert_accepted(scenario_values("pylon", scenario))


@pytest.mark.parametrize("first", [False, True], ids=[f"without-{SWITCHES[0]}", f"with-{SWITCHES[0]}"])
def test_nginx_accepts_each_combination_of_switches(first: bool) -> None:
    for rest in product((False, True), repeat=len(SWITCHES) - 1):
        switches = (first, *rest)
        assert_accepted(
            {
                "backends": dict(zip(SWITCHES, switches, strict=True)),
                # The other settings change along, each in its own rhythm.
                "tls": {"enabled": sum(switches) % 2 == 1, "secretName": "pai-tls"},
                "alertManagerAccess": ("none", "read-only", "full")[sum(switches) % 3],
                "prometheus": {"url": "https://p.example.org"} if switches[0] != switches[1] else {},
                "grafana": {"url": "https://g.example.org/x"} if switches[4] != switches[5] else {},
                "kubernetesDashboard": {"stripPrefix": switches[2]},
                "kubernetesApi": {"enabled": switches[1] != switches[2]},
                "ipv6": switches[3] != switches[4],
                "logManager": {"networks": ["10.0.0.0/8", "fd00::/8"] if switches[5] else []},
                "realIp": {"trustedProxies": ["10.0.0.0/8", "fd00::/8"] if switches[6] else []},
            }
        )


EXPOSURES = ("hostPort", "nodePort", "loadBalancer", "ingress", "gateway")
CERTIFICATES = {
    "none": {"enabled": False},
    "secret": {"enabled": True, "secretName": "pai-tls"},
    "cert-manager": {"enabled": True, "certManager": {"enabled": True, "issuerRef": {"name": "ca"}}},
}


@pytest.mark.parametrize("certificate", CERTIFICATES)
@pytest.mark.parametrize("kind", EXPOSURES)
def test_nginx_accepts_each_exposure_and_certificate(kind: str, certificate: str) -> None:
    if (kind, certificate) == ("gateway", "cert-manager"):
        return  # refused when rendering: the certificate belongs to the Gateway
    exposure = {"exposure": {"type": kind, "gateway": {"name": "public"}}, "tls": CERTIFICATES[certificate]}
    outside = {
        "prometheus": {"url": "https://prometheus.example.org/x"},
        "grafana": {"url": "https://grafana.example.org"},
        "kubernetesDashboard": {"url": "https://dashboard.example.org"},
    }
    hosts = ("https://pai.example.org", "http://10.0.0.1:8080", "https://[fd00::1]:8443")
    for host, more in zip(hosts, ({}, {"backends": dict.fromkeys(SWITCHES, True)}, outside), strict=True):
        assert_accepted({"global": {"externalUrl": host}, "ipv6": "[" in host, **exposure, **more})


@cache
def _authority() -> Path:
    """A certificate authority that nobody needs to believe."""
    return Authority(Path(tempfile.mkdtemp(prefix="authority-"))).certificate


def assert_accepted(values: dict[str, Any]) -> None:
    """Nginx reads the configuration and has nothing to say about it, not even a warning."""
    with site(values) as made:
        for folder in ("ca", "prometheus-ca", "system-ca"):
            shutil.copy(_authority(), made.folder / folder / "ca.crt")
            shutil.copy(_authority(), made.folder / folder / "ca-certificates.crt")
        made.give_away()
        checked = made.check()
        assert checked.returncode == 0, f"{checked.stderr}\n{values}"
        assert "[warn]" not in checked.stderr
