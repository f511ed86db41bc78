"""Prefixes as a tree, with what is free between them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

from services.ipam.address_space import Network, free_prefixes

# A prefix with its id.
Numbered = tuple[Network, int]


@dataclass(frozen=True)
class Branch:
    """One line of the tree: a prefix with its id and how deep it lies, or a free block (`pk` is None)."""

    network: Network
    depth: int
    pk: int | None = None


def tree(parent: Network, inside: list[Numbered], depth: int = 0) -> Iterator[Branch]:
    """What lies in `parent`, in order: the prefixes `inside` (ascending, the larger first) below each other, and the
    free blocks between them; below a prefix that holds no other, none.
    """
    if not inside:
        return
    groups = grouped(inside)
    free = free_prefixes(parent, [network for network, _, _ in groups])
    block = next(free, None)
    for network, pk, below in groups:
        while block is not None and _starts_before(block, network):
            yield Branch(block, depth)
            block = next(free, None)
        yield Branch(network, depth, pk)
        yield from tree(network, below, depth + 1)
    while block is not None:
        yield Branch(block, depth)
        block = next(free, None)


def grouped(inside: list[Numbered]) -> list[tuple[Network, int, list[Numbered]]]:
    """Those of `inside` that lie in no other, each with those that lie in it."""
    groups: list[tuple[Network, int, list[Numbered]]] = []
    for network, pk in inside:
        if groups and network != groups[-1][0] and network.subnet_of(cast(Any, groups[-1][0])):
            groups[-1][2].append((network, pk))
        else:
            groups.append((network, pk, []))
    return groups


def _starts_before(block: Network, other: Network) -> bool:
    return int(block.network_address) < int(other.network_address)
