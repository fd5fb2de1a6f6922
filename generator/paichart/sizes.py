"""Kubernetes' size limits, checked before Helm would meet them."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterator, Mapping
from typing import Any

from paichart.problems import Problem, Severity, Span

OBJECT_LIMIT = 1024 * 1024
"""Bytes that a ConfigMap or Secret may hold (Kubernetes: 1 MiB)."""

_WARN_AT = 0.8
_CONFIG_MAPS = (
    ("cluster-configuration", "layout", "the machine list"),
    ("cluster-configuration", "nodeLabels", "the node labels"),
    ("cluster-configuration", "gpuConfiguration", "the device list"),
    ("hivedscheduler", "config", "HiveD's configuration"),
)


def check_sizes(values: Mapping[str, Any], release: int, layout: str) -> Iterator[Problem]:
    """PAI090: no object of the release, and not the release itself (bytes), outgrows what Kubernetes stores.

    A ConfigMap is as large as its JSON, from above: YAML indents, but has no quotes and braces.
    """
    for service, key, what in _CONFIG_MAPS:
        section = values.get(service, {}).get(key)
        if section:
            size = len(json.dumps(section, ensure_ascii=False).encode())
            yield from _verdict(size, f"{what} in one ConfigMap", layout)
    yield from _verdict(release, "the release as Helm stores it in one Secret", layout)


def release_size(files: Mapping[str, bytes]) -> int:
    """Return the bytes of Helm's release Secret, estimated from above: umbrella, values, manifest.

    Helm keeps the umbrella's own files, its values, and what was rendered, but no subchart. Nothing is
    rendered here, so subcharts' templates and files stand for what comes of them, and the values once more
    for the rest.
    """
    values = files["values.yaml"]
    own = [
        base64.b64encode(data)
        for path, data in files.items()
        if path != "values.yaml" and not path.startswith("charts/")
    ]
    rendered = [
        data
        for path, data in files.items()
        if path.startswith("charts/") and not path.endswith(("/values.yaml", "/values.schema.json"))
    ]
    text = b"".join((*own, *rendered, values, values))
    return len(base64.b64encode(gzip.compress(text, compresslevel=6, mtime=0)))


def _verdict(size: int, what: str, layout: str) -> Iterator[Problem]:
    if size <= OBJECT_LIMIT * _WARN_AT:
        return
    too_large = size > OBJECT_LIMIT
    yield Problem(
        Span(layout),
        "PAI090",
        f"{what} takes {size / 1024:,.0f} KiB; Kubernetes stores at most {OBJECT_LIMIT // 1024:,} KiB",
        "use shorter host names, or split the machines over two clusters",
        Severity.ERROR if too_large else Severity.WARNING,
    )
