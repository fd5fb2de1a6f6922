"""values.yaml as Helm reads it: text stays text, though Go's reader and Python's differ on numbers."""

from __future__ import annotations

import pytest
import yaml

from paichart.render import dump


@pytest.mark.parametrize(
    "text",
    ["y", "n", "Y", "N", "08", "1e3", "12E4567", "1.5e3", "+1e-3", "0o17", "0b2", ".5", "0x1G"],
)
def test_text_that_go_takes_for_something_else_is_quoted(text: str) -> None:
    # gopkg.in/yaml.v2 resolve.go, which sigs.k8s.io/yaml of Helm 3 and 4 is made from.
    written = dump({text: text})
    assert yaml.safe_load(written) == {text: text}
    assert written == (f"'{text}': '{text}'\n" if text != "0x1G" else "0x1G: 0x1G\n")


@pytest.mark.parametrize("text", ["v1.8.0", "10.0.0.1", "yes-man", "1.8.0", "5m", "12h", "1-5", "e3", "1e3x"])
def test_other_text_stays_as_people_write_it(text: str) -> None:
    assert dump({"a": text}) == f"a: {text}\n"
