"""Rules for the image cache: where it keeps layers, its port, and its login. Both files can say each."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator

from paichart.problems import Problem, Severity
from paichart.rules.subject import Rule, Subject
from paichart.schema import Checked

_SECTION = "docker-cache"
_ACCOUNT = ("azure_account_name", "azure_account_key")
_LOGIN_KEYS = ("docker_cache_registry_htpasswd", "docker_cache_htpasswd")
_BCRYPT = re.compile(r"\$2[abxy]?\$[0-9]{2}\$[./A-Za-z0-9]{53}")
_MAKE_LOGIN = "write what `htpasswd -nB USER | base64 -w0` prints"


def check_azure_account(subject: Subject) -> Iterator[Problem]:
    """PAI041: an image cache on Azure has an account and its key."""
    switch = _switch(subject)
    if switch is None or _text(subject, "storage_backend") != "azure":
        return
    source, path = switch
    start = "docker_cache_" if source is subject.config else ""
    missing = [start + key for key in _ACCOUNT if not _text(subject, key)]
    outer = () if source is subject.config else (_SECTION,)
    is_unclear = any(source.may_hold(*outer, key) for key in (f"{start}storage_backend", *missing))
    if missing and not is_unclear:
        names, verb = " and ".join(missing), "are" if len(missing) > 1 else "is"
        message = f"the image cache keeps layers on Azure, but {names} {verb} missing"
        hint = f"give {names}, or set {start}storage_backend: filesystem"
        yield Problem(source.marks.key(*path), "PAI041", message, hint)


def check_login_said_once(subject: Subject) -> Iterator[Problem]:
    """PAI042: config.yaml gives the image cache's login under one name."""
    marks = subject.config.marks
    wins, other = _LOGIN_KEYS
    if marks.has(wins) and marks.has(other):
        message = f"'{wins}' is given too, and wins"
        yield Problem(marks.key(other), "PAI042", message, "remove one of the two", Severity.NOTE)


def check_listener(subject: Subject) -> Iterator[Problem]:
    """PAI230: the image cache listens where its Service looks for it."""
    settings, marks = subject.services.settings, subject.services.marks
    path = (_SECTION, "registry_listener")
    port = settings.integer(_SECTION, "container_port")
    if not marks.has(*path) or settings.text(*path) in (f":{port}", f"0.0.0.0:{port}"):
        return
    message = f"the image cache listens on every address at port {port}, as container_port says"
    hint = "remove registry_listener; another port is set by container_port"
    yield Problem(marks.at(*path), "PAI230", message, hint, Severity.WARNING)


def check_login(subject: Subject) -> Iterator[Problem]:
    """PAI231: the login of the image cache is an htpasswd file that it can read."""
    if _switch(subject) is None:
        return
    places: list[tuple[Checked, tuple[str, ...]]] = [(subject.services, (_SECTION, "registry-htpasswd"))]
    places += [(subject.config, (key,)) for key in _LOGIN_KEYS]
    for source, path in places:
        text = source.settings.text(*path)
        fault = _fault_of_login(text) if text else ""
        if fault:
            yield Problem(source.marks.at(*path), "PAI231", f"'{path[-1]}' {fault}", _MAKE_LOGIN)


def _fault_of_login(text: str) -> str:
    """Return what is wrong with an htpasswd file in base64, without showing any of it; else nothing."""
    try:
        lines = base64.b64decode("".join(text.split()), validate=True).decode().splitlines()
    except ValueError:
        return "is not in base64"
    entries = [(number, line.strip()) for number, line in enumerate(lines, 1)]
    entries = [(number, line) for number, line in entries if line and not line.startswith("#")]
    if not entries:
        return "names no user"
    for number, line in entries:
        user, colon, password = line.partition(":")
        if not user or not colon:
            return f"has no user and password in line {number}"
        if not _BCRYPT.fullmatch(password):
            return f"has a password in line {number} that is not bcrypt: nobody could log in with it"
    return ""


def _switch(subject: Subject) -> tuple[Checked, tuple[str, ...]] | None:
    """Return where the cache is switched on; None when it is off."""
    path = (_SECTION, "enabled")
    if subject.services.settings.has(*path):
        return (subject.services, path) if subject.services.settings.flag(*path) else None
    config_path = ("enable_docker_cache",)
    return (subject.config, config_path) if subject.config.settings.flag(*config_path) else None


def _text(subject: Subject, key: str) -> str:
    return subject.services.settings.text(_SECTION, key) or subject.config.settings.text(
        f"docker_cache_{key}"
    )


RULES = (
    Rule(check_azure_account, ("config", "services")),
    Rule(check_login_said_once, ("config",)),
    Rule(check_listener, ("config", "services")),
    Rule(check_login, ("config", "services")),
)
