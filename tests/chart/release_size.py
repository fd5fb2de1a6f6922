"""How large Helm's record of a release is, and its ConfigMaps: what etcd must hold."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.chart.charts import load_yaml
from tests.chart.render import Objects


def release_secret_size(manifest: str, chart: Path, values: Mapping[str, Any]) -> int:
    """Bytes of the Secret in which Helm keeps a release: manifest, chart and values, gzipped, in base64.

    Of the chart it keeps the umbrella's own files, and its values as JSON; no subchart.
    """
    files = {
        path.relative_to(chart).as_posix(): base64.b64encode(path.read_bytes()).decode()
        for path in sorted(chart.rglob("*"))
        if path.is_file() and path.relative_to(chart).parts[0] not in ("charts", "values.yaml")
    }
    kept = {"files": files, "values": load_yaml(chart / "values.yaml")}
    release = json.dumps({"manifest": manifest, "chart": kept, "config": dict(values)})
    return len(base64.b64encode(gzip.compress(release.encode(), compresslevel=9)))


def config_map_sizes(objects: Objects) -> dict[str, int]:
    """Bytes of each ConfigMap's JSON, by its name."""
    return {item["metadata"]["name"]: len(json.dumps(item).encode()) for item in objects.all("ConfigMap")}
