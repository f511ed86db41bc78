"""The faces of a model: the schemas that document and check it, and the SQL that renders its read face.

The read face is known before any request, so PostgreSQL writes its JSON; `read_schema` dumps the same from objects.
"""

from collections.abc import Callable, Iterable
from functools import cache
from typing import TYPE_CHECKING, Any

from marshmallow import EXCLUDE, Schema
from marshmallow import fields as ma
from sqlalchemy import (
    ColumnElement,
    Text,
    case,
    cast,
    inspect,
    join,
    literal,
    outerjoin,
    select,
    type_coerce,
)
from sqlalchemy.orm import InstrumentedAttribute, aliased, object_session

from shared.db import json_sql
from shared.db.prepared import BASE_URL
from shared.http.responses import base_url
from shared.schema import fields, openapi_schemas
from shared.schema.attributes import computed
from shared.schema.computed_values import evaluated

if TYPE_CHECKING:
    from shared.schema.models import Attribute, Record
    from shared.schema.view import View


def url_of(path: str, pk: int) -> str:
    """The address of the object `pk` in the list at `path`."""
    return f"{base_url()}{path}{pk}/"


class Joins:
    """The joins that it takes to follow references, to be put onto a FROM clause."""

    def __init__(self) -> None:
        self._steps: list[tuple[Any, ColumnElement[bool]]] = []

    def follow(self, entity: "type[Record]", model: "type[Record] | View", attribute: "Attribute") -> Any:
        """The alias of the object that `attribute` of `entity` refers to."""
        target = aliased(model.model_of(attribute.field.target))
        self._steps.append((target, getattr(entity, attribute.column) == target.id))
        return target

    def onto(self, root: Any) -> Any:
        """`root`, a table or a join, with everything that was followed."""
        for target, condition in self._steps:
            root = outerjoin(root, target, condition)
        return root


def value_sql(entity: "type[Record]", model: "type[Record] | View", name: str, joins: Joins) -> ColumnElement[Any]:
    """The SQL of attribute `name` of `entity`, an alias of `model`, in its read form."""
    attribute = model.attributes[name]
    if attribute.expression:
        return attribute.field.sql(attribute.expression(entity))
    if attribute.is_nested:
        target_model = model.model_of(attribute.field.target)
        target = joins.follow(entity, model, attribute)
        face = nested_sql(target, target_model, attribute.field.nested, joins)
        return json_sql.object_if(getattr(entity, attribute.column), face)
    if attribute.is_list:
        return _list_sql(entity, model, attribute)
    return attribute.field.sql_of(entity, inspect(entity).mapper.class_, attribute.column)


def nested_sql(
    entity: "type[Record]", model: "type[Record]", names: "tuple[str, ...] | None", joins: Joins
) -> ColumnElement[Any]:
    """The nested face of `entity` as JSON: id, url and `names`."""
    return object_sql(entity, model, names or model.nested, joins)


def object_sql(
    entity: "type[Record]", model: "type[Record] | View", names: Iterable[str], joins: Joins
) -> ColumnElement[Any]:
    """The id and url of `entity` and its attributes `names` in their read form, as JSON."""
    return members_sql(entity, model, ("id", "url", *names), joins)


def members_sql(
    entity: "type[Record]", model: "type[Record] | View", names: Iterable[str], joins: Joins
) -> ColumnElement[Any]:
    """What `names` of `entity` are in their read form, as JSON; `url` is its address."""
    of = {name: url_sql(model, entity) if name == "url" else value_sql(entity, model, name, joins) for name in names}
    return json_sql.object_of(of)


def subface(
    model: "type[Record]", names: tuple[str, ...] | None, where: Callable[[Any], ColumnElement[bool]]
) -> ColumnElement[Any]:
    """The nested face of the one `model` that `where(alias)` selects, as a scalar subquery; null if there is none."""
    entity = aliased(model)
    joins = Joins()
    face = nested_sql(entity, model, names, joins)
    return select(face).select_from(joins.onto(entity)).where(where(entity)).limit(1).scalar_subquery()


def url_sql(model: "type[Record] | View", entity: Any) -> ColumnElement[Any]:
    """The address of `entity`, an alias of `model`, as JSON."""
    here = path_sql(model.list_path(), entity.id)
    if not model.elsewhere:
        return here
    column, there = model.elsewhere
    url = case((getattr(entity, column).is_(None), here), else_=path_sql(there, entity.id))
    return type_coerce(url, json_sql.Written())


def path_sql(prefix: str, pk: ColumnElement[Any] | InstrumentedAttribute[Any]) -> ColumnElement[Any]:
    """The URL of the object `pk` below `prefix`, as JSON; there is nothing in it to escape."""
    url = literal('"').op("||")(BASE_URL).op("||")(prefix).op("||")(cast(pk, Text)).op("||")('/"')
    return type_coerce(url, json_sql.Written())


def _list_sql(entity: "type[Record]", model: "type[Record] | View", attribute: "Attribute") -> ColumnElement[Any]:
    target_model = model.model_of(attribute.field.target)
    table = getattr(entity, attribute.name).property.secondary.alias()
    target = aliased(target_model)
    joins = Joins()
    face = nested_sql(target, target_model, attribute.field.nested, joins)
    order = [getattr(target, name) for name in (*target_model.listed_by, "id")]
    root = join(table, target, table.c.target_id == target.id)
    rows = select(json_sql.list_of(face, order)).select_from(joins.onto(root))
    return rows.where(table.c.owner_id == entity.id).correlate(entity).scalar_subquery()


# --- schemas -------------------------------------------------------------------------------------------------------


class BaseSchema(Schema):
    """What is not known is passed over; a computed attribute is asked for."""

    def get_attribute(self, obj: Any, attr: str, default: Any) -> Any:
        """The value of `attr`, which for an attribute that SQL computes takes a statement."""
        if isinstance(getattr(type(obj), attr, None), computed):
            session = object_session(obj)
            return evaluated(session, type(obj), attr, [obj.id]).get(obj.id) if session else None
        return super().get_attribute(obj, attr, default)

    class Meta:
        unknown = EXCLUDE
        ordered = True


class _ChoiceFace(ma.Field[Any]):
    def __init__(self, choice: fields.Choice, **kwargs: Any) -> None:
        super().__init__(metadata=openapi_schemas.of_read_choice(choice), **kwargs)
        self.choice = choice

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        return self.choice.face(value)


class _Url(ma.Field[Any]):
    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        return url_of(obj.home(), obj.id)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(attribute="id", dump_only=True, metadata={"type": "string", "format": "uri"}, **kwargs)


def _read_field(model: "type[Record] | View", attribute: "Attribute") -> ma.Field[Any]:
    field = attribute.field
    if attribute.is_nested or attribute.is_list:
        target: type[Record] = model.model_of(field.target)
        nested = nested_schema(target, field.nested or target.nested)
        return ma.Nested(nested, many=attribute.is_list, attribute=attribute.name, allow_none=field.allow_none)
    if isinstance(field, fields.Choice):
        return _ChoiceFace(field, attribute=attribute.column, dump_only=True)
    return field


@cache
def nested_schema(model: "type[Record]", names: "tuple[str, ...]") -> type[Schema]:
    shown = {name: _read_field(model, model.attributes[name]) for name in names}
    title = "".join(
        part.title() for part in ("Nested", *model.label.split("."), *(names if names != model.nested else ()))
    )
    return BaseSchema.from_dict({"id": ma.Int(), "url": _Url(), **shown}, name=title)


def readable_names(attributes: "dict[str, Attribute]") -> list[str]:
    """The names of those attributes that a read face has, but for the id, which is always first."""
    return [name for name, attribute in attributes.items() if name != "id" and attribute.readable]


@cache
def read_schema(model: "type[Record] | View") -> type[Schema]:
    """What GET answers of a model: nested references, labelled choices, computed attributes."""
    shown = {name: _read_field(model, model.attributes[name]) for name in readable_names(model.attributes)}
    members: dict[str, ma.Field[Any]] = {"id": model.attributes["id"].field, "url": _Url(), **shown}
    return BaseSchema.from_dict(members, name=f"{model.schema_name()}Read")


@cache
def write_schema(model: "type[Record] | View") -> type[Schema]:
    """What POST and PUT take and every write answers: ids and raw values."""
    flat = {name: each.field for name, each in model.attributes.items() if each.writable}
    return BaseSchema.from_dict({"id": flat.pop("id"), "url": _Url(), **flat}, name=f"{model.schema_name()}Write")


@cache
def patch_schema(model: "type[Record] | View") -> type[Schema]:
    """What PATCH takes: the write face, nothing required."""
    writable: dict[str, ma.Field[Any]] = {
        name: each.field for name, each in model.attributes.items() if not each.field.dump_only
    }
    return BaseSchema.from_dict(writable, name=f"{model.schema_name()}Patch")
