"""The faces of a model: the schemas that document and check it, and the SQL that renders its read face.

The read face is known before any request, so PostgreSQL writes its JSON; `read_schema` dumps the same from objects.
"""

from collections.abc import Callable, Iterable
from functools import cache
from typing import TYPE_CHECKING, Any

from marshmallow import EXCLUDE, Schema
from marshmallow import fields as ma
from sqlalchemy import (
    JSON,
    ColumnElement,
    Text,
    TextClause,
    case,
    cast,
    join,
    literal,
    literal_column,
    outerjoin,
    quoted_name,
    select,
    table,
    text,
    type_coerce,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import InstrumentedAttribute, aliased, object_session

from shared.db import json_sql
from shared.db.prepared import AnySelect
from shared.http.responses import base_url
from shared.schema import fields, openapi_schemas

if TYPE_CHECKING:
    from shared.schema.models import Attribute, Record, View

BASE = "__base_url__"


def url_of(path: str, pk: int) -> str:
    """The address of the object `pk` in the list at `path`."""
    return f"{base_url()}{path}{pk}/"


class Joins:
    """A FROM clause that grows as references are followed."""

    def __init__(self, root: Any) -> None:
        self.clause = root

    def follow(self, entity: "type[Record]", model: "type[Record]", attribute: "Attribute") -> Any:
        """The alias of the object that `attribute` of `entity` refers to."""
        key = getattr(entity, attribute.column)
        target = aliased(model.model_of(attribute.field.target))
        self.clause = outerjoin(self.clause, target, key == target.id)
        return target


def value_sql(entity: "type[Record]", model: "type[Record]", name: str, joins: Joins) -> ColumnElement[Any]:
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
    return attribute.field.sql_of(entity, model, attribute.column)


def nested_sql(
    entity: "type[Record]", model: "type[Record]", names: "tuple[str, ...] | None", joins: Joins
) -> ColumnElement[Any]:
    """The nested face of `entity` as JSON: id, url and `names`."""
    return object_sql(entity, model, names or model.nested, joins)


def object_sql(entity: "type[Record]", model: "type[Record]", names: Iterable[str], joins: Joins) -> ColumnElement[Any]:
    """The id and url of `entity` and its attributes `names` in their read form, as JSON."""
    return members_sql(entity, model, ("id", "url", *names), joins)


def members_sql(
    entity: "type[Record]", model: "type[Record]", names: Iterable[str], joins: Joins
) -> ColumnElement[Any]:
    """What `names` of `entity` are in their read form, as JSON; `url` is its address."""
    of = {name: url_sql(model, entity) if name == "url" else value_sql(entity, model, name, joins) for name in names}
    return json_sql.object_of(of)


def subface(
    model: "type[Record]", names: tuple[str, ...] | None, where: Callable[[Any], ColumnElement[bool]]
) -> ColumnElement[Any]:
    """The nested face of the one `model` that `where(alias)` selects, as a scalar subquery; null if there is none."""
    entity = aliased(model)
    joins = Joins(entity)
    face = nested_sql(entity, model, names, joins)
    return select(face).select_from(joins.clause).where(where(entity)).limit(1).scalar_subquery()


def url_sql(model: "type[Record]", entity: Any) -> ColumnElement[Any]:
    """The address of `entity`, an alias of `model`, as JSON."""
    here = path_sql(model.list_path(), entity.id)
    if not model.elsewhere:
        return here
    column, there = model.elsewhere
    url = case((getattr(entity, column).is_(None), here), else_=path_sql(there, entity.id))
    return type_coerce(url, json_sql.Written())


def path_sql(prefix: str, pk: ColumnElement[Any] | InstrumentedAttribute[Any]) -> ColumnElement[Any]:
    """The URL of the object `pk` below `prefix`, as JSON; there is nothing in it to escape."""
    url = literal('"').op("||")(literal_column(BASE)).op("||")(prefix).op("||")(cast(pk, Text)).op("||")('/"')
    return type_coerce(url, json_sql.Written())


def _list_sql(entity: "type[Record]", model: "type[Record]", attribute: "Attribute") -> ColumnElement[Any]:
    target_model = model.model_of(attribute.field.target)
    table = getattr(model, attribute.name).property.secondary.alias()
    target = aliased(target_model)
    joins = Joins(join(table, target, table.c.target_id == target.id))
    face = nested_sql(target, target_model, attribute.field.nested, joins)
    order = [getattr(target, name) for name in (*target_model.listed_by, "id")]
    rows = select(json_sql.list_of(face, order)).select_from(joins.clause)
    return rows.where(table.c.owner_id == entity.id).correlate(entity).scalar_subquery()


class ReadFace:
    """The compiled read face of a model: `json` is a SQL text whose one parameter is `:base_url`, `source` its FROM.

    `source` names the table itself `t`, and the joins of references hang on it; as one table of a verbatim name it
    costs nothing to put into a statement. `of_page` is the same for the ids in a table `page`. `names` are the
    attributes shown, all unless given; `id` and `url` are there, too, unless it is `bare`.
    """

    def __init__(self, model: "type[Record]", names: Iterable[str] | None = None, *, bare: bool = False) -> None:
        entity = aliased(model, name="t")
        joins = Joins(entity)
        shown = names or readable_names(model.attributes)
        face = (members_sql if bare else object_sql)(entity, model, shown, joins)
        statement = select(face).select_from(joins.clause)
        self.json, source = _split(statement)
        self.source = table(quoted_name(source, quote=False))
        rows, *joined = source.split(" LEFT OUTER JOIN ")
        paged = " LEFT OUTER JOIN ".join((f"page JOIN {rows} ON t.id = page.id", *joined))
        self.of_page = table(quoted_name(paged, quote=False))

    def sql(self) -> TextClause:
        """The face as a column of a statement, with the addresses that the client sees."""
        return text(f"({self.json})\\:\\:json").bindparams(base_url=base_url())


def evaluated(instance: Any, expression: Callable[[Any], ColumnElement[Any]]) -> Any:
    """The value of `expression(entity)` for one stored object."""
    model = type(instance)
    value = expression(model)
    shown = cast(value, JSON) if isinstance(value.type, json_sql.Written) else value
    sql = _for_text(_compiled(select(shown).where(model.id == instance.id)))
    given = {"base_url": base_url()} if ":base_url" in sql else {}
    session = object_session(instance)
    return session.scalar(text(sql), given) if session else None


def _split(statement: AnySelect) -> tuple[str, str]:
    json, source = _compiled(statement).removeprefix("SELECT ").rsplit("\nFROM ", 1)
    return _for_text(json.rsplit(" AS ", 1)[0]), source


def _compiled(statement: AnySelect) -> str:
    dialect = postgresql.dialect(paramstyle="named")  # type: ignore[no-untyped-call]  # SQLAlchemy has no types here
    return str(statement.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))


def _for_text(sql: str) -> str:
    """`sql` as `text()` takes it, with `:base_url` as its one parameter."""
    return sql.replace("\\", "\\\\").replace(":", "\\:").replace(BASE, ":base_url")


# --- schemas -------------------------------------------------------------------------------------------------------


class BaseSchema(Schema):
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
