"""The kubeconfig and the API server: what is said when one of them is not well."""

from __future__ import annotations

from pathlib import Path

import pytest

from paichart.kube import ClusterError, connect


@pytest.mark.parametrize(
    "content", [b"", b"a: [", b"text", b"\xff", b"kind: Config\ncurrent-context: none\n"]
)
def test_a_broken_kubeconfig_is_named_in_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "kubeconfig"
    path.write_bytes(content)
    with pytest.raises(ClusterError, match=r"^no usable kubeconfig: .+$"):
        connect(path)
