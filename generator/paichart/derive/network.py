"""How users reach the cluster: the exposure, whether TLS is on, and the one address that all links use."""

from __future__ import annotations

from urllib.parse import urlsplit

from paichart.model import Cluster, Settings

HTTP_PORT = 80
HTTPS_PORT = 443
HTTP_NODE_PORT = 30080
HTTPS_NODE_PORT = 30443
"""Node ports when none are chosen: fixed, because a port that Kubernetes picks can't be in a link."""

PRIVATE_NETWORKS = ("10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16")
PRIVATE_NETWORKS_6 = ("fc00::/7",)
"""Where machines and pods have their addresses, mostly."""

_STANDARD_PORTS = {"http": HTTP_PORT, "https": HTTPS_PORT}
_CERTIFICATE_KEYS = ("crt_path", "crt_name", "key_path", "key_name")


def exposure_type(cluster: Cluster) -> str:
    """Return how pylon is reached: hostPort (legacy's way), nodePort, loadBalancer, ingress or gateway."""
    return cluster.config.text("paichart", "exposure", "type") or "hostPort"


def is_tls_on(cluster: Cluster) -> bool:
    """Tell whether users speak https: a TLS Secret is named, or legacy's `pylon.ssl` names files."""
    legacy = cluster.services.mapping("pylon", "ssl")
    named = cluster.config.text("paichart", "tls", "secret-name")
    return bool(named) or any(legacy.get(key) for key in _CERTIFICATE_KEYS)


def host_ports(cluster: Cluster) -> tuple[int, int]:
    """Return the http and https ports on the master: `pylon.port` and `pylon.ssl.port`."""
    return (
        _port(cluster.services, HTTP_PORT, "pylon", "port"),
        _port(cluster.services, HTTPS_PORT, "pylon", "ssl", "port"),
    )


def node_ports(cluster: Cluster) -> tuple[int, int]:
    """Return the http and https ports on every node, for exposure nodePort."""
    exposure = ("paichart", "exposure")
    return (
        _port(cluster.config, HTTP_NODE_PORT, *exposure, "node-port"),
        _port(cluster.config, HTTPS_NODE_PORT, *exposure, "https-node-port"),
    )


def external_url(cluster: Cluster) -> str:
    """Return what users type, without a trailing slash and without a port that goes without saying.

    `paichart.external-url` wins. Else the host is `pylon.domain` or the master's address, as in legacy;
    behind a load balancer, an ingress or a gateway the port is the scheme's own.
    """
    given = cluster.config.text("paichart", "external-url")
    if given:
        return plain_url(given)
    scheme = "https" if is_tls_on(cluster) else "http"
    ports = {"hostPort": host_ports(cluster), "nodePort": node_ports(cluster)}
    http, https = ports.get(exposure_type(cluster), (HTTP_PORT, HTTPS_PORT))
    host = cluster.services.text("pylon", "domain").lower() or cluster.master.address
    return f"{scheme}://{authority(host, https if scheme == 'https' else http, scheme)}"


def plain_url(url: str) -> str:
    """Return url with scheme and host in lower case and without a slash at its end."""
    parts = urlsplit(url)
    return f"{parts.scheme.lower()}://{parts.netloc.lower()}{parts.path.rstrip('/')}"


def authority(host: str, port: int, scheme: str) -> str:
    """Return host and port as a URL has them: IPv6 in brackets, the scheme's own port left out."""
    bracketed = f"[{host}]" if ":" in host and not host.startswith("[") else host
    return bracketed if port == _STANDARD_PORTS[scheme] else f"{bracketed}:{port}"


def _port(settings: Settings, default: int, *path: str) -> int:
    """Return the port at path; absent or 0 is the default."""
    return (settings.integer(*path) if settings.has(*path) else 0) or default
