"""Values of the storage-manager subchart: what is shared, with whom, and the Windows domain."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

from paichart.derive.json import Json
from paichart.derive.network import PRIVATE_NETWORKS, PRIVATE_NETWORKS_6
from paichart.model import Cluster

SECTION = "storage-manager"
WINDOWS_DOMAIN = "ADS"


def has_storage_machine(cluster: Cluster) -> bool:
    """Tell whether a machine carries pai-storage, and so brings the storage server."""
    return any(machine.is_storage for machine in cluster.machines)


def values(cluster: Cluster) -> dict[str, Json]:
    """Return the subchart's values; the passwords are credentials."""
    services = cluster.services
    security = services.text(SECTION, "security-type")
    found: dict[str, Json] = {
        "hostPath": services.text(SECTION, "localpath").rstrip("/"),
        "user": services.text(SECTION, "smbuser"),
        "workgroup": services.text(SECTION, "workgroup"),
        "security": security,
        "allowedNetworks": list(allowed_networks(cluster)),
        "service": {"enabled": sum(machine.is_storage for machine in cluster.machines) == 1},
    }
    return {**found, "domain": domain(cluster)} if security == WINDOWS_DOMAIN else found


def allowed_networks(cluster: Cluster) -> tuple[str, ...]:
    """Return who may mount: private networks, and machines of the layout that have other addresses."""
    addresses = [ip_address(machine.address) for machine in cluster.machines]
    private = PRIVATE_NETWORKS + (PRIVATE_NETWORKS_6 if any(a.version == 6 for a in addresses) else ())
    networks = [ip_network(network) for network in private]
    others = [address for address in addresses if not any(address in network for network in networks)]
    return (*private, *map(str, others))


def domain(cluster: Cluster) -> dict[str, Json]:
    """Return how the server joins its Windows domain; a setting of a realm may be one text or several."""
    services = cluster.services
    realms: dict[str, Json] = {
        str(realm): {str(key): _texts(value) for key, value in (settings or {}).items()}
        for realm, settings in services.mapping(SECTION, "krb5_realms").items()
    }
    of_domains = services.mapping(SECTION, "domain_realm")
    idmap: list[Json] = [str(line) for line in services.items(SECTION, "idmap")]
    return {
        "realm": services.text(SECTION, "default_realm"),
        "user": services.text(SECTION, "domainuser"),
        "realms": realms,
        "domainRealm": {str(name): str(realm) for name, realm in of_domains.items()},
        **({"idmap": idmap} if idmap else {}),
    }


def _texts(value: object) -> Json:
    return [str(part) for part in value] if isinstance(value, list | tuple) else str(value)
