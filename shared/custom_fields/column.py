"""Custom fields: the values that users add to objects, by definitions that the extras service owns."""

from typing import ClassVar

from sqlalchemy import Index, Text, case, cast, func, literal_column, select
from sqlalchemy.dialects.postgresql import JSONB, aggregate_order_by
from sqlalchemy.orm import aliased, declared_attr, mapped_column

from shared.custom_fields import types
from shared.schema import fields

LABEL = "extras.customfield"


class CustomFieldValues(fields.Field):
    """The values of an object, `{name: value}`; what is not sent keeps its value."""

    default_error_messages = {"invalid": "Expected an object of custom field values."}
    replicas = (LABEL,)
    shape: ClassVar[dict] = {"type": "object", "additionalProperties": True, "x-custom-fields": True}

    def _deserialize(self, value, attr, data, **kwargs):
        if not isinstance(value, dict):
            raise self.make_error("invalid")
        return value

    def _serialize(self, value, attr, obj, **kwargs):
        return {each.name: types.shown(each, value.get(str(each.id))) for each in obj.custom_field_definitions}

    def sql_of(self, entity, model, column):
        return shown_sql(entity, model)


class CustomFields:
    """Mixed into a model whose objects have custom fields; the values are kept by the id of their field."""

    custom_fields = mapped_column(
        JSONB, nullable=False, default=dict, server_default="{}", info={"field": CustomFieldValues()}
    )
    custom_field_definitions: ClassVar[list] = []

    @declared_attr.directive
    def __table_args__(cls):  # noqa: N805 - SQLAlchemy calls it with the class
        return (
            Index(
                f"ix_{cls.__tablename__}_custom_fields",
                "custom_fields",
                postgresql_using="gin",
                postgresql_ops={"custom_fields": "jsonb_path_ops"},
            ),
        )


def merged(stored: dict | None, sent: dict) -> dict:
    """The stored values with those that were sent; None takes one away."""
    return {pk: value for pk, value in {**(stored or {}), **sent}.items() if value is not None}


def shown_sql(entity, model):
    """Every field of the type with the value of `entity`, in (weight, name) order, as JSON."""
    definition = aliased(model.model_of(LABEL))
    key = cast(definition.id, Text)
    face = types.shown_sql(definition, entity.custom_fields[key], entity.custom_fields[key].astext)
    ordered = func.json_object_agg(definition.name, aggregate_order_by(face, definition.weight, definition.name))
    own, none = definition.obj_type.contains([model.label]), literal_column("'{}'::json")
    values = select(ordered).where(own).correlate(entity).scalar_subquery()
    # Asked once for a page, so that a type without any costs nothing for each row.
    return case((select(definition.id).where(own).exists(), func.coalesce(values, none)), else_=none)
