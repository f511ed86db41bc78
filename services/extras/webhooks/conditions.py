"""Conditions of webhooks: what a change has to be like, before or after, to be told."""

from collections.abc import Mapping
from typing import Any, ClassVar

from marshmallow import ValidationError

from shared import JsonObject
from shared.schema import fields, parsing

BEFORE, AFTER, CHANGED = "before", "after", "changed"
MOST_CONDITIONS, LONGEST_NAME, LONGEST_VALUE = 50, 200, 1000
_CONDITION = {
    "type": "object",
    "required": ["field"],
    "properties": {
        "field": {"type": "string", "example": "status"},
        "when": {"type": "string", "enum": [AFTER, BEFORE, CHANGED], "default": AFTER},
        "value": {"nullable": True, "description": "What it has to be; nothing for what has to have changed."},
    },
}


class Conditions(fields.Field):
    """A list of `{field, when, value}`, all of which have to hold."""

    shape: ClassVar[JsonObject] = {"type": "array", "items": _CONDITION, "maxItems": MOST_CONDITIONS}

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
            raise ValidationError("Expected a list of objects with field, when and value.")
        if len(value) > MOST_CONDITIONS:
            raise ValidationError(f"At most {MOST_CONDITIONS} conditions.")
        return [_condition(each) for each in value]


def _condition(given: JsonObject) -> JsonObject:
    if unknown := given.keys() - {"field", "when", "value"}:
        raise ValidationError(f'A condition has no "{min(unknown)}": it has field, when and value.')
    name, when = given.get("field"), given.get("when", AFTER)
    if not isinstance(name, str) or not name or len(name) > LONGEST_NAME or not _storable(name):
        raise ValidationError("The field of a condition is the name of an attribute.")
    if when not in (BEFORE, AFTER, CHANGED):
        raise ValidationError('The "when" of a condition is before, after or changed.')
    if when == CHANGED:
        if "value" in given:
            raise ValidationError("A condition for what has changed has no value.")
        return {"field": name, "when": when}
    value = given.get("value")
    if "value" not in given or isinstance(value, dict | list) or not _storable(value):
        raise ValidationError("The value of a condition is a text, a number, true, false or null.")
    return {"field": name, "when": when, "value": value}


def _storable(value: object) -> bool:
    if isinstance(value, str):
        return len(value) <= LONGEST_VALUE and "\x00" not in value and parsing.encodable(value)
    # PostgreSQL writes a larger number with all of its digits, which few readers of JSON take.
    return not isinstance(value, int | float) or abs(value) < 2**63


def hold(conditions: list[JsonObject], before: JsonObject | None, after: JsonObject | None) -> bool:
    """Whether all `conditions` hold of what an object was and is, null where it was not there."""
    return all(_holds(each, _at(before, each["field"]), _at(after, each["field"])) for each in conditions)


def _holds(condition: JsonObject, before: object, after: object) -> bool:
    if condition["when"] == CHANGED:
        return not _same(before, after)
    return _same(before if condition["when"] == BEFORE else after, condition["value"])


def _at(face: JsonObject | None, name: str) -> object:
    """An attribute of an object; a name with dots leads into it (`custom_fields.floor`)."""
    found: Any = face
    for part in name.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return found


def _same(one: object, other: object) -> bool:
    """Whether two values are the same in JSON, where true is not 1."""
    return one == other and isinstance(one, bool) == isinstance(other, bool)
