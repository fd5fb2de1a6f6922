"""Builds the pinned Kubernetes tools from the Go module proxy and keeps them in the user's cache.

Each tool is a small Go module under `tools/`; its go.mod and go.sum pin every source that goes in.
Only the standard library is needed, so this runs before the project's own environment exists:
`python tests/rig/tools.py [PROGRAM…]` builds what is missing and prints where each program lies.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_MODULES = Path(__file__).parent / "tools"
_PROGRESS_EVERY_S = 15.0


class ToolError(RuntimeError):
    """A tool cannot be had: Go is missing or the build failed. The message says which and why."""


@dataclass(frozen=True, slots=True)
class Tool:
    """One Go module under `tools/` and the programs built from it.

    packages maps a program's file name to its Go package; version_variables are Go variables that the
    linker sets, with `{version}`, `{major}` and `{minor}` filled in from the version pinned in go.mod,
    and for Helm `{kubernetes_minor}`.
    """

    name: str
    module: str
    packages: Mapping[str, str]
    version_variables: Mapping[str, str]

    @property
    def version(self) -> str:
        """The version that go.mod pins, such as `v1.37.2`."""
        return self._pinned(self.module)

    @property
    def folder(self) -> Path:
        """Where the tool's go.mod lies."""
        return _MODULES / self.name

    @property
    def linker_flags(self) -> str:
        """Flags that strip the programs and make them report the pinned version."""
        major, minor, _ = self.version.removeprefix("v").split(".", 2)
        values = {"version": self.version, "major": major, "minor": minor}
        if "helm" in self.packages:
            # Helm's libraries for Kubernetes 1.37 have version 0.37.
            values["kubernetes_minor"] = self._pinned("k8s.io/client-go").split(".")[1]
        settings = (f"-X {name}={value.format_map(values)}" for name, value in self.version_variables.items())
        return " ".join(("-s", "-w", *settings))

    @property
    def home(self) -> Path:
        """The cache folder of exactly these sources and flags."""
        digest = hashlib.sha256()
        for part in ("go.mod", "go.sum"):
            digest.update((self.folder / part).read_bytes())
        digest.update(self.linker_flags.encode())
        return _cache() / f"{self.name}-{self.version}-{digest.hexdigest()[:12]}"

    def _pinned(self, module: str) -> str:
        text = (self.folder / "go.mod").read_text(encoding="utf-8")
        match = re.search(rf"^\s*(?:require )?{re.escape(module)} (v\S+)", text, re.MULTILINE)
        if match is None:
            raise ToolError(f"tools/{self.name}/go.mod requires no {module}")
        return match[1]


def _helm(major: int, kubernetes_variables: Mapping[str, str]) -> Tool:
    module = f"helm.sh/helm/v{major}"
    version = {"internal/version.version": "{version}", **kubernetes_variables}
    return Tool(
        name=f"helm{major}",
        module=module,
        packages={"helm": f"{module}/cmd/helm"},
        version_variables={f"{module}/{name}": value for name, value in version.items()},
    )


# What Helm 3 takes for `.Capabilities.KubeVersion` without a cluster; Helm 4 finds out by itself.
_HELM3_KUBERNETES = {
    f"pkg/{package}.k8sVersion{part}": value
    for package in ("chartutil", "lint/rules")
    for part, value in (("Major", "1"), ("Minor", "{kubernetes_minor}"))
}
_COMPONENT_VERSION = "k8s.io/component-base/version"
_KUBERNETES_PROGRAMS = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl")

# In the order in which they are built: what starts a cluster first.
TOOLS = (
    _helm(4, {}),
    Tool(
        name="etcd",
        module="go.etcd.io/etcd/server/v3",
        packages={"etcd": "go.etcd.io/etcd/server/v3"},
        version_variables={},
    ),
    Tool(
        name="kubernetes",
        module="k8s.io/kubernetes",
        packages={program: f"k8s.io/kubernetes/cmd/{program}" for program in _KUBERNETES_PROGRAMS},
        version_variables={
            f"{_COMPONENT_VERSION}.gitVersion": "{version}",
            f"{_COMPONENT_VERSION}.gitMajor": "{major}",
            f"{_COMPONENT_VERSION}.gitMinor": "{minor}",
            f"{_COMPONENT_VERSION}.gitTreeState": "clean",
        },
    ),
    Tool(
        name="kwok",
        module="sigs.k8s.io/kwok",
        packages={"kwok": "sigs.k8s.io/kwok/cmd/kwok"},
        version_variables={"sigs.k8s.io/kwok/pkg/consts.Version": "{version}"},
    ),
    _helm(3, _HELM3_KUBERNETES),
)


def programs() -> tuple[str, ...]:
    """Names that `ensure` knows: `helm4`, `helm3`, `kubectl`, `etcd`…"""
    return tuple(_program(tool, file) for tool in TOOLS for file in tool.packages)


def ensure(program: str) -> Path:
    """Return the executable of `program` (one of `programs()`), building its tool first if needed.

    A cold build takes minutes and reports progress on stderr; afterwards this takes milliseconds.
    A `helm` of the pinned version on PATH is used instead of building one. Raises ToolError.
    """
    for tool in TOOLS:
        for file in tool.packages:
            if _program(tool, file) == program:
                built = tool.home / "bin" / file
                return built if built.exists() else _helm_on_path(tool) or _build(tool) / file
    raise ToolError(f"no tool builds '{program}'; known are: {', '.join(programs())}")


def _program(tool: Tool, file: str) -> str:
    return tool.name if file == "helm" else file


def _cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "paichart" / "tools"


def _helm_on_path(tool: Tool) -> Path | None:
    """The `helm` on PATH when it has exactly the pinned version."""
    found = shutil.which("helm") if "helm" in tool.packages else None
    if found is None:
        return None
    command = [found, "version", "--template", "{{.Version}}"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    return Path(found) if result.stdout.strip() == tool.version else None


def _build(tool: Tool) -> Path:
    """Build all programs of a tool and return the folder that holds them.

    Built beside its final place and then renamed, so a broken build leaves nothing behind; a lock keeps
    parallel callers from building the same tool twice.
    """
    tool.home.parent.mkdir(parents=True, exist_ok=True)
    with _lock(tool):
        if not tool.home.exists():
            with tempfile.TemporaryDirectory(prefix=f".{tool.name}-", dir=tool.home.parent) as folder:
                _go_build(tool, Path(folder) / "new" / "bin")
                (Path(folder) / "new").rename(tool.home)
    return tool.home / "bin"


@contextmanager
def _lock(tool: Tool) -> Iterator[None]:
    with (tool.home.parent / f"{tool.home.name}.lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _say(f"{tool.name} {tool.version}: another process is building it, waiting")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _go_build(tool: Tool, target: Path) -> None:
    """Compile the tool's programs into `target`, with a line of progress every few seconds."""
    go = shutil.which("go")
    if go is None:
        raise ToolError(f"Go is needed to build {tool.name} {tool.version}, but there is no 'go' on PATH")
    target.mkdir(parents=True)
    log = target.parent / "build.log"
    settings = {"CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOFLAGS": "-mod=readonly", "GOWORK": "off"}
    command = [go, "build", "-trimpath", "-buildvcs=false", "-ldflags", tool.linker_flags]
    command += ["-o", str(target), *tool.packages.values()]
    started = time.monotonic()
    with log.open("w") as output:
        process = subprocess.Popen(
            command, cwd=tool.folder, env={**os.environ, **settings}, stdout=output, stderr=output
        )
    try:
        while not _ended(process):
            _say(f"{tool.name} {tool.version}: building, {time.monotonic() - started:.0f} s")
    finally:
        process.kill()
    if process.returncode != 0:
        # Go itself says nothing when it is killed, which the code (minus the signal) then shows.
        outcome = f"ended with code {process.returncode}"
        raise ToolError(f"building {tool.name} {tool.version} {outcome}:\n{_tail(log)}")
    for file, package in tool.packages.items():
        _name_program(target, package, file)
    log.unlink()
    _say(f"{tool.name} {tool.version}: built in {time.monotonic() - started:.0f} s")


def _ended(process: subprocess.Popen[bytes]) -> bool:
    try:
        process.wait(timeout=_PROGRESS_EVERY_S)
    except subprocess.TimeoutExpired:
        return False
    return True


def _name_program(target: Path, package: str, file: str) -> None:
    """Give a program its name; Go calls it by the last part of its package that is no `v3`."""
    parts = [part for part in package.split("/") if not re.fullmatch(r"v\d+", part)]
    (target / parts[-1]).rename(target / file)


def _tail(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return "\n".join(line for line in lines if not line.startswith("go: downloading"))[-4000:]


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def main(names: Sequence[str]) -> int:
    """Build the named programs, or all of them, and print `name path` lines. Returns the exit code."""
    try:
        for name in names or programs():
            print(name, ensure(name), flush=True)
    except ToolError as error:
        _say(f"error: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
