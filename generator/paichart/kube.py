"""A running cluster, read through the kubeconfig: plain JSON objects, lists in pages, errors for people.

The official client finds and authenticates; objects are left as the server sends them, for at 5,000 nodes
its typed models cost more than the network.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlencode

PAGE_SIZE = 500
CHECK_ACCESS = "try `kubectl get nodes` with the same --kubeconfig and --context"

_T = TypeVar("_T")
_JSON = "application/json"
_METADATA = "application/json;as={kind};g=meta.k8s.io;v=v1"
_GONE = 410
_NOT_FOUND = 404
_UNKNOWN_ACCOUNT = 401
_REFUSED = (_UNKNOWN_ACCOUNT, 403)
_TRIES = 3
_TIMEOUT_S = (10, 60)
_BUSY = {"total": 5, "connect": 0, "read": 0, "redirect": 0, "other": 0, "status": 5}
"""How often to ask again: only a server that says when, by 429 or 503 with Retry-After, as kubectl does."""


class ClusterError(Exception):
    """The cluster can't be read: what failed, what to do about it, and the HTTP status (0 for none)."""

    def __init__(self, message: str, hint: str = "", status: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.status = status

    @property
    def is_refusal(self) -> bool:
        """Tell whether the account of the kubeconfig lacks the right."""
        return self.status in _REFUSED


@dataclass(frozen=True, slots=True)
class Api:
    """One cluster's API server: its address, the name of the kubeconfig's context, and the client."""

    address: str
    context: str
    client: Any

    def get(self, path: str, *, is_metadata_enough: bool = False, **query: str) -> Mapping[str, Any] | None:
        """Return the object at an API path such as `/version`, None when there is none.

        Where metadata is enough, content such as a Secret's never leaves the server. Raises ClusterError.
        """
        accept = _METADATA.format(kind="PartialObjectMetadata") if is_metadata_enough else _JSON
        try:
            return self._send("GET", path, query, accept=accept)
        except ClusterError as error:
            if error.status == _NOT_FOUND:
                return None
            raise

    def create(self, path: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """Post an object, such as a review that asks what one may do, and return the server's. Raises
        ClusterError.
        """
        return self._send("POST", path, {}, body)

    def items(self, path: str, **query: str) -> Iterator[Mapping[str, Any]]:
        """Yield the items of a list, read in pages; none when the server knows no such list.

        Begins again when the cluster forgot where we were. Raises ClusterError.
        """
        yield from self._collected(path, lambda item: item, query, _JSON)

    def reduced(
        self,
        path: str,
        reduce: Callable[[Mapping[str, Any]], _T | None],
        *,
        is_metadata_enough: bool = False,
        **query: str,
    ) -> list[_T]:
        """Return what reduce makes of each item of a list, but for None, holding one page at a time.

        Otherwise as items, and as get where metadata is enough. Raises ClusterError.
        """
        accept = _METADATA.format(kind="PartialObjectMetadataList") if is_metadata_enough else _JSON
        return self._collected(path, reduce, query, accept)

    def nodes(self) -> Iterator[Mapping[str, Any]]:
        """Yield every node. Raises ClusterError."""
        return self.items("/api/v1/nodes")

    def _collected(
        self,
        path: str,
        reduce: Callable[[Mapping[str, Any]], _T | None],
        query: Mapping[str, str],
        accept: str,
    ) -> list[_T]:
        for attempt in range(1, _TRIES + 1):
            try:
                every = (reduce(item) for item in self._pages(path, query, accept))
                return [found for found in every if found is not None]
            except ClusterError as error:
                if error.status == _NOT_FOUND:
                    break
                if error.status != _GONE or attempt == _TRIES:
                    raise
        return []

    def _pages(self, path: str, query: Mapping[str, str], accept: str) -> Iterator[Mapping[str, Any]]:
        token = ""
        while True:
            page = {**query, "limit": str(PAGE_SIZE), **({"continue": token} if token else {})}
            content = self._send("GET", path, page, accept=accept)
            yield from content.get("items") or ()
            token = content["metadata"].get("continue", "")
            if not token:
                return

    def _send(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        body: Mapping[str, Any] | None = None,
        accept: str = _JSON,
    ) -> Mapping[str, Any]:
        urllib3 = import_module("urllib3")
        configuration = self.client.configuration
        logins = (login for login in configuration.auth_settings().values() if login["value"])
        headers = {"Accept": accept, **{login["key"]: login["value"] for login in logins}}
        if body is not None:
            headers["Content-Type"] = _JSON
        try:
            answer = self.client.rest_client.pool_manager.request(
                method,
                f"{self.address}{path}{f'?{urlencode(query)}' if query else ''}",
                headers=headers,
                body=None if body is None else json.dumps(body).encode(),
                timeout=urllib3.Timeout(*_TIMEOUT_S),
                retries=urllib3.Retry(**_BUSY, allowed_methods=None, raise_on_status=False),
            )
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise ClusterError(f"no answer from {self.address}{_cause(error)}", CHECK_ACCESS) from None
        if answer.status >= 400:
            raise _failure(answer.status, answer.reason or "", path)
        try:
            return dict(json.loads(answer.data))
        except ValueError:
            raise ClusterError(f"{self.address} is no Kubernetes API server", CHECK_ACCESS) from None


def connect(kubeconfig: Path | None = None, context: str | None = None) -> Api:
    """Return the cluster of a kubeconfig, by default the one that kubectl would use. Raises ClusterError."""
    kubernetes, urllib3 = import_module("kubernetes"), import_module("urllib3")
    configuration = kubernetes.client.Configuration()
    configuration.retries = False  # the client would log each of its tries
    file = str(kubeconfig) if kubeconfig else None
    if kubeconfig and not kubeconfig.expanduser().exists():
        raise _unusable(f"there is no file '{kubeconfig}'")
    try:
        with _logged_errors() as errors:
            _, active = kubernetes.config.list_kube_config_contexts(file)
            kubernetes.config.load_kube_config(file, context, configuration)
    except Exception as error:  # the client lets through whatever a broken file makes it stumble over
        raise _unusable(str(error)) from None
    if errors:  # the client would go on without a login
        raise _unusable(f"its login program failed: {errors[0]}")
    if not configuration.host.startswith(("https://", "http://")):
        raise _unusable(f"its server '{configuration.host}' is no https:// address")
    if not configuration.verify_ssl:  # the kubeconfig says so; a warning with each request says nothing new
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
    name = context or active["name"]
    return Api(configuration.host, name, kubernetes.client.ApiClient(configuration))


@contextmanager
def _logged_errors() -> Iterator[list[str]]:
    """Collect what is logged as an error meanwhile, instead of printing it: the client's only word on it."""
    found: list[str] = []

    class Collector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            found.append(record.getMessage())

    root = logging.getLogger()
    before, root.handlers = root.handlers, [Collector(logging.ERROR)]
    try:
        yield found
    finally:
        root.handlers = before


def _unusable(reason: str) -> ClusterError:
    return ClusterError(f"no usable kubeconfig: {' '.join(reason.split())}", CHECK_ACCESS)


def _cause(error: Exception) -> str:
    """Return why there was no answer, where the reason is not just that nothing is there."""
    reason = str(getattr(error, "reason", None) or error)
    if "to proxy" in reason:
        return ": the proxy of HTTPS_PROXY or the kubeconfig does not answer"
    if "CERTIFICATE" in reason:
        _, _, told = reason.partition("certificate verify failed: ")
        return f": its certificate is not trusted ({told.partition(' (_ssl')[0] or reason})"
    if "Failed to resolve" in reason:
        return ": there is no such host"
    if "timed out" in reason:
        return " in time"
    return ": connection refused" if "refused" in reason else ""


def _failure(status: int, reason: str, path: str) -> ClusterError:
    if status in _REFUSED:
        hint = f"the account of the kubeconfig must be allowed to read {path}"
        if status == _UNKNOWN_ACCOUNT:
            hint = f"log in again: the cluster does not take the kubeconfig's login; {CHECK_ACCESS}"
        return ClusterError(f"the cluster refuses to be read: {status} {reason}", hint, status)
    return ClusterError(f"the cluster failed: {status} {reason}", CHECK_ACCESS, status)
