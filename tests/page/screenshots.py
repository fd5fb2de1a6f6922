"""Takes the pictures of docs/report.md anew: `python -m tests.page.screenshots` (make screenshots)."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from paichart import load
from paichart.page.document import page
from tests.page.browser import run
from tests.rig import debian
from tests.unit.sites import large

ROOT = Path(__file__).parents[2]
IMAGES = ROOT / "docs" / "images"
AT_MOST = 300 * 1024

SHOTS: tuple[dict[str, Any], ...] = (
    {"picture": "desktop", "of": "company", "width": 1280, "height": 1000},
    {"picture": "tablet", "of": "company", "width": 768, "height": 1000, "at": "#virtual-clusters"},
    {"picture": "phone", "of": "everything", "width": 390, "height": 844, "at": "#privileges"},
    {
        "picture": "dark",
        "of": "everything",
        "width": 1280,
        "height": 900,
        "scheme": "dark",
        "at": "#graph",
        "focus": '.box[data-name="rest-server"]',
    },
    {"picture": "machines", "of": "thousand", "width": 1280, "height": 900, "at": "#machines"},
)


def pages(folder: Path) -> Iterator[tuple[str, Path]]:
    """Write the pages that are shown; yield the name and path of each."""
    texts = {"thousand": page(large(1000), ())}
    for name in ("company", "everything"):
        site = load(ROOT / "examples" / name)
        assert site.cluster is not None
        texts[name] = page(site.cluster, site.problems)
    for name, text in texts.items():
        path = folder / f"{name}.html"
        path.write_text(text, encoding="utf-8")
        yield name, path


def main() -> None:
    """Take all pictures and make each small; fails when one takes more than AT_MOST bytes."""
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        written = {name: str(path) for name, path in pages(Path(scratch))}
        jobs = [
            {
                "scheme": "light",
                **shot,
                "page": written[shot["of"]],
                "picture": f"{scratch}/{shot['picture']}.png",
            }
            for shot in SHOTS
        ]
        list_of_jobs = Path(scratch) / "jobs.json"
        list_of_jobs.write_text(json.dumps(jobs), encoding="utf-8")
        run("shots.cjs", list_of_jobs)
        for shot in SHOTS:
            target = IMAGES / f"report-{shot['picture']}.png"
            source = f"{scratch}/{shot['picture']}.png"
            command = ["--force", "--strip", "--speed", "1", "--output", target, "128", source]
            subprocess.run([debian.ensure("pngquant"), *command], check=True)
            size = target.stat().st_size
            assert size < AT_MOST, f"{target} takes {size} bytes"
            print(f"{target.relative_to(ROOT)} {size // 1024} KiB")


if __name__ == "__main__":
    main()
