"""The kubeconfig and the API server: what is said when one of them is not well."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from paichart.kube import ClusterError, connect
from tests.unit.fake_api import FakeApi
from tests.unit.starter_nodes import kubeconfig_of

Kubeconfig = dict[str, Any]


@pytest.mark.parametrize(
    "content", [b"", b"a: [", b"text", b"\xff", b"kind: Config\ncurrent-context: none\n"]
)
def test_a_broken_kubeconfig_is_named_in_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "kubeconfig"
    path.write_bytes(content)
    with pytest.raises(ClusterError, match=r"^no usable kubeconfig: .+$"):
        connect(path)


def test_a_kubeconfig_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ClusterError, match=r"^no usable kubeconfig: there is no file '.*/none'$"):
        connect(tmp_path / "none")


@pytest.fixture
def api() -> FakeApi:
    return FakeApi(nodes={"a": {}})


@pytest.fixture
def kubeconfig(api: FakeApi, tmp_path: Path) -> Iterator[Path]:
    with kubeconfig_of(api, tmp_path / "api") as path:
        yield path


def changed(path: Path, change: Callable[[Kubeconfig], object]) -> Path:
    """The kubeconfig after a change."""
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    change(content)
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return path


def with_server(url: str) -> Callable[[Kubeconfig], object]:
    return lambda content: content["clusters"][0]["cluster"].update({"server": url})


def with_login_program(*command: str) -> Callable[[Kubeconfig], object]:
    program: Kubeconfig = {"apiVersion": "client.authentication.k8s.io/v1", "interactiveMode": "Never"}
    program |= {"command": command[0], "args": [*command[1:]]}
    return lambda content: content["users"][0].update({"user": {"exec": program}})


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (("no-such-auth-plugin",), "No such file or directory: 'no-such-auth-plugin'"),
        (("sh", "-c", "echo log in first >&2; exit 1"), "log in first"),
    ],
)
def test_a_login_program_that_fails_is_told_once_and_nobody_is_asked_without_a_login(
    api: FakeApi, kubeconfig: Path, capfd: pytest.CaptureFixture[str], command: tuple[str, ...], told: str
) -> None:
    handlers = list(logging.getLogger().handlers)
    with pytest.raises(ClusterError) as raised:
        connect(changed(kubeconfig, with_login_program(*command)))
    assert raised.value.message.startswith("no usable kubeconfig: its login program failed: ")
    assert told in raised.value.message
    assert "\n" not in raised.value.message
    assert capfd.readouterr() == ("", "")
    assert (api.requests, logging.getLogger().handlers) == ([], handlers)


@pytest.mark.parametrize("url", ["", "10.0.0.1:6443", "ftp://10.0.0.1"])
def test_a_server_without_an_address_is_told(kubeconfig: Path, url: str) -> None:
    with pytest.raises(ClusterError, match=r"^no usable kubeconfig: its server '.*' is no https:// address$"):
        connect(changed(kubeconfig, with_server(url)))


def why(path: Path) -> str:
    with pytest.raises(ClusterError, match=r"^no answer from ") as raised:
        list(connect(path).nodes())
    return raised.value.message.removeprefix("no answer from ")


def test_it_is_told_why_there_is_no_answer(
    kubeconfig: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forget_authority(content: Kubeconfig) -> None:
        del content["clusters"][0]["cluster"]["certificate-authority"]

    distrusted = why(changed(kubeconfig, forget_authority))
    assert distrusted.endswith(": its certificate is not trusted (unable to get local issuer certificate)")
    nobody = "https://127.0.0.1:1"
    assert why(changed(kubeconfig, with_server(nobody))) == f"{nobody}: connection refused"
    unknown = "https://cluster.invalid"
    assert why(changed(kubeconfig, with_server(unknown))) == f"{unknown}: there is no such host"
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    assert why(kubeconfig).endswith(": the proxy of HTTPS_PROXY or the kubeconfig does not answer")


def test_who_switched_the_check_of_certificates_off_is_not_warned_with_each_request(
    api: FakeApi, kubeconfig: Path
) -> None:
    def trust(content: Kubeconfig) -> None:
        own = content["clusters"][0]["cluster"]
        del own["certificate-authority"]
        own["insecure-skip-tls-verify"] = True

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert [node["metadata"]["name"] for node in connect(changed(kubeconfig, trust)).nodes()] == ["a"]


def test_an_unknown_login_is_no_lack_of_rights(kubeconfig: Path) -> None:
    def forget(content: Kubeconfig) -> None:
        content["users"][0]["user"]["token"] = "expired"  # noqa: S105 # it opens nothing

    with pytest.raises(ClusterError) as raised:
        list(connect(changed(kubeconfig, forget)).nodes())
    assert raised.value.message == "the cluster refuses to be read: 401 Unauthorized"
    assert raised.value.hint.startswith("log in again: ")


def test_a_busy_server_is_asked_again_when_it_says_so(api: FakeApi, kubeconfig: Path) -> None:
    busy = (
        b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 0\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
    )
    api.fault = lambda _: busy if len(api.requests) <= 2 else None
    assert [node["metadata"]["name"] for node in connect(kubeconfig).nodes()] == ["a"]
    assert len(api.requests) == 3
    api.fault = lambda _: busy
    with pytest.raises(ClusterError, match=r"^the cluster failed: 429 Too Many Requests$"):
        list(connect(kubeconfig).nodes())
