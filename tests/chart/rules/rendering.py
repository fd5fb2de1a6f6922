"""What the rules look at: the objects of one call of Helm and what they may take for granted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.chart.render import Object, Objects, Pods

# Workloads that run for good, so that probes, rolling updates and disruption budgets are about them.
LASTING = ("Deployment", "StatefulSet", "DaemonSet")


@dataclass(frozen=True, slots=True)
class Rendering:
    """The objects of one chart, the release they belong to, and the rest of that release.

    others holds what other charts of the release make and these objects may name. A whole umbrella has none,
    and is_whole set, so that every name must be found. What the scenario's values name is the admin's own.
    """

    objects: Objects
    release: str = "openpai"
    namespace: str = "pai-system"
    values: Mapping[str, Any] = field(default_factory=dict)
    others: Objects = field(default_factory=lambda: Objects("", ()))
    is_whole: bool = False

    def lasting(self) -> Iterator[Pods]:
        """Workloads that run for good."""
        return (pods for pods in self.objects.pod_specs() if pods.kind in LASTING)

    def known(self, *kinds: str) -> tuple[Object, ...]:
        """Objects of these kinds in the whole release."""
        return (*self.objects.all(*kinds), *self.others.all(*kinds))

    def names(self, kind: str, namespace: str) -> set[str]:
        """Names of the release's objects of a kind in a namespace (an empty text for none)."""
        found = (item["metadata"] for item in self.known(kind))
        return {str(metadata["name"]) for metadata in found if metadata.get("namespace", "") == namespace}

    def is_admins_own(self, name: str) -> bool:
        """Whether the scenario's values name this object, so that the admin makes it."""
        return name in set(strings(self.values))


Rule = Callable[[Rendering], Iterator[str]]


def rule(function: Rule) -> Rule:
    """Mark a function as a rule."""
    function.is_rule = True  # type: ignore[attr-defined]
    return function


def strings(node: Any) -> Iterator[str]:
    """Every text in a tree of YAML, keys left out."""
    if isinstance(node, Mapping):
        for value in node.values():
            yield from strings(value)
    elif isinstance(node, list | tuple):
        for value in node:
            yield from strings(value)
    elif isinstance(node, str):
        yield node


def is_subset(selector: Mapping[str, str], labels: Mapping[str, str]) -> bool:
    """Whether a selector's labels are all among an object's."""
    return selector.items() <= labels.items()
