"""capacity.yaml: what is counted, how it is written, and that nothing foreign is overwritten."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import yaml

from paichart.capacity import as_text, record
from paichart.inputs import InputPaths, read
from paichart.model import Capacity, Cluster, Machine, Settings, Sku
from paichart.problems import Span

SKU = Sku("gpu", Fraction(24), Fraction(220 * 1024))
MASTER = Machine("master", "10.0.0.1", SKU, is_master=True, is_worker=True)
WORKER = Machine("worker", "10.0.0.2", SKU, is_worker=True, span=Span("layout.yaml", 7, 13, 6))
OURS = {"app.kubernetes.io/part-of": "openpai"}


class Cloud:
    """A cluster's two lists, as the API server gives them."""

    def __init__(self, nodes: Sequence[str], pods: Sequence[Mapping[str, Any]] = ()) -> None:
        self._nodes, self._pods = nodes, pods

    def nodes(self) -> Any:
        allocatable = {"cpu": "23500m", "memory": "230686720Ki", "pods": "110"}
        return iter(
            [{"metadata": {"name": name}, "status": {"allocatable": allocatable}} for name in self._nodes]
        )

    def items(self, path: str, **query: str) -> Any:
        assert (path, query) == (
            "/api/v1/pods",
            {"fieldSelector": "status.phase!=Succeeded,status.phase!=Failed"},
        )
        return iter(self._pods)


def pod(
    *containers: Mapping[str, str] | None,
    node: str | None = "worker",
    labels: Mapping[str, str] | None = None,
    init: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """Return a pod whose containers have these requests, None for a container without resources."""
    spec: dict[str, Any] = {
        "containers": [{"resources": {"requests": requests} if requests else {}} for requests in containers],
        "initContainers": list(init),
    }
    if node is not None:
        spec["nodeName"] = node
    return {"metadata": {"labels": labels} if labels else {}, "spec": spec}


def recorded(*pods: Mapping[str, Any]) -> dict[str, Capacity]:
    cluster = Cluster((MASTER, WORKER), {SKU.name: SKU}, Settings({}), Settings({}))
    capacity, problems = record(Cloud(["master", "worker", "other"], pods), cluster)  # type: ignore[arg-type] # the same two lists
    assert problems == ()
    return capacity


def requested(*pods: Mapping[str, Any], node: str = "worker") -> tuple[Fraction, Fraction]:
    capacity = recorded(*pods)[node]
    return capacity.cpu_requested, capacity.memory_requested


ONE = {"cpu": "250m", "memory": "128Mi"}
COUNTED = (Fraction(1, 4), Fraction(128))
NOTHING = (Fraction(0), Fraction(0))


def test_workers_are_recorded_with_what_they_offer() -> None:
    assert recorded() == {
        name: Capacity(Fraction("23.5"), Fraction(220 * 1024)) for name in ("master", "worker")
    }


# id, pods, what is requested on the worker
PODS = [
    ("all-containers", [pod(ONE, ONE, None)], (Fraction(1, 2), Fraction(256))),
    ("several-pods", [pod(ONE), pod({"memory": "1Gi"})], (Fraction(1, 4), Fraction(1152))),
    ("another-node", [pod(ONE, node="other")], NOTHING),
    ("not-yet-bound", [pod(ONE, node=None)], NOTHING),
    ("init-container", [pod(ONE, init=[{"resources": {"requests": {"cpu": "8"}}}])], COUNTED),
    (
        "init-container-that-stays",
        [pod(None, init=[{"restartPolicy": "Always", "resources": {"requests": ONE}}])],
        COUNTED,
    ),
    ("job", [pod(ONE, labels={"type": "kube-launcher-task"})], NOTHING),
    ("our-daemon", [pod(ONE, labels={"app": "job-exporter", **OURS})], NOTHING),
    ("legacys-daemon", [pod(ONE, labels={"app": "log-manager"})], NOTHING),
    ("dshuttle", [pod(ONE, labels={"app": "dshuttle-csi-daemon", **OURS})], NOTHING),
    ("legacys-dshuttle", [pod(ONE, labels={"app": "dshuttle-worker"})], NOTHING),
    (
        "anothers-node-exporter",
        [pod(ONE, labels={"app": "node-exporter", "app.kubernetes.io/part-of": "kube-prometheus"})],
        COUNTED,
    ),
    ("our-other-pods", [pod(ONE, labels={"app": "fluentd", **OURS})], COUNTED),
]


@pytest.mark.parametrize(("pods", "expected"), [pytest.param(*row[1:], id=row[0]) for row in PODS])
def test_requests_are_counted_but_for_jobs_and_what_the_build_reserves(
    pods: list[dict[str, Any]], expected: tuple[Fraction, Fraction]
) -> None:
    assert requested(*pods) == expected


def test_on_a_shared_master_our_services_are_left_to_its_reservation() -> None:
    ours, foreign = pod(ONE, node="master", labels={"app": "rest-server", **OURS}), pod(ONE, node="master")
    assert requested(ours, foreign, node="master") == COUNTED


def test_a_worker_that_is_no_node_is_named() -> None:
    cluster = Cluster((WORKER,), {SKU.name: SKU}, Settings({}), Settings({}))
    _, (problem,) = record(Cloud(["worker1"]), cluster)  # type: ignore[arg-type] # the same two lists
    assert (problem.code, problem.span, problem.hint) == ("PAI195", WORKER.span, "did you mean 'worker1'?")


FIGURES = {
    "b": Capacity(Fraction("23.9"), Fraction(220 * 1024), Fraction("0.25"), Fraction(140)),
    "a": Capacity(Fraction(8), Fraction("32000.5"), Fraction(1, 3), Fraction(1, 3)),
}


def test_the_text_is_sorted_and_holds_kubernetes_quantities() -> None:
    text = as_text(FIGURES)
    assert yaml.safe_load(text) == {
        "nodes": {
            "a": {
                "cpu": "8",
                "memory": "32768512Ki",
                "cpu-requested": "333333334n",
                "memory-requested": "349526",
            },
            "b": {
                "cpu": "23900m",
                "memory": "220Gi",
                "cpu-requested": "250m",
                "memory-requested": "140Mi",
            },
        }
    }
    assert text.index("  a:") < text.index("  b:")
    assert text == as_text(dict(reversed(FIGURES.items())))


def test_what_is_recorded_is_what_the_build_reads(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("docker_image_tag: v1.8.0\n")
    (tmp_path / "layout.yaml").write_text(
        "machine-sku:\n"
        "  gpu: {mem: 300Gi, cpu: {vcore: 32}}\n"
        "machine-list:\n"
        '- {hostname: m, hostip: 10.0.0.1, machine-type: gpu, pai-master: "true"}\n'
        '- {hostname: b, hostip: 10.0.0.2, machine-type: gpu, pai-worker: "true"}\n'
    )
    path = tmp_path / "capacity.yaml"
    path.write_text(as_text({"b": FIGURES["b"]}))
    inputs = read(InputPaths(tmp_path / "config.yaml", tmp_path / "layout.yaml", capacity=path))
    assert inputs.cluster is not None
    assert inputs.cluster.capacity == {"b": FIGURES["b"]}
