"""The free space of a prefix: `available-prefixes` and `available-ips`, to look at and to allocate from."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from flask import Response, request
from marshmallow import Schema
from marshmallow import fields as ma
from sqlalchemy import select
from sqlalchemy.orm import Session

from services.ipam import vrf_locks
from services.ipam.address_space import Address, NoRoom, first_fit, free_addresses, free_prefixes
from services.ipam.address_syntax import canonical
from services.ipam.allocated import Pool, child_prefixes, used_stretches
from services.ipam.resources.ip_addresses import ip_addresses
from services.ipam.resources.vrfs import VRF
from shared import JsonObject
from shared.api import forms, transaction, writing
from shared.api.resource import Action, Resource
from shared.config import settings
from shared.db.database import database
from shared.http import request_body
from shared.http.errors import BadRequest, NotFound
from shared.http.responses import json_response
from shared.schema import fields, openapi_schemas
from shared.schema.models import Record
from shared.schema.parsing import to_integer
from shared.schema.representations import BaseSchema, nested_schema, patch_schema, write_schema
from shared.security import authorization

Free = Callable[[Session, Pool], Iterable[str]]
Choose = Callable[[Session, Pool, list[JsonObject]], list[JsonObject]]

MOST_SHOWN = 10_000  # however large the prefix is
LIMIT = openapi_schemas.query("limit", "How many addresses to show; 0 for as many as allowed.")


def show_prefixes(resource: Resource, pk: int) -> Response:
    def free(session: Session, pool: Pool) -> Iterable[str]:
        return map(canonical, free_prefixes(pool.network, child_prefixes(session, pool)))

    return _show(resource, pk, "prefix", free)


def show_addresses(resource: Resource, pk: int) -> Response:
    def free(session: Session, pool: Pool) -> Iterable[str]:
        return _written(pool, free_addresses(pool.network, used_stretches(session, pool), _limit(), pool.is_pool))

    return _show(resource, pk, "address", free)


def allocate_prefixes(resource: Resource, pk: int) -> Response:
    """Each item asks for a `prefix_length` and gets the lowest free block that can hold it."""

    def choose(session: Session, pool: Pool, items: list[JsonObject]) -> list[JsonObject]:
        lengths = [_prefix_length(pool, index, item) for index, item in enumerate(items)]
        try:
            found = first_fit(pool.network, child_prefixes(session, pool), lengths)
        except NoRoom as full:
            raise _refused(full.index, str(full)) from full
        if pool.network in found and _has_twin(session, pool):
            raise _refused(found.index(pool.network), "The whole prefix is allocated already.")
        return [{"prefix": canonical(network)} for network in found]

    return _allocate(resource, pk, resource, choose)


def allocate_addresses(resource: Resource, pk: int) -> Response:
    """The lowest free addresses, one for each item, with the mask of the prefix."""

    def choose(session: Session, pool: Pool, items: list[JsonObject]) -> list[JsonObject]:
        free = free_addresses(pool.network, used_stretches(session, pool), len(items), pool.is_pool)
        found = list(_written(pool, free))
        if len(found) < len(items):
            raise BadRequest(
                f"Too few addresses are free in {pool.network}: {len(found)} of the {len(items)} asked for."
            )
        return [{"address": address} for address in found]

    authorization.require(ip_addresses.permission)
    return _allocate(resource, pk, ip_addresses, choose)


def actions(prefix: type[Record]) -> tuple[Action, ...]:
    """What the model `prefix` has for the free space of one of its objects."""
    length: dict[str, fields.Field] = {"prefix_length": fields.Integer(0, 128, required=True)}
    post = partial(Action, methods=("POST",), status=201, many=True)
    return (
        Action("available-prefixes", show_prefixes, reply=_free("prefix"), summary="Free prefixes"),
        post(
            "available-prefixes",
            allocate_prefixes,
            body=_asked(prefix, "prefix", length),
            reply=write_schema(prefix),
            summary="Allocate prefixes out",
        ),
        Action("available-ips", show_addresses, reply=_free("address"), query=(LIMIT,), summary="Free addresses"),
        post(
            "available-ips",
            allocate_addresses,
            body=_asked(ip_addresses.model, "address", {}),
            reply=write_schema(ip_addresses.model),
            summary="Allocate addresses out",
        ),
    )


def _free(name: str) -> Schema:
    """What a list of free space tells of each piece of it."""
    shape: dict[str, ma.Field[Any]] = {
        "family": ma.Integer(),
        name: ma.String(),
        "vrf": ma.Nested(nested_schema(VRF, VRF.nested), allow_none=True),
    }
    return BaseSchema.from_dict(shape, name=f"Free{name.title()}Read")(many=True)


def _asked(model: type[Record], chosen: str, more: dict[str, fields.Field]) -> type[Schema]:
    """What is sent to get a `model` whose place is `chosen` here."""
    given = {name: field for name, field in patch_schema(model)._declared_fields.items() if name not in (chosen, "vrf")}
    return BaseSchema.from_dict(more | given, name=f"{model.__name__}Request")


def _show(resource: Resource, pk: int, name: str, free: Free) -> Response:
    with database().transaction() as session:
        pool = _pool(session, resource, pk)
        vrf = pool.prefix.vrf and nested_schema(VRF, VRF.nested)().dump(pool.prefix.vrf)
        family = pool.network.version
        return json_response([{"family": family, name: text, "vrf": vrf} for text in free(session, pool)])


def _allocate(resource: Resource, pk: int, made: Resource, choose: Choose) -> Response:
    """Create what `choose(session, pool, items)` finds for each item that was sent, or nothing."""
    sent, many = request_body.objects()
    items = [forms.read(made.attributes, item, partial=False) for item in sent]
    wrong = [{} if isinstance(item, dict) else request_body.not_an_object(item) for item in items]
    if any(wrong):
        raise BadRequest(wrong)

    def allocate(session: Session) -> Any:
        pool = _pool(session, resource, pk, kept=True)
        space = pool.prefix.vrf_id
        vrf_locks.lock(session, {space: True, vrf_locks.EVERY: pool.spans_every_space})
        chosen = [
            {**item, **place, "vrf": space} for item, place in zip(items, choose(session, pool, items), strict=True)
        ]
        faces = writing.dump(made, writing.create(session, made, chosen)) if chosen else []
        return faces if many else faces[0]

    return transaction.write(made, many, allocate, 201)


def _pool(session: Session, resource: Resource, pk: int, kept: bool = False) -> Pool:
    """The prefix `pk`, `kept` as it is until the transaction ends. Raises NotFound."""
    statement = select(resource.model).where(resource.model.id == pk)
    if kept:
        statement = statement.with_for_update(read=True, key_share=True)
    prefix = session.scalar(statement)
    if prefix is None:
        raise NotFound
    return Pool.of(prefix)


def _written(pool: Pool, hosts: Iterable[Address]) -> Iterable[str]:
    return (canonical(f"{host}/{pool.network.prefixlen}") for host in hosts)


def _limit() -> int:
    """How many addresses to show: at most one page. A limit of 0 or less asks for all, and gets the largest page."""
    asked = to_integer((request.args.getlist("limit") or [""])[-1])
    wanted = settings.paginate_count if asked is None else asked
    return MOST_SHOWN if wanted <= 0 else min(wanted, settings.max_page_size or MOST_SHOWN)


def _prefix_length(pool: Pool, index: int, item: JsonObject) -> int:
    length = item.get("prefix_length")
    if not isinstance(length, int) or isinstance(length, bool):
        raise _refused(index, "prefix_length must be given as an integer.")
    if not 0 <= length <= pool.network.max_prefixlen:
        raise _refused(index, f"prefix_length must lie between 0 and {pool.network.max_prefixlen}.")
    return length


def _has_twin(session: Session, pool: Pool) -> bool:
    model = type(pool.prefix)
    same = (model.prefix == pool.prefix.prefix, pool.holds(model), model.id != pool.prefix.id)
    return session.scalar(select(model.id).where(*same).limit(1)) is not None


def _refused(index: int, why: str) -> BadRequest:
    return BadRequest(f"Item {index}: {why}")
