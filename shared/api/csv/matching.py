"""Which object a line without an id is about: the one that has its natural key, or what else no two objects share."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from shared.api import writing
from shared.api.csv.reading import Reading
from shared.api.resource import Resource
from shared.references import holding
from shared.schema import natural_keys
from shared.schema.changes import Change
from shared.security import authorization

SEVERAL = "Several objects are called so: say by the id which one is meant."

Values = tuple[Any, ...]


def match(session: Session, resource: Resource, readings: list[Reading]) -> None:
    """Give each of `readings` the id of the object that it is about, if there is one. Raises NotHeld."""
    probes = [(each, Change(resource.model(), each.body, creating=True)) for each in readings]
    for _, probe in probes:
        writing.load(resource, probe, partial=True)
    holding.fetch(session, resource.model, [probe for _, probe in probes])
    for names in _identifying(resource):
        wanted: dict[Values, list[Reading]] = {}
        for each, probe in probes:
            if (values := _values(resource, names, probe)) is not None:
                wanted.setdefault(values, []).append(each)
        decided = {id(each) for told in wanted.values() for each in told}
        probes = [(each, probe) for each, probe in probes if id(each) not in decided]
        for values, found in _found(session, resource, names, list(wanted)):
            for each in wanted[values]:
                if each.id:
                    each.fail(names[-1], SEVERAL)
                each.id = found


def _identifying(resource: Resource) -> Iterator[tuple[str, ...]]:
    """What may tell which object is meant, the best first; the first of which a line has all decides."""
    model = resource.model
    if names := natural_keys.of(model):
        yield names
    for name, attribute in model.attributes.items():
        column = model.__table__.columns.get(attribute.column)
        if attribute.field.required and column is not None and column.unique:
            yield (name,)
    yield from resource.unique


def _values(resource: Resource, names: tuple[str, ...], probe: Change) -> Values | None:
    """The values of `names`, what may be left out being null; None for a line that does not say."""
    if probe.values.get(names[-1]) is None or any(name in probe.errors for name in names):
        return None
    attributes = resource.model.attributes
    if any(name not in probe.values and not attributes[name].field.allow_none for name in names):
        return None
    return tuple(probe.values.get(name) for name in names)


def _found(
    session: Session, resource: Resource, names: tuple[str, ...], wanted: list[Values]
) -> Iterator[tuple[Values, int]]:
    """(values, id) of the objects with any of the values `wanted`; one statement for those null in the same places."""
    model = resource.model
    columns = [getattr(model, model.attributes[name].column) for name in names]
    shapes: dict[tuple[bool, ...], list[Values]] = {}
    for values in wanted:
        shapes.setdefault(tuple(value is None for value in values), []).append(values)
    for shape, several in shapes.items():
        compared = [column for column, is_null in zip(columns, shape, strict=True) if not is_null]
        null = [column.is_(None) for column, is_null in zip(columns, shape, strict=True) if is_null]
        given = [tuple(value for value in values if value is not None) for values in several]
        same = tuple_(*compared).in_(given)
        conditions = [*resource.base_conditions, *authorization.visible_rows(resource), same, *null]
        for row in session.execute(select(model.id, *columns).where(*conditions)):
            yield tuple(row[1:]), row[0]
