"""Customized alerts: what Prometheus would refuse is told at its own line and column."""

from __future__ import annotations

import textwrap

import pytest

from tests.unit.checking import CONFIG, places, problems

SERVICES = "services-configuration.yaml"
GOOD = """\
groups:
- name: mine
  interval: 1m
  limit: 5
  rules:
  - alert: TooQuiet
    expr: sum(task_cpu_percent) < 1
    for: 1h30m
    keep_firing_for: 5m
    labels: {severity: info, team: 7}
    annotations: {summary: "nobody works on {{ $labels.instance }}"}
  - record: mine:cpu:sum
    expr: sum(task_cpu_percent)
    labels: {origin: mine}
- name: other
  rules: []
"""


def services(rules: str) -> str:
    """services-configuration.yaml with a rule file, which begins in the third line and fifth column."""
    return "prometheus:\n  customized-alerts: |\n" + textwrap.indent(rules, "    ")


def found(rules: str) -> list[str]:
    """Places of the problems of a rule file, in its own lines and columns."""
    own = []
    for problem in problems(services=services(rules)):
        assert problem.span.file == SERVICES
        own.append(f"{problem.span.line - 2}:{problem.span.column - 4} {problem.code}")
    return own


@pytest.mark.parametrize("rules", [GOOD, "groups: []\n", "groups:\n", "{}\n", "  \n"])
def test_a_good_rule_file(rules):
    assert found(rules) == []


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("groups:\n- name: mine", "groups:\n- name: other", "15:9 PAI211"),
        ("name: mine", "name: ''", "2:3 PAI211"),
        ("  interval: 1m", "  intervall: 1m", "3:3 PAI210"),
        ("interval: 1m", "interval: 1 m", "3:13 PAI213"),
        ("interval: 1m", "query_offset: soon", "3:17 PAI213"),
        ("limit: 5", "limit: many", "4:10 PAI210"),
        ("expr: sum(task_cpu_percent) < 1", "expr: ''", "7:11 PAI212"),
        ("    expr: sum(task_cpu_percent) < 1\n", "", "6:5 PAI212"),
        ("for: 1h30m", "for: 5", "8:10 PAI213"),
        ("for: 1h30m", "for: 30m1h", "8:10 PAI213"),
        ("for: 1h30m", "for:", "8:5 PAI213"),
        ("keep_firing_for: 5m", "keep_firing_for: -5m", "9:22 PAI213"),
        ("team: 7", "the-team: 7", "10:30 PAI211"),
        ("team: 7", "__name__: x", "10:30 PAI211"),
        ("team: 7", "team: [7]", "10:36 PAI210"),
        ("labels: {severity: info, team: 7}", "labels: info", "10:13 PAI210"),
        ("alert: TooQuiet", "allert: TooQuiet", "6:5 PAI210"),
        ("record: mine:cpu:sum", "record: mine-cpu", "12:13 PAI211"),
        ("labels: {origin: mine}", "annotations: {summary: x}", "14:5 PAI210"),
        ("rules: []", "rules: {}", "16:10 PAI210"),
        ("- name: other\n  rules: []", "- other", "15:3 PAI210"),
        ("rules: []", "rules: [TooQuiet]", "16:11 PAI210"),
        ("groups:\n- name: mine", "groups:\n- alert: X\n  name: mine", "2:3 PAI210"),
    ],
)
def test_what_prometheus_refuses(old, new, place):
    assert old in GOOD
    assert place in found(GOOD.replace(old, new, 1))


def test_a_rule_is_an_alert_or_a_record_but_not_both():
    assert found(GOOD.replace("- alert: TooQuiet", "- alert: TooQuiet\n    record: x")) == ["6:5 PAI210"]


def test_groups_are_a_list():
    assert found("groups: {name: mine}\n") == ["1:9 PAI210"]


def test_another_key_beside_groups():
    (problem,) = problems(services=services("group: []\n"))
    assert (problem.message, problem.hint) == ("a rule file has no key 'group'", "did you mean 'groups'?")


def test_a_text_that_is_no_yaml():
    assert [line.split()[-1] for line in places(services=services("groups: [\n"))] != []
    assert "PAI210" not in str(places(services=services("groups: [\n")))


def messages(rules: str) -> list[tuple[str, str]]:
    return [(problem.message, problem.hint) for problem in problems(services=services(rules))]


def test_a_line_that_a_message_names_is_one_of_the_file():
    (problem,) = problems(services=services("groups: []\ngroups: []\n"))
    assert (str(problem.span), problem.code) == (f"{SERVICES}:4:5", "PAI110")
    assert problem.message == "key 'groups' is written twice; the first is on line 3"


def test_what_is_wrong_is_the_text_not_the_file():
    assert messages("- name: mine\n")[0][0] == "the text holds a list"
    assert messages("# nothing yet\n") == [("the text is empty", "remove its key")]


def test_a_rule_without_a_name_is_not_called_by_one():
    told = [message for message, _ in messages("groups:\n- name: mine\n  rules:\n  - for: 5m\n")]
    assert told == ["this rule has no name", "this rule has no expression"]


def test_alerts_as_a_mapping_become_text():
    (problem,) = problems(services="prometheus:\n  customized-alerts:\n    groups: []\n")
    assert (problem.code, problem.hint) == ("PAI203", "put '|' behind its key, so that what is below is text")


def test_alerts_that_no_config_map_holds():
    rules = GOOD + "".join(f"- name: g{number}\n# {'x' * 1000}\n" for number in range(1100))
    assert places(services=services(rules)) == [f"{SERVICES}:2:3 error PAI215"]


def test_alerts_that_nobody_reads():
    own = CONFIG + "  monitoring: {prometheus-url: 'http://prometheus:9090'}\n"
    assert places(own, services=services(GOOD)) == [f"{SERVICES}:2:3 warning PAI214"]
    assert places(own.replace("9090'", "9090', operator: true"), services=services(GOOD)) == []
