"""Write docs/config.md, docs/layout.md and docs/services-configuration.md, the reference of the inputs.

Everything in them comes from the JSON Schemas, which the check and the editors share, and from the package
`reference`. Run `make reference` after a change; `--check` writes nothing and fails when a page is stale.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from reference import INPUTS, page

ROOT = Path(__file__).resolve().parents[1]
SCHEMAS = ROOT / "schemas"
TARGET = ROOT / "docs"


def texts() -> dict[str, str]:
    """Return the pages by file name."""
    return {
        f"{name}.md": page(json.loads((SCHEMAS / f"{name}.schema.json").read_text(encoding="utf-8")), about)
        for name, about in INPUTS.items()
    }


def main() -> int:
    """Write or check every page; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="fail when a page is stale, write nothing")
    options = parser.parse_args()
    stale = []
    for name, text in texts().items():
        path = TARGET / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            stale.append(path)
            if not options.check:
                path.write_text(text, encoding="utf-8")
            print(f"{'stale' if options.check else 'wrote'} {TARGET.name}/{name}")
    return 1 if options.check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
