"""`paichart cells`: who has how many of which cells."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner, Result

from paichart.cli.app import app

COMPANY = Path(__file__).parents[2] / "examples/company"
# Its services-configuration.yaml: a pool of 4 nodes with 8 V100, of which vision has 2 nodes; 2 nodes with
# one T4; a node of 60 cores. 4 cpu and 55000Mi go with a V100.


def run(*words: object) -> Result:
    return CliRunner().invoke(app, ["cells", *map(str, words)])


def test_each_chain_tells_its_makeup_and_who_has_what():
    result = run(COMPANY)
    assert result.exit_code == 0
    assert result.stdout.splitlines()[:3] == [
        "v100-pool: 1 v100-pool \N{MULTIPLICATION SIGN} 4 v100-node \N{MULTIPLICATION SIGN} 8 v100, "
        "32 cells of 1 device, 4 cpu, 53.71 GiB",
        "  default                      16 cells   50.0 %  2 v100-node",
        "  vision                       16 cells   50.0 %  2 v100-node",
    ]


def test_one_virtual_cluster_can_be_asked_for():
    result = run(COMPANY, "--virtual-cluster", "vision", "--output", "json")
    chains = json.loads(result.stdout)["chains"]
    assert [(chain["name"], chain["cells"], chain["unassigned"]) for chain in chains] == [
        ("v100-pool", 32, 0)
    ]
    (share,) = chains[0]["virtual-clusters"]
    assert share == {
        "name": "vision",
        "cells": 16,
        "percent": 50.0,
        "quotas": [{"number": 2, "cell-type": "v100-node", "pinned-cell": ""}],
    }


def test_a_virtual_cluster_that_is_not_there_is_named_with_what_was_meant():
    result = run(COMPANY, "--virtual-cluster", "visoin")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "error: there is no virtual cluster 'visoin'\n  did you mean 'vision'?\n"


def test_cells_that_nobody_has_are_told(tmp_path):
    for name in ("config.yaml", "layout.yaml", "services-configuration.yaml"):
        text = (COMPANY / name).read_text(encoding="utf-8")
        before, vision, quota = text.partition("      vision:\n")
        text = before + vision + quota.replace("cellNumber: 2", "cellNumber: 1", 1)
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert "(unassigned)" not in run(COMPANY).stdout
    assert "  (unassigned)                  8 cells   25.0 %\n" in run(tmp_path).stdout
    pool = json.loads(run(tmp_path, "--output", "json").stdout)["chains"][0]
    assert [(one["name"], one["cells"]) for one in pool["virtual-clusters"]] == [
        ("default", 16),
        ("vision", 8),
    ]
    assert pool["unassigned"] == 8


def test_without_hived_there_are_no_cells(tmp_path):
    source = COMPANY.parent / "quick-start"
    (tmp_path / "layout.yaml").write_bytes((source / "layout.yaml").read_bytes())
    config = "docker_image_tag: v1.8.0\nenable_hived_scheduler: false\n"
    (tmp_path / "config.yaml").write_text(config, encoding="utf-8")
    result = run(tmp_path)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("error: HiveD is off: there is one virtual cluster, and no cells\n")
