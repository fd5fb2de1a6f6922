"""Questions on a terminal: shown on stderr, answered on stdin, so that stdout holds the result alone."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Callable
from typing import TypeVar

import typer

from paichart.starter.choices import AnswerError

_T = TypeVar("_T")


class Terminal:
    """Asks whoever sits at the terminal; raises KeyboardInterrupt or EOFError when that person leaves."""

    def say(self, text: str) -> None:
        """Show lines of text."""
        typer.echo(text, err=True)

    def ask(
        self, question: str, read: Callable[[str], _T], default: str = "", *, is_secret: bool = False
    ) -> _T:
        """Return what read makes of an answer, or of the default; ask again when it raises AnswerError."""
        prompt = f"   {question}{f' [{default}]' if default else ''}: "
        while True:
            answer = _answer(prompt, is_secret).strip() or default
            try:
                if not answer:
                    raise AnswerError("an answer is needed")
                return read(answer)
            except AnswerError as error:
                typer.echo(f"   {error}", err=True)


def is_answered() -> bool:
    """Tell whether somebody sits at the terminal."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def _answer(prompt: str, is_secret: bool) -> str:
    if is_secret and sys.stdin.isatty():
        return getpass.getpass(prompt, stream=sys.stderr)
    typer.echo(prompt, nl=False, err=True)
    line = sys.stdin.readline()
    if not line:
        raise EOFError
    return line
