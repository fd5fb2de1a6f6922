"""Single panels, as Grafana 12's dashboard JSON has them (schema version 42)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from paichart.derive.json import Json

Object: TypeAlias = dict[str, Json]
Step: TypeAlias = tuple[str, float | None]
"""A colour, and the value from which it holds; the first one has none."""

DATASOURCE: Json = {"type": "prometheus", "uid": "PM"}
PANEL_VERSION = "12.4.0"

PLAIN: Sequence[Step] = (("text", None),)
FULL: Sequence[Step] = (("green", None), ("orange", 80), ("red", 95))
"""Something that runs full, in percent."""
HOT: Sequence[Step] = (("green", None), ("orange", 75), ("red", 85))
"""Degrees Celsius of a GPU."""
BAD: Sequence[Step] = (("green", None), ("red", 1))
"""A count of what should not be."""
UNUSED: Sequence[Step] = (("orange", None), ("green", 30))
"""Utilization of something costly that a job holds, in percent."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: a query of one value a row, how it is shown, and where a click leads."""

    name: str
    query: str
    unit: str = "none"
    steps: Sequence[Step] = PLAIN
    is_gauge: bool = False
    is_hidden: bool = False
    decimals: int | None = None


@dataclass(frozen=True, slots=True)
class Key:
    """A label that names the rows of a table, its heading, and its link: (title, address)."""

    label: str
    name: str
    link: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Look:
    """How values of a panel are shown; none is the text in place of a panel without data."""

    unit: str
    none: str
    steps: Sequence[Step] = PLAIN
    least: float | None = None
    most: float | None = None
    decimals: int | None = None
    texts: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    def defaults(self) -> Object:
        """Return Grafana's field defaults."""
        found: Object = {
            "unit": self.unit,
            "noValue": self.none,
            "color": {"mode": "thresholds"},
            "thresholds": thresholds(self.steps),
        }
        for key, value in (("min", self.least), ("max", self.most), ("decimals", self.decimals)):
            if value is not None:
                found[key] = value
        if self.texts:
            options: Object = {
                value: {"text": text, "color": color} for value, (text, color) in self.texts.items()
            }
            found["mappings"] = [{"type": "value", "options": options}]
        return found


def thresholds(steps: Sequence[Step]) -> Object:
    """Return thresholds of absolute values."""
    return {"mode": "absolute", "steps": [{"color": color, "value": value} for color, value in steps]}


def stat(title: str, about: str, query: str, look: Look, *, width: int = 3, has_trend: bool = True) -> Object:
    """Return one big figure, the last one in the chosen time, with its course behind it."""
    options: Object = {
        "colorMode": "value",
        "graphMode": "area" if has_trend else "none",
        "justifyMode": "center",
        "textMode": "value",
        "wideLayout": True,
        "orientation": "auto",
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
    }
    targets: list[Json] = [_target("A", query, "", is_instant=not has_trend)]
    panel = _panel("stat", title, about, look.defaults(), options, targets)
    return {**panel, "maxDataPoints": 60, "gridPos": {"w": width, "h": 4}}


def trend(
    title: str,
    about: str,
    queries: Mapping[str, str],
    look: Look,
    *,
    width: int = 12,
    height: int = 8,
    is_stacked: bool = False,
    is_bars: bool = False,
    has_table: bool = False,
) -> Object:
    """Return curves over time: {legend: query}. has_table is for many: a legend with figures, worst first."""
    defaults = look.defaults()
    defaults["color"] = {"mode": "palette-classic"}
    del defaults["thresholds"]
    custom: Object = {
        "lineWidth": 1,
        "fillOpacity": 60 if is_bars else 30 if is_stacked else 8,
        "showPoints": "never",
    }
    if is_stacked:
        custom["stacking"] = {"mode": "normal", "group": "A"}
    if is_bars:
        custom["drawStyle"] = "bars"
    options: Object = {
        "legend": _legend(has_table),
        "tooltip": {"mode": "multi", "sort": "desc", "hideZeros": False},
    }
    panel = _panel(
        "timeseries", title, about, {**defaults, "custom": custom}, options, _range_targets(queries)
    )
    return {**panel, "gridPos": {"w": width, "h": height}}


def bars(
    title: str, about: str, query: str, legend: str, look: Look, *, width: int = 12, height: int = 8
) -> Object:
    """Return one horizontal bar for each series, as it is now."""
    options: Object = {
        "displayMode": "gradient",
        "orientation": "horizontal",
        "valueMode": "color",
        "namePlacement": "left",
        "showUnfilled": True,
        "sizing": "auto",
        "minVizWidth": 8,
        "minVizHeight": 16,
        "maxVizHeight": 40,
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        "legend": {"showLegend": False, "displayMode": "list", "placement": "bottom", "calcs": []},
    }
    panel = _panel("bargauge", title, about, look.defaults(), options, _range_targets({legend: query}))
    return {**panel, "maxDataPoints": 60, "gridPos": {"w": width, "h": height}}


def timeline(
    title: str, about: str, query: str, legend: str, look: Look, *, width: int = 24, height: int = 8
) -> Object:
    """Return one coloured band for each series: which state it was in, and when."""
    defaults: Object = {**look.defaults(), "custom": {"lineWidth": 0, "fillOpacity": 75}}
    options: Object = {
        "mergeValues": True,
        "showValue": "never",
        "alignValue": "left",
        "rowHeight": 0.85,
        "perPage": 40,
        "legend": {"showLegend": True, "displayMode": "list", "placement": "bottom", "calcs": []},
        "tooltip": {"mode": "single", "sort": "none"},
    }
    panel = _panel("state-timeline", title, about, defaults, options, _range_targets({legend: query}))
    return {**panel, "maxDataPoints": 300, "gridPos": {"w": width, "h": height}}


def table(
    title: str,
    about: str,
    keys: Sequence[Key],
    columns: Sequence[Column],
    none: str,
    *,
    sort: str,
    is_descending: bool = True,
    width: int = 24,
    height: int = 9,
) -> Object:
    """Return a table with a row for each set of the keys' labels, sorted by the column named sort."""
    letters = [chr(ord("A") + number) for number in range(len(columns))]
    targets: list[Json] = [
        {**_target(letter, column.query, "", is_instant=True), "format": "table"}
        for letter, column in zip(letters, columns, strict=True)
    ]
    # A single query's values are called "Value", those of several "Value #A", "Value #B"…
    fields = ["Value"] if len(columns) == 1 else [f"Value #{letter}" for letter in letters]
    shown = [key.label for key in keys] + fields
    names = {key.label: key.name for key in keys} | {
        f: column.name for f, column in zip(fields, columns, strict=True)
    }
    hidden = ["Time", *(f for f, column in zip(fields, columns, strict=True) if column.is_hidden)]
    organize: Object = {
        "excludeByName": dict.fromkeys(hidden, True),
        "indexByName": {name: index for index, name in enumerate(shown)},
        "renameByName": {name: new for name, new in names.items() if name != new},
    }
    defaults = Look("none", none).defaults()
    defaults["custom"] = {"align": "auto", "cellOptions": {"type": "auto"}, "inspect": False}
    options: Object = {
        "showHeader": True,
        "cellHeight": "sm",
        "sortBy": [{"displayName": sort, "desc": is_descending}],
    }
    panel = _panel("table", title, about, defaults, options, targets)
    overrides: list[Json] = [_key_override(key) for key in keys if key.link]
    overrides += [_column_override(column) for column in columns if not column.is_hidden]
    panel["fieldConfig"] = {"defaults": defaults, "overrides": overrides}
    panel["transformations"] = [{"id": "merge", "options": {}}, {"id": "organize", "options": organize}]
    return {**panel, "gridPos": {"w": width, "h": height}}


def _panel(
    kind: str, title: str, about: str, defaults: Object, options: Object, targets: list[Json]
) -> Object:
    return {
        "type": kind,
        "title": title,
        "description": about,
        "datasource": DATASOURCE,
        "pluginVersion": PANEL_VERSION,
        "fieldConfig": {"defaults": defaults, "overrides": []},
        "options": options,
        "targets": targets,
    }


def _range_targets(queries: Mapping[str, str]) -> list[Json]:
    return [
        _target(chr(ord("A") + number), query, legend)
        for number, (legend, query) in enumerate(queries.items())
    ]


def _target(letter: str, query: str, legend: str, *, is_instant: bool = False) -> Object:
    target: Object = {"refId": letter, "expr": query}
    if is_instant:
        return {**target, "instant": True, "range": False}
    return {**target, "range": True, "legendFormat": legend}


def _legend(has_table: bool) -> Object:
    if not has_table:
        return {"showLegend": True, "displayMode": "list", "placement": "bottom", "calcs": []}
    figures: list[Json] = ["mean", "max"]
    return {
        "showLegend": True,
        "displayMode": "table",
        "placement": "bottom",
        "calcs": figures,
        "sortBy": "Max",
        "sortDesc": True,
    }


def _key_override(key: Key) -> Object:
    title, address = key.link or ("", "")
    links: Json = [{"title": title, "url": address}]
    return {"matcher": {"id": "byName", "options": key.name}, "properties": [{"id": "links", "value": links}]}


def _column_override(column: Column) -> Object:
    properties: list[Json] = [{"id": "unit", "value": column.unit}]
    if column.steps is not PLAIN:
        properties.append({"id": "thresholds", "value": thresholds(column.steps)})
    if column.is_gauge:
        cell: Object = {"type": "gauge", "mode": "basic", "valueDisplayMode": "text"}
        properties += [
            {"id": "custom.cellOptions", "value": cell},
            {"id": "min", "value": 0},
            {"id": "max", "value": 100},
        ]
    elif column.steps is not PLAIN:
        properties.append({"id": "custom.cellOptions", "value": {"type": "color-text"}})
    if column.decimals is not None:
        properties.append({"id": "decimals", "value": column.decimals})
    return {"matcher": {"id": "byName", "options": column.name}, "properties": properties}
