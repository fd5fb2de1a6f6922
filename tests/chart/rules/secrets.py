"""Secrets stand in Secret objects and nowhere else."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tests.chart.render import title
from tests.chart.rules.rendering import Rendering, rule, strings

_SECRET_NAME = re.compile(
    r"(PASSWORD|PASSWD|SECRET|TOKEN|(PRIVATE|ACCESS|ACCOUNT|API|STORAGE)_?KEY)$", re.IGNORECASE
)
# Not secrets: nothing, a switch or number, a path, or what Kubernetes puts in from elsewhere.
_HARMLESS = re.compile(r"|true|false|\d+|/\S*|(\$\([A-Z_]+\))+")
_PASSWORD_IN_URL = re.compile(r"://[^/\s:@'\"]*:(?!\$\()(?!//)[^@\s/'\"]+@")
_PRIVATE_KEY = "PRIVATE KEY-----"


@rule
def variables_hold_no_secret(rendering: Rendering) -> Iterator[str]:
    """A variable whose name says that it is secret comes from a Secret."""
    for _, container in rendering.objects.containers():
        for entry in container.spec.get("env", []):
            value = str(entry.get("value", ""))
            if _SECRET_NAME.search(entry["name"]) and not _HARMLESS.fullmatch(value):
                yield f"{container}: {entry['name']} is written out"


@rule
def secrets_stand_in_secrets(rendering: Rendering) -> Iterator[str]:
    """No object but a Secret holds a password in an address or a private key."""
    for item in rendering.objects:
        if item["kind"] == "Secret":
            continue
        for text in strings(item):
            if _PASSWORD_IN_URL.search(text):
                yield f"{title(item)} holds an address with a password"
            if _PRIVATE_KEY in text:
                yield f"{title(item)} holds a private key"
