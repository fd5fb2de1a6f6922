"""Regular expressions: refused are those that Go refuses (asked once: `regexp.Compile` of Go 1.26)."""

from __future__ import annotations

import pytest

from paichart.re2 import fault

TAKEN = [
    "(?ms).*", "(?P<n>a)", r"a\z", r"\Qa(b\E", "[[:alpha:]]+", r"\pL+", "a*?", "a{1000}", "(?i)abc",
    "x(?i)abc", "(?i:abc)", r"\.", r"\-", r"[\d\]]", "[]a]", "[^]a]", "(?s:.)", "a|b", r"\/", r"\_",
    "é", r"\Aa", "exit code [0-9]+",
]  # fmt: skip
REFUSED = [
    "a(?=b)", "a(?!b)", "(?<=a)b", "(?<!a)b", "(?>a)", r"(a)\1", "(?P=n)", "(?(1)a|b)", r"a\Z",
    r"\u0041", "a**", "a*+", "a++", "a{1001}", "(a", "a)", "[a", "*a", "a{2,1}", "(?#comment)a",
    r"\e", r"\N{DASH}", "[z-a]",
]  # fmt: skip


@pytest.mark.parametrize("pattern", TAKEN)
def test_what_go_takes_is_taken(pattern):
    assert fault(pattern) == ""


@pytest.mark.parametrize("pattern", REFUSED)
def test_what_go_refuses_is_refused(pattern):
    assert fault(pattern) != ""


def test_a_name_as_newer_versions_of_go_write_it_is_refused():
    # frameworkcontroller v1.0.0 is built with Go 1.12, which knows only (?P<name>…).
    assert fault("(?<n>a)") != ""
