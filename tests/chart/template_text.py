"""Template files as text: their actions, without comments and quoted strings."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tests.chart.charts import CHARTS, templates

_COMMENT = re.compile(r"\{\{-?\s*/\*.*?\*/\s*-?\}\}", re.DOTALL)
_ACTION = re.compile(r"\{\{-?(.*?)-?\}\}", re.DOTALL)
_STRING = re.compile(r'"(?:\\.|[^"\\])*"|`[^`]*`')


def actions(text: str) -> Iterator[str]:
    """What stands between {{ and }}, comments left out."""
    yield from (match[1].strip() for match in _ACTION.finditer(_COMMENT.sub("", text)))


def without_strings(action: str) -> str:
    """An action with its quoted strings emptied, so that words in them count for nothing."""
    return _STRING.sub('""', action)


def words(action: str) -> set[str]:
    """The bare words of an action: functions and keywords, not `.Values.paths` and not `$variables`."""
    return set(re.findall(r"(?<![\w.$])[A-Za-z_]\w*", without_strings(action)))


def code(chart: str) -> str:
    """All actions of a chart's templates, and of files that are templates too, one a line."""
    files = (path for path in sorted((CHARTS / chart / "files").rglob("*")) if path.is_file())
    texts = [*templates(chart).values(), *(path.read_text(encoding="utf-8") for path in files)]
    return "\n".join(action for text in texts for action in actions(text))
