"""The harness itself: what Helm prints is refused unless it is valid for Kubernetes."""

from __future__ import annotations

import pytest

from tests.chart.charts import prepared
from tests.chart.render import CHECKED_MINORS, InvalidObjectsError, RenderError, parse, render

OBJECT = "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\n"


def test_a_valid_object_passes() -> None:
    assert parse(OBJECT, CHECKED_MINORS).find("Secret", "a")["metadata"] == {"name": "a"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param(OBJECT + "data: {}\ndata: {}\n", "key data stands twice", id="key twice"),
        pytest.param(OBJECT + "date: {}\n", "'date' was unexpected", id="misspelt field"),
        pytest.param(OBJECT + "type: 1\n", "1 is not of type", id="wrong type"),
        pytest.param("kind: CronJob\napiVersion: batch/v1beta1\n", "1.25 has no batch/v1beta1", id="old API"),
        pytest.param("kind: [", "expected", id="no YAML"),
    ],
)
def test_an_invalid_object_is_refused(text: str, words: str) -> None:
    with pytest.raises(InvalidObjectsError, match=words):
        parse(text, CHECKED_MINORS)


def test_a_date_stays_text() -> None:
    labels = parse(OBJECT + "stringData: {a: 2026-11-24}\n", CHECKED_MINORS).find("Secret")["stringData"]
    assert labels == {"a": "2026-11-24"}


def test_a_chart_that_fails_says_why() -> None:
    files = {
        "Chart.yaml": b"apiVersion: v2\nname: a\nversion: 0.1.0\n",
        "templates/a.yaml": b'{{ fail "no machine" }}',
    }
    with pytest.raises(RenderError, match="no machine"):
        render(prepared(files))


def test_find_tells_what_there_was_instead() -> None:
    with pytest.raises(AssertionError, match=r"0 objects are Secret b; rendered were:\s+Secret -/a"):
        parse(OBJECT, CHECKED_MINORS).find("Secret", "b")
