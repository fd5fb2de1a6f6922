"""The marketplace's database: found again where it lay, started and stopped as PostgreSQL likes it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.chart.charts import merged, scenario_values, scenarios
from tests.chart.render import Object, Objects, render
from tests.rig.debian import ensure

pytestmark = pytest.mark.programs

NOBODY = 65534
PASSWORD = "p@ss:w/o%rd"  # noqa: S105 # nobody's


def rendered(values: Mapping[str, Any] | None = None, scenario: str = "quick-start") -> Objects:
    given = merged(scenario_values("marketplace-db", scenario), values or {})
    return render("marketplace-db", given, namespace="pai-system")


def pod(objects: Objects) -> Object:
    spec: Object = objects.find("StatefulSet")["spec"]["template"]["spec"]
    return spec


def server(objects: Objects) -> Object:
    (container,) = pod(objects)["containers"]
    return dict(container)


def environment(container: Object) -> dict[str, Any]:
    return {entry["name"]: entry.get("value", entry.get("valueFrom")) for entry in container["env"]}


def data_folder(container: Object) -> str:
    (path,) = (mount["mountPath"] for mount in container["volumeMounts"] if mount["name"] == "data")
    return str(path)


@pytest.mark.parametrize("scenario", scenarios("marketplace-db"))
def test_server_is_started_as_legacy_did(scenario: str) -> None:
    # src/marketplace-db/deploy of v1.8.0; the entry point of postgres:12.0 reads the variables.
    container = server(rendered(scenario=scenario))
    variables = environment(container)
    assert variables["POSTGRES_PASSWORD"]["secretKeyRef"]["key"] == "marketplace-database-password"
    assert {"POSTGRES_USER", "POSTGRES_DB", "PGDATA"} <= variables.keys()
    port = container["ports"][0]["containerPort"]
    assert container["args"][:3] == ["-c", f"port={port}", "-N"]
    assert "command" not in container


@pytest.mark.parametrize(
    ("scenario", "below"),
    [("quick-start", ""), ("disk-of-its-own", ""), ("storage-class", "/pgdata"), ("own-claim", "/pgdata")],
)
def test_old_data_lies_in_the_folder_itself_and_new_in_a_subfolder_of_a_volume(
    scenario: str, below: str
) -> None:
    # Legacy mounted data-path at PGDATA; a volume may hold `lost+found`, beside which initdb refuses to work.
    container = server(rendered(scenario=scenario))
    assert environment(container)["PGDATA"] == data_folder(container) + below


def test_only_a_folder_needs_root_to_be_given_away() -> None:
    folder, volume = pod(rendered()), pod(rendered(scenario="storage-class"))
    (prepare,) = folder["initContainers"]
    assert (prepare["name"], prepare["command"][-2:]) == ("prepare-folder", ["999", "999"])
    assert "fsGroup" not in folder["securityContext"]
    assert volume["securityContext"]["fsGroup"] == 999
    assert "initContainers" not in volume


def test_port_is_the_one_that_the_api_calls() -> None:
    objects = rendered({"global": {"servicePorts": {"marketplace-db": 6543}}})
    assert objects.find("Service")["spec"]["ports"][0]["port"] == 6543
    assert "port=6543" in server(objects)["args"]


def test_only_the_api_may_come_in() -> None:
    (rule,) = rendered().find("NetworkPolicy")["spec"]["ingress"]
    callers = {peer["podSelector"]["matchLabels"]["app.kubernetes.io/component"] for peer in rule["from"]}
    assert callers == {"marketplace-restserver", "helm-test"}


@pytest.mark.parametrize(("has_data", "code"), [(False, 1), (True, 0)])
def test_disk_that_is_not_mounted_is_no_new_installation(tmp_path: Path, has_data: bool, code: int) -> None:
    if has_data:
        (tmp_path / "PG_VERSION").write_text("12\n")
    (check,) = (
        container
        for container in pod(rendered(scenario="disk-of-its-own"))["initContainers"]
        if container["name"] == "check-data"
    )
    run = subprocess.run(
        check["command"], env={"PGDATA": str(tmp_path)}, check=False, capture_output=True, text=True
    )
    assert run.returncode == code
    assert ("refused: there is no database" in run.stderr) == (not has_data)


class Postgres:
    """The real PostgreSQL, started with what the chart renders; data and sockets in one folder."""

    def __init__(self, folder: Path) -> None:
        self.programs = ensure("postgres").resolve().parent
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        values = {"global": {"servicePorts": {"marketplace-db": self.port}}, "user": "user"}
        self.container = server(rendered(values))
        self.folder = folder
        self.variables = environment(self.container)
        self.data = folder / "data"

    def run(self, *command: str, **options: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.as_nobody(command), check=False, capture_output=True, text=True, timeout=60, **options
        )

    def as_nobody(self, command: Sequence[str]) -> list[str]:
        """A command of PostgreSQL's; it refuses to run as root."""
        program = [str(self.programs / command[0]), *command[1:]]
        if os.getuid() != 0:
            return program
        return ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", *program]

    def make(self) -> None:
        """Make the data as the image's entry point does, before its server starts for good."""
        user = str(self.variables["POSTGRES_USER"])
        secret = self.folder / "password"
        secret.write_text(PASSWORD)
        for path in (self.folder, secret):
            shutil.chown(path, NOBODY if os.getuid() == 0 else os.getuid())
        made = self.run(
            "initdb", f"--pgdata={self.data}", f"--username={user}", f"--pwfile={secret}", "--auth=md5"
        )
        assert made.returncode == 0, made.stderr

    def start(self) -> subprocess.Popen[bytes]:
        sockets = ("-c", f"unix_socket_directories={self.folder}")
        command = self.as_nobody(("postgres", "-D", str(self.data), *self.container["args"], *sockets))
        return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def client(self, statement: str) -> list[str]:
        user = str(self.variables["POSTGRES_USER"])
        return self.as_nobody(
            (
                "psql",
                "-At",
                "-h",
                "127.0.0.1",
                "-p",
                str(self.port),
                "-U",
                user,
                "-d",
                "postgres",
                "-c",
                statement,
            )
        )


@pytest.fixture
def postgres() -> Iterator[Postgres]:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        made = Postgres(Path(folder))
        made.make()
        process = made.start()
        yield made
        process.kill()
        process.wait()


def wait_until_ready(postgres: Postgres) -> None:
    probe = postgres.container["readinessProbe"]["exec"]["command"]
    deadline = time.monotonic() + 30
    while postgres.run(*probe).returncode != 0:
        assert time.monotonic() < deadline, "the probe never said that the server is ready"
        time.sleep(0.2)


def ask(postgres: Postgres, statement: str) -> str:
    login = {**os.environ, "PGPASSWORD": PASSWORD}
    run = subprocess.run(
        postgres.client(statement), env=login, check=False, capture_output=True, text=True, timeout=60
    )
    assert run.returncode == 0, run.stderr
    return run.stdout.strip()


def test_real_server_takes_the_arguments_and_the_probe_sees_it(postgres: Postgres) -> None:
    wait_until_ready(postgres)
    assert ask(postgres, "SHOW max_connections") == "1000"


def test_real_server_stops_at_once_although_a_client_stays(postgres: Postgres) -> None:
    wait_until_ready(postgres)
    login = {**os.environ, "PGPASSWORD": PASSWORD}
    command = postgres.client("SELECT pg_sleep(300)")
    client = subprocess.Popen(command, env=login, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    stop = postgres.container["lifecycle"]["preStop"]["exec"]["command"]
    try:
        deadline = time.monotonic() + 30
        while ask(postgres, "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'") != "1":
            assert time.monotonic() < deadline, "the client never came"
            time.sleep(0.2)
        assert postgres.run(*stop, env={**os.environ, "PGDATA": str(postgres.data)}).returncode == 0
        deadline = time.monotonic() + 20
        while (postgres.data / "postmaster.pid").exists():
            assert time.monotonic() < deadline, "the server waits for its client"
            time.sleep(0.2)
    finally:
        client.kill()
        client.wait()
