"""The storage server: Samba itself reads its configuration; the shares are those that clients mount."""

from __future__ import annotations

import configparser
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.chart.charts import ROOT, default_values, merged, scenario_values, scenarios
from tests.chart.render import CHECKED_MINORS, Object, Objects, RenderError, parse, render
from tests.rig.debian import ensure

pytestmark = pytest.mark.programs

PRIVATE = ("10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16")
# src/storage-manager/deploy/conf/smb.conf.template of v1.8.0
SHARES = {
    "root": "/share/pai",
    "users": "/share/pai/users",
    "home": "/share/pai/users/%U",
    "data": "/share/pai/data",
}
DOMAIN = {"security": "ADS", "domain": {"realm": "EXAMPLE.COM", "user": "joiner"}}


def rendered(values: Mapping[str, Any] | None = None, scenario: str = "quick-start") -> Objects:
    given = merged(scenario_values("storage-manager", scenario), values or {})
    return render("storage-manager", given, namespace="pai-system")


def files(objects: Objects) -> dict[str, str]:
    found: dict[str, str] = objects.find("ConfigMap")["data"]
    return found


def pod(objects: Objects) -> Object:
    spec: Object = objects.find("DaemonSet")["spec"]["template"]["spec"]
    return spec


def server(objects: Objects) -> Object:
    (container,) = pod(objects)["containers"]
    return dict(container)


def environment(objects: Objects) -> dict[str, Any]:
    return {entry["name"]: entry.get("value", entry.get("valueFrom")) for entry in server(objects)["env"]}


def as_samba_reads(objects: Objects, folder: Path) -> configparser.ConfigParser:
    """What testparm makes of smb.conf; whatever it has to say of it but the role fails."""
    (folder / "smb.conf").write_text(files(objects)["smb.conf"])
    run = subprocess.run(
        [ensure("testparm"), "-s", "--suppress-prompt", folder / "smb.conf"],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    harmless = re.compile(r"Load smb config|Loaded services|Weak crypto|Server role|\s*$|rlimit_max")
    assert [line for line in run.stderr.splitlines() if not harmless.match(line)] == []
    assert run.returncode == 0
    read = configparser.ConfigParser(interpolation=None, delimiters=("=",))
    read.read_string(run.stdout)
    return read


@pytest.mark.parametrize("scenario", scenarios("storage-manager"))
def test_samba_serves_the_shares_of_an_old_installation(tmp_path: Path, scenario: str) -> None:
    read = as_samba_reads(rendered(scenario=scenario), tmp_path)
    assert {name: read[name]["path"] for name in read.sections() if name != "global"} == SHARES
    assert {read[name]["read only"] for name in SHARES} == {"No"}


def test_samba_serves_one_user_and_no_old_protocol(tmp_path: Path) -> None:
    read = as_samba_reads(rendered(), tmp_path)
    assert {read[name]["valid users"] for name in SHARES} == {"smbuser"}
    samba = read["global"]
    # `security = auto` is Samba's default, so testparm leaves it out.
    assert "security" not in samba
    assert (samba["server min protocol"], samba["smb ports"]) == ("SMB2", "445")
    assert samba["hosts allow"].split() == ["127.0.0.1", *PRIVATE]


def test_samba_joins_a_domain_whose_users_have_data_and_a_home(tmp_path: Path) -> None:
    read = as_samba_reads(rendered(scenario="domain"), tmp_path)
    samba = read["global"]
    assert (samba["security"], samba["realm"], samba["workgroup"]) == ("ADS", "EXAMPLE.COM", "EXAMPLE")
    assert samba["idmap config example : backend"] == "rid"
    assert samba["winbind:ignore domains"] == "OLD LAB"
    users = {name: read[name]["valid users"] for name in SHARES}
    assert users == {
        "root": "pai_share",
        "users": "pai_share",
        "home": r"pai_share %D\%U",
        "data": r"pai_share %D\%U",
    }


def test_folders_of_users_are_made_when_they_come(tmp_path: Path) -> None:
    # The image's scripts: sambauserhomecreate USER DOMAIN NAME OWNER, sambadatacreate OWNER
    read = as_samba_reads(rendered({"user": "owner"}), tmp_path)
    made = {name: read[name].get("root preexec") for name in SHARES}
    home = "/usr/bin/sambauserhomecreate %U %D %u owner"
    assert made == {"root": None, "users": home, "home": home, "data": "/usr/bin/sambadatacreate owner"}


def exports(objects: Objects) -> dict[str, dict[str, set[str]]]:
    """Options by client by path, as exportfs(8) reads the file."""
    found: dict[str, dict[str, set[str]]] = {}
    for line in files(objects)["exports"].splitlines():
        if line and not line.startswith("#"):
            path, *clients = line.split()
            parts = [client.removesuffix(")").partition("(") for client in clients]
            found[path] = {client: set(options.split(",")) for client, _, options in parts}
    return found


def test_nfs_serves_what_it_served_but_not_to_the_world() -> None:
    # src/storage-manager/deploy/conf/exports of v1.8.0, where the client was `*`.
    common = {"rw", "sync", "all_squash", "no_subtree_check", "anonuid=1000", "anongid=1000"}
    assert exports(rendered()) == {
        "/share/pai": dict.fromkeys(PRIVATE, common | {"fsid=0"}),
        "/share/pai/data": dict.fromkeys(PRIVATE, common),
        "/share/pai/users": dict.fromkeys(PRIVATE, common),
    }
    (mount,) = (m for m in server(rendered())["volumeMounts"] if m["mountPath"] == "/etc/exports")
    assert (mount["subPath"], mount["readOnly"]) == ("exports", True)


def test_only_allowed_networks_may_mount(tmp_path: Path) -> None:
    objects = rendered({"allowedNetworks": ["192.0.2.7", "fd00::/8"]})
    assert {client for clients in exports(objects).values() for client in clients} == {
        "192.0.2.7",
        "fd00::/8",
    }
    allowed = as_samba_reads(objects, tmp_path)["global"]["hosts allow"]
    assert allowed.split() == ["127.0.0.1", "192.0.2.7", "fd00::/8"]


@pytest.mark.parametrize(
    "networks", [[], ["*"], ["10.0.0.0/8(rw)"], ["example.com"], ["10.0.0.0/8 0.0.0.0/0"]]
)
def test_network_that_would_open_more_is_refused(networks: list[str]) -> None:
    with pytest.raises(RenderError, match="allowedNetworks"):
        rendered({"allowedNetworks": networks})


def test_server_gets_every_variable_that_it_reads() -> None:
    # src/storage-manager/deploy/scripts/entrypoint.sh
    variables = environment(rendered())
    password = variables.pop("PAISMBPWD")["secretKeyRef"]
    assert variables == {"PAISMBUSER": "smbuser", "SECURETYPE": "AUTO"}
    assert password == {"name": "openpai-credentials", "key": "storage-manager-password"}


def test_server_that_joins_a_domain_gets_who_joins_and_where() -> None:
    objects = rendered(scenario="domain")
    variables = environment(objects)
    assert variables["DOMAINUSER"] == "joiner@EXAMPLE.COM"
    assert variables["DOMAINPWD"]["secretKeyRef"]["key"] == "storage-manager-domain-password"
    assert {"krb5.conf", "nsswitch.conf"} <= files(objects).keys()
    assert "winbind" in files(objects)["nsswitch.conf"]


def test_kerberos_knows_the_realms() -> None:
    text = files(rendered(scenario="domain"))["krb5.conf"]
    sections = dict(re.findall(r"^\[(\w+)\]\n(.*?)(?=^\[|\Z)", text, re.MULTILINE | re.DOTALL))
    assert "default_realm = EXAMPLE.COM" in sections["libdefaults"]
    realms = dict(re.findall(r"([A-Z.]+) = \{(.*?)\}", sections["realms"], re.DOTALL))
    assert re.findall(r"kdc = (\S+)", realms["EXAMPLE.COM"]) == ["dc1.example.com", "dc2.example.com"]
    assert re.findall(r"kdc = (\S+)", realms["OTHER.EXAMPLE.COM"]) == ["dc.other.example.com"]
    assert ".example.com = EXAMPLE.COM" in sections["domain_realm"]


@pytest.mark.parametrize("missing", ["realm", "user"])
def test_domain_of_which_something_is_missing_is_refused(missing: str) -> None:
    with pytest.raises(RenderError, match=f"domain.{missing}"):
        rendered(merged(DOMAIN, {"domain": {missing: ""}}))


def test_domain_users_have_numbers_even_if_none_are_given(tmp_path: Path) -> None:
    # Without a range winbind gives no numbers, and nobody of the domain gets in.
    samba = as_samba_reads(rendered(DOMAIN), tmp_path)["global"]
    assert samba["idmap config * : range"] == "100000-999999"


@pytest.mark.parametrize(
    ("values", "ports"),
    [
        ({}, {445: 445, 2049: 2049}),
        ({"smb": {"hostPort": 0}, "nfs": {"hostPort": 12049}}, {445: None, 2049: 12049}),
        ({"nfs": {"enabled": False}}, {445: 445}),
        ({"smb": {"enabled": False}}, {2049: 2049}),
    ],
)
def test_ports_are_published_probed_and_tested_as_they_are_switched(
    values: Mapping[str, Any], ports: Mapping[int, int | None]
) -> None:
    objects = rendered(values)
    container = server(objects)
    assert {port["containerPort"]: port.get("hostPort") for port in container["ports"]} == ports
    assert [port["port"] for port in objects.find("Service")["spec"]["ports"]] == [*ports]
    for kind in ("startup", "readiness", "liveness"):
        opened = re.findall(
            r"/dev/tcp/127\.0\.0\.1/(\d+)", " ".join(container[f"{kind}Probe"]["exec"]["command"])
        )
        assert [int(port) for port in opened] == [*ports]
    (test,) = (pods for pods in objects.pod_specs() if pods.is_test)
    asked = test.spec["containers"][0]["args"][1:]
    assert [int(target.rpartition(":")[2]) for target in asked] == [*ports]


def test_what_is_switched_off_lets_nobody_in(tmp_path: Path) -> None:
    # The image starts both servers whatever is published.
    assert exports(rendered({"nfs": {"enabled": False}})) == {}
    samba = as_samba_reads(rendered({"smb": {"enabled": False}}), tmp_path)["global"]
    assert samba["hosts allow"] == "127.0.0.1"


def test_nothing_to_serve_is_refused() -> None:
    with pytest.raises(RenderError, match="both off"):
        rendered({"nfs": {"enabled": False}, "smb": {"enabled": False}})


def test_probe_fails_where_nothing_listens() -> None:
    # Whatever runs on this machine: nothing may listen on port 1.
    command = server(rendered())["livenessProbe"]["exec"]["command"]
    closed = [word.replace("/445", "/1").replace("/2049", "/1") for word in command]
    assert subprocess.run(closed, check=False, capture_output=True, timeout=60).returncode != 0


def test_server_stays_with_the_files_of_its_machine() -> None:
    objects = rendered()
    terms = pod(objects)["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    assert terms["nodeSelectorTerms"][0]["matchExpressions"] == [
        {"key": "pai-storage", "operator": "In", "values": ["true"]}
    ]
    (share,) = (volume for volume in pod(objects)["volumes"] if volume["name"] == "share")
    assert share["hostPath"] == {"path": "/share", "type": "DirectoryOrCreate"}


def test_other_credentials_do_not_restart_the_server() -> None:
    templates = [
        rendered({"global": {"credentials": {"revision": revision}}}).find("DaemonSet")["spec"]["template"]
        for revision in ("1", "2")
    ]
    assert templates[0] == templates[1]


def test_several_machines_have_no_service_in_common() -> None:
    assert rendered(scenario="several-machines").all("Service") == ()


def test_default_networks_are_those_that_the_generator_writes() -> None:
    assert default_values("storage-manager")["allowedNetworks"] == [*PRIVATE]


def test_documented_storage_of_jobs_is_what_rest_server_looks_for() -> None:
    # src/rest-server/src/models/v2/storage.js: bound claims of namespace `default`, and their volumes.
    page = (ROOT / "docs/services/storage-manager.md").read_text(encoding="utf-8")
    (sample,) = (text for text in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL) if "nfs:" in text)
    objects = parse(sample, CHECKED_MINORS)
    claim, volume = objects.find("PersistentVolumeClaim"), objects.find("PersistentVolume")
    assert (claim["metadata"]["namespace"], claim["spec"]["volumeName"]) == (
        "default",
        volume["metadata"]["name"],
    )
    assert volume["spec"]["claimRef"] == {"namespace": "default", "name": claim["metadata"]["name"]}
    assert f"/share/pai{volume['spec']['nfs']['path']}" in exports(rendered())
