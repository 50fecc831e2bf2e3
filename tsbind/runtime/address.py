"""Which addresses may be connected to: any, or only those that everybody can reach.

The check is made where a socket is opened, after names were resolved, so that no name can hide an
address.
"""

from __future__ import annotations

import errno
import ipaddress
import socket
from typing import Any, Final

NOT_PUBLIC: Final = "the address is not public"
AddressInfo = tuple[Any, Any, int, str, tuple[Any, ...]]


def any_socket(address: AddressInfo) -> socket.socket:
    family, kind, protocol, _, _ = address
    return socket.socket(family=family, type=kind, proto=protocol)


def public_socket(address: AddressInfo) -> socket.socket:
    """Refuse addresses that are not public, after names were resolved (so no name can hide one)."""
    if not is_public(str(address[4][0])):
        raise PermissionError(errno.EACCES, NOT_PUBLIC)
    return any_socket(address)


def is_public(text: str) -> bool:
    """Whether an IP address is reachable from everywhere, mapped and translated forms included."""
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and address in ipaddress.ip_network("64:ff9b::/96"):
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if address.teredo is not None:
            inner = address.teredo[1]
        if inner is not None:
            return inner.is_global and not inner.is_multicast
    return address.is_global and not address.is_multicast
