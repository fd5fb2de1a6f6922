"""Quotes and brackets in the lines of a YAML text: where what opens on a line comes to its end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field


@dataclass(slots=True)
class _Scan:
    """Places of the openings that wait for their end, and the quote that is open now, if any."""

    waiting: list[tuple[int, int]] = field(default_factory=list)
    quote: str = ""

    @property
    def culprit(self) -> tuple[int, int] | None:
        """The place of the open quote, else of the outermost open bracket."""
        if not self.waiting:
            return None
        return self.waiting[-1] if self.quote else self.waiting[0]

    def follow(self, text: str, line: int, start: int) -> None:
        """Follow one line from a column on."""
        can_open = True
        column = start
        while column < len(text):
            character = text[column]
            if self.quote:
                column += self._in_quote(text, column)
                can_open = False
            elif character == "#" and text[column - 1 : column] in ("", " ", "\t"):
                return
            elif can_open and character in "\"'[{":
                self.waiting.append((line, column))
                self.quote = character if character in "\"'" else ""
                can_open = not self.quote
            elif self.waiting and character in "]}":
                self.waiting.pop()
                can_open = False
            elif self.waiting and character in ",[{":
                can_open = True
                if character != ",":
                    self.waiting.append((line, column))
            elif character != " ":
                can_open = (
                    character in ":-"
                    and text[column + 1 : column + 2] == " "
                    and _can_open_after(text, start, column, is_flow=bool(self.waiting))
                )
            column += 1

    def _in_quote(self, text: str, column: int) -> int:
        """Return how many further characters belong to the one at column; close the quote where it ends."""
        character = text[column]
        if character == "\\" and self.quote == '"':
            return 1
        if character == self.quote:
            if self.quote == "'" and text[column + 1 : column + 2] == "'":
                return 1
            self.quote = ""
            self.waiting.pop()
        return 0


def _can_open_after(text: str, start: int, column: int, *, is_flow: bool) -> bool:
    """Tell whether a value begins behind the ':' or '-' at column: a dash must be the first in its line."""
    return text[column] == ":" or (not is_flow and not text[start:column].strip(" -"))


def end_of_value(
    lines: Sequence[str], first: int, column: int, begins: Callable[[str], bool]
) -> tuple[int, tuple[int, int] | None]:
    """Return the last line of what stands on a line, and the place of an opening in it that never ends.

    The end is looked for up to a line that begins a key or item (begins tells) no deeper than in column.
    """
    scan = _Scan()
    for number in range(first, len(lines)):
        text = lines[number]
        start = len(text) - len(text.lstrip(" "))
        if number > first and text.strip() and start <= column and begins(text):
            break
        scan.follow(text, number, start)
        if not scan.waiting:
            return number, None
    return first, scan.culprit
