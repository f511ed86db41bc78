"""What tells objects apart for people: what each is called, and what it is part of, as SQL."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Text, cast, func, null, select

from shared import JsonObject
from shared.api.resource import Resource
from shared.db.prepared import AnySelect
from shared.schema import fields
from shared.schema.models import Attribute, Record
from shared.schema.representations import Joins

FIRST = ("display_name", "name", "model")


def title_sql(entity: Any, model: type[Record]) -> ColumnElement[str | None]:
    """What `entity`, an alias of `model`, is called: its display name, its name, its key or what is nested first."""
    names = [name for name in (*FIRST, model.key, *model.nested) if name in model.attributes]
    found = [_text(entity, each) for name in dict.fromkeys(names) if _is_own(each := model.attributes[name])]
    return func.coalesce(*found) if found else cast(null(), Text)


def named(resource: Resource) -> AnySelect:
    """(id, name, names of what it is part of) of every object."""
    model: type[Record] = resource.model
    joins = Joins()
    shown: list[ColumnElement[Any]] = [title_sql(model, model).label("name")]
    for name in context_of(resource):
        attribute = model.attributes[name]
        target = joins.follow(model, model, attribute)
        shown.append(title_sql(target, model.model_of(attribute.field.target)))
    return select(model.id, *shown).select_from(joins.onto(model.__table__))


def told(row: Sequence[Any]) -> JsonObject:
    """A row of `named` as people are told of it: by its id where it has no name."""
    return {"id": row[0], "name": row[1] or f"#{row[0]}", "context": [each for each in row[2:] if each]}


def _is_own(attribute: Attribute) -> bool:
    return not attribute.is_reference and not attribute.is_list and not isinstance(attribute.field, fields.Json)


def _text(entity: Any, attribute: Attribute) -> ColumnElement[Any]:
    value = attribute.expression(entity) if attribute.expression else getattr(entity, attribute.column)
    return cast(value, Text)


def context_of(resource: Resource) -> tuple[str, ...]:
    """The references whose names are shown beside that of an object (`Resource.part_of`)."""
    names = [name for names in resource.unique for name in names]
    names += [name.split(".")[0].strip("-") for name in resource.order if "." in name]
    found = dict.fromkeys(names if resource.part_of is None else resource.part_of)
    return tuple(name for name in found if name in resource.attributes and resource.attributes[name].is_nested)
