"""Write docs/problems.md, the page of all codes, with what paichart says about each example.

The words are those of `paichart explain`; what is said is made anew by the check itself. Run `make reference`
after a change; `--check` writes nothing and fails when the page is stale.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from paichart.codes import Code, grouped
from paichart.examples import SITE, check_example
from paichart.report.as_text import tell
from paichart.report.sentences import as_markdown

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "docs/problems.md"
WIDTH = 120

_HEAD = """\
# Problems

Every problem has a code. `paichart explain PAI012` says in the terminal what this page says about it, and
`paichart explain` lists all. An error stops a build; a warning and a note do not. Secrets are never shown,
neither in lines nor in words. To see problems beside the lines of a pull request, and to check before each
commit, read [operate.md](operate.md#in-ci-and-before-a-commit).

`make reference` writes this page, and what paichart says in it is what the check says. Each example takes the
place of one file of this site, in which nothing is wrong:
"""


def page() -> str:
    """Return the whole page."""
    groups = {title: codes for title, codes in grouped().items() if codes}
    files = [_block("yaml", text, f"`{name}`:") for name, text in SITE.items()]
    contents = [_contents(title, codes) for title, codes in groups.items()]
    sections = [_section(title, codes) for title, codes in groups.items()]
    return "\n".join([_HEAD, *files, "## All codes\n", *contents, *sections])


def _contents(title: str, codes: Sequence[Code]) -> str:
    lines = [
        f"[{title}](#{_anchor(title)})\n",
        *(f"- [{code.id}](#{code.id.lower()}) {code.title}" for code in codes),
    ]
    return "\n".join([*lines, ""])


def _section(title: str, codes: Sequence[Code]) -> str:
    return "\n".join([f"## {title}\n", *map(_entry, codes)])


def _entry(code: Code) -> str:
    """Return one code below an anchor that stays when its title changes."""
    parts = [
        f'<a id="{code.id.lower()}"></a>\n',
        f"### {code.id}: {code.title}\n",
        f"{as_markdown(code.cause)}\n",
    ]
    return "\n".join([*parts, *_example(code), f"**Cure:** {as_markdown(code.cure)}\n"])


def _example(code: Code) -> Iterator[str]:
    if not code.file:
        yield f"**Example:** {as_markdown(code.example.strip())}\n"
        return
    yield _block("yaml", code.example, f"**Example:** `{code.file}`")
    for name, text in code.beside.items():
        yield _block("yaml", text, f"With `{name}`")
    found = check_example(code)
    yield _block("text", tell(found.problems, found.lines, width=WIDTH), "paichart says:")


def _block(language: str, text: str, opening: str) -> str:
    return f"{opening}\n\n```{language}\n{text.rstrip()}\n```\n"


def _anchor(title: str) -> str:
    """Return a heading's anchor as GitHub makes it."""
    return re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")


def main() -> int:
    """Write or check the page; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="fail when the page is stale, write nothing")
    options = parser.parse_args()
    text = page()
    if TARGET.exists() and TARGET.read_text(encoding="utf-8") == text:
        return 0
    if not options.check:
        TARGET.write_text(text, encoding="utf-8")
    print(f"{'stale' if options.check else 'wrote'} {TARGET.relative_to(ROOT)}")
    return 1 if options.check else 0


if __name__ == "__main__":
    sys.exit(main())
