"""What a page says beside the schema: for each input an introduction and a whole small example."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Input:
    """One input file. `top` heads the table of its top level; without it the top level has sections only.

    in_every_section are keys that stand in each section, so that the introduction tells of them once.
    """

    file: str
    intro: str
    example: str
    top: str = ""
    in_every_section: frozenset[str] = frozenset()


_KEYS = """\
Keys are those of the old deployer, with its names and defaults; what is *new* is paichart's own. Unknown keys
are refused, and the message says which one was meant."""
_IGNORED = """\
Keys that have no effect any more are accepted, and stand at the end with the reason."""
_HOW_TO_READ = """\
What is true or false may also be written as the text "true" or "false". `a.b` is the key `b` below `a`,
`a[].b` is the key `b` of each item of the list `a`, and `a.*` stands for any name below `a`. A dash says that
there is no default. [Editors](editor.md) show all this while you type."""

INPUTS: Mapping[str, Input] = {
    "config": Input(
        "config.yaml",
        f"""\
What is installed, and how. One key is needed, `docker_image_tag`. All that the old deployer did not know
stands below `paichart`.

{_KEYS}
{_IGNORED}

{_HOW_TO_READ}
""",
        """\
docker_image_tag: v1.8.0
paichart:
  external-url: https://pai.example.com
  exposure:
    type: ingress
  tls:
    secret-name: pai-tls
""",
        top="Top level",
    ),
    "layout": Input(
        "layout.yaml",
        f"""\
The machines of the cluster: their kinds (SKUs), names, addresses and roles. `paichart init --from-cluster`
writes this file from the nodes of a running cluster.

{_KEYS}

{_HOW_TO_READ}
""",
        """\
machine-sku:
  master-machine:
    mem: 60Gi
    cpu:
      vcore: 24
  gpu-machine:
    mem: 220Gi
    cpu:
      vcore: 24
    computing-device:
      type: nvidia.com/gpu
      model: K80
      count: 4
machine-list:
- hostname: pai-master
  hostip: 10.0.0.1
  machine-type: master-machine
  pai-master: "true"
- hostname: pai-worker1
  hostip: 10.0.0.2
  machine-type: gpu-machine
  pai-worker: "true"
""",
        top="Top level",
    ),
    "services-configuration": Input(
        "services-configuration.yaml",
        f"""\
Settings of single services, a section each. The file is optional, and so is every key that is not said to be
needed. Where the old deployer's default was a known password there is none: `paichart build` makes one and
keeps it in `credentials.yaml`.

{_KEYS}
{_IGNORED}

{_HOW_TO_READ}

Every section may also have `service_type`, which the old defaults files had and nothing reads.

Services without a section of their own: cluster-configuration (see [cluster](#cluster)), frameworkcontroller
and openpai-runtime ([k8s-job-exit-spec](#k8s-job-exit-spec)), watchdog, and dshuttle-master, -worker and -csi
([dshuttle](#dshuttle)).
""",
        """\
cluster:
  common:
    cluster-id: lab
rest-server:
  default-pai-admin-username: root
prometheus:
  scrape_interval: 30
""",
        in_every_section=frozenset({"service_type"}),
    ),
}
"""The inputs that have a page, by the name of their schema."""
