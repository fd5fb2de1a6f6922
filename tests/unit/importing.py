"""Today's inputs from the texts of legacy ones, and what is told of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from paichart.migration.entries import Action
from paichart.migration.importing import Imported, translate
from paichart.migration.legacy import Running, from_texts
from paichart.model import Secret
from tests.unit.checking import LAYOUT

CONFIG = "docker_image_tag: v1.8.0\n"
LINE = "# yaml-language-server: $schema=.paichart/{}.schema.json\n"


def imported(
    config: str = CONFIG, layout: str = LAYOUT, services: str = "", running: Running | None = None
) -> Imported:
    """Return what becomes of these files; an empty text stands for a file that is not there."""
    texts = {"config.yaml": config, "layout.yaml": layout, "services-configuration.yaml": services}
    return translate(from_texts({name: text for name, text in texts.items() if text}, "old", running))


def body(result: Imported, name: str) -> str:
    """Return an input without the line for editors."""
    first, text = result.files[f"{name}.yaml"].split("\n", 1)
    assert f"{first}\n" == LINE.format(name)
    return text


def told(result: Imported, action: Action) -> dict[str, str]:
    """Return what is told with an action: key → reason."""
    return {key: entry.reason for entry in result.entries if entry.action is action for key in entry.keys}


def changes(result: Imported) -> list[tuple[str, str, str]]:
    """Return what was translated: key, old and new value."""
    return [(key, e.old, e.new) for e in result.entries if e.action is Action.TRANSLATED for key in e.keys]


def credentials(result: Imported) -> Mapping[str, Any]:
    return dict(yaml.safe_load(result.files["credentials.yaml"]))


def running(
    credentials: Mapping[str, str] | None = None,
    settings: Mapping[tuple[str, ...], str] | None = None,
    services: tuple[str, ...] = (),
    registries: tuple[str, ...] = (),
) -> Running:
    return Running(
        {key: Secret(value) for key, value in (credentials or {}).items()},
        {path: Secret(value) for path, value in (settings or {}).items()},
        frozenset(services),
        registries,
    )
