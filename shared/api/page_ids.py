"""The ids of a page: what the query of a client comes down to, on the narrow table and its indexes.

A query whose every condition is `Shaped` is compiled once for each shape, and asked with other values from then on.
"""

from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import Connection, Select, bindparam, func, select

from shared.api.resource import Resource
from shared.db import row_counts
from shared.db.compiled import Compiled
from shared.db.prepared import AnySelect
from shared.query import shapes
from shared.query.filter_base import Condition
from shared.query.ordering import Ordering
from shared.query.pagination import Page
from shared.query.shapes import Narrowing, Shape
from shared.schema.models import Record

MOST_SHAPES = 500


def find(
    connection: Connection,
    resource: Resource,
    conditions: Sequence[Narrowing],
    page: Page,
    order: Ordering | None,
    half: bool,
) -> Sequence[Any]:
    """The id of each object on a page, with the total of the list; `half` is that of `Ordering.apply`."""
    given = {"limit": page.limit, "offset": page.offset}
    keys = order.expressions if order else ()
    shaped = shapes.all_shaped([*conditions, *keys])
    if shaped is None:
        return connection.execute(_page(resource, shapes.expressions(conditions), order, half), given).all()
    made = shapes.shapes_of(shaped)
    compiled = _compiled(resource, made[: len(conditions)], made[len(conditions) :], order and order.names, half)
    return compiled.rows(connection, given | shapes.named(shapes.values_of(shaped)))


def total(connection: Connection, resource: Resource, conditions: Sequence[Narrowing]) -> int:
    """How many objects meet `conditions`."""
    shaped = shapes.all_shaped(conditions)
    if shaped is None:
        return connection.scalars(total_of(resource, shapes.expressions(conditions))).one()
    counting = _compiled_total(resource, shapes.shapes_of(shaped))
    found: int = counting.rows(connection, shapes.named(shapes.values_of(shaped)))[0][0]
    return found


@lru_cache(maxsize=MOST_SHAPES)
def _compiled_total(resource: Resource, conditions: tuple[Shape, ...]) -> Compiled:
    return Compiled(total_of(resource, shapes.bound(conditions)))


@lru_cache(maxsize=MOST_SHAPES)
def _compiled(
    resource: Resource,
    conditions: tuple[Shape, ...],
    keys: tuple[Shape, ...],
    names: tuple[str, ...] | None,
    half: bool,
) -> Compiled:
    """The statement of `find`, for an order by `keys`, else by `names`, else by what is usual (None)."""
    made = shapes.bound((*conditions, *keys))
    narrowed, by = made[: len(conditions)], tuple(made[len(conditions) :])
    order = None if names is None else Ordering(resource.model, names, by)
    return Compiled(_page(resource, narrowed, order, half))


def _page(resource: Resource, conditions: list[Condition], order: Ordering | None, half: bool) -> AnySelect:
    every = every_id(resource, half) if not order else order.apply(ids(resource))
    found = every.where(*conditions).limit(bindparam("limit")).offset(bindparam("offset"))
    return found.add_columns(total_of(resource, conditions).scalar_subquery())


@cache
def every_id(resource: Resource, half: bool) -> AnySelect:
    """In the order of the resource; kept, for the joins that an order may need take long to write."""
    return resource.ordering.apply(ids(resource), half=half)


def ids(resource: Resource) -> AnySelect:
    return select(resource.model.id).where(*resource.base_conditions)


def total_of(resource: Resource, conditions: list[Condition]) -> Select[int]:
    narrowed = [*resource.base_conditions, *conditions]
    if not narrowed:
        model: type[Record] = resource.model
        return row_counts.total(model)
    if len(narrowed) == 1 and (kept := row_counts.meeting(*narrowed)) is not None:
        return kept
    return select(func.count()).select_from(resource.model).where(*narrowed)
