"""Credentials are made once, kept private, and what the inputs give wins."""

from __future__ import annotations

import base64
import json
import stat
from fractions import Fraction

import pytest
import yaml
from cryptography.hazmat.primitives import serialization

from paichart.credentials import complete, read
from paichart.model import Cluster, Machine, Secret, Settings, Sku

pytestmark = pytest.mark.usefixtures("ready_job_keys")

SKU = Sku("box", Fraction(8), Fraction(16384))
MASTER = Machine("master", "10.0.0.1", SKU, is_master=True)


def cluster(config=None, services=None) -> Cluster:
    return Cluster((MASTER,), {"box": SKU}, Settings(config or {}), Settings(services or {}))


def test_a_new_site_gets_random_credentials_in_a_file_for_its_owner_only(tmp_path):
    path = tmp_path / "credentials.yaml"
    first = complete(path, {}, cluster())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    other = complete(tmp_path / "other.yaml", {}, cluster())
    for key in (
        "admin-password",
        "database-password",
        "jwt-secret",
        "log-manager-password",
        "log-manager-jwt-secret",
    ):
        assert len(first.data[key]) >= 24
        assert first.data[key] != other.data[key]


def test_the_second_build_reads_what_the_first_made(tmp_path):
    path = tmp_path / "credentials.yaml"
    first = complete(path, {}, cluster())
    written = path.read_bytes()
    known, problems = read(path)
    assert problems == ()
    assert complete(path, known, cluster()) == first
    assert path.read_bytes() == written


def test_a_missing_key_is_added_and_the_rest_of_the_file_stays(tmp_path):
    path = tmp_path / "credentials.yaml"
    path.write_text("# my notes\nadmin-password: chosen-by-me\n")
    path.chmod(0o600)
    known, _ = read(path)
    made = complete(path, known, cluster())
    assert made.data["admin-password"] == "chosen-by-me"
    assert path.read_text().startswith("# my notes\nadmin-password: chosen-by-me\n")
    assert set(yaml.safe_load(path.read_text())) > {"admin-password", "jwt-secret", "job-ssh-private-key"}


def test_the_inputs_win_and_are_not_copied_into_the_file(tmp_path):
    path = tmp_path / "credentials.yaml"
    given = {
        "rest-server": {"default-pai-admin-password": "from-inputs", "default-pai-admin-username": "root"}
    }
    made = complete(path, {"admin-password": Secret("from-file")}, cluster(services=given))
    assert made.data["admin-password"] == "from-inputs"
    assert made.data["admin-username"] == "root"
    assert "from-inputs" not in path.read_text()


def test_the_database_password_is_also_there_percent_encoded(tmp_path):
    made = complete(tmp_path / "c.yaml", {}, cluster(services={"postgresql": {"passwd": "p@ss/w:rd %"}}))
    assert made.data["database-password"] == "p@ss/w:rd %"
    assert made.data["database-password-urlencoded"] == "p%40ss%2Fw%3Ard%20%25"  # RFC 3986, by hand


def test_the_job_key_is_a_matching_rsa_pair_in_openssh_form(tmp_path):
    made = complete(tmp_path / "c.yaml", {}, cluster())
    key = serialization.load_ssh_private_key(made.ssh_private_key.encode(), None)
    public = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    assert made.ssh_public_key.startswith("ssh-rsa ")
    assert made.ssh_public_key.split()[1] == public.decode().split()[1]


@pytest.mark.parametrize(
    ("domain", "server"),
    [
        ("docker.io", "https://index.docker.io/v1/"),
        ("public", "https://index.docker.io/v1/"),
        ("harbor.example.com", "harbor.example.com"),
    ],
)
def test_a_registry_login_becomes_the_pull_secret(tmp_path, domain, server):
    config = {
        "docker_registry_domain": domain,
        "docker_registry_username": "me",
        "docker_registry_password": 'p"w $x',
    }
    made = complete(tmp_path / "c.yaml", {}, cluster(config))
    (entry,) = json.loads(made.docker_config_json)["auths"].items()
    assert entry[0] == server
    assert base64.b64decode(entry[1]["auth"]).decode() == 'me:p"w $x'


def test_without_a_login_the_pull_secret_is_valid_and_empty(tmp_path):
    assert json.loads(complete(tmp_path / "c.yaml", {}, cluster()).docker_config_json) == {"auths": {}}


def test_oidc_puts_its_file_with_the_client_secret_among_the_credentials(tmp_path):
    services = {
        "authentication": {
            "OIDC": True,
            "AAD": {
                "wellKnownURL": "https://login.example.com/x",
                "clientID": "id",
                "clientSecret": "s3cret",
            },
        }
    }
    config = {"paichart": {"external-url": "https://pai.example.com"}}
    file = yaml.safe_load(complete(tmp_path / "c.yaml", {}, cluster(config, services)).data["oidc.yaml"])
    assert file["clientSecret"] == "s3cret"
    assert file["redirectUrl"] == "https://pai.example.com/rest-server/api/v1/authn/oidc/return"


def test_the_revision_changes_with_any_credential(tmp_path):
    path = tmp_path / "c.yaml"
    first = complete(path, {}, cluster())
    known, _ = read(path)
    second = complete(path, {**known, "jwt-secret": Secret("another")}, cluster())
    assert first.revision != second.revision
    assert len(first.revision) == 16


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("admin-pasword: x\n", "PAI080", 1),
        ("jwt-secret: a\nadmin-password:\n", "PAI081", 2),
        ("jwt-secret: 12\n", "PAI081", 1),
        ("jwt-secret: a\njwt-secret: b\n", None, 2),
    ],
    ids=["typo", "empty", "number", "twice"],
)
def test_a_faulty_credentials_file_is_reported_where_it_is(tmp_path, text, code, line):
    path = tmp_path / "credentials.yaml"
    path.write_text(text)
    path.chmod(0o600)
    (problem,) = read(path)[1]
    assert problem.span.line == line
    assert code is None or problem.code == code


def test_a_file_that_others_can_read_is_a_warning(tmp_path):
    path = tmp_path / "credentials.yaml"
    path.write_text("jwt-secret: a\n")
    path.chmod(0o644)
    (problem,) = read(path)[1]
    assert (problem.code, problem.severity.value) == ("PAI082", "warning")


def test_a_secret_does_not_show_itself(tmp_path):
    made = complete(tmp_path / "c.yaml", {}, cluster())
    assert str(made.data["jwt-secret"]) not in repr(made)
    assert "PRIVATE KEY" not in repr(made)


def test_credentials_of_the_later_services_come_from_their_legacy_keys(tmp_path):
    services = {
        "alert-manager": {
            "pai-bearer-token": "token",
            "alert-handler": {"email-configs": {"smtp-auth-password": "mail"}},
        },
        "docker-cache": {"azure_account_key": "azure"},
        "marketplace-db": {"passwd": "market/place"},
        "storage-manager": {"smbpwd": "samba", "domainpwd": "domain"},
    }
    data = complete(tmp_path / "c.yaml", {}, cluster(services=services)).data
    assert data["pai-bearer-token"] == "token"
    assert data["smtp-password"] == "mail"
    assert data["docker-cache-azure-key"] == "azure"
    assert data["marketplace-database-password"] == "market/place"
    assert data["marketplace-database-password-urlencoded"] == "market%2Fplace"
    assert data["storage-manager-password"] == "samba"
    assert data["storage-manager-domain-password"] == "domain"
    assert len(data["grafana-admin-password"]) >= 24


def test_the_token_is_also_found_where_it_was_before_openpai_1_6(tmp_path):
    # src/alert-manager/config/alert_manager.py: the newer place counts when both are given.
    services = {"alert-manager": {"alert-handler": {"pai-bearer-token": "old"}}}
    assert complete(tmp_path / "c.yaml", {}, cluster(services=services)).data["pai-bearer-token"] == "old"
    services["alert-manager"]["pai-bearer-token"] = "new"
    assert complete(tmp_path / "c.yaml", {}, cluster(services=services)).data["pai-bearer-token"] == "new"


def test_the_login_of_the_cache_is_decoded_and_services_configuration_wins(tmp_path):
    config = {"docker_cache_registry_htpasswd": base64.b64encode(b"user:$2y$05$x\n").decode()}
    made = complete(tmp_path / "c.yaml", {}, cluster(config))
    assert made.data["docker-cache-htpasswd"] == "user:$2y$05$x\n"
    services = {"docker-cache": {"registry-htpasswd": base64.b64encode(b"other:$2y$05$y").decode()}}
    made = complete(tmp_path / "c.yaml", {}, cluster(config, services))
    assert made.data["docker-cache-htpasswd"] == "other:$2y$05$y"


def test_a_marketplace_with_a_database_elsewhere_uses_its_password(tmp_path):
    services = {
        "marketplace-db": {"passwd": "own"},
        "marketplace-restserver": {
            "db_password": "elsewhere",
            "azure_storage": {"type": "blob", "connection_strings": ["DefaultEndpointsProtocol=https"]},
        },
    }
    data = complete(tmp_path / "c.yaml", {}, cluster(services=services)).data
    assert data["marketplace-database-password"] == "elsewhere"
    assert json.loads(data["marketplace-azure-storage"])["connection_strings"] == [
        "DefaultEndpointsProtocol=https"
    ]


def test_dshuttles_registry_has_a_login_of_its_own(tmp_path):
    services = {"dshuttle": {"registry_username": "puller", "registry_password": "secret"}}
    config = json.loads(complete(tmp_path / "c.yaml", {}, cluster(services=services)).docker_config_json)
    assert list(config["auths"]) == ["dshuttle.azurecr.io"]
    assert base64.b64decode(config["auths"]["dshuttle.azurecr.io"]["auth"]) == b"puller:secret"
