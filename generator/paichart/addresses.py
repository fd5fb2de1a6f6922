"""Hosts in URLs: whether one is a machine."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit


def leads_to(url: str, name: str, address: str) -> bool:
    """Tell whether a URL leads to the machine of this name and address."""
    host = urlsplit(url).hostname or ""
    return host == name.lower() or _is_same_address(host, address)


def _is_same_address(one: str, other: str) -> bool:
    try:
        return ip_address(one) == ip_address(other)
    except ValueError:
        return False
