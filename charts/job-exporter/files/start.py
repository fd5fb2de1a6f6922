"""Start the job exporter with what it would otherwise look for in vain, and say later whether that still holds.

    start.py run --port P --interval S --interface NAMES     start it; the names are joined by commas
    start.py check --port P                                  exit 1 when it must be started again

The exporter reads three things only once, at its start: how many GPUs the layout gives this node, which GPU driver is there, and
which network interface to listen on. `check` is the liveness probe: it fails when the exporter does not answer or one of the three
has changed. So a driver that comes later is seen, and a change of the layout restarts the exporter on the nodes that it is about
and on no other. Python 3.7, nothing but the standard library.
"""

import argparse
import fcntl
import json
import os
import socket
import struct
import sys
import urllib.request

EXPORTER = "/job_exporter/main.py"
LAYOUT = os.environ.get("PAICHART_LAYOUT", "/gpu-config/gpu-configuration.json")
ROUTES = os.environ.get("PAICHART_ROUTES", "/proc/net/route")
DEVICES = os.environ.get("PAICHART_DEVICES", "/dev")
FACTS = os.environ.get("PAICHART_FACTS", "/tmp/facts.json")
DRIVERS = ("nvidiactl", "kfd")
LOOPBACK = "lo"
GET_ADDRESS = 0x8915  # SIOCGIFADDR of Linux


def has_address(interface):
    """Tell whether an interface has an IPv4 address: the exporter sees no other."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        try:
            fcntl.ioctl(any_socket.fileno(), GET_ADDRESS, struct.pack("256s", interface.encode()[:15]))
        except OSError:
            return False
    return True


def default_interfaces():
    """Return the interfaces of the default routes, the cheapest first."""
    try:
        with open(ROUTES) as file:
            rows = [line.split() for line in file.read().splitlines()[1:]]
    except OSError:
        return []
    return [row[0] for row in sorted(rows, key=lambda row: int(row[6])) if row[1] == row[7] == "00000000"]


def interface(wanted):
    """Return the one to listen on: the first wanted one that is there, the default route's, or the loopback.

    With none of its liking the exporter would ask the internet, and wait for the answer.
    """
    names = [name.strip() for name in wanted.split(",")]
    return next(filter(has_address, names + default_interfaces()), LOOPBACK)


def configured_gpus():
    """Return how many GPUs the layout gives this node, as the exporter reads it."""
    try:
        with open(LAYOUT) as file:
            nodes = json.load(file)["nodes"]
    except (OSError, ValueError, KeyError):
        return 0
    own = nodes.get(os.environ.get("HOSTNAME")) or nodes.get(os.environ.get("HOST_IP")) or {}
    return own.get("gpuCount", 0)


def drivers():
    """Return the GPU drivers whose device the node has."""
    return [name for name in DRIVERS if os.path.exists(os.path.join(DEVICES, name))]


def changes(then):
    """Yield what is otherwise than at the start."""
    count = configured_gpus()
    if count != then["gpus"]:
        yield "the layout gives this node %d GPUs, no longer %d" % (count, then["gpus"])
    for name in sorted(set(drivers()) - set(then["drivers"])):
        yield "the node has a device %s now" % name
    if not has_address(then["interface"]):
        yield "the interface %s has no address any more" % then["interface"]
    elif then["interface"] == LOOPBACK and interface(then["wanted"]) != LOOPBACK:
        yield "the node has a better interface than the loopback now"


def run(options):
    """Note what holds now, and become the exporter."""
    name = interface(options.interface)
    facts = {"gpus": configured_gpus(), "drivers": drivers(), "wanted": options.interface, "interface": name}
    with open(FACTS, "w") as file:
        json.dump(facts, file)
    print("listening on interface %s; wanted was %s" % (name, options.interface), flush=True)
    own = os.path.dirname(os.path.abspath(__file__))
    os.environ["PATH"] = own + os.pathsep + os.environ.get("PATH", "")
    words = ["--port", str(options.port), "--interval", str(options.interval), "--interface", name]
    os.execvp("python", ["python", EXPORTER] + words)


def check(options):
    """Return the exit code of the probe."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    opener.open("http://127.0.0.1:%d/healthz" % options.port, timeout=5).close()
    with open(FACTS) as file:
        found = list(changes(json.load(file)))
    for change in found:
        print("to be started again: " + change)
    return 1 if found else 0


def main(words=None):
    """Run or check; return the exit code."""
    parser = argparse.ArgumentParser(description="Start the job exporter, or check what it was started with.")
    parser.add_argument("action", choices=("run", "check"))
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--interval", type=int, default=30)
    parser.add_argument("--interface", default="")
    options = parser.parse_args(words)
    return run(options) if options.action == "run" else check(options)


if __name__ == "__main__":
    sys.exit(main())
