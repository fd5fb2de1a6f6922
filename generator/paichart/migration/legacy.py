"""A legacy configuration as it was found: the texts of its files, and what the running services say."""

from __future__ import annotations

import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from paichart.model import Secret
from paichart.problems import has_errors
from paichart.schema import FILES
from paichart.source import Document, load, parse

INPUTS = ("config", "layout", "services-configuration")
"""Names of the inputs that an installation is described by, as keys of FILES."""

_OLD_LAYOUT = "cluster-configuration.yaml"
"""Where the machines stood before OpenPAI 0.8."""


@dataclass(frozen=True, slots=True)
class File:
    """One file: what was read of it, and its text (empty when it can't be used).

    Of a private one the mode says that not everybody may read it.
    """

    document: Document
    text: str = ""
    is_private: bool = False


@dataclass(frozen=True, slots=True)
class Running:
    """What the cluster's objects say beside the configuration.

    `credentials` by key of credentials.yaml, `settings` by path in services-configuration.yaml; `services`
    are the names of the DaemonSets and Deployments that were found, `registries` those of the pull secret.
    """

    credentials: Mapping[str, Secret]
    settings: Mapping[tuple[str, ...], Secret]
    services: frozenset[str]
    registries: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Legacy:
    """The files by name of the input (config.yaml and services-configuration.yaml may be missing).

    `others` are names of files that are no input any more. `running` is None without a cluster.
    """

    files: Mapping[str, File] = field(repr=False)
    others: tuple[str, ...] = ()
    running: Running | None = field(default=None, repr=False)


def from_folder(folder: Path) -> Legacy:
    """Read the folder that `paictl config push` took; what can't be read is a problem of its document."""
    names = sorted(entry.name for entry in folder.iterdir()) if folder.is_dir() else []
    places = dict(FILES)
    if FILES["layout"] not in names and _OLD_LAYOUT in names:
        places["layout"] = _OLD_LAYOUT
    has_services = FILES["services-configuration"] in names
    needed = {"layout"} if has_services else {"layout", "config"}
    files = {name: _read(folder / places[name]) for name in INPUTS if name in needed or places[name] in names}
    used = {places[name] for name in files}
    return Legacy(files, tuple(name for name in names if name not in used and not name.startswith(".")))


def from_texts(texts: Mapping[str, str], source: str, running: Running | None = None) -> Legacy:
    """Return the configuration whose files have these texts by file name; messages call them source/name."""
    found = {FILES["layout"]: "{}", **texts}
    files = {
        name: _file(parse(found[FILES[name]].encode(), f"{source}/{FILES[name]}"), found[FILES[name]])
        for name in INPUTS
        if FILES[name] in found
    }
    others = tuple(sorted(set(texts) - {FILES[name] for name in files}))
    return Legacy(files, others, running)


def read_as_old(text: str) -> Mapping[str, Any]:
    """Return what the old deployer read in a text, which was YAML 1.1; nothing for a broken one."""
    try:
        data = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError):
        return {}
    return data if isinstance(data, Mapping) else {}


def value_at(data: Any, path: Sequence[str | int]) -> Any:
    """Return what stands at a path of keys, None when nothing does."""
    for step in path:
        if not isinstance(data, Mapping) or step not in data:
            return None
        data = data[step]
    return data


def _read(path: Path) -> File:
    document = load(path)
    if document.data is None and has_errors(document.problems):
        return File(document)
    is_private = not path.stat().st_mode & stat.S_IROTH
    return replace(_file(document, path.read_bytes().decode("utf-8")), is_private=is_private)


def _file(document: Document, text: str) -> File:
    return File(document, text.removeprefix("\ufeff") if document.data is not None else "")
