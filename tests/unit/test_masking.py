"""What is secret in a line of the user's file is not shown, whatever is wrong with it."""

from __future__ import annotations

import pytest

from paichart.report.as_text import report
from paichart.report.masking import masked
from tests.unit.checking import problems


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
    ],
)
def test_what_is_no_secret_is_shown(line):
    assert masked([line], 0) == line


def test_lines_below_a_secret_key_are_hidden():
    block = ["docker_cache_htpasswd: |", "  dXNlcg==", "", "  cGFzcw==", "user: root"]
    assert [masked(block, number) for number in (1, 3, 4)] == ["  ********", "  ********", "user: root"]
    items = ["azure_storage:", "  connection_strings:", "  - AccountKey=x", "  type: blob"]
    assert [masked(items, number) for number in (2, 3)] == ["  - ************", "  type: blob"]


def test_the_report_of_a_fault_hides_the_secret_that_is_at_fault():
    services = "storage-manager:\n  smbpwd: [hunter2]\n  smbuser: {a: b}\n"
    text = report(problems(services=services), {"services-configuration.yaml": tuple(services.splitlines())})
    assert "smbpwd" in text
    assert "hunter2" not in text
