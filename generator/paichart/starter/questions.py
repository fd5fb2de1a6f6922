"""The five questions of `paichart init --interactive`: what is asked, by default answered, and understood.

Which machine is the master, which run jobs, how users reach the portal, where data is kept, how they sign in.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from functools import partial
from typing import Protocol, TypeVar
from urllib.parse import urlsplit

from paichart.derive.network import HTTP_NODE_PORT, HTTP_PORT, HTTPS_NODE_PORT, authority
from paichart.model import Secret
from paichart.names import some_names
from paichart.problems import suggest
from paichart.rules.ports import NODE_PORTS
from paichart.starter.choices import (
    ADMINS,
    USERS,
    AnswerError,
    Choices,
    Oidc,
    address,
    gateway,
    one_of,
    setting,
)
from paichart.starter.facts import Facts
from paichart.starter.files import cores_text
from paichart.starter.lines import EXAMPLE_MASTER, EXAMPLE_WORKERS, example, read_line, together
from paichart.starter.nodes import Node
from paichart.starter.roles import Roles, RolesError, UnclearMasterError, Wishes, assign, candidates

_T = TypeVar("_T")
_FOLDER = "folder"
_PASSWORDS = "passwords"
_OIDC = "oidc"
_NONE = "none"
_SHOWN = 10
_WAYS = {
    "hostPort": "the master's own ports",
    "nodePort": "a port on every node",
    "loadBalancer": "an address from the cluster's load balancer",
    "ingress": "an ingress controller that you have",
    "gateway": "a Gateway that you have",
}


class Asker(Protocol):
    """Asks a person. Both may raise what ends the program; nothing is written before the last answer."""

    def say(self, text: str) -> None:
        """Show lines of text."""

    def ask(
        self, question: str, read: Callable[[str], _T], default: str = "", *, is_secret: bool = False
    ) -> _T:
        """Return what read makes of an answer, or of the default; ask again when it raises AnswerError."""


def ask_roles(asker: Asker, nodes: Sequence[Node], wishes: Wishes) -> Roles:
    """Ask for the master and the workers among a cluster's nodes. Raises RolesError when none will do."""
    asker.say("1. Which machine runs OpenPAI's services (the master)?")
    master = wishes.master or ask_master(asker, nodes, wishes)
    wished = replace(wishes, master=master)
    try:
        usual = assign(nodes, wished)
        why_none = ""
    except RolesError as error:
        usual, why_none = None, f"   {error.message}: {error.hint}"
    asker.say("2. Which machines run jobs? Names or patterns such as gpu-*, with blanks between.")
    if why_none:
        asker.say(why_none)

    def read(answer: str) -> Roles:
        if usual and answer == _said(usual):
            return usual
        try:
            return assign(nodes, replace(wished, workers=tuple(answer.replace(",", " ").split())))
        except RolesError as error:
            raise AnswerError(error.message, error.hint) from None

    return asker.ask("machines", read, _said(usual) if usual else master)


def ask_master(asker: Asker, nodes: Sequence[Node], wishes: Wishes) -> str:
    """Ask for the master alone, and return its name."""
    able = [
        node
        for node in candidates(nodes)
        if not any(fnmatchcase(node.name, pattern) for pattern in wishes.exclude)
    ]
    try:
        default = assign(nodes, wishes).master.name
    except UnclearMasterError as error:
        default = error.candidates[0]
    for node in able[:_SHOWN]:
        asker.say(f"   {_described(node)}")
    if len(able) > _SHOWN:
        asker.say(f"   and {len(able) - _SHOWN} more")
    names = {node.name for node in nodes}

    def read(answer: str) -> str:
        if answer not in names:
            raise AnswerError(f"no node is named '{answer}'", suggest(answer, names))
        try:
            assign(nodes, replace(wishes, master=answer, workers=(answer,)))
        except RolesError as error:
            raise AnswerError(error.message, error.hint) from None
        return answer

    return asker.ask("master", read, default)


def ask_machines(asker: Asker) -> tuple[Roles, bool]:
    """Ask for machines where there is no cluster to read; tell as well whether they are our examples."""
    asker.say("1. Which machine runs OpenPAI's services (the master)? Node name, address, what it offers.")
    master = asker.ask("master", _one_machine, EXAMPLE_MASTER)
    asker.say("2. Which machines run jobs? A line each, or one for many alike; gpu=0 for no devices.")
    workers = asker.ask("machines", lambda answer: _joined(master, (), answer), EXAMPLE_WORKERS)
    asker.say("   Further ones? An empty line ends.")
    while more := asker.ask("machines", partial(_joined, master, workers), _NONE):
        workers = more
    return together(master, workers), (*master, *workers) == example().nodes


def ask_choices(asker: Asker, master: str, facts: Facts | None) -> Choices:
    """Ask how users reach the portal, where data is kept, and how users sign in; `master` is its address."""
    asker.say("3. How do users reach the portal?")
    way = _ask_way(asker, master, facts)
    asker.say("4. Where is data kept? `folder` is one on the master; else name a storage class.")
    known = facts.storage_classes if facts else ()
    if known:
        asker.say(f"   The cluster has {some_names(known)}.")
    place = asker.ask(
        "data", lambda answer: _place(answer, known), (facts and facts.storage_class) or _FOLDER
    )
    asker.say("5. How do users sign in? `passwords` of OpenPAI's own, or `oidc` with Azure AD.")
    is_oidc = asker.ask(
        "sign-in", lambda answer: one_of(answer, (_PASSWORDS, _OIDC), "way to sign in"), _PASSWORDS
    )
    return replace(
        way,
        storage_class="" if place == _FOLDER else place,
        is_folder_chosen=place == _FOLDER,
        oidc=_ask_oidc(asker) if is_oidc == _OIDC else None,
    )


def _ask_way(asker: Asker, master: str, facts: Facts | None) -> Choices:
    for kind, meaning in _WAYS.items():
        asker.say(f"   {kind:<13}{meaning}")
    kind = asker.ask("way", lambda answer: one_of(answer, _WAYS, "way to reach it"), next(iter(_WAYS)))
    class_name, place = "", None
    if kind == "ingress":
        path = ("paichart", "exposure", "class-name")
        seen = facts.ingress_class if facts else ""
        class_name = asker.ask("class", lambda answer: setting(answer, "config", *path), seen or "nginx")
    if kind == "gateway":
        seen = "/".join(facts.gateway) if facts and facts.gateway else ""
        place = asker.ask("gateway (namespace/name)", gateway, seen)
    ports = {"hostPort": HTTP_PORT, "nodePort": HTTP_NODE_PORT}
    usual = f"http://{authority(master, ports[kind], 'http')}" if kind in ports else ""
    url = asker.ask("address that users type", address, usual)
    secret = ""
    if url.lower().startswith("https:") and kind != "gateway":
        asker.say("   Which Secret (kubernetes.io/tls) has the certificate? `none`: what is in front.")
        secret = asker.ask("certificate", _secret_name, "pai-tls")
    port = _node_port(url) if kind == "nodePort" else 0
    return Choices(kind, "" if url == usual else url, class_name, place, port, secret)


def _node_port(url: str) -> int:
    """Return the port on every node that an address leads to; 0 for the usual, and with others in front."""
    parts = urlsplit(url)
    usual = HTTPS_NODE_PORT if parts.scheme.lower() == "https" else HTTP_NODE_PORT
    port = parts.port or 0
    return port if port in NODE_PORTS and port != usual else 0


def _ask_oidc(asker: Asker) -> Oidc:
    path = ("authentication", "AAD")
    asker.say("   As the portal of Azure shows them for the registered application:")
    return Oidc(
        asker.ask("tenant ID", lambda answer: setting(answer, "services-configuration", *path, "tenantID")),
        asker.ask("client ID", lambda answer: setting(answer, "services-configuration", *path, "clientID")),
        asker.ask("client secret (not shown)", lambda answer: Secret(_some(answer)), is_secret=True),
        asker.ask("group of administrators", _some, ADMINS),
        asker.ask("group of all users", _some, USERS),
    )


def _described(node: Node) -> str:
    device = f", {node.device.count} {node.device.model}" if node.device else ""
    plane = ", control plane" if node.is_control_plane else ""
    return f"{node.name}: {cores_text(node.cpu)} cores, {int(node.memory / 1024)}Gi{device}{plane}"


def _said(roles: Roles) -> str:
    """Return how the usual workers are named in a prompt."""
    names = [node.name for node in roles.workers]
    if len(names) <= 4:
        return " ".join(names)
    return f"the {len(names)} {'with devices' if roles.workers[0].device else 'others'}"


def _one_machine(answer: str) -> tuple[Node, ...]:
    machines = read_line(answer)
    if len(machines) > 1:
        raise AnswerError(f"these are {len(machines)} machines", "there is one master")
    return machines


def _joined(master: tuple[Node, ...], workers: tuple[Node, ...], answer: str) -> tuple[Node, ...]:
    """Return workers and those of a further line; nothing when there is no further line."""
    if answer == _NONE:
        return ()
    every = (*workers, *read_line(answer))
    together(master, every)
    return every


def _place(answer: str, known: Sequence[str]) -> str:
    if known:
        return one_of(answer, (_FOLDER, *known), "storage class of the cluster")
    if answer.lower() == _FOLDER:
        return _FOLDER
    return setting(answer, "config", "paichart", "storage", "class")


def _secret_name(answer: str) -> str:
    return "" if answer == _NONE else setting(answer, "config", "paichart", "tls", "secret-name")


def _some(answer: str) -> str:
    if not answer:
        raise AnswerError("an answer is needed")
    return answer
