"""What an admin chose of what config.yaml leaves open, and whether an answer can stand there."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from paichart.addresses import fault
from paichart.model import Secret
from paichart.problems import suggest
from paichart.schema import FILES, check_document
from paichart.source import parse

WELL_KNOWN = "https://login.microsoftonline.com/{tenant}/v2.0/.well-known/openid-configuration"
ADMINS, USERS = "pai-admins", "pai-users"


@dataclass(frozen=True, slots=True)
class Oidc:
    """An application in Azure AD, and what it calls administrators and users."""

    tenant: str
    client: str
    secret: Secret
    admins: str = ADMINS
    users: str = USERS

    @property
    def well_known_url(self) -> str:
        """Return the address of the tenant's discovery document."""
        return WELL_KNOWN.format(tenant=self.tenant)


@dataclass(frozen=True, slots=True)
class Choices:
    """Answers; empty means that nothing was chosen, and the files show what could be.

    `gateway` is namespace and name; `node_port` is the port on every node, 0 for the usual one.
    """

    exposure: str = ""
    external_url: str = ""
    class_name: str = ""
    gateway: tuple[str, str] | None = None
    node_port: int = 0
    tls_secret: str = ""
    storage_class: str = ""
    is_folder_chosen: bool = False
    oidc: Oidc | None = None

    @property
    def is_https(self) -> bool:
        """Tell whether users type an address of https."""
        return self.external_url.lower().startswith("https:")

    @property
    def is_way_chosen(self) -> bool:
        """Tell whether it is said how users reach the portal."""
        return bool(self.exposure)


class AnswerError(Exception):
    """The answer can't be taken: what is wrong with it, and what to answer instead."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(f"{message}; {hint}" if hint else message)


def one_of(answer: str, known: Iterable[str], what: str) -> str:
    """Return the known word that an answer means, whatever its case. Raises AnswerError."""
    words = {word.lower(): word for word in known}
    if answer.lower() not in words:
        hint = suggest(answer, words.values()) or f"answer {', '.join(words.values())}"
        raise AnswerError(f"'{answer}' is no {what}", hint)
    return words[answer.lower()]


def setting(answer: str, name: str, *path: str) -> str:
    """Return an answer that may stand at path in the input with that schema. Raises AnswerError."""
    data: Any = answer
    for key in reversed(path):
        data = {key: data}
    _refuse_what_is_wrong(data, name)
    return answer


def gateway(answer: str) -> tuple[str, str]:
    """Return the namespace and the name that `namespace/name` or a name alone says. Raises AnswerError."""
    namespace, _, name = answer.rpartition("/")
    place = {"name": name, **({"namespace": namespace} if namespace else {})}
    _refuse_what_is_wrong({"paichart": {"exposure": {"gateway": place}}}, "config")
    return namespace, name


def _refuse_what_is_wrong(data: dict[str, Any], name: str) -> None:
    """Raise AnswerError for the first thing that may not stand in an input with that schema."""
    if name == "config":
        data["docker_image_tag"] = "v1.8.0"
    problems = check_document(parse(json.dumps(data).encode(), FILES[name]), name).problems
    if problems:
        raise AnswerError(problems[0].message, problems[0].hint)


def address(answer: str) -> str:
    """Return an answer that may be the address that users type. Raises AnswerError."""
    if "://" not in answer:
        raise AnswerError(f"'{answer}' is no address", f"did you mean 'https://{answer}'?")
    setting(answer, "config", "paichart", "external-url")
    if reason := fault(answer):
        raise AnswerError(f"'{answer}' is no address", reason)
    return answer
