"""Objects that a write means by their attributes (`"site": {"slug": "ams-1"}`), found by whoever owns them."""

from collections.abc import Iterable
from typing import Any

import orjson
from marshmallow import ValidationError
from sqlalchemy import Column, ColumnElement, Integer, column, select, true, values
from sqlalchemy.orm import Session, aliased

from shared import JsonObject
from shared.schema import fields
from shared.schema.models import Attribute, Record
from shared.schema.parsing import to_pk
from shared.schema.representations import Joins

# What is found: the id of the one object that fits, or why there is none.
Found = int | str
# The names that lead from a type to a value: `("device", "name")`.
Path = tuple[str, ...]

MOST_STEPS = 3
MOST_SHAPES = 10


def find(session: Session, model: type[Record], sought: Iterable[str]) -> dict[str, Found]:
    """What each text of `sought`, a JSON object of attributes, means; one statement for those of the same names."""
    found: dict[str, Found] = {}
    shapes: dict[tuple[Path, ...], dict[str, list[Any]]] = {}
    for text in sought:
        try:
            wanted = _read(model, orjson.loads(text))
        except ValidationError as error:
            found[text] = str(error.messages[0])
            continue
        shapes.setdefault(tuple(wanted), {})[text] = list(wanted.values())
    for number, (paths, texts) in enumerate(shapes.items()):
        if number < MOST_SHAPES:
            found |= _find(session, model, paths, texts)
        else:
            found |= dict.fromkeys(texts, f"At most {MOST_SHAPES} different sets of names can be used in one request.")
    return found


def _read(model: type[Record], attributes: JsonObject, steps: int = 1) -> dict[Path, Any]:
    """`{path: stored value}`, in the order of the paths. Raises ValidationError."""
    wanted: dict[Path, Any] = {}
    for name, value in sorted(attributes.items()):
        attribute = model.attributes.get(name)
        if attribute is None or not _identifies(model, attribute):
            raise ValidationError(f'A {model.verbose_name} cannot be found by "{name}".')
        if attribute.is_reference and isinstance(value, dict) and "id" not in value:
            if steps >= MOST_STEPS:
                raise ValidationError(f"References can be followed over {MOST_STEPS} steps at most.")
            below = _read(model.model_of(attribute.field.target), value, steps + 1)
            wanted |= {(name, *path): each for path, each in below.items()}
        else:
            wanted[name,] = _value(attribute, value)
    return wanted


def _identifies(model: type[Record], attribute: Attribute) -> bool:
    """Whether objects can be found by it: what is shown of them and kept in a column of its own, as one value."""
    plain = attribute.is_reference or not isinstance(attribute.field, (fields.Json, fields.References))
    allowed = model.found_by is None or attribute.name in model.found_by
    return plain and allowed and attribute.readable and attribute.column in model.__table__.columns


def _value(attribute: Attribute, value: Any) -> Any:
    if value is None:
        return None
    if attribute.is_reference:
        return to_pk(value["id"] if isinstance(value, dict) else value)
    if isinstance(value, (dict, list)):
        raise ValidationError(f"{attribute.name}: one value is needed.")
    try:
        return attribute.field.deserialize(value)
    except ValidationError as error:
        raise ValidationError(f"{attribute.name}: {error.messages[0]}") from error


def _find(
    session: Session, model: type[Record], paths: tuple[Path, ...], texts: dict[str, list[Any]]
) -> dict[str, Found]:
    """The same for texts that all have values for `paths`: two objects that fit are enough to know of."""
    entity: Any = aliased(model)
    joins = Joins(entity)
    columns = [_column(entity, model, path, joins) for path in paths]
    names = [column(f"value_{number}", each.type) for number, each in enumerate(columns)]
    rows = [(number, *wanted) for number, wanted in enumerate(texts.values())]
    given = values(column("number", Integer), *names, name="given").data(rows)
    same = [each.is_not_distinct_from(given.c[name.name].cast(each.type)) for each, name in zip(columns, names, strict=True)]
    fitting = select(entity.id).select_from(joins.clause).where(*same).limit(2).lateral()
    met: dict[int, list[int]] = {}
    for number, pk in session.execute(select(given.c.number, fitting.c.id).select_from(given.join(fitting, true()))):
        met.setdefault(number, []).append(pk)
    return {text: _one(text, met.get(number, [])) for number, text in enumerate(texts)}


def _column(entity: Any, model: type[Record], path: Path, joins: Joins) -> ColumnElement[Any] | Column[Any]:
    for name in path[:-1]:
        attribute = model.attributes[name]
        entity, model = joins.follow(entity, model, attribute), model.model_of(attribute.field.target)
    found: ColumnElement[Any] = getattr(entity, model.attributes[path[-1]].column)
    return found


def _one(text: str, ids: list[int]) -> Found:
    if len(ids) == 1:
        return ids[0]
    if ids:
        return f"Multiple objects match the provided attributes: {text}"
    return f"Related object not found using the provided attributes: {text}"
