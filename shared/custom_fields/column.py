"""Custom fields: the values that users add to objects, by definitions that the extras service owns."""

from collections.abc import Mapping
from typing import Any, ClassVar

from sqlalchemy import ColumnElement, Index, Text, case, cast, func, literal_column, select
from sqlalchemy.dialects.postgresql import JSONB, aggregate_order_by
from sqlalchemy.orm import Mapped, aliased, declared_attr, mapped_column
from sqlalchemy.schema import SchemaItem

from shared import JsonObject
from shared.custom_fields import types
from shared.schema import fields
from shared.schema.models import Record

LABEL = "extras.customfield"


class CustomFieldValues(fields.Field):
    """The values of an object, `{name: value}`; what is not sent keeps its value."""

    default_error_messages = {"invalid": "Expected an object of custom field values."}
    replicas = (LABEL,)
    shape: ClassVar[JsonObject] = {"type": "object", "additionalProperties": True, "x-custom-fields": True}

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        if not isinstance(value, dict):
            raise self.make_error("invalid")
        return value

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        return {each.name: types.shown(each, value.get(str(each.id))) for each in obj.custom_field_definitions}

    def sql_of(self, entity: type[Record], model: type[Record], column: str) -> ColumnElement[Any]:
        return shown_sql(entity, model)

    def write_sql_of(self, entity: type[Record], model: type[Record], column: str) -> ColumnElement[Any]:
        return kept_sql(entity, model)


class CustomFields:
    """Mixed into a model whose objects have custom fields; the values are kept by the id of their field."""

    __tablename__: str

    custom_fields: Mapped[JsonObject] = mapped_column(
        JSONB, nullable=False, default=dict, server_default="{}", info={"field": CustomFieldValues()}
    )
    custom_field_definitions: ClassVar[list[Any]] = []

    @declared_attr.directive
    def __table_args__(cls) -> tuple[SchemaItem, ...]:  # noqa: N805 - SQLAlchemy calls it with the class
        return (
            Index(
                f"ix_{cls.__tablename__}_custom_fields",
                "custom_fields",
                postgresql_using="gin",
                postgresql_ops={"custom_fields": "jsonb_path_ops"},
            ),
        )


def merged(stored: JsonObject | None, sent: JsonObject) -> JsonObject:
    """The stored values with those that were sent; None takes one away."""
    return {pk: value for pk, value in {**(stored or {}), **sent}.items() if value is not None}


def shown_sql(entity: type[Any], model: type[Record]) -> ColumnElement[Any]:
    """Every field of the type with the value of `entity`, in (weight, name) order, as JSON."""
    definition = aliased(model.model_of(LABEL))
    key = cast(definition.id, Text)
    face = types.shown_sql(definition, entity.custom_fields[key], entity.custom_fields[key].astext)
    ordered = func.json_object_agg(definition.name, aggregate_order_by(face, definition.weight, definition.name))
    own: ColumnElement[bool] = definition.obj_type.contains([model.label])
    none: ColumnElement[Any] = literal_column("'{}'::json")
    values = select(ordered).where(own).correlate(entity).scalar_subquery()
    # Asked once for a page, so that a type without any costs nothing for each row.
    return case((select(definition.id).where(own).exists(), func.coalesce(values, none)), else_=none)


def kept_sql(entity: type[Any], model: type[Record]) -> ColumnElement[Any]:
    """Every field of the type with what is kept of it for `entity`, by name, as JSON."""
    definition = aliased(model.model_of(LABEL))
    value = entity.custom_fields[cast(definition.id, Text)]
    values = select(func.jsonb_object_agg(definition.name, value)).where(definition.obj_type.contains([model.label]))
    return func.coalesce(values.correlate(entity).scalar_subquery(), literal_column("'{}'::jsonb"))
