"""Rules for the exit codes of jobs, as frameworkcontroller v1.0.0 checks them when it starts.

It ends at once for a code that is there twice or is one of its own, and for a pattern that is no regular
expression of Go's (`pkg/apis/frameworkcontroller/v1/config.go`, `completion.go`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from paichart.problems import Problem, Related
from paichart.re2 import fault
from paichart.rules.subject import Rule, Subject
from paichart.validator import Path

_SPEC = ("k8s-job-exit-spec", "spec")
_RESERVED = range(200, 220)
_REGEXES = ("nameRegex", "reasonRegex", "messageRegex")


def check_codes(subject: Subject) -> Iterator[Problem]:
    """PAI226, PAI227: each exit code stands there once, and none is the controller's own."""
    marks = subject.services.marks
    first: dict[int, Path] = {}
    for path, entry in _entries(subject):
        code = entry.get("code")
        place = (*path, "code")
        if code in first:
            span = marks.at(*first[code])
            message = f"exit code {code} is described twice; the first is on line {span.line}"
            hint = "put both into one entry; frameworkcontroller would not start"
            yield Problem(
                marks.at(*place), "PAI226", message, hint, related=(Related(span, "the first is here"),)
            )
        elif code is not None:
            first[code] = place
        if code in _RESERVED:
            message = (
                f"exit codes from 200 to 219 are frameworkcontroller's own, so {code} can't be described"
            )
            hint = "choose another code; the controller would not start"
            yield Problem(marks.at(*place), "PAI227", message, hint)


def check_patterns(subject: Subject) -> Iterator[Problem]:
    """PAI228: the controller can read every pattern that it is given."""
    for path, entry in _entries(subject):
        pods = (*path, "pattern", "controllerPodPatterns")
        patterns = (entry.get("pattern") or {}).get("controllerPodPatterns")
        for place, pattern in _listed(patterns, pods):
            yield from _check_pattern(subject, place, pattern)
            for inner, container in _listed(pattern.get("containers"), (*place, "containers")):
                yield from _check_pattern(subject, inner, container)


def _check_pattern(subject: Subject, path: Path, pattern: Mapping[str, Any]) -> Iterator[Problem]:
    for key in _REGEXES:
        text = pattern.get(key)
        reason = fault(text) if isinstance(text, str) else ""
        if reason:
            message = f"'{key}' is no regular expression of Go's: {reason}"
            hint = "frameworkcontroller would not start; Go's syntax is RE2"
            yield Problem(subject.services.marks.at(*path, key), "PAI228", message, hint)


def _entries(subject: Subject) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    section, key = _SPEC
    return _listed(subject.services.given.get(section, {}).get(key), _SPEC)


def _listed(items: object, path: Path) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """Yield path and content of the mappings in a list; nothing of what is none."""
    for i, item in enumerate(items if isinstance(items, Sequence) and not isinstance(items, str) else ()):
        if isinstance(item, Mapping):
            yield (*path, i), item


RULES = (Rule(check_codes, ("services",)), Rule(check_patterns, ("services",)))
