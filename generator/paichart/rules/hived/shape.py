"""The form of a HiveD configuration: which keys it has, and of which kind their values are.

HiveD itself skips keys that it does not know and takes 0 for numbers that are missing; both hide mistakes.
Null means the same as a key that is not there, as in HiveD. Findings carry their path, so that rules which
build on a part of wrong form can stay silent about it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from paichart.hived import TUNING_KEYS, Path
from paichart.problems import Problem, Severity, suggest
from paichart.source import Marks

INT32_MAX = 2**31 - 1

_OF_THE_CHART = ("kubeApiServerAddress", "kubeConfigFilePath", "webServerAddress")

Finding = tuple[Path, Problem]
Check = Callable[[Marks, Any, Path], Iterator[Finding]]


@dataclass(frozen=True, slots=True)
class _Fields:
    """A mapping of known keys, each with its value's check; `required` names those that must be there."""

    checks: Mapping[str, Check]
    required: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()

    def __call__(self, marks: Marks, value: Any, path: Path) -> Iterator[Finding]:
        if not isinstance(value, Mapping):
            yield path, _wrong_kind(marks, path, "a mapping of keys")
            return
        hints = set()
        for key, content in value.items():
            here = (*path, key)
            if key in self.ignored:
                message = f"'{key}' is ignored: the chart sets it"
                yield here, Problem(marks.key(*here), "PAI154", message, "remove it", Severity.WARNING)
            elif key not in self.checks:
                hint = suggest(key, self.checks)
                hints.add(hint)
                message, known = f"HiveD knows no key '{key}' here", f"known are {', '.join(self.checks)}"
                yield here, Problem(marks.key(*here), "PAI152", message, hint or known)
            elif content is not None:
                yield from self.checks[key](marks, content, here)
        for key in self.required:
            if value.get(key) is None and suggest(key, (key,)) not in hints:
                yield (*path, key), _missing(marks, path, key)


@dataclass(frozen=True, slots=True)
class _Entries:
    """A mapping of names that the admin chooses, all with values of one form; at least one when `needed`."""

    entry: Check
    needed: str = ""

    def __call__(self, marks: Marks, value: Any, path: Path) -> Iterator[Finding]:
        if not isinstance(value, Mapping):
            yield path, _wrong_kind(marks, path, "a mapping of names")
            return
        for name, content in value.items():
            yield from self.entry(marks, {} if content is None else content, (*path, name))
        if self.needed and not value:
            yield path, Problem(marks.key(*path), "PAI153", f"'{path[-1]}' is empty", self.needed)


@dataclass(frozen=True, slots=True)
class _Items:
    """A list whose items have one form; at least one when `needed`."""

    item: Check
    needed: str = ""

    def __call__(self, marks: Marks, value: Any, path: Path) -> Iterator[Finding]:
        if not isinstance(value, list):
            yield path, _wrong_kind(marks, path, "a list")
            return
        for i, content in enumerate(value):
            yield from self.item(marks, content, (*path, i))
        if self.needed and not value:
            yield path, Problem(marks.key(*path), "PAI153", f"'{path[-1]}' is empty", self.needed)


@dataclass(frozen=True, slots=True)
class _Number:
    """A whole number of at least `least`, also when written as text."""

    least: int = 0
    most: int = field(default=INT32_MAX)

    def __call__(self, marks: Marks, value: Any, path: Path) -> Iterator[Finding]:
        is_number = isinstance(value, int) and not isinstance(value, bool)
        if not is_number and not (isinstance(value, str) and value.isascii() and value.isdigit()):
            yield path, _wrong_kind(marks, path, "a whole number")
        elif not self.least <= int(str(value)[:20]) <= self.most:
            message = f"'{path[-1]}' must be from {self.least} to {self.most}"
            yield path, Problem(marks.at(*path), "PAI155", message)


def _name(marks: Marks, value: Any, path: Path) -> Iterator[Finding]:
    """Check a name, address or id; a bare number counts as text when it reads the same as it is written."""
    if isinstance(value, str):
        if not value:
            yield (
                path,
                Problem(marks.at(*path), "PAI153", f"'{path[-1]}' is empty", "write it, or remove the key"),
            )
    elif isinstance(value, bool) or not isinstance(value, int) or marks.text(*path) != str(value):
        yield path, _wrong_kind(marks, path, "text", f'quote it: "{marks.text(*path)}"')


def _flag(marks: Marks, value: Any, path: Path) -> Iterator[Finding]:
    if not isinstance(value, bool) and str(value).lower() not in ("true", "false"):
        yield path, _wrong_kind(marks, path, "true or false")


def _any(_marks: Marks, _value: Any, _path: Path) -> Iterator[Finding]:
    """Leave a value to another rule."""
    yield from ()


def _child(marks: Marks, value: Any, path: Path) -> Iterator[Finding]:
    yield from _CHILD(marks, value, path)


def _wrong_kind(marks: Marks, path: Path, kind: str, hint: str = "") -> Problem:
    what = f"item {path[-1] + 1}" if isinstance(path[-1], int) else f"'{path[-1]}'"
    return Problem(marks.at(*path), "PAI151", f"{what} must be {kind}", hint)


def _missing(marks: Marks, path: Path, key: str) -> Problem:
    place = marks.key(*path) if path else marks.at()
    return Problem(place, "PAI153", f"'{key}' is missing", _CURES.get(key, "add it"))


_CURES = {
    "skuTypes": "rest-server does not start without: give each leaf cell type's cpu, memory and gpu",
    "cellAddress": "write the node's name",
    "virtualClusters": "give at least the virtual cluster 'default'",
}

_CELL: Mapping[str, Check] = {
    "cellType": _name,
    "cellAddress": _name,
    "pinnedCellId": _name,
    "cellChildren": _Items(_child),
}
_CHILD = _Fields(_CELL)

_SKU_TYPE = _Fields({"gpu": _any, "cpu": _any, "memory": _any})
_CELL_TYPE = _Fields(
    {"childCellType": _name, "childCellNumber": _Number(least=1), "isNodeLevel": _flag},
    required=("childCellType", "childCellNumber"),
)
_PHYSICAL_CLUSTER = _Fields(
    {
        "skuTypes": _Entries(_SKU_TYPE, _CURES["skuTypes"]),
        "cellTypes": _Entries(_CELL_TYPE, "define the node's cell type, with isNodeLevel: true"),
        "physicalCells": _Items(
            _Fields(_CELL, required=("cellType",)), "list the nodes that HiveD schedules"
        ),
    },
    required=("skuTypes", "cellTypes", "physicalCells"),
)
_VIRTUAL_CELL = _Fields({"cellType": _name, "cellNumber": _Number()}, required=("cellType", "cellNumber"))
_VIRTUAL_CLUSTER = _Fields(
    {
        "virtualCells": _Items(_VIRTUAL_CELL),
        "pinnedCells": _Items(_Fields({"pinnedCellId": _name}, required=("pinnedCellId",))),
    }
)
_CONFIG = _Fields(
    {
        "physicalCluster": _PHYSICAL_CLUSTER,
        "virtualClusters": _Entries(_VIRTUAL_CLUSTER, _CURES["virtualClusters"]),
        **{key: _Number() for key in TUNING_KEYS},
    },
    required=("physicalCluster", "virtualClusters"),
    ignored=_OF_THE_CHART,
)


def check_shape(marks: Marks, config: Any) -> tuple[tuple[Problem, ...], frozenset[str | int]]:
    """PAI151 to PAI155: keys are known and complete, values have their kind, numbers their range.

    Returns the problems, and which sections (such as `cellTypes`, `virtualClusters`) have errors.
    """
    findings = tuple(_CONFIG(marks, config, ()))
    errors = [path for path, problem in findings if problem.severity is Severity.ERROR]
    broken = frozenset(
        path[1] if path[0] == "physicalCluster" and len(path) > 1 else path[0] for path in errors
    )
    return tuple(problem for _, problem in findings), broken
