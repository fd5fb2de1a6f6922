"""The Grafana dashboards as files: their panels, queries, variables and links."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from tests.chart.charts import CHARTS, load_yaml
from tests.rig.debian import ensure

FOLDER = CHARTS / "grafana/dashboards"
METRICS = CHARTS.parent / "tests/chart/data/metrics.yaml"

Object = dict[str, Any]

# What Grafana puts in for its own variables, at a scrape interval of 30 s and a page of an hour.
GRAFANA_VALUES = {"__rate_interval": "4m", "__range": "1h"}
# Labels that every series has from its target, and those that a query makes itself.
COMMON_LABELS = {"instance", "job", "pai_service_name", "scraped_from", "host", "le"}
_VARIABLE = re.compile(r"\$\{(\w+)(?::(\w+))?\}|\$(\w*[A-Za-z_]\w*)")
_WORDS = {
    "and",
    "or",
    "unless",
    "by",
    "without",
    "on",
    "ignoring",
    "group_left",
    "group_right",
    "bool",
    "offset",
}


@lru_cache
def _texts() -> Mapping[str, str]:
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.json"))}


def uids() -> tuple[str, ...]:
    """Names of the files, which are the uids."""
    return tuple(_texts())


def dashboard(uid: str) -> Object:
    """One dashboard."""
    loaded: Object = json.loads(_texts()[uid])
    return loaded


def panels(uid: str) -> Iterator[Object]:
    """The panels of a dashboard, headings left out."""
    return (panel for panel in dashboard(uid)["panels"] if panel["type"] != "row")


def panel(uid: str, title: str) -> Object:
    """The one panel with this title."""
    (found,) = (entry for entry in panels(uid) if entry["title"] == title)
    return dict(found)


def queries(uid: str) -> Iterator[tuple[str, str]]:
    """(where, PromQL) of each query of a dashboard, those that fill its variables too."""
    for entry in panels(uid):
        for target in entry["targets"]:
            yield f"{entry['title']} {target['refId']}", target["expr"]
    for variable in dashboard(uid)["templating"]["list"]:
        match = re.fullmatch(r"label_values\((.+), (\w+)\)", variable["query"]["query"])
        assert match, variable["query"]
        yield f"${variable['name']}", f"count by ({match[2]}) ({match[1]})"


def variables(text: str) -> set[str]:
    """Names of the variables in a text, Grafana's own left out."""
    names = {match[1] or match[3] for match in _VARIABLE.finditer(text)}
    return {name for name in names if not name.startswith("__")}


def filled(query: str, values: Mapping[str, str]) -> str:
    """A query as Grafana sends it; with `:regex` a value is escaped for a regular expression."""

    def value(match: re.Match[str]) -> str:
        found = {**GRAFANA_VALUES, **values}[match[1] or match[3]]
        return re.sub(r"([.\[\]()*+?^$|\\])", r"\\\1", found) if match[2] == "regex" else found

    return _VARIABLE.sub(value, query)


def metrics_in(query: str) -> set[str]:
    """Names of the metrics that a query (already filled) reads."""
    text = re.sub(r'"(?:\\.|[^"\\])*"|`[^`]*`', "", query)
    text = re.sub(r"\{[^}]*\}|\[[^\]]*\]", "", text)
    text = re.sub(r"\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)", "", text)
    names = re.findall(r"\b([a-zA-Z_][a-zA-Z0-9_:]*)\b(?!\s*\()", text)
    return set(names) - _WORDS


def selectors_in(query: str) -> Iterator[tuple[str, str]]:
    """(metric, label) of each condition that a query puts on a metric."""
    for metric, conditions in re.findall(r"([a-zA-Z_]\w*)\{([^}]*)\}", query):
        bare = re.sub(r'"(?:\\.|[^"\\])*"|`[^`]*`', "", conditions)
        for label in re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", bare):
            yield metric, label


@lru_cache
def known_metrics() -> Mapping[str, frozenset[str]]:
    """Every metric that a scrape job provides, with its labels; histograms as their three series."""
    found: dict[str, frozenset[str]] = {}
    for source in load_yaml(METRICS).values():
        for name, entry in source.items():
            if isinstance(entry, Mapping) and entry.get("histogram"):
                found |= {f"{name}{end}": frozenset({"le"}) for end in ("_bucket", "_sum", "_count")}
            else:
                labels = entry["labels"] if isinstance(entry, Mapping) else entry
                found[name] = found.get(name, frozenset()) | frozenset(labels)
    return found


def promtool() -> str:
    """The program that reads PromQL as Prometheus does."""
    return str(ensure("promtool"))
