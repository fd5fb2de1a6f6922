"""Which services need which others: the edges, an order to read them in, and circles."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from paichart.catalog import Entry, Need

HARD = ("waits", "reads")
"""Needs without which a pod does not start; the others are asked again until they answer."""


@dataclass(frozen=True, slots=True)
class Graph:
    """Services and what each needs of the others, a service after those that its start needs.

    `outer` are services of which only what they have to do with the others is here.
    """

    services: tuple[str, ...]
    needs: Mapping[str, tuple[Need, ...]]
    outer: frozenset[str] = frozenset()

    @property
    def circles(self) -> tuple[tuple[str, ...], ...]:
        """Groups of services of which each needs, in the end, each other one; members stand in order.

        Where a service only sends browsers to is no need of its own.
        """
        edges = {
            name: [need.service for need in needs if need.how != ("links",)]
            for name, needs in self.needs.items()
        }
        return tuple(group for group in components(self.services, edges) if len(group) > 1)

    def callers(self, service: str) -> tuple[str, ...]:
        """Return the services that need this one, in order."""
        return tuple(
            name for name in self.services if any(need.service == service for need in self.needs[name])
        )


def graph(entries: Sequence[Entry], only: Collection[str] | None = None) -> Graph:
    """Return the graph of all entries, or of those named in only and what they need of each other."""
    kept = [entry for entry in entries if only is None or entry.name in only]
    names = [entry.name for entry in kept]
    needs = {entry.name: tuple(need for need in entry.needs if need.service in names) for entry in kept}
    return Graph(tuple(_ordered(names, needs)), needs)


def around(whole: Graph, centre: Collection[str]) -> Graph:
    """Return the part of a graph that some services make with those they need and those that need them."""
    needs = {
        name: tuple(need for need in found if name in centre or need.service in centre)
        for name, found in whole.needs.items()
    }
    near = {need.service for found in needs.values() for need in found}
    kept = tuple(name for name in whole.services if name in centre or name in near or needs[name])
    return Graph(kept, {name: needs[name] for name in kept}, frozenset(kept) - frozenset(centre))


def components(names: Sequence[str], edges: Mapping[str, Collection[str]]) -> list[tuple[str, ...]]:
    """Return the strongly connected components, members and components in the order of names."""
    reached = {name: _reach(name, edges) for name in names}
    groups: list[tuple[str, ...]] = []
    seen: set[str] = set()
    for name in names:
        if name not in seen:
            group = tuple(
                other
                for other in names
                if other == name or (other in reached[name] and name in reached[other])
            )
            seen.update(group)
            groups.append(group)
    return groups


def _reach(start: str, edges: Mapping[str, Collection[str]]) -> set[str]:
    """Return what can be reached from start by one edge or more."""
    found: set[str] = set()
    waiting = list(edges.get(start, ()))
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(edges.get(name, ()))
    return found


def _ordered(names: Sequence[str], needs: Mapping[str, Sequence[Need]]) -> Iterator[str]:
    """Yield names so that what a service's start needs comes before it, else in the order given."""
    done: set[str] = set()
    left = list(names)
    while left:
        ready = [
            name
            for name in left
            if all(need.service in done for need in needs[name] if set(need.how) & set(HARD))
        ]
        name = ready[0] if ready else left[0]
        done.add(name)
        left.remove(name)
        yield name
