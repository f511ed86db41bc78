"""`prefixes/<id>/map/`: what of a prefix is used and what is free, as an SVG: a strip of blocks, and the tree below."""

from ipaddress import ip_network
from itertools import islice

from flask import Response
from markupsafe import Markup
from sqlalchemy import select
from sqlalchemy.orm import Session

from services.ipam import filters
from services.ipam.address_space import Address, Network
from services.ipam.allocated import Pool, used_stretches
from services.ipam.base import Base
from services.ipam.prefix_tree import Branch, grouped, tree
from shared.api.resource import Resource
from shared.db.database import database
from shared.http.errors import NotFound
from shared.schema.representations import url_of

WIDTH, STRIP, ROW, INDENT, MOST = 720, 28, 20, 18, 60
USED, FREE = "#2f7d8a", "#8884"
_MAP = Markup(
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    ' role="group" aria-label="What is used of {prefix}" font-family="sans-serif" font-size="13" fill="currentColor">'
    '<rect width="{width}" height="{strip}" fill="{free}"/>{blocks}{rows}</svg>'
)
_BLOCK = Markup(
    '<rect x="{x}" width="{width}" height="{height}" fill="{color}" stroke="#0006"><title>{title}</title></rect>'
)
_LINKED = Markup('<a href="{url}">{shape}</a>')
_ROW = Markup('<text x="{x}" y="{y}"{more}>{text}</text>')


def draw(resource: Resource, pk: int) -> Response:
    """The map of prefix `pk`. Raises NotFound."""
    with database().transaction() as session:
        prefix = session.scalar(select(resource.model).where(resource.model.id == pk))
        if prefix is None:
            raise NotFound
        pool = Pool.of(prefix)
        children = _children(session, pool)
        stretches = [] if children else list(islice(used_stretches(session, pool), WIDTH))
    branches = list(islice(tree(pool.network, children), MOST + 1))
    blocks = [_block(pool.network, each[0], each[-1], str(each), pk) for each, pk, _ in grouped(children)]
    blocks += [_block(pool.network, first, last, _said(first, last)) for first, last in stretches]
    rows = [_row(place, each) for place, each in enumerate(branches[:MOST])] if children else []
    if len(branches) > MOST:
        rows.append(_ROW.format(x=0, y=_height(MOST) + 14, more="", text="There are more, listed below."))
    drawn = _MAP.format(
        width=WIDTH,
        height=_height(len(rows)),
        prefix=prefix.prefix,
        strip=STRIP,
        free=FREE,
        blocks=Markup("").join(blocks),
        rows=Markup("").join(rows),
    )
    return Response(drawn, mimetype="image/svg+xml")


def _children(session: Session, pool: Pool) -> list[tuple[Network, int]]:
    model = Base.model_of("ipam.prefix")
    inside = filters.strictly_within(model.prefix, pool.prefix.prefix)
    found = select(model.prefix, model.id).where(inside, pool.holds(model)).order_by(model.prefix, model.id)
    return [(ip_network(prefix), pk) for prefix, pk in session.execute(found.limit(20 * MOST))]


def _block(parent: Network, first: Address, last: Address, title: str, pk: int | None = None) -> Markup:
    start, size = int(parent[0]), parent.num_addresses
    x = WIDTH * (int(first) - start) / size
    width = max(WIDTH * (int(last) - int(first) + 1) / size, 1.5)
    shape = _BLOCK.format(x=round(x, 2), width=round(width, 2), height=STRIP, color=USED, title=title)
    return shape if pk is None else _LINKED.format(url=_url(pk), shape=shape)


def _row(place: int, branch: Branch) -> Markup:
    free = "" if branch.pk else Markup(' opacity="0.75" font-style="italic"')
    text = f"{branch.network}{'' if branch.pk else ' free'}"
    shape = _ROW.format(x=branch.depth * INDENT, y=_height(place) + 14, more=free, text=text)
    return _LINKED.format(url=_url(branch.pk), shape=shape) if branch.pk else shape


def _height(rows: int) -> int:
    return STRIP + 8 + rows * ROW


def _url(pk: int) -> str:
    return url_of(Base.model_of("ipam.prefix").list_path(), pk)


def _said(first: Address, last: Address) -> str:
    return str(first) if first == last else f"{first} to {last}"
