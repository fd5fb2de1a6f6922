"""Certificates and kubeconfig files of one local cluster."""

from __future__ import annotations

import base64
import datetime
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_VALID = datetime.timedelta(days=30)
# Clocks of a container and its host may differ a little.
_SLACK = datetime.timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Pair:
    """A PEM certificate file and the PEM file of its private key."""

    certificate: Path
    key: Path


class Authority:
    """A certificate authority that writes what it issues into one folder, keys with mode 0600."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name("paichart-test", ())
        self.certificate = folder / "ca.crt"
        usage = x509.BasicConstraints(ca=True, path_length=None)
        built = self._builder(self._name, self._key.public_key()).add_extension(usage, critical=True)
        _write(self.certificate, _pem(built.sign(self._key, hashes.SHA256())))

    def client(self, user: str, groups: Sequence[str] = ()) -> Pair:
        """Issue a client certificate for a Kubernetes user in the given groups."""
        return self._issue(user, _name(user, groups), ExtendedKeyUsageOID.CLIENT_AUTH, ())

    def server(self, names: Sequence[str], addresses: Sequence[str]) -> Pair:
        """Issue the API server's serving certificate for DNS names and IP addresses."""
        alternatives: list[x509.GeneralName] = [x509.DNSName(name) for name in names]
        alternatives += [x509.IPAddress(ipaddress.ip_address(address)) for address in addresses]
        return self._issue(
            "kube-apiserver", _name("kube-apiserver", ()), ExtendedKeyUsageOID.SERVER_AUTH, alternatives
        )

    def _issue(
        self,
        file: str,
        subject: x509.Name,
        usage: x509.ObjectIdentifier,
        alternatives: Sequence[x509.GeneralName],
    ) -> Pair:
        key = ec.generate_private_key(ec.SECP256R1())
        builder = self._builder(subject, key.public_key())
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        if alternatives:
            builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        stem = file.replace(":", "-")
        pair = Pair(self._folder / f"{stem}.crt", self._folder / f"{stem}.key")
        _write(pair.certificate, _pem(builder.sign(self._key, hashes.SHA256())))
        _write(pair.key, _private_pem(key))
        return pair

    def _builder(self, subject: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        now = datetime.datetime.now(datetime.UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _SLACK)
            .not_valid_after(now + _VALID)
        )


def service_account_keys(folder: Path) -> Pair:
    """Write the key pair that signs service-account tokens; `certificate` is the bare public key."""
    key = ec.generate_private_key(ec.SECP256R1())
    pair = Pair(folder / "sa.pub", folder / "sa.key")
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    _write(pair.certificate, public)
    _write(pair.key, _private_pem(key))
    return pair


def write_kubeconfig(path: Path, server_url: str, authority: Path, client: Pair) -> Path:
    """Write a self-contained kubeconfig (PEM data inline, mode 0600) and return its path."""
    inline = {
        "certificate-authority": authority,
        "client-certificate": client.certificate,
        "client-key": client.key,
    }
    data = {f"{name}-data": _base64(file.read_bytes()) for name, file in inline.items()}
    authority_data = data.pop("certificate-authority-data")
    cluster = {"server": server_url, "certificate-authority-data": authority_data}
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "paichart-test",
        "clusters": [{"name": "paichart-test", "cluster": cluster}],
        "users": [{"name": "paichart-test", "user": data}],
        "contexts": [
            {"name": "paichart-test", "context": {"cluster": "paichart-test", "user": "paichart-test"}}
        ],
    }
    _write(path, yaml.safe_dump(config).encode())
    return path


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _name(common_name: str, organizations: Sequence[str]) -> x509.Name:
    parts = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, name) for name in organizations]
    return x509.Name([*parts, x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _private_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _write(path: Path, content: bytes) -> None:
    path.touch(mode=0o600)
    path.write_bytes(content)
