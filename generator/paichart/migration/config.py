"""config.yaml → today's: the release of the images, and switches that another file decided.

The old deployer read config.yaml only to make services-configuration.yaml, so what that file says counted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from paichart.migration.edits import Editor
from paichart.migration.entries import Action, Entry
from paichart.migration.legacy import value_at
from paichart.model import is_true

FILE = "config.yaml"
RELEASE = "v1.8.0"
"""The release of OpenPAI's images that the charts are made for."""

_NUMBERS = re.compile(r"v?(\d+)\.(\d+)\.(\d+)", re.ASCII)
_HIVED = "enable_hived_scheduler"
_TAG = "docker_image_tag"


def translate(data: Mapping[str, Any], services: Mapping[str, Any], editor: Editor) -> Iterator[Entry]:
    """Ask for the changes of config.yaml, and yield what they do; `services` is what the other file says."""
    yield from _tag(data, services, editor)
    yield from _hived(data, services, editor)
    if data.get("docker_cache_htpasswd") and not data.get("docker_cache_registry_htpasswd"):
        todo = (
            "the old deployer never read it; now the cache asks for this login: remove it if nodes have none"
        )
        yield Entry(Action.DECISION, FILE, ("docker_cache_htpasswd",), todo)


def renewed_tag(tag: str) -> tuple[str, str]:
    """Return the tag to use and why it is another one; the reason is empty when it is the same."""
    numbers = _NUMBERS.fullmatch(tag)
    if numbers is None or tuple(map(int, numbers.groups())) >= (1, 8, 0):
        return tag, ""
    return RELEASE, f"the charts fit the images of {RELEASE}, which bring an older database up to date"


def _tag(data: Mapping[str, Any], services: Mapping[str, Any], editor: Editor) -> Iterator[Entry]:
    written = data.get(_TAG)
    named = value_at(services, ("cluster", "docker-registry", "tag"))
    in_effect = named if isinstance(named, str) else ""
    if not isinstance(written, str | None) or not (written or in_effect):
        return
    tag, reason = renewed_tag(in_effect or str(written))
    if in_effect and in_effect != written:
        reason = f"cluster.docker-registry.tag is {in_effect}, which counted" + (
            f"; {reason}" if reason else ""
        )
    if tag != written:
        change = editor.replace if _TAG in data else editor.add
        change((_TAG,), tag)
        yield Entry(Action.TRANSLATED, FILE, (_TAG,), reason, written or "", tag)
    yield from _misfit(in_effect or str(written), tag, data)


def _misfit(old: str, new: str, data: Mapping[str, Any]) -> Iterator[Entry]:
    """Yield what the admin must see to when the images become others, or are none that we know."""
    numbers = _NUMBERS.fullmatch(old)
    if numbers is not None and numbers[1] == "0":
        todo = "OpenPAI before v1.0 kept jobs and users elsewhere: only its configuration can be taken over"
        yield Entry(Action.DECISION, FILE, (_TAG,), todo)
    if new != RELEASE:
        todo = f"the charts are made for {RELEASE}: use it, unless '{new}' is a build of your own that fits"
        yield Entry(Action.DECISION, FILE, (_TAG,), todo)
    elif old != new and data.get("docker_registry_domain") not in (None, "docker.io", "public"):
        todo = f"your registry must hold the images of {RELEASE}: `paichart services` lists them"
        yield Entry(Action.DECISION, FILE, ("docker_registry_domain",), todo)


def _hived(data: Mapping[str, Any], services: Mapping[str, Any], editor: Editor) -> Iterator[Entry]:
    """Switch HiveD as it was: on where services-configuration.yaml has its configuration, else off."""
    if not _is_whole(services):
        return
    section = services.get("hivedscheduler")
    was_on = bool(section.get("config")) if isinstance(section, Mapping) else False
    written = data.get(_HIVED)
    if (written is None or is_true(written)) is was_on:
        return
    word = "true" if was_on else "false"
    if written is None:
        editor.add((_HIVED,), word)
    else:
        editor.replace((_HIVED,), word)
    reason = (
        f"services-configuration.yaml has {'a' if was_on else 'no'} configuration of HiveD, and that counted"
    )
    yield Entry(
        Action.TRANSLATED,
        FILE,
        (_HIVED,),
        reason,
        old="" if written is None else str(written).lower(),
        new=word,
    )


def _is_whole(services: Mapping[str, Any]) -> bool:
    """Tell whether a file could start the old services: rest-server needed the name of the first admin."""
    section = services.get("rest-server")
    return isinstance(section, Mapping) and "default-pai-admin-username" in section
