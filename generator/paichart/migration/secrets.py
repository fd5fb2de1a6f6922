"""Secrets that the old installation used: from the cluster, from the inputs, or legacy's defaults."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from paichart import credentials
from paichart.migration.edits import Editor
from paichart.migration.entries import Action, Entry, dotted
from paichart.migration.legacy import Running, value_at
from paichart.migration.services import FILE as SERVICES
from paichart.model import Secret, is_true
from paichart.rules.legacy import KNOWN_TO_ALL
from paichart.validator import Path

FILE = credentials.FILE_NAME

_ROTATE: Mapping[str, str] = {
    "admin-password": "if the account still has it, change it in the portal",
    "database-password": "change it in PostgreSQL (ALTER USER) and here together",
    "jwt-secret": "everybody can forge tokens; remove the line to have a new one made, which ends all tokens",
    "marketplace-database-password": "change it in the marketplace's PostgreSQL and here together",
    "storage-manager-password": "who mounts the share needs the new one too; then change the line",
}
"""Secrets that others hold too, so that a default of legacy's must stay until somebody changes it there."""

_MARKETPLACE = "marketplace-database-password"
_STORAGE = "storage-manager-password"


@dataclass(slots=True)
class Secrets:
    """What goes into credentials.yaml, and what became of each secret."""

    values: dict[str, Secret] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)


def collect(
    config: Mapping[str, Any],
    layout: Mapping[str, Any],
    services: Mapping[str, Any],
    running: Running | None,
    editor: Editor,
) -> Secrets:
    """Return the secrets in effect, and ask for those in services-configuration.yaml to be removed.

    `services` is that file as the old deployer read it.
    """
    found = Secrets()
    shipped = _shipped()
    for key in credentials.RANDOM_KEYS:
        paths = [
            path for path in credentials.INPUT_PATHS.get(key, ()) if value_at(services, path) is not None
        ]
        for path in paths:
            editor.remove(*path)
        given = next((text for text in (_text(value_at(services, path)) for path in paths) if text), "")
        live = str(running.credentials.get(key, "")) if running is not None else ""
        value = (
            live
            or given
            or (shipped.get(key, "") if _is_needed(key, config, layout, services, running) else "")
        )
        found.entries += _told(key, value, given, live, paths, shipped.get(key, ""))
        if value and not live and running is not None and key in _ROTATE:
            reason = "check them: the services that used them do not run, so their own word is missing"
            found.entries.append(Entry(Action.DECISION, FILE, (key,), reason))
        if value and (value != shipped.get(key) or key in _ROTATE):
            found.values[key] = Secret(value)
    found.entries += _ssh_keys(found.values, running)
    return found


def _told(
    key: str, value: str, given: str, live: str, paths: Sequence[Path], shipped: str
) -> Iterator[Entry]:
    """Yield what became of one secret."""
    names = tuple(map(dotted, paths))
    if value and value == shipped and key not in _ROTATE:
        reason = "the old deployer's default, which nobody else needs: `paichart build` makes a new one"
        yield Entry(Action.IGNORED, SERVICES if names else FILE, names or (key,), reason)
        return
    if names and value:
        reason = "secrets lie in a file of their own"
        yield Entry(Action.TRANSLATED, SERVICES, names, reason, new=f"{FILE}: {key}")
    if not value:
        if names:
            yield Entry(Action.IGNORED, SERVICES, names, "empty: `paichart build` makes one")
        return
    if live and live != given:
        reason = "as the running service has it" + ("; the configuration says otherwise" if given else "")
        yield Entry(Action.KEPT, FILE, (key,), reason)
    elif not given:
        yield Entry(Action.KEPT, FILE, (key,), "the old deployer's default, which was in effect")
    if value == shipped:
        yield Entry(Action.DECISION, FILE, (key,), f"it is the old deployer's default: {_ROTATE[key]}")


def _ssh_keys(values: dict[str, Secret], running: Running | None) -> Iterator[Entry]:
    keys = (credentials.SSH_PRIVATE_KEY, credentials.SSH_PUBLIC_KEY)
    if running is not None and all(running.credentials.get(key) for key in keys):
        values.update({key: running.credentials[key] for key in keys})
        yield Entry(Action.KEPT, FILE, keys, "Secret default/job-ssh-secret: running jobs go on speaking ssh")


def _is_needed(
    key: str,
    config: Mapping[str, Any],
    layout: Mapping[str, Any],
    services: Mapping[str, Any],
    running: Running | None,
) -> bool:
    """Tell whether legacy's default was in effect for a secret that others hold too."""
    if key == _MARKETPLACE:
        if running is not None:
            return "marketplace-db-ds" in running.services
        switches = (
            value_at(services, ("cluster", "common", "marketplace")),
            config.get("enable_marketplace"),
        )
        return "marketplace-db" in services or any(map(is_true, switches))
    if key == _STORAGE:
        rows = layout.get("machine-list")
        return any(
            is_true(row.get("pai-storage"))
            for row in (rows if isinstance(rows, list) else ())
            if isinstance(row, Mapping)
        )
    return key in _ROTATE


def _shipped() -> dict[str, str]:
    """Return legacy's default of each credential."""
    defaults = dict(KNOWN_TO_ALL)
    return {
        key: defaults[path]
        for key, paths in credentials.INPUT_PATHS.items()
        for path in paths
        if path in defaults
    }


def _text(value: Any) -> str:
    """Return a secret as the old deployer's templates wrote it: 010 as 8, yes as True."""
    return "" if value is None or isinstance(value, list | Mapping) else str(value)
