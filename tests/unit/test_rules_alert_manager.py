"""Rules of alerts: receivers, routes, mails and regular jobs, told at their line and column."""

from __future__ import annotations

import textwrap

import pytest

from tests.unit.checking import CONFIG, places, problems

FILE = "services-configuration.yaml"
EMAIL = """\
alert-handler:
  email-configs:
    admin-receiver: admins@example.com
    smtp-host: smtp.example.com
    smtp-port: 587
    smtp-from: pai@example.com
    smtp-auth-username: pai
    smtp-auth-password: example-only
"""
BEARER = "pai-bearer-token: example-only\n"
GOOD = f"""\
{EMAIL}{BEARER}repeat-interval: 12h
cluster-utilization: {{schedule: "0 8 * * mon"}}
job-status-change-notification: {{enable: true}}
cert-expiration-checker: {{cert-path: /etc/kubernetes/pki}}
customized-routes:
  routes:
  - receiver: team
    match: {{alertname: X, minor_number: 0}}
    routes:
    - {{receiver: pai-email-admin, matchers: ['severity="fatal"'], repeat_interval: 1h}}
  - {{receiver: pai-cordon-nodes, match_re: {{alertname: "Gpu(Xid|Ecc)Error"}}, continue: true}}
  - {{receiver: team}}
customized-receivers:
- name: team
  actions:
    email-admin:
    email-user: {{template: kill-low-efficiency-job-alert}}
    stop-jobs:
    tag-jobs: {{tags: [stopped]}}
    cordon-nodes: {{}}
    fix-nvidia-gpu-low-perf: {{}}
"""


def services(own: str) -> str:
    """services-configuration.yaml with a section that begins in the second line and third column."""
    return "alert-manager:\n" + textwrap.indent(own, "  ")


def found(own: str, config: str = CONFIG) -> list[str]:
    """Problems of the section, in its own lines and columns."""
    told = []
    for problem in problems(config=config, services=services(own)):
        assert problem.span.file == FILE
        place = f"{problem.span.line - 1}:{problem.span.column - 2}"
        told.append(f"{place} {problem.severity.value} {problem.code}")
    return told


def message(own: str) -> str:
    """The one problem of the section, message and hint."""
    (problem,) = problems(services=services(own))
    return f"{problem.message} / {problem.hint}"


def routes(*lines: str) -> str:
    return "customized-routes:\n  routes:\n" + "".join(f"  - {line}\n" for line in lines)


def receiver(actions: str, name: str = "team") -> str:
    return f"customized-receivers:\n- name: {name}\n  actions: {actions}\n"


def test_everything_that_is_right():
    assert found(GOOD) == []


def test_nothing_at_all_is_right():
    assert places(services="alert-manager: {}\n") == []


def test_a_route_to_nobody():
    text = routes("{receiver: taem, match: {a: b}}") + receiver("{cordon-nodes: {}}")
    assert found(text) == ["3:16 error PAI216"]
    assert message(text) == "there is no receiver 'taem' / did you mean 'team'?"


def test_a_route_to_nobody_inside_another():
    text = routes("{receiver: pai-email-admin, routes: [{receiver: nobody, match: {a: b}}]}")
    assert found(text) == ["3:53 error PAI216"]
    assert message(text).endswith("describe it under alert-manager.customized-receivers")


def test_two_receivers_of_one_name():
    text = receiver("{cordon-nodes: {}}") + "- {name: team, actions: {cordon-nodes: {}}}\n"
    assert found(text) == ["4:10 error PAI217"]


def test_a_receiver_with_a_name_of_openpais():
    text = receiver("{cordon-nodes: {}}", "pai-cordon-nodes")
    assert found(text) == ["2:9 error PAI217"]
    assert message(text).startswith("'pai-cordon-nodes' is a receiver that OpenPAI brings")


@pytest.mark.parametrize(
    ("given", "action", "missing"),
    [
        # src/alert-manager/config/alert_manager.py: which actions are there
        ("", "email-admin", "email-configs"),
        (BEARER, "email-admin", "email-configs"),
        ("", "email-user", "email-configs and pai-bearer-token"),
        (EMAIL, "email-user", "pai-bearer-token"),
        (BEARER, "email-user", "email-configs"),
        (EMAIL, "stop-jobs", "pai-bearer-token"),
        (
            "actions-available: [webportal-notification]\n",
            "cordon-nodes",
            "'cordon-nodes' in actions-available",
        ),
    ],
)
def test_an_action_that_lacks_something_is_left_out(given, action, missing):
    text = given + receiver(f"{{{action}: }}")
    line = text.count("\n")
    assert found(text) == [f"{line}:13 warning PAI218"]
    assert message(text).startswith(f"'{action}' is left out: it needs {missing} /")


def test_tags_need_a_token():
    assert found(receiver("{tag-jobs: {tags: [a]}}")) == ["3:13 warning PAI218"]


@pytest.mark.parametrize(
    "given", [EMAIL + BEARER, EMAIL + "  pai-bearer-token: example-only\n"], ids=["now", "before 1.6"]
)
def test_both_places_of_the_token_count(given):
    assert found(given + receiver("{email-user: , stop-jobs: }")) == []


def test_a_template_that_does_not_exist():
    # The name that docs/manual/cluster-admin/how-to-use-alert-system.md of openpai v1.8.0 gives.
    text = EMAIL + receiver("{email-admin: {template: general-template}}")
    assert found(text) == ["11:37 error PAI219"]
    assert message(text).endswith("did you mean 'general-templates'?")


def test_a_template_of_the_admins():
    config = CONFIG + "  values: {alert-manager: {templates: {ours: {html: a, subject: b}}}}\n"
    text = EMAIL + receiver("{email-admin: {template: ours}}")
    assert found(text, config) == []
    assert found(text) == ["11:37 error PAI219"]


@pytest.mark.parametrize(
    ("schedule", "reason"),
    [
        ("0 24 * * *", "hour '24' is not among 0 to 23"),
        ("0 0 * *", "it has 4 fields, not 5"),
        ("every monday", "it has 2 fields, not 5"),
    ],
)
def test_a_schedule_that_kubernetes_refuses(schedule, reason):
    text = BEARER + EMAIL + f'cluster-utilization:\n  schedule: "{schedule}"\n'
    assert found(text) == ["11:13 error PAI220"]
    assert reason in message(text)
    text = f'cert-expiration-checker:\n  cert-path: /a/b\n  schedule: "{schedule}"\n'
    assert found(text) == ["3:13 error PAI220"]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("", "needs pai-bearer-token"),
        (EMAIL, "needs pai-bearer-token"),
        (BEARER, "there are no email-configs"),
    ],
)
def test_a_report_to_nobody(given, words):
    text = given + 'cluster-utilization: {schedule: "@weekly"}\n'
    assert found(text) == [f"{text.count(chr(10))}:33 warning PAI221"]
    assert words in message(text)


@pytest.mark.parametrize("given", ["", EMAIL, BEARER])
def test_news_to_nobody(given):
    text = given + "job-status-change-notification: {enable: 'true'}\n"
    assert found(text) == [f"{text.count(chr(10))}:42 warning PAI221"]
    assert found(text.replace("'true'", "false")) == []


def test_a_mail_port_with_tls_from_the_start():
    assert found(EMAIL.replace("587", "465")) == ["5:16 warning PAI222"]


@pytest.mark.parametrize(
    ("route", "column"),
    [
        ('{match_re: {a: "(b"}}', 20),
        ('{match_re: {a: "(?!b)c"}}', 20),
        ('{match_re: {a: "(b)\\\\1"}}', 20),
        ('{match: {"a-b": c}}', 14),
        ("{matchers: [severity]}", 17),
        ("{match: {a: b}, repeat_interval: 0s}", 38),
        ("{match: {a: b}, routes: [{match_re: {a: '['}}]}", 45),
    ],
)
def test_a_route_that_alertmanager_refuses(route, column):
    assert found(routes(route)) == [f"3:{column} error PAI223"]


@pytest.mark.parametrize("expression", [r"\pL+", "(?i)node", "a|b", "[[:alpha:]]+", ""])
def test_an_expression_that_re2_reads(expression):
    assert found(routes(f"{{match_re: {{a: '{expression}'}}}}")) == []


def test_keys_inside_an_inner_route_are_checked_too():
    text = routes("{match: {a: b}, routes: [{receivr: pai-email-admin, group_wait: 5}]}")
    assert found(text) == ["3:31 error PAI201", "3:69 error PAI203"]
    (unknown, _) = problems(services=services(text))
    assert unknown.hint == "did you mean 'receiver'?"


def test_routes_that_no_alert_reaches():
    text = routes("{receiver: pai-email-admin}", "{receiver: pai-email-admin, match: {a: b}}")
    assert found(text) == ["3:5 warning PAI223"]
    assert found(text.replace("admin}", "admin, continue: true}", 1)) == []


def test_alerts_that_are_told_all_the_time():
    assert found("repeat-interval: 0h\n") == ["1:18 error PAI223"]


def test_a_certificate_checker_that_does_not_know_where():
    text = "cert-expiration-checker: {alert-residual-days: 14}\n"
    assert found(text) == ["1:1 warning PAI224"]
    assert "/etc/kubernetes/pki" in message(text)


# What the schema says already.
@pytest.mark.parametrize(
    ("own", "place", "words"),
    [
        (receiver("{email-amdin: }"), "3:13 error PAI201", "did you mean 'email-admin'?"),
        (receiver("{tag-jobs: {}}"), "3:13 error PAI202", "'tags' is missing"),
        (receiver("{tag-jobs: }"), "3:13 error PAI208", "has no value"),
        (receiver("{tag-jobs: {tags: []}}"), "3:30 error PAI207", "tags"),
        (receiver("{tag-jobs: {tags: ['a,b']}}"), "3:31 error PAI205", "text without a comma"),
        (receiver("{stop-jobs: {now: true}}"), "3:25 error PAI201", "now"),
        (EMAIL.replace("    smtp-from: pai@example.com\n", ""), "2:3 error PAI202", "'smtp-from' is missing"),
        ("repeat-interval: 30m1h\n", "1:18 error PAI205", "a duration"),
        ("repeat-interval: 1 day\n", "1:18 error PAI205", "a duration"),
        (routes("{recevier: a}"), "3:6 error PAI201", "did you mean 'receiver'?"),
        ("actions-available: [cordon]\n", "1:21 error PAI204", "did you mean 'cordon-nodes'?"),
    ],
)
def test_what_the_schema_says(own, place, words):
    assert place in found(own)
    told = [f"{problem.message} / {problem.hint}" for problem in problems(services=services(own))]
    assert any(words in text for text in told), told
