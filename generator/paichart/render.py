"""The files of a build: the umbrella chart, its subcharts and the derived values."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from paichart.derive.json import Json
from paichart.release import LIBRARY, UMBRELLA

_LEFT_OUT = ("ci", "charts", "values.schema.yaml", "values-schema-parts.yaml", "Chart.lock")
_VALUES_HEADER = """\
# Written by `paichart build` from config.yaml, layout.yaml and services-configuration.yaml. Change those,
# not this file: a value that they have no key for goes into config.yaml under `paichart.values`.
"""


_READ_OTHERWISE = re.compile(
    r"[yYnN]|[-+]?0[oObBxX][0-9A-Fa-f_]+|[-+]?(\.[0-9_]+|[0-9][0-9_]*(\.[0-9_]*)?)([eE][-+]?[0-9_]+)?",
    re.ASCII,
)
"""Text that Go's reader of YAML (Helm's) takes for a switch or a number, Python's for text: n, 08, 1e3."""


class _Dumper(yaml.CSafeDumper):
    """Writes text of several lines as a block, so that people can read it; as text for every reader."""


def _text(dumper: yaml.CSafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else "'" if _READ_OTHERWISE.fullmatch(text) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)
_Dumper.ignore_aliases = lambda _self, _data: True  # type: ignore[method-assign,assignment] # anchors puzzle readers


_LONG = 100
"""Items of a list or mapping that people would still write by hand; a layout may have thousands."""

_NULL = " null\n"
_LINE = re.compile(r"^(?=.)", re.MULTILINE)


def render(charts: Path, services: Iterable[str], values: Mapping[str, Json]) -> dict[str, bytes]:
    """Return {relative path: content} of the umbrella, the library and each named service's subchart."""
    names = {LIBRARY, *services}
    files = _chart_files(charts / UMBRELLA)
    files["Chart.yaml"] = _umbrella_chart(files["Chart.yaml"], names)
    files["values.yaml"] = (_VALUES_HEADER + dump(values)).encode()
    for name in sorted(names):
        subchart = _chart_files(charts / name)
        subchart["Chart.yaml"] = _without_dependencies(subchart["Chart.yaml"])
        files.update({f"charts/{name}/{path}": data for path, data in subchart.items()})
    return dict(sorted(files.items()))


def dump(values: Mapping[str, Any]) -> str:
    """Return values as YAML, keys in the order given; of what has many items, each as JSON on a line."""
    return _text_of(values)


def _text_of(value: Mapping[str, Any] | list[Any]) -> str:
    """Return a mapping or list as lines of YAML; only the way to what is long is written here."""
    if len(value) > _LONG:
        return _rows(value)
    if not _holds_long(value):
        return _yaml(value)
    if isinstance(value, Mapping):
        return "".join(
            f"{_yaml({key: None}).removesuffix(_NULL)}\n{_indented(_text_of(item))}"
            if _holds_long(item)
            else _yaml({key: item})
            for key, item in value.items()
        )
    return "".join(
        f"- {_indented(_text_of(item))[2:]}" if _holds_long(item) else _yaml([item]) for item in value
    )


def _yaml(value: Mapping[str, Any] | list[Any]) -> str:
    written = dict(value) if isinstance(value, Mapping) else value
    return str(yaml.dump(written, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10_000))


def _holds_long(value: Any) -> bool:
    """Tell whether a value is a mapping or list of many items, or has one somewhere."""
    if not isinstance(value, Mapping | list):
        return False
    items = value.values() if isinstance(value, Mapping) else value
    return len(value) > _LONG or any(_holds_long(item) for item in items)


def _rows(value: Mapping[str, Any] | list[Any]) -> str:
    """Return each item on a line of its own, as JSON, which is YAML to every reader while it is ASCII."""
    write = json.dumps
    if isinstance(value, Mapping):
        rows = "".join(f"{write(str(key))}: {write(item)}\n" for key, item in value.items())
    else:
        rows = "".join(f"- {write(item)}\n" for item in value)
    return rows if "\\u" not in rows else _yaml(value)


def _indented(text: str) -> str:
    return _LINE.sub("  ", text)


def _chart_files(folder: Path) -> dict[str, bytes]:
    """Return a chart's files but for what only its developers need."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and path.relative_to(folder).parts[0] not in _LEFT_OUT
        and not path.name.endswith((".gotmpl", ".pyc"))
    }


def _umbrella_chart(text: bytes, names: Iterable[str]) -> bytes:
    """Return Chart.yaml with the dependencies that lie in charts/, which need no repository."""
    chart = yaml.load(text, yaml.CSafeLoader)
    kept = [dependency for dependency in chart["dependencies"] if dependency["name"] in names]
    chart["dependencies"] = [
        {k: v for k, v in dependency.items() if k != "repository"} for dependency in kept
    ]
    return dump(chart).encode()


def _without_dependencies(text: bytes) -> bytes:
    """Return a subchart's Chart.yaml without its library: the umbrella carries that once for all."""
    chart = yaml.load(text, yaml.CSafeLoader)
    chart.pop("dependencies", None)
    return dump(chart).encode()
