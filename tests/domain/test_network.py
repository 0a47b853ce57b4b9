"""Which addresses are public, and what an operator may open."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.domain.network import Opening, is_public, opening

CARRIERS = ["::ffff:0:0/96", "64:ff9b::/96", "2002::/16"]
"""Whose addresses stand for one of IPv4."""
CLOSED = [
    "0.0.0.0",  # noqa: S104 - an address to be refused
    "10.0.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "168.63.129.16",
    "169.254.169.254",
    "172.16.0.1",
    "192.0.0.192",
    "192.0.2.1",
    "192.168.1.1",
    "198.18.0.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::1%1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:0:127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::7f00:1",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::1",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "4000::1",
]


@pytest.mark.parametrize("text", CLOSED)
def test_what_is_not_public(text: str) -> None:
    assert not is_public(ip_address(text))


@pytest.mark.parametrize(
    "text", ["1.1.1.1", "93.184.216.34", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101", "2002:101:101::1"]
)
def test_what_is_public(text: str) -> None:
    assert is_public(ip_address(text))


@given(st.ip_addresses(v=4), st.sampled_from(["::ffff:0:0", "64:ff9b::", "2002::"]))
def test_an_address_in_another_is_judged_as_itself(inner: IPv4Address, prefix: str) -> None:
    shift = 80 if prefix == "2002::" else 0
    assert is_public(IPv6Address(int(IPv6Address(prefix)) | int(inner) << shift)) == is_public(inner)


@given(st.ip_addresses())
def test_no_special_address_is_public(address: IPv4Address | IPv6Address) -> None:
    assume(not any(address in ip_network(carrier) for carrier in CARRIERS))
    special = address.is_private or address.is_loopback or address.is_link_local or address.is_multicast
    if special or address.is_reserved or address.is_unspecified:
        assert not is_public(address)


def test_what_can_be_opened() -> None:
    assert opening("10.1.0.0/16") == Opening(ip_network("10.1.0.0/16"))
    assert opening("fd00::/8") == Opening(ip_network("fd00::/8"))
    assert opening("10.1.2.3") == Opening(ip_network("10.1.2.3/32"))
    assert opening("Intranet.example") == Opening(host="intranet.example")
    assert opening("intranet.example:8080") == Opening(host="intranet.example", port=8080)
    assert opening("[::1]:8080") == Opening(host="::1", port=8080)


@pytest.mark.parametrize("text", ["", "10.1.2.3/8", "http://intranet", "a b", "host:", "host:99999", "*", "a/24"])
def test_what_cannot_be_opened(text: str) -> None:
    with pytest.raises(ValueError, match=r"intranet\.example:8080"):
        opening(text)
