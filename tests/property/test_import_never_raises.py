"""Whatever a legacy configuration holds: problems in its lines, or inputs that validate; no secret told."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from paichart.inputs import Documents, check
from paichart.migration import report
from paichart.migration.importing import translate
from paichart.migration.legacy import from_texts
from paichart.problems import Severity
from paichart.source import parse

FILES = yaml.safe_load("""
config.yaml: {user: a, password: sesame-1, docker_image_tag: v1.5.0, kube_image_repo: x, docker_check: true}
layout.yaml:
  kubernetes: {api-servers-url: "http://10.0.0.1:8080"}
  machine-sku:
    big: {mem: 32, cpu: {vcore: 8}, os: ubuntu16.04}
    gpu: {mem: 224Gi, cpu: {vcore: 24}, gpu: {type: K80, count: 4}}
  machine-list:
  - {hostname: m, hostip: 10.0.0.1, machine-type: big, nodename: m1, k8s-role: master, pai-master: "true"}
  - {hostname: w, hostip: 10.0.0.2, machine-type: gpu, zkid: "1", pai-worker: "true"}
services-configuration.yaml:
  cluster: {cluster-id: old, docker-registry-info: {docker-namespace: openpai, docker-tag: v0.8.0}}
  restserver: {default-pai-admin-username: boss, default-pai-admin-password: sesame-2, jwt-secret: sesame-3}
  postgresql: {passwd: sesame-4}
  grafana: {grafana-port: 3001}
  prometheus: {prometheus-port: 9092, node-exporter-port: 9101}
  pylon: {port: 80, uri: "http://a"}
  alert-manager: {pai-bearer-token: sesame-5}
""")


def paths(data: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in items:
        yield from paths(value, (*path, key))


PATHS = st.sampled_from(list(paths(FILES)))
WORDS = st.sampled_from([None, 5, 1.5, True, "x", "", "0755", [], {}, [None], {"a": None}, -3, "no"])


@settings(max_examples=20, deadline=None)
@given(slips=st.lists(st.tuples(PATHS, WORDS), max_size=2), flow=st.sampled_from([True, False, None]))
def test_the_answer_is_problems_or_inputs_that_validate(
    slips: list[tuple[tuple[Any, ...], Any]], flow: Any
) -> None:
    files = copy.deepcopy(FILES)
    for path, word in slips:
        node = files
        for step in path[:-1]:
            node = node[step] if isinstance(node, dict) and step in node else {}
        if isinstance(node, dict):
            node[path[-1]] = word
    texts = {
        name: yaml.safe_dump(data, sort_keys=False, default_flow_style=flow) for name, data in files.items()
    }
    result = translate(from_texts(texts, "old"))
    assert "sesame" not in report.as_text(result.entries) + json.dumps(report.as_document(result.entries))
    if not result.files:
        assert any(problem.severity is Severity.ERROR for problem in result.problems)
        for problem in result.problems:
            assert 1 <= problem.span.line <= max(1, len(result.lines[problem.span.file]))
        return
    names = ("config.yaml", "layout.yaml", "services-configuration.yaml")
    new = [parse(result.files[name].encode(), name) if name in result.files else None for name in names]
    assert new[0] is not None
    assert new[1] is not None
    _, problems = check(Documents(new[0], new[1], new[2]))
    assert not [p for p in problems if p.severity is Severity.ERROR or p.code == "PAI060"]
