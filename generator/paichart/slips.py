"""One slip, one problem: violations of a schema that follow from another one are left out."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

from paichart.validator import Path, Violation
from paichart.vocabulary import Vocabulary

SPLIT = "split"
"""Keyword of a violation that stands for the missing keys of two items of a list which are one."""


def siblings(violation: Violation) -> tuple[str, ...]:
    """Return the keys that may stand where an unknown one stands; ignored ones if there are no others."""
    properties: Mapping[str, Mapping[str, object]] = violation.schema.get("properties", {})
    return tuple(key for key, part in properties.items() if "x-paichart-ignored" not in part) or tuple(
        properties
    )


def without_echoes(violations: Iterable[Violation], vocabulary: Vocabulary) -> tuple[Violation, ...]:
    """Return the violations but for those that follow from another one.

    A key that is missing, or without a value, follows from one that was meant to be it or to stand below it.
    """
    every = _joined(_indented(tuple(violations)))
    absent = {violation.key for violation in every if violation.keyword == "required" and not violation.path}
    every = tuple(_at_home(violation, absent) for violation in every)
    meant = {
        slip[:length]
        for violation in every
        if violation.keyword == "additionalProperties"
        for slip in slips_of(violation, vocabulary)
        for length in range(1, len(slip) + 1)
    }
    return tuple(
        violation for violation in every if not _is_lack(violation) or _place(violation) not in meant
    )


def slips_of(violation: Violation, vocabulary: Vocabulary) -> Iterator[Path]:
    """Yield the path of the key that an unknown one was likely meant to be, or of a value of a wrong kind."""
    if violation.keyword == "type":
        yield violation.path
    if violation.keyword == "additionalProperties":
        meant = vocabulary.meant(violation.key, violation.path, siblings(violation))
        if meant is not None:
            steps = (*violation.path, *("*" for _ in meant))
            yield tuple(steps[i] if step == "*" else step for i, step in enumerate(meant))


def _is_lack(violation: Violation) -> bool:
    return violation.keyword == "required" or (violation.keyword == "type" and violation.value is None)


def _place(violation: Violation) -> Path:
    return (*violation.path, violation.key) if violation.keyword == "required" else violation.path


def _at_home(violation: Violation, absent: Container[str]) -> Violation:
    """Return the violation of an unknown key for one of a key that is missing at the top level."""
    path = violation.path
    if violation.keyword == "type" and len(path) > 1 and path[-1] in absent:
        return Violation(path[:-1], "additionalProperties", violation.value, {}, str(path[-1]))
    return violation


def _indented(violations: Sequence[Violation]) -> tuple[Violation, ...]:
    """Put one violation for keys that stand beside the named entry, still empty, in which they belong."""
    for empty in violations:
        if empty.keyword != "type" or empty.value is not None or len(empty.path) < 2:
            continue
        outer, own = empty.path[:-1], empty.schema.get("properties", {})
        beside = [
            violation
            for violation in violations
            if len(violation.path) > len(outer)
            and violation.path[: len(outer)] == outer
            and violation.path[len(outer)] in own
        ]
        if beside:
            key = str(beside[0].path[len(outer)])
            first = Violation(outer, "additionalProperties", None, {}, key)
            echoes = {id(violation) for violation in (empty, *beside)}
            return (first, *(violation for violation in violations if id(violation) not in echoes))
    return tuple(violations)


def _joined(violations: Sequence[Violation]) -> tuple[Violation, ...]:
    """Put one violation for two items of a list, one after the other, that lack just what the other has."""
    lacking: dict[Path, list[Violation]] = {}
    for violation in violations:
        if violation.keyword == "required" and violation.path and isinstance(violation.path[-1], int):
            lacking.setdefault(violation.path, []).append(violation)
    echoes: set[int] = set()
    splits: list[Violation] = []
    for path, lacks in lacking.items():
        above = lacking.get((*path[:-1], int(path[-1]) - 1), ())
        if above and _complete_each_other(above[0].value, lacks[0].value, lacks):
            splits.append(Violation(path, SPLIT, lacks[0].value, lacks[0].schema, lacks[0].key))
            echoes |= {id(violation) for violation in (*above, *lacks)}
    return (*splits, *(violation for violation in violations if id(violation) not in echoes))


def _complete_each_other(
    above: Mapping[str, object], below: Mapping[str, object], lacks: Sequence[Violation]
) -> bool:
    required = lacks[0].schema.get("required", ())
    return not above.keys() & below.keys() and all(key in above or key in below for key in required)
