"""Where webhooks may go: nowhere on this machine, nor to what only machines of a cloud or of this stack can reach.

A name is resolved when a connection is made, and the connection made to an address that was looked at: a name that
means something else a moment later opens nothing.
"""

import socket
import time
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any
from urllib.parse import urlsplit

import psutil
from sqlalchemy import make_url

from shared.config import settings

Address = IPv4Address | IPv6Address

# How long what names of the stack mean is believed.
OWN_SECONDS = 30.0
# Services that clouds have for their machines, where they are not link-local.
_OF_CLOUDS = tuple(map(ip_network, ("100.100.100.200/32", "168.63.129.16/32", "fd00:ec2::254/128")))
_NAT64 = ip_network("64:ff9b::/96")


class NotAllowed(OSError):
    """Nothing that the name means is an address that webhooks may go to."""


def resolve(host: str, port: int) -> list[tuple[int, Any]]:
    """(family, address of a socket) of each address of `host` that is allowed. Raises NotAllowed, OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    allowed: list[tuple[int, Any]] = [(family, at) for family, _, _, _, at in found if is_allowed(read(str(at[0])))]
    if not allowed:
        raise NotAllowed
    return allowed


def read(text: str) -> Address:
    """An address as it is written, perhaps with the interface that it is of (`fe80::1%eth0`). Raises ValueError."""
    return ip_address(text.partition("%")[0])


def is_allowed(address: Address) -> bool:
    """Whether webhooks may go to `address`: WEBHOOKS_ALLOWED opens what is closed otherwise."""
    meant = _meant(address)
    if any(meant in network for network in settings.webhooks_allowed):
        return True
    return not (_is_special(meant) or meant in _own.addresses())


def _meant(address: Address) -> Address:
    """The address of IPv4 that one of IPv6 stands for, if it does."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else address)


def _is_special(address: Address) -> bool:
    return (
        address.is_loopback
        or address.is_link_local
        or address.is_multicast
        or address.is_unspecified
        or address.is_reserved
        or (address.version == 4 and address in ip_network("0.0.0.0/8"))
        or any(address in network for network in _OF_CLOUDS)
    )


class _Own:
    """The addresses of this machine, and of all programs of the stack that the settings name."""

    def __init__(self) -> None:
        self._known: frozenset[Address] = frozenset()
        self._stale = float("-inf")

    def addresses(self) -> frozenset[Address]:
        if time.monotonic() >= self._stale:
            self._known = frozenset({*_of_this_machine(), *(each for host in _hosts() for each in _of_name(host))})
            self._stale = time.monotonic() + OWN_SECONDS
        return self._known


_own = _Own()


def _hosts() -> set[str]:
    addresses = [settings.gateway_url, *(each for copies in settings.upstreams.values() for each in copies)]
    databases = [*settings.database_urls.values(), *settings.replica_urls.values()]
    hosts = [*(urlsplit(at).hostname for at in addresses), *(make_url(at).host for at in databases)]
    return {host for host in hosts if host}


def _of_name(host: str) -> list[Address]:
    try:
        return [read(str(at[4][0])) for at in socket.getaddrinfo(host, None)]
    except OSError:
        return []


def _of_this_machine() -> list[Address]:
    listed = [each for addresses in psutil.net_if_addrs().values() for each in addresses]
    return [read(each.address) for each in listed if each.family in (socket.AF_INET, socket.AF_INET6)]
