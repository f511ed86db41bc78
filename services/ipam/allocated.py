"""What is taken in a prefix, read in order and only as far as the reader goes."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from ipaddress import ip_interface, ip_network
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, func, literal_column, or_, select, true
from sqlalchemy.orm import Session

from services.ipam import filters
from services.ipam.address_space import Address, Network
from services.ipam.choices import CONTAINER
from services.ipam.resources.ip_addresses import IPAddress

ROWS_AT_ONCE = 200
ONE: ColumnElement[int] = literal_column("1")


@dataclass(frozen=True)
class Pool:
    """The prefix that is looked into: `prefix`, a row, and its `network`."""

    prefix: Any
    network: Network

    @classmethod
    def of(cls, prefix: Any) -> "Pool":
        return cls(prefix, ip_network(prefix.prefix))

    @property
    def is_pool(self) -> bool:
        return self.prefix.is_pool

    @property
    def spans_every_space(self) -> bool:
        """A container of the global table holds what is in any VRF."""
        return self.prefix.vrf_id is None and self.prefix.status == CONTAINER

    def holds(self, model: Any) -> ColumnElement[bool]:
        """The condition that a row of `model` is in a space that counts here."""
        return true() if self.spans_every_space else model.vrf_id.is_not_distinct_from(self.prefix.vrf_id)


def child_prefixes(session: Session, pool: Pool) -> Iterator[Network]:
    """The prefixes strictly inside, ascending."""
    model = type(pool.prefix)
    inside = filters.strictly_within(model.prefix, pool.prefix.prefix)
    for (prefix,) in _drawn(session, select(model.prefix).where(inside, pool.holds(model)).order_by(model.prefix)):
        yield ip_network(prefix)


def used_stretches(session: Session, pool: Pool) -> Iterator[tuple[Address, Address]]:
    """The first and last of every stretch of used hosts without a gap, ascending; PostgreSQL joins them."""
    given = {"network": pool.prefix.prefix, "vrf": pool.prefix.vrf_id}
    first: Address = pool.network.network_address
    for host, starts, ends in _drawn(session, _edges(pool.spans_every_space), given):
        first = ip_interface(host).ip if starts else first
        if ends:
            yield first, ip_interface(host).ip


@cache
def _edges(everywhere: bool) -> Select[*tuple[Any, ...]]:
    """The statement for the ends of the stretches in `:network`, of the space `:vrf` or `everywhere`.

    Kept, for it takes longer to write than to answer.
    """
    counted = true() if everywhere else IPAddress.vrf_id.is_not_distinct_from(bindparam("vrf"))
    inside = filters.within(IPAddress.host, bindparam("network"))
    hosts = select(IPAddress.host).where(inside, counted).distinct().subquery()
    before = func.lag(hosts.c.host).over(order_by=hosts.c.host)
    after = func.lead(hosts.c.host).over(order_by=hosts.c.host)
    edges = select(
        hosts.c.host,
        before.op("+")(ONE).is_distinct_from(hosts.c.host).label("starts"),
        after.op("-")(ONE).is_distinct_from(hosts.c.host).label("ends"),
    ).subquery()
    return select(edges).where(or_(edges.c.starts, edges.c.ends)).order_by(edges.c.host)


def _drawn(session: Session, statement: Select[*tuple[Any, ...]], given: dict[str, Any] | None = None) -> Iterator[Any]:
    """The rows of `statement`, fetched a few at a time; its parameters are as `given`."""
    with session.execute(statement, given, execution_options={"yield_per": ROWS_AT_ONCE}) as rows:
        yield from rows
