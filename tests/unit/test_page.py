"""The report page: it shows all that is installed, loads nothing, and runs nothing that a user wrote."""

from __future__ import annotations

import base64
import hashlib
import re
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest

from paichart import load
from paichart.catalog import services_on
from paichart.model import Cluster, Device, Machine, Settings, Sku
from paichart.page.document import MARKER, page
from paichart.problems import Problem, Severity, Span
from tests.unit.derived import site
from tests.unit.html_tree import Element, parse
from tests.unit.sites import EVIL, hostile, large

EXAMPLES = Path(__file__).parents[2] / "examples"
NAMES = ("quick-start", "company", "everything", "single-node")


def of_example(name: str) -> tuple[Cluster, tuple[Problem, ...]]:
    loaded = load(EXAMPLES / name)
    assert loaded.cluster is not None
    return loaded.cluster, loaded.problems


@pytest.fixture(scope="module")
def pages() -> dict[str, tuple[Cluster, str, Element]]:
    found = {}
    for name in NAMES:
        cluster, problems = of_example(name)
        text = page(cluster, problems)
        found[name] = (cluster, text, parse(text))
    return found


def tiles(root: Element) -> list[Element]:
    return [tile for tiles in root.all("ul", "tiles") for tile in tiles.all("li")]


@pytest.mark.parametrize("name", NAMES)
def test_every_machine_has_one_tile(name, pages):
    cluster, _, root = pages[name]
    assert sorted(tile.text for tile in tiles(root)) == sorted(machine.name for machine in cluster.machines)


@pytest.mark.parametrize("name", NAMES)
def test_every_installed_service_has_a_card_and_no_other_has(name, pages):
    cluster, _, root = pages[name]
    cards = [card.attributes["id"] for card in root.all("details", "card")]
    assert sorted(cards) == sorted(f"s-{service}" for service in services_on(cluster))


@pytest.mark.parametrize("name", NAMES)
def test_links_and_labels_lead_to_one_element_each(name, pages):
    _, _, root = pages[name]
    ids = Counter(element.attributes["id"] for element in root if element.attributes.get("id"))
    assert {id_ for id_, count in ids.items() if count > 1} == set()
    links = {e.attributes["href"][1:] for e in root if (e.attributes.get("href") or "").startswith("#")}
    named = {
        id_
        for element in root
        for key in ("aria-labelledby", "aria-describedby", "for")
        for id_ in (element.attributes.get(key) or "").split()
    }
    assert links | named <= set(ids)


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_loaded_from_elsewhere(name, pages):
    _, text, root = pages[name]
    for element in root:
        assert element.tag not in {
            "link",
            "img",
            "iframe",
            "object",
            "embed",
            "base",
            "form",
            "audio",
            "video",
        }
        for key, value in element.attributes.items():
            assert not key.startswith("on"), "a script in an attribute"
            assert key not in {"src", "srcset", "style", "action", "formaction", "ping", "background"}
            if key in {"href", "xlink:href"}:
                assert (value or "").startswith("#")
    style = root.all("style")[0].raw_text
    assert "url(" not in style
    assert "@import" not in style
    assert "fetch(" not in text


def test_the_policy_lets_in_the_own_style_and_script_alone(pages):
    _, _, root = pages["quick-start"]
    (policy,) = [e.attributes["content"] for e in root.all("meta") if "http-equiv" in e.attributes]
    directives = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    (style,), (script,) = root.all("style"), root.all("script")

    def digest(element: Element) -> str:
        return f"'sha256-{base64.b64encode(hashlib.sha256(element.raw_text.encode()).digest()).decode()}'"

    assert directives == {
        "default-src": "'none'",
        "style-src": digest(style),
        "script-src": digest(script),
        "base-uri": "'none'",
        "form-action": "'none'",
    }


@pytest.mark.parametrize("name", NAMES)
def test_headings_go_down_one_level_at_a_time(name, pages):
    levels = [int(e.tag[1]) for e in pages[name][2] if re.fullmatch("h[1-6]", e.tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_texts_of_users_are_inert():
    problem = Problem(Span(f"/home/me/{EVIL}.yaml"), "PAI000", EVIL, EVIL, Severity.WARNING)
    text = page(hostile(), [problem])
    root = parse(text)
    assert len(root.all("script")) == 1
    assert not root.all("img")
    assert "{{ 7 * 7 }}" in text
    assert "\u202e" not in text
    assert "\u2066" not in text
    shown = EVIL.replace("\u202e", "\ufffd").replace("\u2066", "\ufffd")
    assert root.all("h1")[0].text == shown
    assert tiles(root)[0].text == f"pai-worker1{shown}"
    cells = root.by_id("virtual-clusters").text
    assert cells.count(f"pinned: {shown}") == 2  # in the quota and among the physical cells


def test_what_the_check_found_is_told_with_its_place_but_not_with_its_folder():
    warning = Problem(
        Span("/home/me/site/config.yaml", 3, 5), "PAI044", "plain http", "use tls", Severity.WARNING
    )
    note = Problem(Span("/home/me/site/layout.yaml", 7, 1), "PAI022", "a role", "", Severity.NOTE)
    ignored = Problem(
        Span("/home/me/site/config.yaml", 1, 1), "PAI060", "ignored: user", "no login", Severity.NOTE
    )
    text = page(site(), [warning, note, ignored])
    check = parse(text).by_id("check")
    assert "/home" not in text
    assert [p.text for p in check.all("ul", "problems")] == [
        "warning PAI044 config.yaml:3:5 plain http use tls",
        "note PAI022 layout.yaml:7:1 a role",
        "note PAI060 config.yaml:1:1 ignored: user no login",
    ]


def test_a_clean_check_is_told():
    assert parse(page(site(), [])).by_id("check").all("p", "fine")


def test_no_secret_is_in_it():
    services = {"postgresql": {"passwd": "sesame-1"}, "rest-server": {"jwt-secret": "sesame-2"}}
    assert "sesame" not in page(site(services), [])


def test_the_same_input_gives_the_same_bytes_in_another_process():
    code = (
        "import sys, paichart, paichart.page.document as d; s = paichart.load(sys.argv[1]);"
        "import hashlib; print(hashlib.sha256(d.page(s.cluster, s.problems).encode()).hexdigest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", code, str(EXAMPLES / "everything")],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(digests) == 1


def test_a_page_of_a_small_cluster_is_small(pages):
    assert len(pages["quick-start"][1].encode()) < 150 * 1024


def test_a_thousand_machines_take_less_than_a_megabyte():
    text = page(large(1000), [])
    assert len(text.encode()) < 1024 * 1024
    assert len(tiles(parse(text))) == 1000


def test_names_of_large_groups_fold_into_marks_that_still_tell_them():
    root = parse(page(large(102), []))
    (dense,) = root.all("ul", "dense")  # 45 a100; of the other kinds there are at most 25
    assert len(dense.all("li")) == 45
    assert dense.all("li")[0].attributes["title"] == "a100-00000.example.com · 10.1.0.0"
    assert root.by_id("names").attributes["type"] == "checkbox"


def test_a_file_of_ours_is_known_by_its_marker(pages):
    assert all(MARKER in text for _, text, _ in pages.values())


def figures(root: Element) -> dict[str, str]:
    (head,) = root.all("dl", "figures")
    return {div.all("dt")[0].text: div.all("dd")[0].text for div in head.all("div")}


def test_the_figures_are_those_of_the_inputs(pages):
    # examples/company: 8 rows in machine-list; 4 machines with 8 V100 and 2 with a T4; two virtual clusters.
    shown = figures(pages["company"][2])
    assert (shown["machines"], shown["GPUs"], shown["virtual clusters"]) == ("8", "34", "2")
    assert shown["services"].endswith("of 29")


def test_other_devices_are_not_called_gpus():
    npu = Sku("npu", Fraction(8), Fraction(4096), Device("huawei.com/npu", "Ascend", 4))
    machines = tuple(replace(machine, sku=npu) for machine in site().machines)
    assert figures(parse(page(replace(site(), machines=machines, skus={"npu": npu}), [])))["devices"] == "8"


def test_without_hived_the_page_says_so():
    cluster = site()
    off = Settings({**cluster.config.data, "enable_hived_scheduler": False})
    root = parse(page(replace(cluster, config=off), []))
    assert "HiveD is off" in root.by_id("virtual-clusters").text
    assert figures(root)["virtual clusters"] == "\N{EN DASH}"


def test_one_of_a_thing_is_told_as_one(pages):
    # examples/single-node: one row in machine-list, one SKU with workers.
    shown = figures(pages["single-node"][2])
    assert (shown["machine"], shown["virtual cluster"]) == ("1", "1")


def facts(cluster: Cluster) -> dict[str, str]:
    (found,) = parse(page(cluster, [])).all("dl", "facts")
    return {div.all("dt")[0].text: div.all("dd")[0].text for div in found.all("div")}


def test_the_head_tells_what_is_the_release_s_and_what_is_the_admin_s():
    own = facts(site())
    assert (own["Portal"], own["Reached by"]) == ("http://10.0.0.1", "ports of the master")
    assert (own["Database"], own["Monitoring"], own["State"]) == (
        "of the release",
        "of the release",
        "folders on the master",
    )
    settings = {
        "external-database": {"host": "db.example.com", "user": "pai"},
        "monitoring": {"prometheus-url": "http://prometheus.monitoring:9090"},
        "storage": {"class": "ceph"},
        "credentials": "external",
    }
    yours = facts(site(paichart=settings))
    assert yours["Database"] == "yours: db.example.com"
    assert yours["Monitoring"] == "your Prometheus"
    assert yours["State"] == "storage class ceph"
    assert yours["Credentials"] == "a Secret of yours"


def test_roles_are_told_in_words():
    first, second = site().machines
    both: Machine = replace(second, is_worker=True, is_storage=True)
    root = parse(page(replace(site(), machines=(replace(first, is_worker=False), both)), []))
    assert [role.text for role in root.all("p", "role")] == [
        "1 without a role",
        "1 master and worker and storage machine",
    ]
