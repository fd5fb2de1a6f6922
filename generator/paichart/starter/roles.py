"""Who does what among a cluster's nodes: the master, workers and storage machines, and who is left out.

Nothing is guessed: where the nodes don't say which one is the master, the admin is asked.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from paichart.names import some_names
from paichart.problems import suggest
from paichart.starter.nodes import Node

_TOLD = 10


class RolesError(Exception):
    """The roles can't be given as wished: why, and what to do about it."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UnclearMasterError(RolesError):
    """Several nodes can be the master; `candidates` are their names, the fittest first."""

    def __init__(self, candidates: tuple[str, ...], why: str) -> None:
        super().__init__(
            f"{why}, so say which one runs OpenPAI's services",
            f"add --master NODE; those that can: {some_names(candidates)}",
        )
        self.candidates = candidates


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the admin said: names, or patterns such as `gpu-*`; nothing said is empty.

    `selected` are the nodes that a label selector matches, None without one; no other runs jobs by itself.
    """

    master: str = ""
    workers: tuple[str, ...] = ()
    storage: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    selected: Collection[str] | None = None


@dataclass(frozen=True, slots=True)
class Roles:
    """Who does what; `left_out` says of each other node why, `why_master` how the master was found."""

    master: Node
    workers: tuple[Node, ...]
    storage: tuple[Node, ...] = ()
    left_out: Mapping[str, str] = field(default_factory=dict)
    why_master: str = ""
    warnings: tuple[str, ...] = ()

    @property
    def is_shared(self) -> bool:
        """Tell whether the master runs jobs too."""
        return any(worker.name == self.master.name for worker in self.workers)

    @property
    def nodes(self) -> tuple[Node, ...]:
        """Every node that has a role, once: the master, workers, storage."""
        every = (self.master, *self.workers, *self.storage)
        return tuple({node.name: node for node in every}.values())


def assign(nodes: Sequence[Node], wishes: Wishes) -> Roles:
    """Return who does what. Raises RolesError, and UnclearMasterError when only the master is in question."""
    by_name = {node.name: node for node in nodes}
    excluded = {name for pattern in wishes.exclude for name in _matching(pattern, by_name)}
    free = tuple(node for node in nodes if node.name not in excluded)
    asked = _asked(wishes, by_name, excluded)
    workers = _wished(wishes.workers, by_name, excluded)
    storage = _wished(wishes.storage, by_name, excluded)
    master, why = _master(free, wishes, by_name)
    if not wishes.workers:
        workers = _default_workers(free, master, wishes.selected)
    if not workers:
        raise RolesError("no node can run jobs", _why_none(nodes, master))
    named = {master.name, *(node.name for node in (*workers, *storage))}
    left_out = {
        node.name: "is excluded" if node.name in excluded else _reason(node, master, wishes)
        for node in nodes
        if node.name not in named
    }
    return Roles(master, workers, storage, left_out, why, tuple(_warnings(asked, workers)))


def candidates(nodes: Sequence[Node]) -> tuple[Node, ...]:
    """Return the nodes that can be the master, the fittest first: of the control plane, without devices."""
    usable = [node for node in nodes if node.is_fit]
    return tuple(
        sorted(usable, key=lambda node: (not node.is_control_plane, node.device is not None, -node.memory))
    )


def _master(nodes: Sequence[Node], wishes: Wishes, by_name: Mapping[str, Node]) -> tuple[Node, str]:
    if wishes.master:
        return by_name[wishes.master], "as you said"
    able = candidates(nodes)
    if not able:
        raise RolesError("no node can be the master", _why_none(nodes, None))
    if len(able) == 1:
        return able[0], "the only node that is fit"
    control_plane = [node for node in able if node.is_control_plane]
    if len(control_plane) == 1:
        return control_plane[0], "the only node of the control plane"
    asked_to_work = {name for pattern in wishes.workers for name in _matching(pattern, by_name)}
    plain = [node for node in able if node.device is None and node.name not in asked_to_work]
    if len(plain) == 1 and not control_plane:
        return plain[0], "the only node without devices"
    names = tuple(node.name for node in able)
    if control_plane:
        raise UnclearMasterError(names, f"the control plane has {len(control_plane)} nodes")
    raise UnclearMasterError(names, "no node of the control plane is to be seen")


def _default_workers(
    nodes: Sequence[Node], master: Node, selected: Collection[str] | None
) -> tuple[Node, ...]:
    """Return who runs jobs when nobody said: nodes with devices, else all that are not of the control plane.

    Where there is only one machine it does both; not where others merely are not fit at the moment.
    """
    if all(node.fault for node in nodes if node.name != master.name):
        return (master,)
    able = [
        node
        for node in nodes
        if node.is_fit and node.name != master.name and (selected is None or node.name in selected)
    ]
    with_devices = tuple(node for node in able if node.device)
    away = [node for node in nodes if node.device and not node.is_fit and node.name != master.name]
    if away and not with_devices:
        raise RolesError(
            "no node with devices is fit for jobs", f"{_why_none(away, None)}; name the workers with --worker"
        )
    return with_devices or tuple(node for node in able if not node.is_control_plane)


def _wished(
    patterns: Sequence[str], by_name: Mapping[str, Node], excluded: Collection[str]
) -> tuple[Node, ...]:
    """Return the nodes of names and patterns, in the order of the nodes.

    A pattern takes tainted nodes too, since taints last, but none that is away at the moment.
    """
    found: set[str] = set()
    for pattern in patterns:
        names = [name for name in _matching(pattern, by_name) if name not in excluded]
        if pattern in by_name:
            found.update(names)
        else:
            found.update(name for name in names if not by_name[name].fault and not by_name[name].obstacle)
    return tuple(node for name, node in by_name.items() if name in found)


def _warnings(asked: Sequence[Node], workers: Sequence[Node]) -> Iterator[str]:
    tainted = [node for node in workers if node.taints or node.own_taints]
    for node in asked:
        if node.obstacle or (node.taints and node not in tainted):
            yield f"{node.name} {node.objection}; it was asked for by name"
    if tainted:
        names = some_names([node.name for node in tainted])
        yield f"job pods don't tolerate the taints of {names}; see `values` in config.yaml"


def _asked(wishes: Wishes, by_name: Mapping[str, Node], excluded: Collection[str]) -> tuple[Node, ...]:
    """Return the nodes that were asked for by name. Raises RolesError for those that can't be had."""
    asked = [wishes.master] if wishes.master else []
    asked += [name for name in (*wishes.workers, *wishes.storage) if not _is_pattern(name)]
    for name in asked:
        if name not in by_name:
            raise _unknown(name, by_name)
        if name in excluded:
            raise RolesError(f"'{name}' is asked for and excluded", "leave it out of --exclude")
        if by_name[name].fault:
            raise RolesError(f"'{name}' {by_name[name].fault}", "name another node")
    return tuple(by_name[name] for name in dict.fromkeys(asked))


def _matching(pattern: str, by_name: Mapping[str, Node]) -> list[str]:
    """Return the names that a name or pattern means. Raises RolesError when there is none."""
    if pattern in by_name:
        return [pattern]
    names = [name for name in by_name if fnmatchcase(name, pattern)] if _is_pattern(pattern) else []
    if not names:
        raise _unknown(pattern, by_name)
    return names


def _unknown(name: str, by_name: Mapping[str, Node]) -> RolesError:
    listed = "`kubectl get nodes` shows the names"
    if _is_pattern(name):
        return RolesError(f"no node matches '{name}'", listed)
    return RolesError(f"no node is named '{name}'", suggest(name, by_name) or listed)


def _is_pattern(text: str) -> bool:
    return any(sign in text for sign in "*?[")


def _reason(node: Node, master: Node, wishes: Wishes) -> str:
    """Return why a node has no role."""
    if node.objection:
        return node.objection
    if wishes.selected is not None and node.name not in wishes.selected:
        return "is not selected"
    if wishes.workers:
        return "was not named"
    if node.is_control_plane:
        return "belongs to the control plane"
    return "has no devices, while others do"


def _why_none(nodes: Sequence[Node], master: Node | None) -> str:
    reasons: dict[str, list[str]] = {}
    for node in nodes:
        if not node.is_fit:
            reasons.setdefault(node.objection, []).append(node.name)
    told = [
        f"{some_names(names)}{':' if len(names) > 1 else ''} {reason}"
        for reason, names in list(reasons.items())[:3]
    ]
    if master is not None and master.is_fit:
        told.append(f"add --worker {master.name} to let the master run jobs")
    return "; ".join(told) or "the cluster has no nodes"


def left_out_lines(left_out: Mapping[str, str]) -> Iterator[str]:
    """Yield who was left out, a line a reason."""
    reasons: dict[str, list[str]] = {}
    for name, reason in left_out.items():
        reasons.setdefault(reason, []).append(name)
    for reason, names in reasons.items():
        rest = f" and {len(names) - _TOLD} more" if len(names) > _TOLD else ""
        yield f"{', '.join(names[:_TOLD])}{rest}: {reason}"
