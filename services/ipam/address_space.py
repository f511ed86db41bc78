"""Free address space: what lies between what is taken, found without listing either.

Networks and hosts are those of the standard `ipaddress`. Whatever is taken comes as an iterable in ascending
order of its first address, is drawn only as far as needed, and may overlap, repeat or exceed the parent.
"""

from collections.abc import Iterable, Iterator
from heapq import heappop, heappush
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    summarize_address_range,
)
from itertools import islice

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


class NoRoom(ValueError):
    """No free block can hold the request at `index` (0-based), a prefix of `length`."""

    def __init__(self, index: int, length: int) -> None:
        super().__init__(f"No free block is large enough for a /{length}.")
        self.index = index
        self.length = length


def free_prefixes(parent: Network, children: Iterable[Network]) -> Iterator[Network]:
    """The largest networks of `parent` that no child touches, ascending."""
    address = type(parent.network_address)
    taken = ((int(child.network_address), int(child.broadcast_address)) for child in children)
    for first, last in _gaps(int(parent.network_address), int(parent.broadcast_address), taken):
        yield from summarize_address_range(address(first), address(last))


def first_fit(parent: Network, children: Iterable[Network], lengths: Iterable[int]) -> list[Network]:
    """One network for each prefix length in turn: the start of the lowest free block that can hold it.

    Each is taken before the next is sought. Raises NoRoom at the first that has no place.
    """
    blocks = _FreeBlocks(parent, children)
    return [blocks.take(index, length) for index, length in enumerate(lengths)]


def free_addresses(
    parent: Network, used: Iterable[tuple[Address, Address]], limit: int | None = None, is_pool: bool = False
) -> Iterator[Address]:
    """The lowest hosts of `parent` that nobody uses, ascending, at most `limit` of them (None: all).

    `used` are stretches of hosts, first and last inclusive.
    """
    address = type(parent.network_address)
    taken = ((int(first), int(last)) for first, last in used)
    gaps = _gaps(*_offered_range(parent, is_pool), taken)
    return islice((address(host) for first, last in gaps for host in range(first, last + 1)), limit)


def _offered_range(parent: Network, is_pool: bool) -> tuple[int, int]:
    """The first and last host on offer: all of a pool, a point-to-point link or a single host.

    Others keep back the IPv4 network and broadcast, or the IPv6 subnet-router anycast (RFC 4291, 2.6.1).
    """
    first, last = int(parent.network_address), int(parent.broadcast_address)
    if is_pool or parent.prefixlen >= parent.max_prefixlen - 1:
        return first, last
    return first + 1, last - 1 if parent.version == 4 else last


def _gaps(first: int, last: int, taken: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The stretches of `first`..`last` between the taken ones, all inclusive."""
    for taken_first, taken_last in taken:
        if taken_first > last:
            break
        if taken_first > first:
            yield first, taken_first - 1
        first = max(first, taken_last + 1)
        if first > last:
            return
    yield first, last


class _FreeBlocks:
    """The free blocks of a network; those already met wait in one heap per prefix length, lowest first."""

    def __init__(self, parent: Network, children: Iterable[Network]) -> None:
        self._network = type(parent)
        self._width = parent.max_prefixlen
        self._unmet = free_prefixes(parent, children)
        self._met: list[list[int]] = [[] for _ in range(self._width + 1)]

    def take(self, index: int, length: int) -> Network:
        if not 0 <= length <= self._width:
            raise ValueError(f"A prefix length lies between 0 and {self._width}.")
        start, block_length = self._lowest_met(length) or self._lowest_unmet(index, length)
        for rest_length in range(block_length + 1, length + 1):
            self._keep(start + (1 << (self._width - rest_length)), rest_length)
        return self._network((start, length))

    def _lowest_met(self, length: int) -> tuple[int, int] | None:
        fitting = [(met[0], met_length) for met_length, met in enumerate(self._met[: length + 1]) if met]
        if not fitting:
            return None
        start, block_length = min(fitting)
        heappop(self._met[block_length])
        return start, block_length

    def _lowest_unmet(self, index: int, length: int) -> tuple[int, int]:
        for block in self._unmet:
            if block.prefixlen <= length:
                return int(block.network_address), block.prefixlen
            self._keep(int(block.network_address), block.prefixlen)
        raise NoRoom(index, length)

    def _keep(self, start: int, length: int) -> None:
        heappush(self._met[length], start)
