"""`prefixes/<id>/utilization/`: how full a prefix is, as an SVG bar.

A container counts the prefixes in it, any other prefix its addresses; of an IPv4 network that is no pool the first
and last address cannot be given out.
"""

from collections.abc import Iterator
from ipaddress import IPv4Network, collapse_addresses
from typing import cast

from flask import Response
from markupsafe import Markup
from sqlalchemy import select
from sqlalchemy.orm import Session

from services.ipam.allocated import Pool, child_prefixes, used_stretches
from services.ipam.choices import CONTAINER
from shared.api.resource import Resource
from shared.db.database import database
from shared.http.errors import NotFound

WIDTH, HEIGHT = 260, 18
_BAR = Markup(
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {all} {height}" width="{all}" height="{height}" role="img"'
    ' aria-label="{text}" font-family="sans-serif" font-size="12"><rect width="{width}" height="{height}" rx="3"'
    ' fill="#8884"/><rect width="{used}" height="{height}" rx="3" fill="{color}"/>'
    '<text x="{beside}" y="13" fill="currentColor">{text}</text></svg>'
)


def draw(resource: Resource, pk: int) -> Response:
    """The bar of prefix `pk`. Raises NotFound."""
    with database().transaction() as session:
        prefix = session.scalar(select(resource.model).where(resource.model.id == pk))
        if prefix is None:
            raise NotFound
        part = _used(session, Pool.of(prefix))
    text = f"{100 * part:.0f}% used"
    color = "#b3261e" if part >= 0.9 else "#b26a00" if part >= 0.75 else "#2e7d32"
    bar = _BAR.format(
        all=WIDTH + 80, width=WIDTH, height=HEIGHT, used=round(WIDTH * part), color=color, beside=WIDTH + 8, text=text
    )
    return Response(bar, mimetype="image/svg+xml")


def _used(session: Session, pool: Pool) -> float:
    network = pool.network
    if pool.prefix.status == CONTAINER:
        inside = collapse_addresses(cast("Iterator[IPv4Network]", child_prefixes(session, pool)))  # or all are IPv6
        return min(1.0, sum(each.num_addresses for each in inside) / network.num_addresses)
    reserved = 2 if network.version == 4 and network.prefixlen < 31 and not pool.is_pool else 0
    taken = sum(int(last) - int(first) + 1 for first, last in used_stretches(session, pool))
    return min(1.0, taken / (network.num_addresses - reserved))
