"""The values of each example, without credentials, as people have reviewed them.

After a change that is meant, `make golden` writes the files anew; the difference is what the reviewer reads.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import paichart
from paichart.render import dump
from paichart.values import derive_values

HERE = Path(__file__).resolve().parent
EXAMPLES = HERE.parents[1] / "examples"


@pytest.mark.parametrize("example", sorted(path.name for path in EXAMPLES.iterdir()))
def test_values_are_those_that_were_reviewed(example):
    site = paichart.load(EXAMPLES / example)
    assert site.cluster is not None, site.problems
    found = dump(derive_values(site.cluster, None))
    golden = HERE / f"{example}.yaml"
    if os.environ.get("PAICHART_WRITE_GOLDEN"):
        golden.write_text(found, encoding="utf-8")
    assert found == golden.read_text(encoding="utf-8"), "meant? then `make golden`, and read the difference"
