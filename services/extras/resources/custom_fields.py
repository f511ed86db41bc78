"""Custom fields: what users add to the objects of other services, which follow these definitions."""

from typing import ClassVar

from marshmallow import ValidationError
from sqlalchemy import Column, Integer, Table, Text, cast, column, func, literal_column, select
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, aggregate_order_by

from services.extras.base import Base
from services.extras.choices import FILTER_LOGIC
from services.extras.object_types import CUSTOM_FIELDS
from shared.api.resource import Resource
from shared.custom_fields import types as custom_field_types
from shared.query.filter_base import Filter
from shared.schema import columns, fields, parsing

MOST_CHOICES = 500
CHOICE = {"id": {"type": "integer", "nullable": True}, "value": {"type": "string"}, "weight": {"type": "integer"}}


class ObjectTypes(fields.Field):
    """A list of the types that carry custom fields, in the order of their names."""

    repeats = True
    shape: ClassVar[dict] = {"type": "array", "items": {"type": "string", "enum": list(CUSTOM_FIELDS)}}

    def _deserialize(self, value, attr, data, **kwargs):
        if not isinstance(value, list) or not value:
            raise ValidationError("Expected a list of at least one object type.")
        for label in value:
            if label not in CUSTOM_FIELDS:
                raise ValidationError(f'"{label}" is none of the types with custom fields: {", ".join(CUSTOM_FIELDS)}.')
        return sorted(set(value))


class Choices(fields.Field):
    """A list of `{id, value, weight}`, kept as `{id: {value, weight}}`; a choice without id is a new one."""

    shape: ClassVar[dict] = {"type": "array", "items": {"type": "object", "properties": CHOICE}}

    def _deserialize(self, value, attr, data, **kwargs):
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise ValidationError("Expected a list of objects with value and weight.")
        if len(value) > MOST_CHOICES:
            raise ValidationError(f"A field has at most {MOST_CHOICES} choices.")
        return [self._choice(item) for item in value]

    def _choice(self, item: dict) -> dict:
        return {
            "id": None if item.get("id") is None else parsing.to_pk(item["id"]),
            "value": fields.Text(100).deserialize(item.get("value", "")),
            "weight": fields.Integer(0, columns.SMALL_MAX).deserialize(item.get("weight", 100)),
        }

    def _serialize(self, value, attr, obj, **kwargs):
        return [{"id": pk, **value[str(pk)]} for pk in sorted(map(int, value))]

    def sql(self, value):
        each = func.jsonb_each(value).table_valued(column("key", Text), column("value", JSONB))
        pk = cast(each.c.key, Integer)
        face = func.json_build_object("id", pk, "value", each.c.value["value"], "weight", each.c.value["weight"])
        listed = select(func.json_agg(aggregate_order_by(face, pk))).scalar_subquery()
        return func.coalesce(listed, literal_column("'[]'::json"))


class CustomField(Base):
    name = columns.text(50, unique=True)
    type = columns.choice(custom_field_types.TYPES, default=custom_field_types.TEXT_TYPE)
    obj_type = columns.column(ARRAY(Text), ObjectTypes())
    label_ = columns.text(50, blank=True)
    description = columns.text(100, blank=True)
    required = columns.boolean(default=False)
    filter_logic = columns.choice(FILTER_LOGIC, default=custom_field_types.LOOSE, listed=False)
    default = columns.text(100, blank=True)
    weight = columns.integer(0, columns.SMALL_MAX, default=100)
    choices = columns.column(JSONB, Choices(), default=dict)


# Choices are part of their field; this table has no rows, but numbers them, so that no id is ever used twice.
Table("extras_choice_number", Base.metadata, Column("id", Integer, primary_key=True))


def keep_the_kind(session, changes):
    """A selection keeps ids of choices, which mean nothing to any other type."""
    for change in changes:
        kinds = {change.object.type, change.before.get("type", change.object.type)}
        if len(kinds) == 2 and custom_field_types.SELECTION in kinds:
            change.fail("A selection cannot become another type, nor another type a selection.", "type")


def number_choices(session, changes):
    """Give new choices their ids; those that have one must be of this field."""
    for change in changes:
        if "choices" not in change.values:
            continue
        listed, known = change.values["choices"], change.before.get("choices", {})
        kept = [choice["id"] for choice in listed if choice["id"] is not None]
        if listed and change.object.type != custom_field_types.SELECTION:
            change.fail("Only a selection has choices.", "choices")
        elif len({choice["value"] for choice in listed}) < len(listed):
            change.fail("The values of choices must differ.", "choices")
        elif len(set(kept)) < len(kept):
            change.fail("The ids of choices must differ.", "choices")
        elif unknown := [pk for pk in kept if str(pk) not in known]:
            change.fail(parsing.unknown_pk(unknown[0]), "choices")
        else:
            change.object.choices = _numbered(session, listed)


def _numbered(session, listed: list[dict]) -> dict:
    fresh = sum(choice["id"] is None for choice in listed)
    number = "SELECT nextval(pg_get_serial_sequence('extras_choice_number', 'id')) FROM generate_series(1, :fresh)"
    numbers = iter(session.scalars(sql(number), {"fresh": fresh}).all())
    return {
        str(choice["id"] or next(numbers)): {"value": choice["value"], "weight": choice["weight"]} for choice in listed
    }


def check_default(session, changes):
    for change in changes:
        try:
            custom_field_types.parse_default(change.object)
        except ValidationError as error:
            change.fail(error.messages[0], "default")


custom_fields = Resource(
    CustomField,
    filters=(
        "name",
        "type",
        "required",
        "filter_logic",
        Filter("obj_type", lambda text: CustomField.obj_type.contains([text])),
    ),
    search=("name", "label_", "description"),
    order=("weight", "name"),
    rules=(keep_the_kind, number_choices, check_default),
)
