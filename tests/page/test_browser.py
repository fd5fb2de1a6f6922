"""The report page in headless Chromium: quiet, without network, readable, usable by keyboard, printable."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from paichart import load
from paichart.catalog import services_on
from paichart.model import Cluster
from paichart.page.document import page
from paichart.problems import Problem, Severity, Span
from tests.page.browser import run, text_of
from tests.unit.sites import EVIL, hostile, large

pytestmark = pytest.mark.programs

EXAMPLES = Path(__file__).parents[2] / "examples"


def example(name: str) -> tuple[Cluster, tuple[Problem, ...]]:
    site = load(EXAMPLES / name)
    assert site.cluster is not None
    return site.cluster, site.problems


def attacked() -> tuple[Cluster, tuple[Problem, ...]]:
    return hostile(), (Problem(Span(EVIL), "PAI000", EVIL, EVIL, Severity.WARNING),)


# page → its cluster and problems, and a word that some of its machines have in their names or addresses
PAGES: dict[str, tuple[Callable[[], tuple[Cluster, tuple[Problem, ...]]], str]] = {
    "quick-start": (lambda: example("quick-start"), "worker"),
    "everything": (lambda: example("everything"), "gpu"),
    "thousand": (lambda: (large(1000), ()), "0007"),
    "hostile": (attacked, "worker"),
}


@dataclass(frozen=True)
class Visit:
    """What a reader saw of a page, and what was printed."""

    cluster: Cluster
    word: str
    seen: dict[str, Any]
    printed: str
    printed_plain: str


@pytest.fixture(scope="module", params=PAGES)
def visit(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Visit:
    """A page that was visited, once for all test processes."""
    is_parallel = hasattr(request.config, "workerinput")
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if is_parallel else base) / f"page-{request.param}"
    folder.mkdir(exist_ok=True)
    make, word = PAGES[request.param]
    cluster, problems = make()
    seen, pdf, plain = folder / "seen.json", folder / "page.pdf", folder / "plain.pdf"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not seen.exists():
            html = folder / "page.html"
            html.write_text(page(cluster, problems), encoding="utf-8")
            seen.write_text(run("visit.cjs", html, word, pdf, plain), encoding="utf-8")
    return Visit(cluster, word, json.loads(seen.read_text(encoding="utf-8")), text_of(pdf), text_of(plain))


def test_the_console_stays_empty_and_nothing_pops_up(visit):
    assert visit.seen["messages"] == []
    assert visit.seen["dialogs"] == []


def test_nothing_but_the_file_is_asked_for(visit):
    assert {Path(url).name for url in visit.seen["requests"]} == {"page.html"}


@pytest.mark.parametrize("width", ["320", "768", "1280"])
def test_the_page_is_never_wider_than_the_window(width, visit):
    assert visit.seen["overflow"][width] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_accessibility_rules_hold(scheme, visit):
    assert visit.seen["accessibility"][scheme]["violations"] == []
    assert visit.seen["accessibility"][scheme]["contrasts"] > 100


def test_machines_are_found_by_name_or_address(visit):
    wanted = [m for m in visit.cluster.machines if visit.word in m.name or visit.word in m.address]
    found = visit.seen["filtered"]
    assert len(found["shown"]) == len(wanted) > 0
    assert found["status"] == f"{len(wanted)} of {len(visit.cluster.machines):,} machines"
    assert found["hasNames"]
    assert len(visit.seen["unfiltered"]["shown"]) == len(visit.cluster.machines)


def test_it_is_there_and_answers_within_seconds(visit):
    # processor time of the page's thread, in seconds; seen: 0.12 and 0.07 with 1,000 machines
    assert 0 < visit.seen["loading"] < 1
    assert 0 < visit.seen["filtering"] < 0.5


def test_dark_is_the_systems_wish_or_the_readers(visit):
    themes = visit.seen["themes"]
    assert themes["light"] != themes["dark"]
    assert visit.seen["backgrounds"] == {"light": themes["light"], "dark": themes["dark"]}
    assert themes["pressed"] == "true"
    assert themes["reloaded"] == themes["dark"]  # as long as the session lasts
    assert themes["again"] == themes["light"]
    assert themes["local"] == 0


def test_the_tab_key_leads_through_and_its_focus_is_seen(visit):
    stops = visit.seen["stops"]
    assert stops[0]["what"] == "Skip to the content"
    assert {"theme", "find"} <= {stop["what"] for stop in stops}
    assert [stop["what"] for stop in stops if not stop["isSeen"]] == []


def test_a_service_shows_its_own_lines(visit):
    graph = visit.seen["graph"]
    assert {"postgresql", "pylon", "rest-server"} <= set(graph["focused"]["boxes"])
    assert "fluentd" not in graph["focused"]["boxes"]
    assert "waits for, calls postgresql: jobs and their history" in graph["focused"]["told"]
    assert "pylon calls rest-server: /rest-server" in graph["focused"]["told"]
    assert graph["left"]["boxes"] == []
    assert graph["opened"]
    assert {"pylon", "webportal"} <= set(graph["hovered"]["boxes"])


def test_a_tap_shows_the_lines_and_leads_nowhere(visit):
    tapped = visit.seen["graph"]["tapped"]
    assert {"webportal", "rest-server", "pylon"} <= set(tapped["boxes"])
    assert tapped["hash"] == ""


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_print_has_everything_unfolded(scripts, visit):
    text = " ".join((visit.printed if scripts else visit.printed_plain).split())
    for section in visit.seen["sections"]:
        assert section in text
    for service in services_on(visit.cluster):
        assert service in text
    assert "Needed by" in text  # in the services' cards, which are folded on the screen
    assert "Rights in the Kubernetes API" in text
    assert "shows the version" in text  # why rest-server may read a ConfigMap: folded too


def test_what_was_folded_is_folded_again_after_printing(visit):
    assert len(visit.seen["folded"]) >= len(services_on(visit.cluster))


def test_without_scripts_only_the_extras_are_missing(visit):
    assert visit.seen["plain"] == {"extras": 0, "cards": len(services_on(visit.cluster))}
