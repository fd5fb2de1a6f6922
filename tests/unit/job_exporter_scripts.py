"""Loads the scripts of chart job-exporter, and makes a node to show them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType

SCRIPTS = Path(__file__).parents[2] / "charts/job-exporter/files"
LISTENING = "0000000000000000: 00000002 00000000 00010000 0001 01 4711 "
CONNECTED = "0000000000000000: 00000003 00000000 00000000 0001 03 4712 "


def load(name: str) -> ModuleType:
    """Import one of the scripts; two have the names of programs, and nothing is written beside them."""
    loader = SourceFileLoader(f"job_exporter_{name.partition('.')[0].replace('-', '_')}", str(SCRIPTS / name))
    spec = spec_from_loader(loader.name, loader)
    assert spec is not None
    module = module_from_spec(spec)
    module.__file__ = str(SCRIPTS / name)
    code = compile((SCRIPTS / name).read_bytes(), str(SCRIPTS / name), "exec")
    exec(code, module.__dict__)  # noqa: S102 # it is ours
    return module


@dataclass(slots=True)
class Node:
    """Folders like a node's /proc, /sys/fs/cgroup and /var/log/containers. version is that of its cgroups."""

    folder: Path
    version: int = 2

    def __post_init__(self) -> None:
        for path in (self.proc, self.cgroups, self.logs):
            path.mkdir(parents=True, exist_ok=True)
        self.write(
            self.proc / "meminfo", "MemTotal:       16777216 kB\nMemFree:  1 kB\nHugePages_Total:  0\n"
        )
        self.sockets("/run/containerd/containerd.sock")
        if self.version == 2:
            self.write(self.cgroups / "cgroup.controllers", "cpu io memory\n")

    @property
    def proc(self) -> Path:
        return self.folder / "proc"

    @property
    def cgroups(self) -> Path:
        return self.folder / "cgroup"

    @property
    def logs(self) -> Path:
        return self.folder / "containers"

    @staticmethod
    def write(path: Path, text: str) -> None:
        """Write a file and the folders above it."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def sockets(self, *paths: str, line: str = LISTENING) -> None:
        """Let these Unix sockets, and no others, listen."""
        head = "Num       RefCount Protocol Flags    Type St Inode Path\n"
        self.write(self.proc / "net/unix", head + "".join(f"{line}{path}\n" for path in paths))

    def process(
        self, pid: int, env: Mapping[str, str] = {}, *, started: int = 100, cgroup: str = "/"
    ) -> None:
        """Let a process run. Its name is one that hides where the fields behind it begin."""
        fields = ["S", "1", *["0"] * 17, str(started), *["0"] * 30]
        self.write(self.proc / str(pid) / "stat", f"{pid} (a) b c) {' '.join(fields)}\n")
        environ = "".join(f"{name}={value}\0" for name, value in env.items())
        self.write(self.proc / str(pid) / "environ", environ)
        self.write(self.proc / str(pid) / "cgroup", f"0::{cgroup}\n")

    def container(
        self,
        path: str,
        pids: Sequence[int],
        *,
        cpu_us: int = 5_000_000,
        memory: int = 3000,
        inactive: int = 1000,
        limit: int | None = 8192,
        disk: tuple[int, int] = (10, 20),
    ) -> None:
        """Let a cgroup hold these processes and have used so much."""
        procs = "".join(f"{pid}\n" for pid in pids)
        if self.version == 2:
            at = self.cgroups / path
            self.write(at / "cgroup.procs", procs)
            self.write(at / "cpu.stat", f"usage_usec {cpu_us}\nuser_usec 1\n")
            self.write(at / "memory.current", f"{memory}\n")
            self.write(at / "memory.stat", f"anon 1\ninactive_file {inactive}\n")
            self.write(at / "memory.max", f"{'max' if limit is None else limit}\n")
            self.write(
                at / "io.stat", f"8:0 rbytes={disk[0]} wbytes=1 rios=3\n8:16 rbytes=0 wbytes={disk[1] - 1}\n"
            )
            return
        self.write(self.cgroups / "memory" / path / "cgroup.procs", procs)
        self.write(self.cgroups / "cpuacct" / path / "cpuacct.usage", f"{cpu_us * 1000}\n")
        self.write(self.cgroups / "memory" / path / "memory.usage_in_bytes", f"{memory}\n")
        self.write(
            self.cgroups / "memory" / path / "memory.stat",
            f"inactive_file 7\ntotal_inactive_file {inactive}\n",
        )
        unlimited = 9223372036854771712
        self.write(self.cgroups / "memory" / path / "memory.limit_in_bytes", f"{limit or unlimited}\n")
        text = f"8:0 Read {disk[0]}\n8:0 Write {disk[1]}\n8:0 Total {sum(disk)}\nTotal {sum(disk)}\n"
        self.write(self.cgroups / "blkio" / path / "blkio.throttle.io_service_bytes", text)

    def log(self, pod: str, namespace: str, container: str, container_id: str) -> None:
        """Link a container's log as the kubelet does; the log itself is not there."""
        target = f"/var/log/pods/{namespace}_{pod}_uid/{container}/0.log"
        (self.logs / f"{pod}_{namespace}_{container}-{container_id}.log").symlink_to(target)
