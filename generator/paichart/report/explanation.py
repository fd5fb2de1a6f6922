"""What a code means, as text for people and as plain data for programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from textwrap import indent
from typing import Any

from paichart.codes import Code
from paichart.problems import Problem
from paichart.report import as_json
from paichart.report.as_text import BOLD, PLAIN, Lines, tell
from paichart.report.lines import wrapped

WIDEST = 100
"""Columns of a paragraph, however wide the terminal is."""

_IN = "  "


def as_text(
    code: Code, problems: Sequence[Problem], lines: Lines, *, width: int, is_coloured: bool = False
) -> str:
    """Return title, cause, example, what the check says about it (its problems), and the cure."""

    def title(text: str) -> str:
        return f"{BOLD}{text}{PLAIN}" if is_coloured else text

    parts = [f"{title(f'{code.id}: {code.title}')}\n", _paragraph(code.cause, width)]
    if code.file:
        for name, text in ((code.file, code.example), *code.beside.items()):
            opening = f"Example, {name}:" if name == code.file else f"With {name}:"
            parts += [title(opening), indent(text.rstrip(), _IN * 2) + "\n"]
        said = tell(problems, lines, is_coloured=is_coloured, width=width - len(_IN))
        parts += [title("paichart says:"), indent(said, _IN)]
    else:
        parts += [title("Example:"), _paragraph(code.example, width)]
    return "\n".join([*parts, title("Cure:"), _paragraph(code.cure, width)])


def as_data(code: Code, problems: Sequence[Problem]) -> dict[str, Any]:
    """Return the same as one object; keys and their meaning stay within a major version."""
    return {
        "code": code.id,
        "title": code.title,
        "group": code.group,
        "cause": code.cause,
        "cure": code.cure,
        "example": {"file": code.file, "text": code.example, "beside": dict(code.beside)},
        "problems": as_json.problems(problems),
    }


def list_of(groups: Mapping[str, Sequence[Code]], *, is_coloured: bool = False) -> str:
    """Return a line for each code below the title of its group."""
    blocks = [
        "\n".join(
            [
                f"{BOLD}{title}{PLAIN}" if is_coloured else title,
                *(f"{_IN}{code.id}  {code.title}" for code in codes),
                "",
            ]
        )
        for title, codes in groups.items()
        if codes
    ]
    return "\n".join([*blocks, "`paichart explain CODE` says more about one.\n"])


def _paragraph(text: str, width: int) -> str:
    lines = wrapped(text, min(width, WIDEST), _IN, _IN)
    return "\n".join(lines) + "\n"
