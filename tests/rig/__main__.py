"""Tries a built chart: `python -m tests.rig up CONFIG_DIR OUT_DIR`, look around, `… down`.

Starts a control plane that outlives this command, one simulated node for each machine of the layout,
and installs the chart as release `openpai`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.rig.cluster import Cluster, nodes_from_layout
from tests.rig.jobs import run_label_job
from tests.rig.processes import RigError
from tests.rig.tools import ToolError, ensure

_RELEASE = "openpai"
_FOLDER = Path(__file__).parents[2] / ".try"
_LOOK_AROUND = """
To look around:
  export KUBECONFIG={kubeconfig}
  export PATH={programs}:$PATH      # kubectl and helm
  kubectl get pods -A -o wide

The API server, controllers and scheduler are real; nodes and pods are simulated. A pod is reported as
running and ready without any program in it, so there are no logs and no web pages to open.
To stop it: make try-down
"""


def main(words: Sequence[str]) -> int:
    """Run a command line and return the exit code: 0 fine, 1 the release failed, 3 the rig failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.rig", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    up = commands.add_parser("up", help="start a cluster and install a chart in it")
    up.add_argument("config_dir", type=Path, help="folder with layout.yaml")
    up.add_argument("out_dir", type=Path, help="the chart that `paichart build` wrote")
    up.add_argument("-n", "--namespace", default="default", help="of the release (default: default)")
    up.add_argument("--helm", type=int, choices=(3, 4), default=4, help="Helm's major (default: 4)")
    up.add_argument("--timeout", default="5m", help="for pods to become ready (default: 5m)")
    commands.add_parser("down", help="stop the cluster and forget it")
    arguments = parser.parse_args(words)
    try:
        return _down() if arguments.command == "down" else _up(arguments)
    except (RigError, ToolError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 3


def _up(arguments: argparse.Namespace) -> int:
    layout = arguments.config_dir / "layout.yaml"
    for needed in (layout, arguments.out_dir / "Chart.yaml"):
        if not needed.exists():
            raise RigError(f"there is no {needed}")
    Cluster.stop_detached(_FOLDER)
    cluster = Cluster(_FOLDER, detached=True)
    _say("starting the control plane")
    try:
        cluster.start()
        machines = nodes_from_layout(layout)
        _say(f"adding {len(machines)} simulated nodes")
        cluster.add_nodes(machines, master_taint=True)
        is_installed = _install(cluster, arguments)
    except BaseException:
        cluster.stop()
        raise
    print(cluster.kubectl("get", "pods", "-A", "-o", "wide"))
    print(cluster.kubectl("get", "nodes", "-L", "pai-master,pai-worker"))
    print(
        _LOOK_AROUND.format(kubeconfig=cluster.kubeconfig, programs=_link_programs(cluster, arguments.helm))
    )
    return 0 if is_installed else 1


def _install(cluster: Cluster, arguments: argparse.Namespace) -> bool:
    """Install the release and meanwhile run its node-label Job. Returns whether Helm called it ready."""
    _say(f"installing {arguments.out_dir} as release {_RELEASE} in namespace {arguments.namespace}")
    with ThreadPoolExecutor(1) as pool:
        labels = pool.submit(run_label_job, cluster, arguments.namespace, _RELEASE)
        command = ["install", _RELEASE, arguments.out_dir, "--wait", f"--timeout={arguments.timeout}"]
        command += [f"--namespace={arguments.namespace}", "--create-namespace"]
        try:
            print(cluster.helm(*command, version=arguments.helm))
            is_installed = True
        except RigError as error:
            _say(f"error: {error}")
            is_installed = False
    try:
        run = labels.result()
        _say(f"Job {run.job} ended with code {run.exit_code}:\n{run.output}")
    except RigError as error:
        _say(f"no node was labelled: {error}")
    return is_installed


def _link_programs(cluster: Cluster, helm: int) -> Path:
    """Put the built kubectl and helm into one folder of the cluster, for PATH."""
    folder = cluster.folder / "bin"
    folder.mkdir(exist_ok=True)
    for name, program in {"kubectl": "kubectl", "helm": f"helm{helm}"}.items():
        (folder / name).symlink_to(ensure(program))
    return folder


def _down() -> int:
    was_running = Cluster.stop_detached(_FOLDER)
    _say("stopped" if was_running else "nothing was running")
    return 0


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
