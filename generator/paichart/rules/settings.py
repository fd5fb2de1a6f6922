"""Rules for settings that belong together: registry, certificate, and the way users come in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from paichart.problems import Problem, Related, Severity, suggest
from paichart.resources import chart_names
from paichart.rules.subject import Rule, Subject
from paichart.schema import Checked

_EXPOSURE = ("paichart", "exposure")
_OWN_KEYS = {
    "node-port": ("nodePort",),
    "https-node-port": ("nodePort",),
    "gateway": ("gateway",),
    "class-name": ("loadBalancer", "ingress"),
}
"""Keys of an exposure, and the types that use them."""

_SSL_FILES = (("crt_name", "crt_path"), ("key_name", "key_path"))
_SAME_SETTINGS = (
    ("docker_image_tag", ("cluster", "docker-registry", "tag")),
    ("docker_registry_domain", ("cluster", "docker-registry", "domain")),
    ("docker_registry_namespace", ("cluster", "docker-registry", "namespace")),
    ("docker_registry_username", ("cluster", "docker-registry", "username")),
    ("docker_registry_password", ("cluster", "docker-registry", "password")),
    ("qos-switch", ("cluster", "common", "qos-switch")),
    ("enable_marketplace", ("cluster", "common", "marketplace")),
    ("docker_data_root", ("cluster", "common", "docker-data-root")),
)
"""Keys of config.yaml, and the paths of services-configuration.yaml that win over them."""


def check_registry_login(subject: Subject) -> Iterator[Problem]:
    """PAI040: a registry's user and password are given together."""
    yield from _pair(subject.config, ("docker_registry_username",), ("docker_registry_password",))
    registry = ("cluster", "docker-registry")
    yield from _pair(subject.services, (*registry, "username"), (*registry, "password"))


def _pair(source: Checked, one: tuple[str, ...], other: tuple[str, ...]) -> Iterator[Problem]:
    for present, absent in ((one, other), (other, one)):
        is_there = source.marks.has(*absent) or source.may_hold(*absent)
        if source.marks.has(*present) and not is_there:
            message = f"'{present[-1]}' is given without '{absent[-1]}'"
            yield Problem(
                source.marks.key(*present), "PAI040", message, "give both, or none for a public registry"
            )


def check_certificate_files(subject: Subject) -> Iterator[Problem]:
    """PAI043: pylon.ssl names certificate and key, each with the file name that ends its path."""
    section = subject.services.given.get("pylon", {}).get("ssl")
    if section is None:
        return
    marks = subject.services.marks
    for name_key, path_key in _SSL_FILES:
        missing = [key for key in (name_key, path_key) if not marks.has("pylon", "ssl", key)]
        for key in missing:
            hint = "it needs crt_name, crt_path, key_name and key_path"
            yield Problem(marks.key("pylon", "ssl"), "PAI043", f"pylon.ssl has no '{key}'", hint)
        name, path = section.get(name_key), section.get(path_key)
        if name and path and PurePosixPath(path).name != name:
            message = f"'{name}' is not the file name of '{path}'"
            span = marks.at("pylon", "ssl", name_key)
            yield Problem(span, "PAI043", message, f"did you mean '{PurePosixPath(path).name}'?")


def check_certificate_secret(subject: Subject) -> Iterator[Problem]:
    """PAI046: the certificate is a Secret, since a chart reads no files of an admin's machine."""
    marks = subject.services.marks
    if marks.has("pylon", "ssl") and not subject.config.settings.has("paichart", "tls"):
        message = "these files are not read: the chart takes the certificate from a Secret"
        hint = (
            "make it with the command that `paichart build` prints, or name yours in paichart.tls.secret-name"
        )
        yield Problem(marks.key("pylon", "ssl"), "PAI046", message, hint, Severity.NOTE)


def check_plain_sign_in(subject: Subject) -> Iterator[Problem]:
    """PAI044: users sign in over https, and the address they type fits what is served."""
    config, marks = subject.config.settings, subject.config.marks
    if any(subject.config.may_hold("paichart", key) for key in ("tls", "external-url", "exposure")):
        return
    has_tls = config.has("paichart", "tls") or subject.services.settings.has("pylon", "ssl")
    given = config.text("paichart", "external-url")
    scheme = given.partition("://")[0].lower() if given else "https" if has_tls else "http"
    exposure = config.text(*_EXPOSURE, "type")
    span = marks.at("paichart", "external-url") if given else marks.key(*_EXPOSURE)
    if scheme == "http" and has_tls:
        message = "a certificate is given, but the address that users type begins with http://"
        yield Problem(span, "PAI044", message, f"write https://{given.split('://', 1)[1]}", Severity.WARNING)
    elif scheme == "http":
        message = "users send their passwords over plain http"
        hint = "set paichart.tls.secret-name, or paichart.external-url if something in front speaks https"
        yield Problem(span, "PAI044", message, hint, Severity.WARNING)
    elif not has_tls and exposure in ("hostPort", "nodePort"):
        message = (
            f"users type an https:// address, but exposure {exposure} without a certificate serves plain http"
        )
        hint = "set paichart.tls.secret-name, unless something in front ends TLS"
        yield Problem(span, "PAI044", message, hint, Severity.NOTE)


def check_exposure(subject: Subject) -> Iterator[Problem]:
    """PAI045: an exposure has what its type needs, and nothing that its type ignores."""
    config, marks = subject.config.settings, subject.config.marks
    kind = config.text(*_EXPOSURE, "type")
    if kind == "gateway" and not config.has(*_EXPOSURE, "gateway", "name"):
        message = "exposure 'gateway' needs the Gateway that its route joins"
        yield Problem(marks.at(*_EXPOSURE, "type"), "PAI045", message, "set paichart.exposure.gateway.name")
    if kind in ("ingress", "gateway") and not (
        config.has("paichart", "external-url") or subject.services.settings.has("pylon", "domain")
    ):
        message = f"exposure '{kind}' needs the host name that users type"
        hint = "set paichart.external-url: https://…"
        yield Problem(marks.at(*_EXPOSURE, "type"), "PAI045", message, hint)
    for key, kinds in _OWN_KEYS.items():
        if marks.has(*_EXPOSURE, key) and kind not in kinds:
            message = f"'{key}' has no effect with exposure '{kind}'"
            hint = f"remove it, or set type: {' or '.join(kinds)}"
            yield Problem(marks.key(*_EXPOSURE, key), "PAI045", message, hint, Severity.WARNING)


def check_said_twice(subject: Subject) -> Iterator[Problem]:
    """PAI063: what both files say is the same."""
    config, services = subject.config, subject.services
    for key, path in _SAME_SETTINGS:
        if config.marks.has(key) and services.settings.has(*path):
            ours, theirs = config.settings.text(key).lower(), services.settings.text(*path).lower()
            if ours != theirs:
                yield Problem(
                    services.marks.at(*path),
                    "PAI063",
                    f"config.yaml has another '{key}'; this one wins",
                    "say it in one place",
                    Severity.WARNING,
                    (Related(config.marks.at(key), "the other is here"),),
                )


def check_values_of_services(subject: Subject) -> Iterator[Problem]:
    """PAI225: paichart.values is about subcharts that there are."""
    path = ("paichart", "values")
    known = {"global", "custom", *chart_names()} - {"openpai"}
    for name in subject.config.settings.mapping(*path):
        if name not in known:
            hint = (
                suggest(name, known) or "`paichart services` lists them; values of your own go under custom"
            )
            message = f"there is no service '{name}', so Helm would refuse these values"
            yield Problem(subject.config.marks.key(*path, name), "PAI225", message, hint)


RULES = (
    Rule(check_values_of_services, ("config",)),
    Rule(check_registry_login, ()),
    Rule(check_certificate_files, ("services",)),
    Rule(check_certificate_secret, ("config", "services")),
    Rule(check_plain_sign_in, ("config", "services")),
    Rule(check_exposure, ("config", "services")),
    Rule(check_said_twice, ("config", "services")),
)
