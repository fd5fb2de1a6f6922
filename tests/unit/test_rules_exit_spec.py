"""Rules for exit codes, told at their line and column."""

from __future__ import annotations

import pytest

from tests.unit.checking import places, problems

SERVICES = "services-configuration.yaml"
SPEC = "k8s-job-exit-spec:\n  spec:\n  - {code: 0, phrase: Succeeded}\n"
PATTERN = SPEC + "  - code: 17\n    phrase: Licence\n    pattern:\n      controllerPodPatterns:\n"


def test_a_code_that_is_there_twice():
    (problem,) = problems(services=SPEC + "  - {code: 17, phrase: A}\n  - {code: 17, phrase: B}\n")
    assert (str(problem.span), problem.code) == (f"{SERVICES}:5:12", "PAI226")
    assert problem.message == "exit code 17 is described twice; the first is on line 4"


@pytest.mark.parametrize("code", [200, 219])
def test_a_code_that_the_controller_keeps_for_itself(code):
    assert places(services=f"{SPEC}  - {{code: {code}, phrase: A}}\n") == [f"{SERVICES}:4:12 error PAI227"]


@pytest.mark.parametrize("code", [199, 220, -100, -7300])
def test_a_code_that_may_be_described(code):
    assert places(services=f"{SPEC}  - {{code: {code}, phrase: A}}\n") == []


def test_a_pattern_of_a_pod_and_one_of_a_container():
    services = PATTERN + "      - {reasonRegex: 'a(?=b)', containers: [{messageRegex: '(a)\\1'}]}\n"
    assert places(services=services) == [f"{SERVICES}:8:23 error PAI228", f"{SERVICES}:8:61 error PAI228"]


def test_patterns_that_go_reads_and_python_does_not():
    assert places(services=PATTERN + "      - {messageRegex: 'x(?i)abc\\z'}\n") == []


@pytest.mark.parametrize("pattern", ["5", "[1, 2]", "{a: b}", "text"])
def test_a_pattern_of_another_form_never_raises(pattern):
    problems(services=PATTERN.replace("controllerPodPatterns:", f"controllerPodPatterns: {pattern}"))
