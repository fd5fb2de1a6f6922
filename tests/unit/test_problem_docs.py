"""docs/problems.md: it is fresh, its links lead somewhere, and its words are shown as they are."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from paichart.codes import all_codes

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/problems.md").read_text(encoding="utf-8")


def test_the_page_is_fresh():
    result = subprocess.run(
        [sys.executable, "generator/problem_docs.py", "--check"], cwd=ROOT, check=False, capture_output=True
    )
    assert result.returncode == 0, "run `make reference`"


def test_every_code_has_its_place_and_a_link_to_it():
    for id_, code in all_codes().items():
        assert f'<a id="{id_.lower()}"></a>\n\n### {id_}: {code.title}\n' in PAGE
        assert f"- [{id_}](#{id_.lower()}) {code.title}\n" in PAGE


def test_every_link_leads_to_a_heading():
    # GitHub's anchors: lower case, without punctuation, blanks as hyphens.
    headings = re.findall(r"^#+ (.*)$", PAGE, re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    anchors |= set(re.findall(r'<a id="(\w+)">', PAGE))
    links = re.findall(r"\]\(([^)#]*)#([^)]+)\)", PAGE)
    assert {anchor for page, anchor in links if not page} <= anchors
    for page, anchor in links:
        if page:
            text = (ROOT / "docs" / page).read_text(encoding="utf-8")
            assert f"\n## {anchor.replace('-', ' ')}\n" in text.lower()


@pytest.mark.parametrize("id_", ["PAI175", "PAI120"])
def test_what_looks_like_markup_in_a_cause_is_shown(id_):
    html = MarkdownIt().render(PAGE)
    cause = all_codes()[id_].cause
    assert "<" in cause
    shown = cause.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert shown in html


def test_what_paichart_says_stands_below_the_example():
    entry = PAGE[PAGE.index("### PAI012:") : PAGE.index('<a id="pai013">')]
    assert entry.index("```yaml\nmachine-sku:") < entry.index(
        "```text\nlayout.yaml:5:52: error PAI012: no machine SKU named 'cpu-machin'\n"
    )
    assert "^^^^^^^^^^ did you mean 'cpu-machine'?\n```\n" in entry
