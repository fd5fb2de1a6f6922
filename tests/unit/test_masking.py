"""What is secret in a line of the user's file is not shown, whatever is wrong with it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from paichart.masking import masked, without_secret
from paichart.problems import Problem, Span
from paichart.report.as_text import report
from tests.unit.checking import documents, problems


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("passwd: hunter2", "passwd: *******"),
        ("  smbpwd: 'a b # c'  # ours", "  smbpwd: *********  # ours"),
        (
            "postgresql: {user: root, passwd: hunter2, port: 1}",
            "postgresql: {user: root, passwd: *******, port: 1}",
        ),
        ('- {"pai-bearer-token": "ey.J"}', '- {"pai-bearer-token": ******}'),
        ("connection_strings: [one, two]", "connection_strings: [********]"),
        ("  my-passwrod: hunter2", "  my-passwrod: *******"),
        ("url: https://admin:hunter2@example.com/x", "url: https://*************@example.com/x"),
        ("passwd: &hunter2", "passwd: ********"),
        ("passwd: #hunter2", "passwd: ********"),
        ("passwd: hunter2, and #more", "passwd: ******************"),
        ("{passwd: hun}ter2, port: 1}", "{passwd: ******************"),
        ("url: https://admin:hunter2", "url: https://*************"),
        ("passwd: |hunter2", "passwd: ********"),
        ("passwd:hunter2", "passwd:*******"),
        ('{"passwd":"hunter2"}', '{"passwd":*********}'),
        ("smbpwd: {hunter2: x}", "smbpwd: {**********}"),
    ],
)
def test_a_secret_is_hidden_and_columns_stay(line, shown):
    assert masked([line], 0) == shown
    assert len(shown) == len(line)


@pytest.mark.parametrize(
    "line",
    [
        "token_expired_second: 7200",
        "user: root",
        "ssh_key_file_path: /home/me/key",
        "passwd:",
        "passwd: |-  # below",
        "url: http://host:9090/path",
    ],
)
def test_what_is_no_secret_is_shown(line):
    assert masked([line], 0) == line


def test_lines_below_a_secret_key_are_hidden():
    block = ["docker_cache_htpasswd: |", "  dXNlcg==", "", "  cGFzcw==", "user: root"]
    assert [masked(block, number) for number in (1, 3, 4)] == ["  ********", "  ********", "user: root"]
    items = ["azure_storage:", "  connection_strings:", "  - AccountKey=x", "  type: blob"]
    assert [masked(items, number) for number in (2, 3)] == ["  - ************", "  type: blob"]
    folded = ["passwd: hunter2", "  and more", "user: root"]
    assert [masked(folded, number) for number in (1, 2)] == ["  ********", "user: root"]


def test_the_report_of_a_fault_hides_the_secret_that_is_at_fault():
    services = "storage-manager:\n  smbpwd: [hunter2]\n  smbuser: {a: b}\n"
    text = report(problems(services=services), {"services-configuration.yaml": tuple(services.splitlines())})
    assert "smbpwd" in text
    assert "hunter2" not in text


WRITTEN = [
    "0765432",
    "12:34:56",
    "2024-02-29",
    "*hunter2",
    "!hunter2 x",
    "&hunter2",
    "[hunter2]",
    "{hunter2: x}",
    "@hunter2",
    "'hunter2",
    "hunter2: x",
    "|hunter2",
    "- hunter2",
    "!!binary hunter2",
    "\u201chunter2\u201d",
    "hun\u200bter2",
    "765432",
    "\n  hunter2: x",
    "hunter2\n  hunter2:",
]


@pytest.mark.parametrize("written", WRITTEN)
def test_neither_line_nor_words_hold_a_secret_however_it_is_misread(written):
    config = f"docker_image_tag: v1.8.0\ndocker_registry_password: {written}\n"
    found = problems(config=config)
    text = report(found, documents(config=config).lines())
    assert "config.yaml:2" in text or "config.yaml:3" in text
    for part in ("hunter2", "765432", "12:34:56", "2024-02-29", "hun\u200bter2", "hun\ufffdter2"):
        assert part not in text


def test_a_slip_in_a_key_whose_value_looks_secret_is_told_with_what_was_meant():
    config = "docker_image_tag: v1.8.0\npaichart:\n  tls:\n    secretname: pai-tls\n"
    (problem,) = [found for found in problems(config=config) if found.code == "PAI201"]
    assert (problem.message, problem.hint) == (
        "unknown key 'secretname' in 'paichart.tls'",
        "did you mean 'secret-name'?",
    )
    assert "pai-tls" not in report([problem], documents(config=config).lines())


def test_words_of_keys_are_told_unless_they_are_the_secret_itself():
    line = "docker_registry_password: storage"
    of_value = Problem(Span("config.yaml", 1, 27, 7), "PAI205", "'storage' can't be a password")
    assert "storage" not in without_secret(of_value, [line]).message
    of_key = replace(of_value, span=Span("config.yaml", 1, 1, 24), message="belongs to storage")
    assert without_secret(of_key, [line]) == of_key


def test_words_that_the_line_shows_anyway_are_no_secret():
    (problem,) = problems(services="rest-server: {jwt-secret: pai-secret}\n")
    assert problem.code == "PAI062"
    assert problem.message == "'jwt-secret' is the old deployer's default, which everybody knows"
