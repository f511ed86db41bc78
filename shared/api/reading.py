"""The read path: a page is one statement, whose JSON PostgreSQL writes and nobody parses again.

What does not depend on filters is compiled once: a first page and a single object cost no SQL building, and, being
prepared, no planning either. With filters the ids of the page are a statement before it (page_ids.py).
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import orjson
from sqlalchemy import (
    ColumnElement,
    Connection,
    Text,
    cast,
    func,
    join,
    literal_column,
    select,
    text,
)

from shared import JsonObject
from shared.api import page_ids, selection
from shared.api.resource import Resource
from shared.api.selection import Selection
from shared.db import prepared
from shared.db.prepared import AnySelect
from shared.http.responses import base_url
from shared.query.filter_base import Condition
from shared.query.ordering import Ordering
from shared.query.pagination import Page
from shared.query.shapes import Narrowing, expressions
from shared.references import full_replicas, lookups
from shared.security import authorization

MOST_STATEMENTS = 500


@dataclass(frozen=True)
class Rows:
    """The read faces of some objects, in order: their `ids`, their JSON `texts`, and the `total` of the list.

    `following` is the cursor of the next page, where there is one.
    """

    ids: list[int]
    texts: list[str]
    total: int
    following: int | None = None


def page_rows(
    connection: Connection,
    resource: Resource,
    conditions: Sequence[Narrowing],
    page: Page,
    order: Ordering | None = None,
    shown: Selection | None = None,
) -> Rows:
    """One page of the objects that meet `conditions`, in the order of the resource, or in `order`.

    Of each what is `shown`, all unless given.
    """
    shown = shown or selection.everything(resource)
    full_replicas.expect(resource.model)
    conditions = [*authorization.visible_rows(resource), *conditions]
    if page.cursor is not None:
        narrowed = expressions(conditions)
        return rows_after(connection, shown, narrowed, page, page_ids.total_of(resource, narrowed).scalar_subquery())
    half = resource.ordering.halves and not order and page.limit is not None
    found = _rows(connection, shown, conditions, page, order, half)
    total = found[0][2] if found else page_ids.total(connection, resource, conditions)
    if half and page.limit is not None and len(found) < page.limit and page.offset + len(found) < total:
        found = _rows(connection, shown, conditions, page, order, False)
    return _with_lookups(connection, shown, found, total) if found else Rows([], [], total)


def rows_after(connection: Connection, shown: Selection, conditions: list[Condition], page: Page, counted: Any) -> Rows:
    """A page by cursor; one row more than it has tells whether there is another."""
    model = shown.resource.model
    ids = (
        page_ids.ids(shown.resource).where(*conditions, model.id > page.cursor).order_by(model.id).add_columns(counted)
    )
    found = connection.execute(ids.limit(page.limit and page.limit + 1)).all()
    total = found[0][1] if found else connection.scalars(select(counted)).one()
    on_page = [row[0] for row in found[: page.limit]]
    rows = _with_lookups(connection, shown, _faces_of(connection, shown, on_page), total)
    return replace(rows, following=on_page[-1]) if len(found) > len(on_page) else rows


def _rows(
    connection: Connection,
    shown: Selection,
    conditions: Sequence[Narrowing],
    page: Page,
    order: Ordering | None,
    half: bool,
) -> Sequence[Any]:
    """(id, JSON, total, subjects of lookups) of each row of a page."""
    resource = shown.resource
    if conditions or order or page.offset or page.limit is None:
        found = page_ids.find(connection, resource, conditions, page, order, half)
        faces = _faces_of(connection, shown, [row[0] for row in found])
        return [(pk, json, found[0][1], *subjects) for pk, json, _, *subjects in faces]
    name = _name(shown, f"{page.limit}{'_half' if half else ''}")
    return prepared.execute(connection, name, _first_page_sql(shown, page.limit, half), (base_url(),))


def _name(shown: Selection, what: str) -> str:
    """The name of a prepared statement."""
    return f"{shown.resource.app}_{shown.resource.path}_{what}{shown.tag}".replace("-", "_")


def _faces_of(connection: Connection, shown: Selection, ids: Sequence[int]) -> Sequence[Any]:
    """(id, JSON, 1, subjects of lookups) of each of `ids`, in their order.

    A statement of its own: the ids are planned for what the client filters by, the faces once for all.
    """
    if not ids:
        return []
    return prepared.execute(connection, _name(shown, "of"), _faces_sql(shown), (base_url(), ids))


def one_row(connection: Connection, resource: Resource, pk: int, shown: Selection | None = None) -> str | None:
    """The read face of one object, of which all is `shown` unless given, or None if there is none."""
    shown = shown or selection.everything(resource)
    full_replicas.expect(resource.model)
    conditions = authorization.visible_rows(resource)
    if conditions and connection.scalar(select(resource.model.id).where(resource.model.id == pk, *conditions)) is None:
        return None
    found = prepared.execute(connection, _name(shown, "one"), _object_sql(shown), (base_url(), pk))
    return _with_lookups(connection, shown, found, 1).texts[0] if found else None


def faces(connection: Connection, resource: Resource, ids: list[int]) -> dict[int, JsonObject]:
    """The read faces of the objects `ids`, without what other services know; made to answer lookups."""
    found = connection.scalars(page_ids.ids(resource).where(resource.model.id.in_(ids))).all()
    return {pk: orjson.loads(json) for pk, json, *_ in _faces_of(connection, selection.everything(resource), found)}


@lru_cache(maxsize=MOST_STATEMENTS)
def _first_page_sql(shown: Selection, limit: int, half: bool) -> str:
    """The limit is written out, for the planner chooses by it."""
    ids = page_ids.every_id(shown.resource, half).limit(literal_column(str(limit)))
    return prepared.sql(_faces(shown, ids, page_ids.total_of(shown.resource, []).scalar_subquery()))


@lru_cache(maxsize=MOST_STATEMENTS)
def _object_sql(shown: Selection) -> str:
    ids = page_ids.ids(shown.resource).where(shown.resource.model.id == literal_column("$2"))
    return prepared.sql(_faces(shown, ids, literal_column("1")))


@lru_cache(maxsize=MOST_STATEMENTS)
def _faces_sql(shown: Selection) -> str:
    ids = select(func.unnest(prepared.IDS).label("id"))
    return prepared.sql(_faces(shown, ids, literal_column("1")))


def _faces(shown: Selection, ids: AnySelect, total: ColumnElement[Any]) -> AnySelect:
    """The id, the read face, `total` and what lookups ask about, for each of `ids` in order; `$1` is the base URL."""
    found = ids.subquery("found")
    page = select(found.c.id, func.row_number().over().label("place")).cte("page")
    face = shown.read_face
    subjects = [text(lookups.subject_sql(lookup, shown.resource.model)) for lookup in shown.lookups]
    rows = (
        select(face.entity.id, face.json, total, *subjects)
        .select_from(face.onto(join(page, face.entity, face.entity.id == page.c.id)))
        .order_by(page.c.place)
    )
    # A parameter has to be somewhere in its statement; what is chosen may have no address in it.
    return rows if shown.names is None else rows.where(cast(prepared.BASE_URL, Text).is_not(None))


def _with_lookups(connection: Connection, shown: Selection, found: Sequence[Any], total: int) -> Rows:
    ids, texts = [row[0] for row in found], [row[1] for row in found]
    if shown.lookups:
        texts = _extended(shown, ids, texts, _answers(connection, shown, found))
    if shown.resource.postprocess:
        texts = _finished(shown.resource.postprocess, texts)
    return Rows(ids, shown.cut(texts), total)


def _answers(connection: Connection, shown: Selection, found: Sequence[Any]) -> dict[int, JsonObject]:
    return lookups.answer(connection, shown, {row[0]: row[3:] for row in found if any(row[3:])})


def _finished(finish: Callable[[list[JsonObject]], None], texts: list[str]) -> list[str]:
    faces = [orjson.loads(json) for json in texts]
    finish(faces)
    return [orjson.dumps(face).decode() for face in faces]


def _extended(shown: Selection, ids: list[int], texts: list[str], added: dict[int, JsonObject]) -> list[str]:
    """The JSON objects `texts` with what lookups `added`, or else their defaults."""
    defaults, known = shown.lookup_defaults, shown.resource.model.attributes.keys()
    tail = _members(defaults)
    return [
        _with_members(json, {**defaults, **added[pk]}, known) if pk in added else json[:-1] + tail
        for pk, json in zip(ids, texts, strict=True)
    ]


def _with_members(json: str, more: JsonObject, known: Collection[str]) -> str:
    """The JSON object `json` with the members of `more` at its end, or in place of those that are `known`."""
    return orjson.dumps({**orjson.loads(json), **more}).decode() if more.keys() & known else json[:-1] + _members(more)


def _members(more: JsonObject) -> str:
    """How a JSON object goes on and ends that has the members of `more` last."""
    return "," + orjson.dumps(more).decode()[1:] if more else "}"
