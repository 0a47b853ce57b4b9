"""Addresses on the network: which of them everybody may reach, and what the operator opens beside these."""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_UNICAST = IPv6Network("2000::/3")
"""All that is given out of IPv6 (IANA, IPv6 Global Unicast Address Assignments)."""
_TRANSLATED = IPv6Network("64:ff9b::/96")
"""NAT64 (RFC 6052): the last four bytes are the IPv4 address that is reached."""
_SPECIAL = (
    IPv4Network("192.0.0.0/24"),  # IETF protocol assignments; Oracle's metadata stand there
    IPv4Network("168.63.129.16/32"),  # public by its number, but Azure's platform to the machines in it
    IPv6Network("3fff::/20"),  # documentation (RFC 9637), newer than some Pythons' lists
)
_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[0-9a-z._-]+?)(?::(\d{1,5}))?")


@dataclass(frozen=True, slots=True)
class Opening:
    """What the operator opens: each address of a `network`, or a `host` as addresses name it, at a `port` or any."""

    network: Network | None = None
    host: str = ""
    port: int | None = None


def opening(text: str) -> Opening:
    """Read `10.1.0.0/16`, `10.1.2.3`, `intranet.example` or `intranet.example:8080`. Raises ValueError."""
    try:
        return Opening(network=ip_network(text))
    except ValueError:
        named = _HOST.fullmatch(text.lower())
    if named is None or int(named[2] or 0) > 65535:
        raise ValueError(f"{text!r} is neither a host, as in intranet.example:8080, nor a network, as in 10.1.0.0/16")
    return Opening(host=named[1].strip("[]"), port=int(named[2]) if named[2] else None)


def is_public(address: Address) -> bool:
    """Whether an address is of the public network, and so is what it stands for."""
    if isinstance(address, IPv6Address):
        inner = _inner(address)
        if inner is not None:
            return is_public(inner)
        if address not in _UNICAST:
            return False
    special = any(address in network for network in _SPECIAL)
    return address.is_global and not (address.is_multicast or address.is_reserved or special)


def _inner(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that an IPv6 address carries (RFC 4291, 3056 and 6052)."""
    if address in _TRANSLATED:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour
