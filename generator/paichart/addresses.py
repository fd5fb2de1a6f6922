"""Hosts and ports in URLs: whether they can be, and whether a host is a machine."""

from __future__ import annotations

import re
from ipaddress import IPv6Address, ip_address

_AUTHORITY = re.compile(r"[a-z]+://(\[(?P<address>[^]]*)\]|(?P<name>[^/:]*))(:(?P<port>[0-9]+))?", re.I)


def fault(url: str) -> str:
    """Return what is wrong with host or port of a URL that the schema took; an empty text for nothing."""
    match = _AUTHORITY.match(url)
    if match is None:
        return "it names no host"
    if match["address"] is not None and not _is_ipv6(match["address"]):
        return f"'{match['address']}' is no IPv6 address"
    if match["port"] and int(match["port"]) not in range(1, 65536):
        return f"port {match['port']} is not among 1 to 65535"
    return ""


def leads_to(url: str, name: str, address: str) -> bool:
    """Tell whether a URL leads to the machine of this name and address."""
    match = _AUTHORITY.match(url)
    host = ((match["address"] or match["name"]) if match else "").lower()
    return host == name.lower() or _is_same_address(host, address)


def _is_ipv6(text: str) -> bool:
    try:
        IPv6Address(text)
    except ValueError:
        return False
    return True


def _is_same_address(one: str, other: str) -> bool:
    try:
        return ip_address(one) == ip_address(other)
    except ValueError:
        return False
