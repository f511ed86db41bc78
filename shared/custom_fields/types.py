"""The six types of custom field: what each accepts, how its values are kept and how they are shown.

Values are JSON, kept by the id of their field. A field may be retyped: a kept value that the new type can read is
shown as such, another is shown as null, and comes back when the field gets its type back.
"""

import re
from typing import Any

from marshmallow import ValidationError
from sqlalchemy import ColumnElement, Date, Numeric, and_, case, cast, func, or_
from sqlalchemy.dialects.postgresql import JSON

from shared.schema import fields
from shared.schema.parsing import to_date, unwrapped

TEXT_TYPE, INTEGER, BOOLEAN, DATE, URL, SELECTION = 100, 200, 300, 400, 500, 600
TYPES = (
    (TEXT_TYPE, "Text"),
    (INTEGER, "Integer"),
    (BOOLEAN, "Boolean (true/false)"),
    (DATE, "Date"),
    (URL, "URL"),
    (SELECTION, "Selection"),
)
DISABLED, LOOSE, EXACT = 0, 1, 2
LARGEST = 2**63 - 1
NO_SUCH_CHOICE = "The default must be the value of one of the choices."
_INTEGER = re.compile(r"-?[0-9]{1,19}", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


class _AsItIs(fields.Text):
    strips = False


_text = _AsItIs(255, blank=True)
_integer = fields.Integer(-LARGEST, LARGEST)
_date = fields.Date()


def parse(definition: Any, value: Any) -> Any:
    """The value to keep for what a client sent; None clears. Raises ValidationError."""
    return None if value is None or value == "" else _PARSERS[definition.type](definition, value)


def parse_default(definition: Any) -> Any:
    """The value of an object for which none was sent. Raises ValidationError."""
    text = definition.default
    if text == "":
        return None
    if definition.type == BOOLEAN:
        return fields.Boolean().deserialize(text)
    if definition.type == SELECTION:
        chosen = [int(pk) for pk, choice in definition.choices.items() if choice["value"] == text]
        if not chosen:
            raise ValidationError(NO_SUCH_CHOICE)
        return chosen[0]
    return parse(definition, text)


def _parse_text(definition: Any, value: Any) -> str | None:
    if isinstance(value, bool):
        value = str(value)
    text: str = _text.deserialize(value)
    return text or None


def _parse_boolean(definition: Any, value: Any) -> bool:
    if isinstance(value, (bool, int)) and value in (0, 1):
        return bool(value)
    raise ValidationError("Must be true, false, 1 or 0.")


def _parse_selection(definition: Any, value: Any) -> int:
    """The id of a choice, which may be as it is read: `{"value", "label"}`."""
    value = unwrapped(value, "value")
    if not isinstance(value, (list, dict, bool)) and str(value) in definition.choices:
        return int(value)
    raise ValidationError("Must be the id of one of the choices.")


_PARSERS = {
    TEXT_TYPE: _parse_text,
    INTEGER: lambda definition, value: _integer.deserialize(value),
    BOOLEAN: _parse_boolean,
    DATE: lambda definition, value: _date.deserialize(value).isoformat(),
    URL: _parse_text,
    SELECTION: _parse_selection,
}


def exists(definition: Any, value: Any) -> bool:
    """Whether the field of a kept value, and the choice that it names, are still there."""
    return definition is not None and (definition.type != SELECTION or str(value) in definition.choices)


def shown(definition: Any, value: Any) -> Any:
    """The kept `value` in the write face."""
    if value is None:
        return None
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if definition.type == INTEGER:
        return int(text) if _is_within_64_bits(text) else None
    if definition.type == BOOLEAN:
        return {"true": True, "false": False}.get(text)
    if definition.type == DATE:
        return text if _DATE.fullmatch(text) and to_date(text) else None
    if definition.type == SELECTION:
        return int(text) if text in definition.choices else None
    return text


def shown_sql(definition: Any, value: ColumnElement[Any], as_text: ColumnElement[Any]) -> ColumnElement[Any]:
    """`value`, and the same `as_text`, in the read face: as `shown`, but a selection is `{value, label}`."""
    label = definition.choices[as_text]["value"]
    kind = definition.type
    return case(
        (value.is_(None), None),
        (kind == INTEGER, case((_is_integer(as_text), func.to_json(cast(as_text, Numeric))))),
        (kind == BOOLEAN, case((as_text.in_(("true", "false")), cast(as_text, JSON)))),
        (kind == DATE, case((_is_date(as_text), func.to_json(as_text)))),
        (
            kind == SELECTION,
            case((label.is_not(None), func.json_build_object("value", value, "label", label))),
        ),
        else_=func.to_json(as_text),
    )


def _is_within_64_bits(text: str) -> bool:
    """Whether a kept text is an integer that JSON can be made of: a text that was there before its field was one."""
    return bool(_INTEGER.fullmatch(text)) and -LARGEST - 1 <= int(text) <= LARGEST


def _is_integer(text: ColumnElement[Any]) -> ColumnElement[bool]:
    """The same in SQL."""
    return and_(text.regexp_match("^-?[0-9]{1,19}$"), func.pg_input_is_valid(text, "bigint"))


def _is_date(text: ColumnElement[Any]) -> ColumnElement[bool]:
    return and_(text.regexp_match("^[0-9]{4}-[0-9]{2}-[0-9]{2}$"), func.pg_input_is_valid(text, "date"))


def value_sql(column: Any, definition: Any) -> ColumnElement[Any]:
    """What `column` keeps for this field, as its type is compared; NULL where nothing is shown."""
    text: ColumnElement[Any] = column[str(definition.id)].astext
    if definition.type == INTEGER:
        return case((_is_integer(text), cast(text, Numeric)))
    if definition.type == DATE:
        return case((_is_date(text), cast(text, Date)))
    if definition.type == BOOLEAN:
        return case((text.in_(("true", "false")), text))
    if definition.type == SELECTION:
        return case((text.in_(list(definition.choices)), text))
    return text


def equal_sql(column: Any, definition: Any, text: str) -> ColumnElement[bool]:
    """`column` keeps just what `text` says for this field; the index serves it."""
    meant: list[Any] = [text]
    if _INTEGER.fullmatch(text) and str(int(text)) == text:
        meant.append(int(text))
    if definition.type == BOOLEAN:
        meant = [text == "true", text]
    return or_(*(column.contains({str(definition.id): value}) for value in meant))


def contains_sql(column: Any, definition: Any, pattern: str) -> ColumnElement[bool]:
    found: ColumnElement[bool] = column[str(definition.id)].astext.ilike(pattern, escape="\\")
    return found


def without_value_sql(column: Any, definition: Any) -> ColumnElement[bool]:
    """`column` keeps no value for this selection, or one whose choice is gone."""
    kept = column[str(definition.id)].astext
    return or_(kept.is_(None), kept.not_in(list(definition.choices)))
