"""Fixtures that give tests a real control plane with simulated nodes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol

import pytest

from tests.rig.cluster import Cluster, nodes_from_layout


class ClusterFactory(Protocol):
    """Starts a fresh cluster whose nodes are the machines of a layout.yaml, or that has none."""

    def __call__(self, layout: Path | None = None, *, master_taint: bool = False) -> Cluster: ...


@pytest.fixture(scope="session")
def cluster_factory() -> Iterator[ClusterFactory]:
    """Clusters of this factory live until the end of the session, unless the test stops its own."""
    with ExitStack() as stack:

        def make(layout: Path | None = None, *, master_taint: bool = False) -> Cluster:
            cluster = stack.enter_context(Cluster())
            if layout is not None:
                cluster.add_nodes(nodes_from_layout(layout), master_taint=master_taint)
            return cluster

        yield make
