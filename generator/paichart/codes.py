"""What every code of a problem means: for tools and the documentation."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources

import yaml

_WRITTEN = re.compile(r"(?:PAI)?[-_ ]?([0-9]{1,3})", re.IGNORECASE)
_GROUPS = (
    (1, "Machines and their roles"),
    (30, "Ports"),
    (40, "Registry, certificate and address"),
    (50, "Sign-in, groups and logs"),
    (60, "What the old deployer did otherwise"),
    (70, "Recorded figures"),
    (80, "Credentials"),
    (90, "Limits of Kubernetes"),
    (100, "Files and YAML"),
    (150, "HiveD's configuration"),
    (190, "Cells made from the layout"),
    (200, "Keys and values"),
    (210, "Alerts"),
    (230, "Services"),
    (246, "Files and YAML"),
    (248, "Services"),
    (300, "The live cluster, told by preflight"),
)
"""The number at which each group of codes begins; a group may have several parts."""


@dataclass(frozen=True, slots=True)
class Code:
    """One code: a title, how the problem comes about, how it is cured, and an example.

    `example` is text of the input `file` that gives the code, with the files `beside` it where those matter;
    without a file it is a situation in words.
    """

    id: str
    title: str
    cause: str
    cure: str
    example: str
    file: str = ""
    beside: Mapping[str, str] = field(default_factory=dict)

    @property
    def group(self) -> str:
        """What the code is about, in common with others."""
        return [title for first, title in _GROUPS if first <= int(self.id[3:])][-1]


@cache
def all_codes() -> Mapping[str, Code]:
    """Return every code by its id, in order."""
    text = resources.files("paichart").joinpath("data/codes.yaml").read_text(encoding="utf-8")
    return {id_: Code(id_, **facts) for id_, facts in sorted(yaml.safe_load(text).items())}


def grouped() -> Mapping[str, tuple[Code, ...]]:
    """Return the codes of each group, both in order."""
    titles = dict.fromkeys(title for _, title in _GROUPS)
    codes = all_codes().values()
    return {title: tuple(code for code in codes if code.group == title) for title in titles}


def explain(written: str) -> Code | None:
    """Return the code that somebody wrote, as PAI012, pai12 or 12; None when there is none."""
    match = _WRITTEN.fullmatch(written.strip())
    return all_codes().get(f"PAI{int(match[1]):03}") if match else None


def nearest(written: str) -> tuple[Code, ...]:
    """Return the codes before and after a number that no code has; none for what is no number."""
    match = _WRITTEN.fullmatch(written.strip())
    if match is None:
        return ()
    id_ = f"PAI{int(match[1]):03}"
    codes = all_codes()
    before = [code for name, code in codes.items() if name < id_]
    after = [code for name, code in codes.items() if name > id_]
    return (*before[-1:], *after[:1])
