"""Credentials reach Secrets and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tests.chart.charts import scenario_values
from tests.chart.render import Objects, render, title
from tests.chart.rules.rendering import strings
from tests.chart.scenes import NAMESPACE
from tests.chart.umbrella import all_values, umbrella

MARKER = "marker-of-a-secret"


def marked(node: Any, path: str = "") -> Any:
    """Credentials with a marker of their own in each text."""
    if isinstance(node, Mapping):
        return {key: marked(value, f"{path}-{key}") for key, value in node.items()}
    return f"{MARKER}{path}" if isinstance(node, str) else node


def marked_values() -> dict[str, Any]:
    values = all_values()
    own = values["cluster-configuration"]
    return {**values, "cluster-configuration": {**own, "credentials": marked(own["credentials"])}}


def leaks(objects: Objects) -> Iterator[str]:
    """Objects other than Secrets that hold a marker, as it is or in base64."""
    for item in objects:
        for text in strings(item) if item["kind"] != "Secret" else ():
            if MARKER in text or "bWFya2VyLW9mLWEtc2Vjcm" in text:
                yield f"{title(item)}: {text[:200]}"


def test_no_credential_leaves_its_secret() -> None:
    objects = render(umbrella(), marked_values(), namespace=NAMESPACE)
    assert list(leaks(objects)) == []
    assert any(MARKER in text for item in objects.all("Secret") for text in strings(item))


def test_a_leak_would_be_seen() -> None:
    config_map = {"kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"a": f"password={MARKER}"}}
    assert list(leaks(Objects("", (config_map,))))


def test_an_existing_secret_takes_the_place_of_all_credentials() -> None:
    values = all_values({"global": {"credentials": {"existingSecret": "vault-made"}}})
    values["cluster-configuration"].pop("credentials")
    objects = render(umbrella(), values, namespace=NAMESPACE)
    names = {(s["metadata"]["namespace"], s["metadata"]["name"]) for s in objects.all("Secret")}
    assert names & {(NAMESPACE, "openpai-credentials"), ("default", "job-ssh-secret")} == set()
    assert "openpai-credentials" not in objects.text


def test_every_credential_comes_from_the_secret_that_is_named() -> None:
    values = all_values({"global": {"credentials": {"existingSecret": "vault-made"}}})
    objects = render(umbrella(), values, namespace=NAMESPACE)
    data = scenario_values("cluster-configuration", "quick-start")["credentials"]["data"]
    read = {
        entry["valueFrom"]["secretKeyRef"]["key"]: entry["valueFrom"]["secretKeyRef"]["name"]
        for _, container in objects.containers()
        for entry in container.spec.get("env", [])
        if "secretKeyRef" in entry.get("valueFrom", {})
    }
    assert {name for key, name in read.items() if key in data} == {"vault-made"}
    assert "jwt-secret" in read
