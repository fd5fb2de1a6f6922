"""Three inputs in a word: a site that nothing is wrong with, to be spoilt by each test in its own way."""

from __future__ import annotations

from paichart.inputs import Documents, check
from paichart.model import Cluster
from paichart.problems import Problem
from paichart.source import Document, parse

CONFIG = """\
docker_image_tag: v1.8.0
paichart:
  tls:
    secret-name: pai-tls
"""

LAYOUT = """\
machine-sku:
  cpu:
    mem: 60Gi
    cpu: {vcore: 24}
  gpu:
    mem: 220Gi
    cpu: {vcore: 24}
    computing-device: {type: nvidia.com/gpu, model: K80, count: 4}
machine-list:
- {hostname: master, hostip: 10.0.0.1, machine-type: cpu, pai-master: "true"}
- {hostname: w1, hostip: 10.0.0.2, machine-type: gpu, pai-worker: "true"}
- hostname: w2
  hostip: 10.0.0.3
  machine-type: gpu
  pai-worker: "true"
"""


def documents(
    config: str = CONFIG, layout: str = LAYOUT, services: str = "", capacity: str = ""
) -> Documents:
    """Return the inputs as read; an empty text stands for a file that is not there."""
    return Documents(
        parse(config.encode(), "config.yaml"),
        parse(layout.encode(), "layout.yaml"),
        _optional(services, "services-configuration.yaml"),
        _optional(capacity, "capacity.yaml"),
    )


def problems(
    config: str = CONFIG, layout: str = LAYOUT, services: str = "", capacity: str = ""
) -> tuple[Problem, ...]:
    """Return all problems of the inputs."""
    return check(documents(config, layout, services, capacity))[1]


def places(config: str = CONFIG, layout: str = LAYOUT, services: str = "", capacity: str = "") -> list[str]:
    """Return the problems as `layout.yaml:3:5 error PAI012`."""
    return [f"{p.span} {p.severity.value} {p.code}" for p in problems(config, layout, services, capacity)]


def cluster(config: str = CONFIG, layout: str = LAYOUT, services: str = "", capacity: str = "") -> Cluster:
    """Return the cluster of inputs that have no error."""
    made, found = check(documents(config, layout, services, capacity))
    assert made is not None, found
    return made


def _optional(text: str, name: str) -> Document | None:
    return parse(text.encode(), name) if text else None
