"""Machines typed in by an admin, a line for one or for many that are alike:

    gpu[01-16] 10.0.0.11 cpu=64 mem=480Gi gpu=8 model=A100

sixteen machines `gpu01` to `gpu16`, with addresses that count up from 10.0.0.11.
"""

from __future__ import annotations

import ipaddress
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from fractions import Fraction

from paichart.model import GPU_DEFAULT_TYPE, Device
from paichart.problems import suggest
from paichart.quantity import QuantityError, cores, mebibytes
from paichart.starter.choices import AnswerError
from paichart.starter.nodes import LEAST_CPU, LEAST_MEMORY, Node, in_order
from paichart.starter.roles import Roles

EXAMPLE_MASTER = "pai-master 10.0.0.1 cpu=24 mem=60Gi"
EXAMPLE_WORKERS = "pai-worker[1-2] 10.0.0.2 cpu=64 mem=240Gi gpu=4 model=A100"

_KEYS = ("cpu", "mem", "gpu", "model", "type")
_DEFAULTS = {"cpu": "24", "mem": "60Gi", "gpu": "0", "model": "GPU", "type": GPU_DEFAULT_TYPE}
_RANGE = re.compile(r"([^\[\]]*)\[([0-9]+)-([0-9]+)\]([^\[\]]*)")
_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_MODEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")
_COUNT = re.compile("[0-9]{1,9}")
_MOST = 10_000


def read_line(line: str) -> tuple[Node, ...]:
    """Return the machines that a line names. Raises AnswerError."""
    name, *rest = line.replace(",", " ").split() or [""]
    if not rest:
        raise AnswerError("a name and an address are needed", "such as: pai-worker1 10.0.0.2 cpu=24 mem=60Gi")
    figures = _figures(rest[1:])
    cpu, memory, device = _cpu(figures["cpu"]), _memory(figures["mem"]), _device(figures)
    names = tuple(_names(name))
    addresses = _addresses(rest[0], len(names))
    if device and cpu < device.count:
        raise AnswerError(
            f"{device.count} devices share {float(cpu):g} cores", "HiveD gives each at least one"
        )
    return tuple(
        Node(name, address, cpu, memory, (cpu, memory), device)
        for name, address in zip(names, addresses, strict=True)
    )


def together(master: tuple[Node, ...], workers: tuple[Node, ...]) -> Roles:
    """Return the roles of typed machines. Raises AnswerError when a name or an address stands twice."""
    if len(master) != 1:
        raise AnswerError("there is one master", "name one machine")
    others = tuple(node for node in workers if node.name != master[0].name)
    twice = [name for name, count in Counter(node.name for node in others).items() if count > 1]
    if twice:
        raise AnswerError(f"'{twice[0]}' is named twice")
    clash = next((node for node in in_order((*master, *others)) if node.fault), None)
    if clash:
        raise AnswerError(f"'{clash.name}' {clash.fault}")
    return Roles(master[0], (*(master if len(others) < len(workers) else ()), *others))


def example() -> Roles:
    """Return the machines of a layout that is to be replaced."""
    return together(read_line(EXAMPLE_MASTER), read_line(EXAMPLE_WORKERS))


def _figures(words: list[str]) -> Mapping[str, str]:
    figures = dict(_DEFAULTS)
    for word in words:
        key, is_given, value = word.partition("=")
        if key not in _KEYS or not is_given or not value:
            hint = suggest(key, _KEYS) or f"write {', '.join(f'{known}=…' for known in _KEYS)}"
            raise AnswerError(f"'{word}' is not understood", hint)
        figures[key] = value
    return figures


def _names(pattern: str) -> Iterator[str]:
    found = _RANGE.fullmatch(pattern)
    if found is None:
        names: Iterator[str] = iter((pattern,))
    else:
        before, low, high, after = found.groups()
        if not 0 <= int(high) - int(low) < _MOST:
            raise AnswerError(f"'[{low}-{high}]' is no range", "write the smaller number first")
        numbers = range(int(low), int(high) + 1)
        names = (f"{before}{number:0{len(low)}}{after}" for number in numbers)
    for name in names:
        if not _NAME.fullmatch(name) or len(name) > 253:
            raise AnswerError(f"'{name}' can't be a node name", "use lower case letters, digits, '-' and '.'")
        yield name


def _addresses(text: str, count: int) -> list[str]:
    try:
        first = ipaddress.ip_address(text)
        return [str(first + i) for i in range(count)]
    except ValueError:
        raise AnswerError(f"'{text}' is no IPv4 or IPv6 address", "it follows the name") from None


def _cpu(text: str) -> Fraction:
    try:
        amount = cores(text)
    except QuantityError:
        amount = Fraction(0)
    if amount < LEAST_CPU:
        raise AnswerError(f"'cpu={text}' is no number of cores", "such as cpu=64")
    return amount


def _memory(text: str) -> Fraction:
    try:
        amount = mebibytes(text)
    except QuantityError:
        amount = Fraction(0)
    if amount < LEAST_MEMORY:
        raise AnswerError(f"'mem={text}' is no amount of memory of 1Gi or more", "such as mem=480Gi")
    return amount


def _device(figures: Mapping[str, str]) -> Device | None:
    count, model, resource = figures["gpu"], figures["model"], figures["type"]
    if not _COUNT.fullmatch(count) or int(count) > 1024:
        raise AnswerError(f"'gpu={count}' is no number of devices", "such as gpu=8")
    if not _MODEL.fullmatch(model):
        raise AnswerError(f"'model={model}' is no model", "use letters, digits, '-', '_' and '.'")
    if "/" not in resource:
        raise AnswerError(f"'type={resource}' is no resource name", "such as type=amd.com/gpu")
    return Device(resource, model, int(count)) if int(count) else None
