"""The ways in which people write networks and addresses, read into those of the standard `ipaddress`.

CIDR, dotted netmask or hostmask, IPv4 cut short (`10/8`, `10.1`), a bare address for a single host, and
spaces around any of them. Whatever else comes in raises ValueError with a sentence fit for the client.
"""

import re
from ipaddress import IPv4Interface, IPv4Network, IPv6Interface, IPv6Network, ip_interface

import netaddr

# Two IPv6 addresses with an IPv4 tail each, address and mask, are the longest thing that can be meant.
_LONGEST = 91
_WRITTEN_WITH = re.compile(r"[0-9A-Fa-f:.]+(/[0-9A-Fa-f:.]+)?")

Network = IPv4Network | IPv6Network
Interface = IPv4Interface | IPv6Interface


def parse_network(text: str, strict: bool = True) -> Network:
    """The network that `text` means; host bits are an error when `strict`, otherwise dropped."""
    interface = parse_address(text)
    if strict and interface.ip != interface.network.network_address:
        meant = canonical(interface.network)
        raise ValueError(f"{canonical(interface)} has host bits set. Did you mean the prefix {meant}?")
    return interface.network


def parse_address(text: str) -> Interface:
    """The host address that `text` means, with the mask it was given, else that of a single host."""
    written = _stripped(text)
    if not _WRITTEN_WITH.fullmatch(written):
        raise _not_an_address()
    try:
        return ip_interface(str(netaddr.IPNetwork(written, expand_partial=True)))
    except (netaddr.AddrFormatError, ValueError):
        raise _not_an_address() from None


def canonical(value: Network | Interface | str) -> str:
    """The one way in which we and PostgreSQL write it: compressed, lower case, IPv4 tails of IPv6 dotted."""
    return str(netaddr.IPNetwork(str(value)))


def _stripped(text: str) -> str:
    if not isinstance(text, str):
        raise ValueError("Write an IP address or network as text.")
    written = text.strip()
    if not written:
        raise ValueError("An IP address or network may not be blank.")
    if len(written) > _LONGEST:
        raise ValueError(f"An IP address or network has at most {_LONGEST} characters.")
    return written


def _not_an_address() -> ValueError:
    return ValueError("This is not a valid IPv4 or IPv6 address or network, such as 192.0.2.0/24.")
