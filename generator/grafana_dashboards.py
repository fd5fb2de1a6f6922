"""Write charts/grafana/dashboards/, one JSON file a dashboard, from the package `dashboards`.

Run `python generator/grafana_dashboards.py` after a change there; `--check` writes nothing and fails when a
file is stale, missing, or nobody's.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from dashboards import all_dashboards

TARGET = Path(__file__).resolve().parents[1] / "charts/grafana/dashboards"


def texts() -> dict[str, str]:
    """Return the files by name. They are compact: Kubernetes keeps each, and Helm all of them twice."""
    return {
        f"{uid}.json": json.dumps(page, ensure_ascii=False, separators=(",", ":")) + "\n"
        for uid, page in all_dashboards().items()
    }


def main() -> int:
    """Write or check every dashboard; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="fail when a file is stale, write nothing")
    options = parser.parse_args()
    wanted = texts()
    found = {path.name: path.read_text(encoding="utf-8") for path in sorted(TARGET.glob("*.json"))}
    stale = sorted(name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name))
    for name in stale:
        print(f"{'stale' if options.check else 'wrote'} {(TARGET / name).relative_to(TARGET.parents[2])}")
    if options.check:
        return 1 if stale else 0
    TARGET.mkdir(parents=True, exist_ok=True)
    for name in found.keys() - wanted.keys():
        (TARGET / name).unlink()
    for name, text in wanted.items():
        (TARGET / name).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
