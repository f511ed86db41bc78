"""A list as CSV, piece by piece: however long it is, little of it is at hand, and each piece takes as many questions.

The rows come in the order of their ids: what is created, renamed or deleted meanwhile makes none come twice or be left
out, and what refers to another of its kind mostly comes after it.
"""

from collections.abc import Iterator
from typing import Any

import orjson
from flask import Response, request, stream_with_context
from sqlalchemy import Connection, literal
from sqlalchemy.orm import Session

from shared import JsonObject
from shared.api import reading, selection
from shared.api.csv import sheet
from shared.api.csv.columns import Column, id_of, written
from shared.api.resource import Resource
from shared.api.selection import Selection
from shared.config import settings
from shared.custom_fields import input as custom_field_input
from shared.db.database import database
from shared.http import budget
from shared.http.errors import BadRequest
from shared.query.filter_base import Condition
from shared.query.ordering import PARAMETER as ORDERING
from shared.query.pagination import Page
from shared.references import full_replicas, naming
from shared.security import authorization

ROWS = 500
FORMAT = "csv"
MEDIA = "text/csv"


def is_asked_for() -> bool:
    """Whether the list is to be CSV (`?format=csv`)."""
    return bool(request.query_string) and request.args.getlist("format")[-1:] == [FORMAT]


def respond(connection: Connection, resource: Resource, conditions: list[Condition]) -> Response:
    """All objects that meet `conditions`, as a file. Raises BadRequest, ServiceUnavailable."""
    if request.args.get(ORDERING, "").strip():
        raise BadRequest({ORDERING: ["CSV is in the order of ids."]})
    shown = _asked_for(resource, columns_of(connection, resource))
    first, following = _piece(connection, resource, conditions, shown, 0)

    def pieces() -> Iterator[str]:
        yield sheet.BOM + sheet.record(column.heading for column in shown) + first
        after = following
        while after is not None:
            with budget.limited(settings.read_seconds), database().serving() as more:
                piece, after = _piece(more, resource, conditions, shown, after)
            yield piece

    reply = Response(stream_with_context(pieces()), content_type=f"{MEDIA}; charset=utf-8")
    filename = f"{resource.app}_{resource.path.replace('-', '_')}.csv"
    reply.headers["Content-Disposition"] = f'attachment; filename="{filename}"'
    reply.headers["X-Content-Type-Options"] = "nosniff"
    return reply


def columns_of(connection: Connection, resource: Resource) -> list[Column]:
    """The columns of the list, with those of the custom fields that are defined now."""
    return written(resource, definitions(connection, resource))


def definitions(connection: Connection, resource: Resource) -> list[Any]:
    """The custom fields that objects of this type have."""
    if "custom_fields" not in resource.attributes:
        return []
    return custom_field_input.assigned(connection, resource.model)


def _asked_for(resource: Resource, columns: list[Column]) -> list[Column]:
    """Those of the columns that `fields` and `omit` leave."""
    names = selection.requested(resource).names
    if names is None:
        return columns
    shown = [each for each in columns if (each.attribute.name if each.attribute else "id") in names]
    if not shown:
        raise BadRequest({selection.FIELDS: ["None of these is a column: CSV has the id and what can be written."]})
    return shown


def _piece(
    connection: Connection, resource: Resource, conditions: list[Condition], shown: list[Column], after: int
) -> tuple[str, int | None]:
    """The lines of the next objects, and the id after which there are more."""
    names = tuple(dict.fromkeys(["id", *(each.attribute.name for each in shown if each.attribute)]))
    rows = _rows(connection, selection.of_names(resource, names), conditions, Page(ROWS, 0, after))
    faces = [orjson.loads(text) for text in rows.texts]
    told = cells(connection, resource, faces, shown)
    return "".join(sheet.record(each) for each in told), rows.following


def _rows(connection: Connection, shown: Selection, conditions: list[Condition], page: Page) -> reading.Rows:
    """A page by cursor, without the total of the list."""
    full_replicas.expect(shown.resource.model)
    conditions = [*authorization.visible_rows(shown.resource), *conditions]
    return reading.rows_after(connection, shown, conditions, page, literal(0))


def cells(
    connection: Connection, resource: Resource, faces: list[JsonObject], columns: list[Column]
) -> list[list[str]]:
    """The cells of objects in their read form."""
    wanted: dict[str, set[int]] = {}
    for attribute in {each.attribute for each in columns if each.attribute}:
        if attribute.is_reference or attribute.is_list:
            values = [face[attribute.name] for face in faces]
            each = [one for value in values for one in (value if attribute.is_list else [value]) if one is not None]
            wanted.setdefault(attribute.field.target, set()).update(map(id_of, each))
    with Session(connection) as session:
        keys = naming.keys(session, resource.model.base, {label: ids for label, ids in wanted.items() if ids})
    return [[column.cell(face, keys) for column in columns] for face in faces]


def of_objects(
    connection: Connection, resource: Resource, ids: list[int], columns: list[Column]
) -> dict[int, dict[str, str]]:
    """What the objects `ids` are now, by heading."""
    names = tuple(dict.fromkeys(["id", *(each.attribute.name for each in columns if each.attribute)]))
    condition: Condition = resource.model.id.in_(ids)
    rows = _rows(connection, selection.of_names(resource, names), [condition], Page(None, 0, 0))
    told = cells(connection, resource, [orjson.loads(text) for text in rows.texts], columns)
    headings = [column.heading for column in columns]
    return {pk: dict(zip(headings, each, strict=True)) for pk, each in zip(rows.ids, told, strict=True)}
