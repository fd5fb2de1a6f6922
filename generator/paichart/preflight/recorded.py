"""The package's own data: what a release is made of, and what a legacy installation leaves."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

import yaml


@cache
def release() -> Mapping[str, Any]:
    """Return release.yaml: what installing a release needs of the cluster."""
    return _data("release.yaml")


@cache
def legacy() -> Mapping[str, tuple[tuple[str, str], ...]]:
    """Return (namespace, name) of legacy objects by kind; a name that ends in * is a beginning."""
    return {kind: tuple((where, name) for where, name in rows) for kind, rows in _data("legacy.yaml").items()}


def _data(name: str) -> Mapping[str, Any]:
    text = resources.files(__package__).joinpath(f"data/{name}").read_text(encoding="utf-8")
    return dict(yaml.load(text, Loader=yaml.CSafeLoader))
