"""What the check says about the example of a code, so that people recognise their own message.

An example takes the place of one file of a small site that nothing is wrong with.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from paichart.codes import Code
from paichart.derive.hived_spec import derive_hived_spec
from paichart.inputs import Documents, check
from paichart.problems import Problem, in_order
from paichart.schema import FILES
from paichart.source import Document, parse

SITE: Mapping[str, str] = {
    FILES["config"]: """\
docker_image_tag: v1.8.0
paichart:
  tls: {secret-name: pai-tls}
""",
    FILES["layout"]: """\
machine-sku:
  cpu-machine: {mem: 60Gi, cpu: {vcore: 24}}
  gpu-machine:
    mem: 220Gi
    cpu: {vcore: 24}
    computing-device: {type: nvidia.com/gpu, model: K80, count: 4}
machine-list:
  - {hostname: m1, hostip: 10.0.0.1, machine-type: cpu-machine, pai-master: "true"}
  - {hostname: w1, hostip: 10.0.0.2, machine-type: gpu-machine, pai-worker: "true"}
  - {hostname: w2, hostip: 10.0.0.3, machine-type: gpu-machine, pai-worker: "true"}
""",
}
"""The files that examples do not replace."""


@dataclass(frozen=True, slots=True)
class Finding:
    """The problems of an example's site, and the lines of its files, for showing problems in their place."""

    problems: tuple[Problem, ...]
    lines: Mapping[str, tuple[str, ...]]


def check_example(code: Code) -> Finding:
    """Return what the check finds in the example of a code; nothing when it is a situation in words."""
    if not code.file:
        return Finding((), {})
    documents = _documents({**SITE, **code.beside, code.file: code.example})
    cluster, problems = check(documents)
    of_cells = derive_hived_spec(cluster)[1] if cluster is not None else ()
    return Finding(in_order([*problems, *of_cells]), documents.lines())


def _documents(files: Mapping[str, str]) -> Documents:
    def read(name: str) -> Document:
        return parse(files[FILES[name]].encode(), FILES[name])

    def read_if_there(name: str) -> Document | None:
        return read(name) if FILES[name] in files else None

    return Documents(
        read("config"), read("layout"), read_if_there("services-configuration"), read_if_there("capacity")
    )
