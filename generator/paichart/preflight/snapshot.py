"""The cluster as preflight sees it: frozen facts, reduced from what the API server says.

None in place of a collection, or a missing key in a mapping, means that it could not be read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple


class Ref(NamedTuple):
    """An object by resource (plural), namespace (empty for none) and name."""

    resource: str
    namespace: str
    name: str


@dataclass(frozen=True, slots=True)
class Taint:
    """What keeps pods off a node unless they tolerate it."""

    key: str
    value: str
    effect: str

    def __str__(self) -> str:
        return f"{self.key}={self.value}:{self.effect}" if self.value else f"{self.key}:{self.effect}"


@dataclass(frozen=True, slots=True)
class Node:
    """One node: cpu in cores and memory in MiB that pods may have, devices by resource name.

    `unready` is why it is not Ready and `since` when it stopped, both empty for a node that is. `troubles`
    are the conditions that a healthy node has not, such as DiskPressure.
    """

    name: str
    addresses: tuple[str, ...] = ()
    unready: str = ""
    since: str = ""
    is_cordoned: bool = False
    cpu: Fraction = Fraction(0)
    memory: Fraction = Fraction(0)
    devices: Mapping[str, int] = field(default_factory=dict)
    platform: str = "linux/amd64"
    kubelet: str = ""
    runtime: str = ""
    taints: tuple[Taint, ...] = ()
    troubles: tuple[str, ...] = ()
    hostname_label: str = ""


@dataclass(frozen=True, slots=True)
class Pod:
    """One pod that takes ports of its node or runs on the master; requests in cores and MiB.

    `owner` is kind and name of what made it; ports are (protocol, number).
    """

    namespace: str
    name: str
    node: str
    owner: str
    release: str = ""
    ports: tuple[tuple[str, int], ...] = ()
    cpu: Fraction = Fraction(0)
    memory: Fraction = Fraction(0)


@dataclass(frozen=True, slots=True)
class Service:
    """One Service: its node ports, and the release of ours that it belongs to."""

    namespace: str
    name: str
    release: str = ""
    node_ports: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Workload:
    """One workload that may be in our way: ours, a legacy one, or one with an image that we know."""

    kind: str
    namespace: str
    name: str
    images: tuple[str, ...] = ()
    is_ours: bool = False
    is_helms: bool = False


@dataclass(frozen=True, slots=True)
class Meta:
    """Labels and annotations of an object, as far as they matter, and whether it is being deleted."""

    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    is_deleted: bool = False


@dataclass(frozen=True, slots=True)
class SecretShape:
    """Type and keys of a Secret; its values are never kept."""

    type: str
    keys: frozenset[str]


@dataclass(frozen=True, slots=True)
class Class:
    """One IngressClass by name."""

    name: str
    is_default: bool


@dataclass(frozen=True, slots=True)
class Limit:
    """A ResourceQuota or LimitRange: `what` it limits, and the defaults that it gives to containers."""

    kind: str
    namespace: str
    name: str
    what: tuple[str, ...]
    defaults: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Revision:
    """One revision of a Helm release, and its status such as `deployed` or `pending-install`."""

    number: int
    status: str


@dataclass(frozen=True, slots=True)
class Right:
    """One thing that an account may do: a verb on a resource (`group/resource`), or on a URL path."""

    verb: str
    group: str
    resource: str
    namespace: str = ""
    name: str = ""

    def __str__(self) -> str:
        what = f"{self.resource}.{self.group}" if self.group else self.resource
        name = f" {self.name}" if self.name else ""
        return f"{self.verb} {what}{name}{f' in {self.namespace}' if self.namespace else ''}"


@dataclass(frozen=True, slots=True)
class Rights:
    """What the account lacks: `missing` to install, `ungrantable` to grant what the release does.

    is_admin: it may do everything, so that nothing else was asked.
    """

    is_admin: bool = False
    missing: tuple[Right, ...] = ()
    ungrantable: tuple[Right, ...] = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """Something that the account may not read: the right that it takes, and what could not be looked at."""

    right: str
    skipped: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that was read of one cluster at one moment."""

    version: str = ""
    nodes: tuple[Node, ...] | None = None
    pods: tuple[Pod, ...] | None = None
    services: tuple[Service, ...] | None = None
    workloads: tuple[Workload, ...] | None = None
    objects: Mapping[Ref, Meta | None] = field(default_factory=dict)
    secrets: Mapping[Ref, SecretShape | None] = field(default_factory=dict)
    ingress_classes: tuple[Class, ...] | None = None
    served: frozenset[str] | None = None
    revisions: tuple[Revision, ...] | None = None
    webhooks: tuple[str, ...] | None = None
    limits: tuple[Limit, ...] | None = None
    has_dcgm: bool | None = None
    rights: Rights | None = None
    refusals: tuple[Refusal, ...] = ()
