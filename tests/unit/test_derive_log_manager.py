"""Values of log-manager. Legacy's defaults: src/log-manager/config/log-manager.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from paichart.derive import log_manager
from paichart.model import Cluster, Settings
from paichart.schema import load_schema, with_defaults


def derived(settings: Mapping[str, Any]) -> Any:
    services = with_defaults({"log-manager": settings}, load_schema("services-configuration"))
    cluster = Cluster(machines=(), skus={}, config=Settings({}), services=Settings(services))
    return log_manager.values(cluster)


def test_defaults_are_legacys() -> None:
    assert derived({}) == {"adminName": "admin", "tokenExpirySeconds": 120}


def test_user_and_lifetime_can_be_given() -> None:
    values = derived({"admin_name": "logs", "token_expired_second": 600})
    assert values == {"adminName": "logs", "tokenExpirySeconds": 600}


def test_secrets_stay_out_of_the_values() -> None:
    assert derived({"admin_password": "sesame", "jwt_secret": "key"}) == derived({})
