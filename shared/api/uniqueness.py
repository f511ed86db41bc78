"""Uniqueness: against what is stored and within one bulk request, with one statement per rule."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Column, select, tuple_
from sqlalchemy.orm import Session

from shared import JsonObject
from shared.api.resource import Resource
from shared.http.errors import NON_FIELD
from shared.schema.changes import Change
from shared.schema.models import Attribute, Record
from shared.schema.naming import described

# A change, and the values that it wants to have alone.
Claimed = tuple[Change, tuple[Any, ...]]


def documented(resource: Resource) -> JsonObject:
    """The unique attributes, alone or in sets, as the OpenAPI document lists them."""
    alone = [[name] for name, _, _ in _unique_columns(resource)]
    return {"x-unique": [*alone, *map(list, resource.unique)]}


def check_columns(session: Session, resource: Resource, changes: list[Change]) -> None:
    """Columns that are unique on their own; an error names the field."""
    for name, attribute, column in _unique_columns(resource):
        message = _message(resource.model, name, attribute, column)
        claimed = [(change, (change.values[name],)) for change in changes if change.values.get(name) is not None]
        for change, other in _taken(session, resource.model, (attribute.column,), claimed):
            change.fail(message + _by(session, resource, other), name)


def check_sets(session: Session, resource: Resource, changes: list[Change]) -> None:
    """Columns that are unique together (`Resource.unique`); a null among them makes the set free."""
    for names in resource.unique:
        columns = tuple(resource.model.attributes[name].column for name in names)
        claimed = [(change, tuple(getattr(change.object, column) for column in columns)) for change in changes]
        claimed = [(change, values) for change, values in claimed if None not in values]
        for change, other in _taken(session, resource.model, columns, claimed):
            message = f"The fields {', '.join(names)} must make a unique set."
            change.fail(message + _by(session, resource, other), NON_FIELD)


def _unique_columns(resource: Resource) -> Iterator[tuple[str, Attribute, Column[Any]]]:
    """Each attribute that is unique on its own, by name, with its column."""
    for name, attribute in resource.model.attributes.items():
        column = resource.model.__table__.columns.get(attribute.column)
        if column is not None and column.unique and name != "id":
            yield name, attribute, column


def _taken(
    session: Session, model: type[Record], columns: tuple[str, ...], claimed: list[Claimed]
) -> list[tuple[Change, int | None]]:
    """(change, id) of the changes whose values another row has, or, with None, an earlier change of the request."""
    if not claimed:
        return []
    mapped = [getattr(model, column) for column in columns]
    wanted = {values for _, values in claimed}
    rows = session.execute(select(*mapped, model.id).where(tuple_(*mapped).in_(wanted)))
    stored = {tuple(row[:-1]): row[-1] for row in rows}
    taken, seen = [], set()
    for change, values in claimed:
        other = stored.get(values, change.object.id)
        if values in seen or other != change.object.id:
            taken.append((change, None if other == change.object.id else other))
        seen.add(values)
    return taken


def _by(session: Session, resource: Resource, pk: int | None) -> str:
    """The object that has the values, for the end of a message; empty for types that not everybody may see."""
    if pk is None:
        return " Another object of this request has it."
    row = None if resource.visible else session.get(resource.model, pk)
    return f" It is taken by {described(row)}." if row else ""


def _message(model: type[Record], name: str, attribute: Attribute, column: Column[Any]) -> str:
    if attribute.is_reference:
        return "This field must be unique."
    label = column.doc or name.replace("_", " ")
    return f"{model.verbose_name} with this {label} already exists."
