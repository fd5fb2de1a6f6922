"""A whole dashboard: panels on a grid of 24 columns, variables, and links to the other dashboards."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from dashboards.panels import DATASOURCE, Object
from paichart.derive.json import Json

COLUMNS = 24
SCHEMA_VERSION = 42
Line: TypeAlias = "str | Sequence[Object]"
"""A heading, or panels side by side."""


def dashboard(
    uid: str,
    title: str,
    about: str,
    lines: Sequence[Line],
    *,
    variables: Sequence[Object] = (),
    links: Sequence[Object] = (),
    start: str = "now-1h",
) -> Object:
    """Return a dashboard; the portal links to those whose uid is a slug of the old ones."""
    return {
        "uid": uid,
        "title": title,
        "description": about,
        "tags": ["openpai"],
        "schemaVersion": SCHEMA_VERSION,
        "version": 1,
        "editable": True,
        "graphTooltip": 1,
        "refresh": "30s",
        "time": {"from": start, "to": "now"},
        "timepicker": {},
        "timezone": "browser",
        "annotations": {"list": []},
        "templating": {"list": list(variables)},
        "links": list(links),
        "panels": placed(lines),
    }


def placed(lines: Sequence[Line]) -> list[Json]:
    """Return the panels with their ids and places, one line below the other."""
    found: list[Json] = []
    top = 0
    for line in lines:
        if isinstance(line, str):
            heading: Object = {
                "type": "row",
                "title": line,
                "collapsed": False,
                "panels": [],
                "gridPos": {"x": 0, "y": top, "w": COLUMNS, "h": 1},
            }
            found.append({"id": len(found) + 1, **heading})
            top += 1
            continue
        left = height = 0
        for panel in line:
            width, high = size(panel)
            place: Object = {"x": left, "y": top, "w": width, "h": high}
            found.append({"id": len(found) + 1, **panel, "gridPos": place})
            left, height = left + width, max(height, high)
        if left != COLUMNS:
            raise ValueError(f"a line is {left} columns wide: {[panel['title'] for panel in line]}")
        top += height
    return found


def size(panel: Object) -> tuple[int, int]:
    """Return width and height that a panel asks for."""
    place = panel["gridPos"]
    if not isinstance(place, dict) or not isinstance(place["w"], int) or not isinstance(place["h"], int):
        raise TypeError(f"panel {panel['title']} has no size")
    return place["w"], place["h"]


def variable(
    name: str, label: str, about: str, query: str, *, regex: str = "", is_many: bool = False
) -> Object:
    """Return a list that Prometheus fills, anew for each time range; is_many adds the choice of all."""
    found: Object = {
        "type": "query",
        "name": name,
        "label": label,
        "description": about,
        "datasource": DATASOURCE,
        "query": {"qryType": 1, "query": query, "refId": "PrometheusVariableQueryEditor-VariableQuery"},
        "regex": regex,
        "refresh": 2,
        "sort": 7,
        "hide": 0,
        "includeAll": is_many,
        "multi": is_many,
        "options": [],
    }
    if is_many:
        found |= {"allValue": ".*", "current": {"text": ["All"], "value": ["$__all"]}}
    return found


def link(title: str, uid: str, tooltip: str, *, has_variables: bool = False) -> Object:
    """Return a button to another dashboard, for the same time; has_variables hands on what is chosen here."""
    return {
        "type": "link",
        "title": title,
        "tooltip": tooltip,
        "url": address(uid),
        "icon": "dashboard",
        "tags": [],
        "asDropdown": False,
        "includeVars": has_variables,
        "keepTime": True,
        "targetBlank": False,
    }


def address(uid: str, **variables: str) -> str:
    """Return a dashboard's address with its variables; Grafana adds the path that it is served under."""
    values = [f"var-{name}={value}" for name, value in variables.items()]
    return f"/d/{uid}" + (f"?{'&'.join(values)}" if values else "")


def row_address(uid: str, **columns: str) -> str:
    """Return the same for a click in a table: a variable gets the row's value of a column, the time stays."""
    values = {name: f"${{__data.fields.{column}}}" for name, column in columns.items()}
    return address(uid, **values) + "&${__url_time_range}"
