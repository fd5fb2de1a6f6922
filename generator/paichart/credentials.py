"""The release's credentials: made once, kept in `credentials.yaml` beside the inputs, never printed.

What the inputs give wins over the file, and the file over new random values. The file is only ever added to.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import secrets
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from paichart.derive.network import external_url
from paichart.model import Cluster, Secret, Settings
from paichart.problems import Problem, Severity, Span, suggest
from paichart.source import load
from paichart.write import write_private

FILE_NAME = "credentials.yaml"
HEADER = """\
# Credentials of this OpenPAI release, made or kept by paichart. Keep this file safe and out of version
# control: without it a rebuilt release no longer fits its database and its users' tokens.
"""

RANDOM_KEYS = (
    "admin-password",
    "database-password",
    "grafana-admin-password",
    "jwt-secret",
    "log-manager-jwt-secret",
    "log-manager-password",
    "marketplace-database-password",
    "storage-manager-password",
)
"""Made at random for every site, also for services that are off, so that a later switch changes none."""

SSH_PRIVATE_KEY = "job-ssh-private-key"
SSH_PUBLIC_KEY = "job-ssh-public-key"
KNOWN_KEYS = (*RANDOM_KEYS, SSH_PRIVATE_KEY, SSH_PUBLIC_KEY)

INPUT_PATHS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "admin-password": (("rest-server", "default-pai-admin-password"),),
    "database-password": (("postgresql", "passwd"),),
    "docker-cache-azure-key": (("docker-cache", "azure_account_key"),),
    "docker-cache-htpasswd": (("docker-cache", "registry-htpasswd"),),
    "jwt-secret": (("rest-server", "jwt-secret"),),
    "log-azure-storage-key": (("rest-server", "log_azure_storage_account_key"),),
    "log-manager-jwt-secret": (("log-manager", "jwt_secret"),),
    "log-manager-password": (("log-manager", "admin_password"),),
    "marketplace-database-password": (
        ("marketplace-restserver", "db_password"),
        ("marketplace-db", "passwd"),
    ),
    "pai-bearer-token": (
        ("alert-manager", "pai-bearer-token"),
        ("alert-manager", "alert-handler", "pai-bearer-token"),
    ),
    "smtp-password": (("alert-manager", "alert-handler", "email-configs", "smtp-auth-password"),),
    "storage-manager-domain-password": (("storage-manager", "domainpwd"),),
    "storage-manager-password": (("storage-manager", "smbpwd"),),
}
"""Where services-configuration.yaml may give a credential; the first that does counts."""

CONFIG_KEYS: Mapping[str, tuple[str, ...]] = {
    "docker-cache-azure-key": ("docker_cache_azure_account_key",),
    "docker-cache-htpasswd": ("docker_cache_registry_htpasswd", "docker_cache_htpasswd"),
}
"""Where config.yaml may, when services-configuration.yaml does not."""

IN_BASE64 = ("docker-cache-htpasswd",)
"""Credentials that the inputs give in base64."""

DSHUTTLE_REGISTRY = "dshuttle.azurecr.io"

OIDC_KEYS = (
    "wellKnownURL",
    "tenantID",
    "clientID",
    "clientSecret",
    "nonceLifetime",
    "nonceMaxAmount",
    "clockSkew",
)
OIDC_LOGOUT = "https://login.microsoftonline.com/common/oauth2/v2.0/logout"

DEFAULT_REGISTRY = "https://index.docker.io/v1/"


@dataclass(frozen=True, slots=True)
class Credentials:
    """All secrets of a release: keys of the credentials Secret, the jobs' SSH keys, the pull secret."""

    data: Mapping[str, Secret]
    ssh_private_key: Secret
    ssh_public_key: str
    docker_config_json: Secret

    @property
    def revision(self) -> str:
        """A short fingerprint, by which pods restart. Random members hide the ones that could be guessed."""
        text = json.dumps([dict(self.data), self.ssh_private_key, self.docker_config_json], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def given(cluster: Cluster) -> dict[str, Secret]:
    """Return the credentials that the inputs give, by key of the credentials Secret."""
    found: dict[str, Secret] = {}
    for key in (*INPUT_PATHS, *CONFIG_KEYS):
        values = [cluster.services.text(*path) for path in INPUT_PATHS.get(key, ())]
        values += [cluster.config.text(name) for name in CONFIG_KEYS.get(key, ())]
        value = next(filter(None, values), "")
        if value:
            found[key] = Secret(_from_base64(value) if key in IN_BASE64 else value)
    return found


def _from_base64(text: str) -> str:
    """Return what text says in base64; text itself when it is none, which a rule has reported then."""
    try:
        return base64.b64decode("".join(text.split()), validate=True).decode()
    except ValueError:
        return text


def read(path: Path) -> tuple[dict[str, Secret], tuple[Problem, ...]]:
    """Return the credentials that a file holds and its problems; a missing file has neither."""
    if not path.exists():
        return {}, ()
    document = load(path, str(path))
    problems = list(document.problems)
    content = document.data if isinstance(document.data, Mapping) else {}
    for key, value in content.items():
        if key not in KNOWN_KEYS:
            hint = suggest(str(key), KNOWN_KEYS)
            problems.append(Problem(document.marks.key(key), "PAI080", f"'{key}' is no credential", hint))
        elif not isinstance(value, str) or not value.strip():
            hint = "write a text in quotes, or remove the line to have a new one made"
            problems.append(Problem(document.marks.at(key), "PAI081", f"'{key}' is not a text", hint))
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        problems.append(
            Problem(
                Span(str(path)),
                "PAI082",
                "other users of this machine can read the credentials",
                f"chmod 600 {path}",
                Severity.WARNING,
            )
        )
    return {key: Secret(value) for key, value in content.items() if isinstance(value, str)}, tuple(problems)


def complete(path: Path, known: Mapping[str, Secret], cluster: Cluster) -> Credentials:
    """Return all credentials; those that neither the inputs nor the file give are made and added to the
    file."""
    from_inputs = given(cluster)
    made = {
        key: Secret(secrets.token_urlsafe(24)) for key in RANDOM_KEYS if key not in {*known, *from_inputs}
    }
    if SSH_PRIVATE_KEY not in known or SSH_PUBLIC_KEY not in known:
        made.update(_new_ssh_key())
    if made:
        text = path.read_text(encoding="utf-8") if path.exists() else HEADER
        write_private(path, text.rstrip("\n") + "\n" + _as_yaml(made))
    return _assemble({**known, **made, **from_inputs}, cluster)


def as_text(values: Mapping[str, Secret]) -> str:
    """Return the file that holds these credentials."""
    return HEADER + _as_yaml(values)


def _assemble(values: Mapping[str, Secret], cluster: Cluster) -> Credentials:
    data = {key: value for key, value in values.items() if key not in (SSH_PRIVATE_KEY, SSH_PUBLIC_KEY)}
    data["admin-username"] = Secret(
        cluster.services.text("rest-server", "default-pai-admin-username") or "admin"
    )
    for key in ("database-password", "marketplace-database-password"):
        data[f"{key}-urlencoded"] = Secret(quote(values[key], safe=""))
    azure = cluster.services.mapping("marketplace-restserver", "azure_storage")
    if azure:
        data["marketplace-azure-storage"] = Secret(
            json.dumps(dict(azure), separators=(",", ":"), sort_keys=True)
        )
    oidc = _oidc_file(cluster)
    if oidc:
        data["oidc.yaml"] = oidc
    return Credentials(
        data=dict(sorted(data.items())),
        ssh_private_key=values[SSH_PRIVATE_KEY],
        ssh_public_key=str(values[SSH_PUBLIC_KEY]),
        docker_config_json=_docker_config(cluster.config, cluster.services),
    )


def _docker_config(config: Settings, services: Settings) -> Secret:
    """Return the pull secret's content: logins for the registries of OpenPAI's and of DShuttle's images."""
    legacy = ("cluster", "docker-registry")
    domain = services.text(*legacy, "domain") or config.text("docker_registry_domain")
    logins = {
        DEFAULT_REGISTRY if domain in ("", "docker.io", "public") else domain: (
            services.text(*legacy, "username") or config.text("docker_registry_username"),
            services.text(*legacy, "password") or config.text("docker_registry_password"),
        ),
        DSHUTTLE_REGISTRY: (
            services.text("dshuttle", "registry_username"),
            services.text("dshuttle", "registry_password"),
        ),
    }
    auths = {
        server: {
            "username": user,
            "password": password,
            "auth": base64.b64encode(f"{user}:{password}".encode()).decode(),
        }
        for server, (user, password) in logins.items()
        if user
    }
    return Secret(json.dumps({"auths": auths}))


def _oidc_file(cluster: Cluster) -> Secret | None:
    """Return rest-server's oidc.yaml with the client secret, None without OIDC. Source: its authn.js."""
    if not cluster.services.flag("authentication", "OIDC"):
        return None
    azure = cluster.services.mapping("authentication", "AAD")
    url = external_url(cluster)
    content = {
        "OIDC-type": "aad",
        **{key: azure[key] for key in OIDC_KEYS if key in azure},
        "redirectUrl": f"{url}/rest-server/api/v1/authn/oidc/return",
        "destroySessionUrl": f"{OIDC_LOGOUT}?post_logout_redirect_uri={quote(url, safe='')}",
    }
    return Secret(yaml.safe_dump(content, sort_keys=False))


def _new_ssh_key() -> dict[str, Secret]:
    """Return a fresh key pair as ssh-keygen writes it: RSA, which the jobs' sshd surely knows."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=3072)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.OpenSSH,
        serialization.NoEncryption(),
    )
    public = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    return {
        SSH_PRIVATE_KEY: Secret(private.decode()),
        SSH_PUBLIC_KEY: Secret(public.decode() + " openpai-jobs"),
    }


def _as_yaml(values: Mapping[str, Secret]) -> str:
    lines = []
    for key, value in sorted(values.items()):
        if "\n" in value:
            block = "".join(f"  {line}\n" for line in value.rstrip("\n").split("\n"))
            lines.append(f"{key}: |\n{block}")
        else:
            lines.append(f"{key}: {json.dumps(str(value))}\n")
    return "".join(lines)


def default_path(config_dir: Path) -> Path:
    """Return where a site's credentials lie: beside its inputs."""
    return Path(os.path.abspath(config_dir)) / FILE_NAME  # noqa: PTH100 - keeps symbolic links as the user wrote them
