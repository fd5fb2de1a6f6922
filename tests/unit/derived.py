"""A small site for tests of derivations, and the charts' own schemas to hold their values against."""

from __future__ import annotations

import json
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import jsonschema

from paichart.model import Cluster, Machine, Settings, Sku
from paichart.schema import load_schema, with_defaults

CHARTS = Path(__file__).parents[2] / "charts"
SKU = Sku("machine", Fraction(24), Fraction(61440))


def site(services: Mapping[str, Any] | None = None, paichart: Mapping[str, Any] | None = None) -> Cluster:
    """One worker, then one master; settings as they are once defaults are filled in."""
    config = {"docker_image_tag": "v1.8.0", "paichart": dict(paichart or {})}
    return Cluster(
        machines=(
            Machine("pai-worker1", "10.0.0.2", SKU, is_worker=True),
            Machine("pai-master", "10.0.0.1", SKU, is_master=True),
        ),
        skus={SKU.name: SKU},
        config=Settings(with_defaults(config, load_schema("config"))),
        services=Settings(with_defaults(dict(services or {}), load_schema("services-configuration"))),
    )


def satisfies_schema(chart: str, values: Mapping[str, Any]) -> None:
    """Raise what the subchart's schema finds wrong with its values."""
    schema = json.loads((CHARTS / chart / "values.schema.json").read_text(encoding="utf-8"))
    jsonschema.validate(values, schema, cls=jsonschema.Draft7Validator)
