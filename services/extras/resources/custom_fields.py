"""Custom fields: what users add to the objects of other services, which follow these definitions."""

from collections.abc import Mapping
from typing import Any, ClassVar

from marshmallow import ValidationError
from sqlalchemy import Column, ColumnElement, Integer, Table, Text, cast, column, func, literal_column, select
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, aggregate_order_by
from sqlalchemy.orm import Session

from services.extras.base import Base
from services.extras.choices import FILTER_LOGIC
from services.extras.object_types import ObjectTypes
from shared import JsonObject
from shared.api.resource import Resource
from shared.custom_fields import types as custom_field_types
from shared.query.filter_base import Filter
from shared.schema import columns, fields, parsing
from shared.schema.changes import Change

MOST_CHOICES = 500
CHOICE = {"id": {"type": "integer", "nullable": True}, "value": {"type": "string"}, "weight": {"type": "integer"}}


class Choices(fields.Field):
    """A list of `{id, value, weight}`, kept as `{id: {value, weight}}`; a choice without id is a new one."""

    shape: ClassVar[JsonObject] = {"type": "array", "items": {"type": "object", "properties": CHOICE}}

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise ValidationError("Expected a list of objects with value and weight.")
        if len(value) > MOST_CHOICES:
            raise ValidationError(f"A field has at most {MOST_CHOICES} choices.")
        return [self._choice(item) for item in value]

    def _choice(self, item: JsonObject) -> JsonObject:
        return {
            "id": None if item.get("id") is None else parsing.to_pk(item["id"]),
            "value": fields.Text(100).deserialize(item.get("value", "")),
            "weight": fields.Integer(0, columns.SMALL_MAX).deserialize(item.get("weight", 100)),
        }

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        return [{"id": pk, **value[str(pk)]} for pk in sorted(map(int, value))]

    def sql(self, value: ColumnElement[Any]) -> ColumnElement[Any]:
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


def validate_type_change(session: Session, changes: list[Change]) -> None:
    """A selection keeps ids of choices, which mean nothing to any other type."""
    for change in changes:
        kinds = {change.object.type, change.before.get("type", change.object.type)}
        if len(kinds) == 2 and custom_field_types.SELECTION in kinds:
            change.fail("A selection cannot become another type, nor another type a selection.", "type")


def validate_choices(session: Session, changes: list[Change]) -> None:
    """Only a selection has choices, which differ; those that have an id already are, or were, of this field."""
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
        elif unknown := [pk for pk in kept if str(pk) not in known and not change.undoing]:
            change.fail(parsing.unknown_pk(unknown[0]), "choices")


def set_choice_ids(session: Session, changes: list[Change]) -> None:
    """New choices get their ids."""
    for change in changes:
        if "choices" in change.values:
            change.object.choices = _numbered(session, change.values["choices"])


def _numbered(session: Session, listed: list[JsonObject]) -> dict[str, JsonObject]:
    fresh = sum(choice["id"] is None for choice in listed)
    number = "SELECT nextval(pg_get_serial_sequence('extras_choice_number', 'id')) FROM generate_series(1, :fresh)"
    numbers = iter(session.scalars(sql(number), {"fresh": fresh}).all())
    return {
        str(choice["id"] or next(numbers)): {"value": choice["value"], "weight": choice["weight"]} for choice in listed
    }


def validate_default(session: Session, changes: list[Change]) -> None:
    """The default is a value of the type; that of a selection is the text of a choice, which may have no id yet."""
    for change in changes:
        if change.object.type == custom_field_types.SELECTION:
            choices = change.values["choices"] if "choices" in change.values else change.object.choices.values()
            if change.object.default not in {"", *(choice["value"] for choice in choices)}:
                change.fail(custom_field_types.NO_SUCH_CHOICE, "default")
            continue
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
    rules=(validate_type_change, validate_choices, validate_default),
    before_save=(set_choice_ids,),
)
