"""Uniqueness: against what is stored and within one bulk request, with one statement per rule."""

from collections.abc import Iterator

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from shared.http.errors import NON_FIELD


def sets(resource) -> list[tuple[str, ...]]:
    """The attributes that are unique on their own, and those that are together."""
    return [*((name,) for name, _, _ in _unique_columns(resource.model)), *resource.unique]


def check_columns(session: Session, resource, changes: list) -> None:
    """Columns that are unique on their own; an error names the field."""
    for name, attribute, column in _unique_columns(resource.model):
        message = _message(resource.model, name, attribute, column)
        claimed = [(change, (change.values[name],)) for change in changes if change.values.get(name) is not None]
        for change in _taken(session, resource.model, (attribute.column,), claimed):
            change.fail(message, name)


def check_sets(session: Session, resource, changes: list) -> None:
    """Columns that are unique together (`Resource.unique`); a null among them makes the set free."""
    for names in resource.unique:
        columns = tuple(resource.model.attributes[name].column for name in names)
        claimed = [(change, tuple(getattr(change.object, column) for column in columns)) for change in changes]
        claimed = [(change, values) for change, values in claimed if None not in values]
        for change in _taken(session, resource.model, columns, claimed):
            change.fail(f"The fields {', '.join(names)} must make a unique set.", NON_FIELD)


def _unique_columns(model) -> Iterator[tuple]:
    """(name, attribute, column) of each attribute that is unique on its own."""
    for name, attribute in model.attributes.items():
        column = model.__table__.columns.get(attribute.column)
        if column is not None and column.unique and name != "id":
            yield name, attribute, column


def _taken(session: Session, model, columns: tuple[str, ...], claimed: list) -> list:
    """The changes whose values another row, or an earlier change of the same request, has already."""
    if not claimed:
        return []
    mapped = [getattr(model, column) for column in columns]
    wanted = {values for _, values in claimed}
    rows = session.execute(select(*mapped, model.id).where(tuple_(*mapped).in_(wanted)))
    stored = {tuple(row[:-1]): row[-1] for row in rows}
    taken, seen = [], set()
    for change, values in claimed:
        if values in seen or stored.get(values, change.object.id) != change.object.id:
            taken.append(change)
        seen.add(values)
    return taken


def _message(model, name: str, attribute, column) -> str:
    if attribute.is_reference:
        return "This field must be unique."
    label = column.doc or name.replace("_", " ")
    return f"{model.verbose_name} with this {label} already exists."
