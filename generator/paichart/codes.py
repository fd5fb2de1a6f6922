"""What every code of a problem means: for tools and the documentation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

import yaml


@dataclass(frozen=True, slots=True)
class Code:
    """One code: a title, how the problem comes about, how it is cured, and an example.

    `example` is text of the input `file` that gives the code; without a file it is a situation in words.
    """

    id: str
    title: str
    cause: str
    cure: str
    example: str
    file: str = ""


@cache
def all_codes() -> Mapping[str, Code]:
    """Return every code by its id, in order."""
    text = resources.files("paichart").joinpath("data/codes.yaml").read_text(encoding="utf-8")
    return {id_: Code(id_, **facts) for id_, facts in sorted(yaml.safe_load(text).items())}


def explain(id_: str) -> Code | None:
    """Return the code with this id, in any case; None when there is none."""
    return all_codes().get(id_.strip().upper())
