"""The dashboards hold together: valid for Grafana, legible, linked, and about metrics that there are."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from itertools import combinations
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import jsonschema
import pytest
import yaml

from tests.chart.charts import ROOT, default_values, load_yaml
from tests.chart.dashboards import (
    COMMON_LABELS,
    FOLDER,
    dashboard,
    filled,
    known_metrics,
    metrics_in,
    panels,
    promtool,
    queries,
    selectors_in,
    uids,
    variables,
)

KIB = 1024
# Slugs of the old dashboards (src/grafana/deploy/grafana-configuration of v1.8.0), and their variables.
LEGACY = {
    "pai_clusterview": set(),
    "pai_nodeview": {"node"},
    "joblevelmetrics": {"job"},
    "taskrolelevelmetrics": {"job"},
    "tasklevelmetrics": {"job"},
    "paiservicemetrics": {"service_name"},
    "tasks-in-node": {"node"},
}
# What the portal of v1.8.0 opens (below src/webportal/src/app): dashboard/dashboard.component.ejs,
# cluster-view/hardware/hardware-detail.component.ejs, job/job-view/fabric/job-detail/conn.js.
PORTAL = [
    "/dashboard/db/pai_clusterview",
    "/dashboard/db/pai_nodeview?var-node=10.0.0.2",
    "/dashboard/db/joblevelmetrics?var-job=alice~train_1&from=1600000000000&to=1600000360000",
]
VALUES = {
    "node": "10.0.0.2",
    "job": "alice~train",
    "role": "worker",
    "task": "0",
    "service_name": "pylon",
    "namespace": "pai-system",
}

each = pytest.mark.parametrize("uid", uids())
pytestmark = pytest.mark.lint


def test_files_are_as_the_builder_writes_them() -> None:
    command = [sys.executable, str(ROOT / "generator/grafana_dashboards.py"), "--check"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout + result.stderr) == (0, "")


def test_every_old_address_leads_to_a_dashboard() -> None:
    found = {uid: {v["name"] for v in dashboard(uid)["templating"]["list"]} for uid in uids()}
    assert [uid for uid, names in LEGACY.items() if not names <= found.get(uid, set())] == []


@pytest.mark.parametrize("address", PORTAL)
def test_the_portals_links_choose_what_they_name(address: str) -> None:
    parts = urlsplit(address)
    uid = parts.path.removeprefix("/dashboard/db/")  # pylon sends it on to /d/<uid>
    known = {f"var-{variable['name']}" for variable in dashboard(uid)["templating"]["list"]}
    assert {name for name, _ in parse_qsl(parts.query)} <= known | {"from", "to"}


@each
def test_dashboard_fits_grafanas_schema(uid: str) -> None:
    schema = load_yaml(ROOT / "tests/chart/data/grafana-dashboard.schema.yaml")
    errors = jsonschema.Draft7Validator(schema).iter_errors(dashboard(uid))
    assert [f"{error.json_path}: {error.message[:300]}" for error in errors] == []
    assert dashboard(uid)["uid"] == uid


@each
def test_panels_have_ids_and_places_of_their_own(uid: str) -> None:
    entries = dashboard(uid)["panels"]
    assert [panel for panel, times in Counter(entry["id"] for entry in entries).items() if times > 1] == []
    places = [(entry["title"], entry["gridPos"]) for entry in entries]
    assert [title for title, place in places if place["x"] + place["w"] > 24] == []
    assert [(one, other) for (one, a), (other, b) in combinations(places, 2) if overlap(a, b)] == []


def overlap(a: dict[str, int], b: dict[str, int]) -> bool:
    """Whether two places share ground."""
    beside = a["x"] + a["w"] <= b["x"] or b["x"] + b["w"] <= a["x"]
    below = a["y"] + a["h"] <= b["y"] or b["y"] + b["h"] <= a["y"]
    return not (beside or below)


@each
def test_titles_tell_panels_apart_and_fit(uid: str) -> None:
    titles = [(entry["type"], entry["title"]) for entry in panels(uid)]
    assert [title for title, times in Counter(titles).items() if times > 1] == []
    # In the portal's frame a column has about 45 pixels, a letter 7.
    widths = [(entry["title"], entry["gridPos"]["w"]) for entry in panels(uid)]
    assert [title for title, width in widths if len(title) * 7 > width * 45 - 8] == []


@each
def test_figures_come_first_and_tables_of_the_worst_last(uid: str) -> None:
    kinds = [entry["type"] for entry in panels(uid)]
    assert kinds[0] == "stat"
    assert "stat" not in kinds[kinds.index("timeseries") :]
    assert "table" in kinds


@each
def test_variables_are_defined_before_use(uid: str) -> None:
    known: set[str] = set()
    for variable in dashboard(uid)["templating"]["list"]:
        assert variables(variable["query"]["query"]) <= known
        known.add(variable["name"])
    used = {name for _, query in queries(uid) for name in variables(query)}
    assert used == known


@each
def test_links_lead_to_dashboards_that_know_their_variables(uid: str) -> None:
    for address in addresses(uid):
        parts = urlsplit(address.replace("&${__url_time_range}", ""))
        target = parts.path.removeprefix("/d/")
        assert target in uids(), address
        known = {f"var-{variable['name']}" for variable in dashboard(target)["templating"]["list"]}
        assert {name for name, _ in parse_qsl(parts.query)} <= known, address


@each
def test_buttons_hand_on_only_variables_that_the_other_knows(uid: str) -> None:
    own = {variable["name"] for variable in dashboard(uid)["templating"]["list"]}
    for link in dashboard(uid)["links"]:
        target = link["url"].removeprefix("/d/")
        shared = own & {variable["name"] for variable in dashboard(target)["templating"]["list"]}
        assert link["includeVars"] == bool(shared), f"{uid} → {target}"
        assert target != uid


@each
def test_links_in_tables_name_columns_of_the_table(uid: str) -> None:
    for entry in panels(uid):
        text = json.dumps(entry["fieldConfig"])
        assert set(re.findall(r"\$\{__data\.fields\.([^}]+)\}", text)) <= columns(entry), entry["title"]


@each
def test_tables_rename_color_and_sort_columns_that_they_have(uid: str) -> None:
    for entry in panels(uid):
        if entry["type"] != "table":
            continue
        named = {override["matcher"]["options"] for override in entry["fieldConfig"]["overrides"]}
        named |= {sort["displayName"] for sort in entry["options"]["sortBy"]}
        assert named <= columns(entry), entry["title"]
        for target in entry["targets"]:
            assert (target["instant"], target["format"], target["range"]) == (True, "table", False)


def columns(entry: dict[str, object]) -> set[str]:
    """Headings of a table: its queries' labels and values as they are renamed."""
    for step in entry.get("transformations", []):  # type: ignore[attr-defined]
        if step["id"] == "organize":
            names = step["options"]["renameByName"]
            hidden = step["options"]["excludeByName"]
            return {names.get(name, name) for name in step["options"]["indexByName"] if name not in hidden}
    return set()


@each
def test_queries_of_a_table_share_their_labels(uid: str) -> None:
    """Rows of several queries are put together by equal labels; another set would double the rows."""
    for entry in panels(uid):
        if entry["type"] == "table":
            labels = {
                frozenset(re.split(r",\s*", match[1]))
                for target in entry["targets"]
                if (match := re.search(r"\bby \(([^)]*)\)", target["expr"]))
            }
            shown = {
                name
                for step in entry["transformations"]
                for name in step["options"].get("indexByName", {})
                if not name.startswith("Value")
            }
            assert labels == {frozenset(shown)}, entry["title"]


@each
def test_queries_name_metrics_and_labels_that_there_are(uid: str) -> None:
    known = known_metrics()
    unknown = [
        (where, name)
        for where, query in queries(uid)
        for name in metrics_in(filled(query, VALUES))
        if name not in known
    ]
    assert unknown == []
    foreign = [
        (where, metric, label)
        for where, query in queries(uid)
        for metric, label in selectors_in(query)
        if label not in known[metric] | COMMON_LABELS
    ]
    assert foreign == []


def test_our_prometheus_keeps_what_dashboards_read() -> None:
    dropped = re.compile("|".join(default_values("prometheus")["scrape"]["drop"]))
    read = {name for uid in uids() for _, query in queries(uid) for name in metrics_in(filled(query, VALUES))}
    assert [name for name in sorted(read) if dropped.fullmatch(name)] == []
    assert dropped.fullmatch("go_goroutines")


def test_an_unknown_metric_is_seen() -> None:
    query = (
        'sum by (a) (rate(node_cpu{mode="x y"}[4m])) / on (b) group_left () task_gpu or vector(0) < bool 3'
    )
    assert metrics_in(query) == {"node_cpu", "task_gpu"}
    assert list(selectors_in('a{b=~"x=1",c!="{"} / d')) == [("a", "b"), ("a", "c")]


@each
def test_prometheus_reads_every_query(uid: str, tmp_path: Path) -> None:
    rules = [
        {"record": f"query_{number}", "expr": filled(query, VALUES)}
        for number, (_, query) in enumerate(queries(uid))
    ]
    file = tmp_path / "rules.yaml"
    file.write_text(yaml.safe_dump({"groups": [{"name": uid, "rules": rules}]}), encoding="utf-8")
    command = [promtool(), "check", "rules", str(file)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    assert f"SUCCESS: {len(rules)} rules found" in result.stdout


@each
def test_curves_follow_the_pages_interval(uid: str) -> None:
    """A fixed window is too short on a page of weeks; but watchdog looks every three minutes only."""
    fixed = [
        (where, window)
        for where, query in queries(uid)
        for window in re.findall(r"\brate\([^[]*\[([^\]]*)\]", re.sub(r"\{.*?\}(?=[\[) ])", "", query))
        if window != "$__rate_interval" and "k8s_api" not in query
    ]
    assert fixed == []


@each
def test_a_dashboard_is_small(uid: str) -> None:
    assert (FOLDER / f"{uid}.json").stat().st_size < 32 * KIB


def addresses(uid: str) -> list[str]:
    """Every address in a dashboard: of its buttons, and of clicks in its tables."""
    found = [str(link["url"]) for link in dashboard(uid)["links"]]
    for entry in panels(uid):
        for override in entry["fieldConfig"]["overrides"]:
            for setting in override["properties"]:
                found += [link["url"] for link in setting["value"]] if setting["id"] == "links" else []
    return found
