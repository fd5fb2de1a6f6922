"""Where the charts and schemas lie: inside the installed package, or in the checkout it runs from."""

from __future__ import annotations

from functools import cache
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_CHECKOUT = _PACKAGE.parent.parent


def charts_dir() -> Path:
    """Return the folder that holds one chart a folder."""
    return _folder("charts")


@cache
def chart_names() -> tuple[str, ...]:
    """Return the names of the charts, in order."""
    return tuple(sorted(path.parent.name for path in charts_dir().glob("*/Chart.yaml")))


def schemas_dir() -> Path:
    """Return the folder that holds the JSON Schemas of the inputs."""
    return _folder("schemas")


def _folder(name: str) -> Path:
    installed = _PACKAGE / "_data" / name
    return installed if installed.is_dir() else _CHECKOUT / name
