"""Marshmallow fields that read what NetBox 2.3 clients send, and say how a stored value looks in SQL.

`sql(value)` gives the JSON-ready SQL expression of a column; `face(value)` the same for a Python value.
"""

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import marshmallow
from marshmallow import ValidationError
from sqlalchemy import ColumnElement, String, case, cast, func, literal, literal_column
from sqlalchemy.dialects.postgresql import JSON

from shared import JsonObject
from shared.schema.parsing import encodable, to_date, to_integer, to_moment, to_reference, unwrapped

if TYPE_CHECKING:
    from shared.schema.models import Record

REQUIRED, NULL = "This field is required.", "This field may not be null."
BLANK = "This field may not be blank."
MOST_REFERENCES = 10_000

V = TypeVar("V")
Choices = tuple[tuple[V, str], ...]  # a table of (value, label)


class Field(marshmallow.fields.Field[Any]):
    """The base of all: a value is required unless it has a default, and `null` is refused unless allowed.

    Of a field that `repeats`, a form may have several values.
    """

    default_error_messages = {"required": REQUIRED, "null": NULL}
    replicas: tuple[str, ...] = ()
    blank_is_null = False
    repeats = False
    target = ""  # of a reference, or a list of them: the label of what it is to
    nested: tuple[str, ...] | None = None
    nests = False
    shape: ClassVar[JsonObject] = {}

    def deserialize(
        self, value: Any, attr: str | None = None, data: Mapping[str, Any] | None = None, **kwargs: Any
    ) -> Any:
        """The stored value; NetBox takes blank for null in references only."""
        blank = value == "" and self.blank_is_null
        return super().deserialize(None if blank else value, attr, data, **kwargs)

    def sql(self, value: ColumnElement[Any]) -> ColumnElement[Any]:
        return value

    def sql_of(self, entity: "type[Record]", model: "type[Record]", column: str) -> ColumnElement[Any]:
        """The read face of the attribute that `entity`, an alias of `model`, keeps in `column`."""
        return self.sql(getattr(entity, column))

    def face(self, value: Any) -> Any:
        """The value in the read face; most look as they are stored."""
        return value


class Text(Field):
    """Text; numbers are taken as text, surrounding space is dropped where it `strips`."""

    strips: ClassVar[bool] = True

    def __init__(self, max_length: int | None = None, *, blank: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.max_length, self.blank = max_length, blank

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        if isinstance(value, (bool, list, dict)):
            raise ValidationError("Not a valid string.")
        text = str(value).strip() if self.strips else str(value)
        if "\x00" in text or not encodable(text):
            raise ValidationError("Null characters and lone surrogates are not allowed.")
        if not text and not self.blank:
            raise ValidationError(BLANK)
        if self.max_length and len(text) > self.max_length:
            raise ValidationError(f"Ensure this field has no more than {self.max_length} characters.")
        return self.check(text) if text else (None if self.allow_none else text)

    def check(self, text: str) -> str:
        """Hook: the rule of a special kind of text. Raises ValidationError."""
        return text


class Integer(Field):
    def __init__(self, minimum: int | None = None, maximum: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.minimum, self.maximum = minimum, maximum

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        number = to_integer(value)
        if number is None:
            raise ValidationError("A valid integer is required.")
        if self.minimum is not None and number < self.minimum:
            raise ValidationError(f"Ensure this value is greater than or equal to {self.minimum}.")
        if self.maximum is not None and number > self.maximum:
            raise ValidationError(f"Ensure this value is less than or equal to {self.maximum}.")
        return number


class Boolean(Field):
    TRUE = frozenset({"t", "T", "y", "Y", "yes", "YES", "true", "True", "TRUE", "on", "On", "ON", "1", 1})
    FALSE = frozenset({"f", "F", "n", "N", "no", "NO", "false", "False", "FALSE", "off", "Off", "OFF", "0", 0})

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        if isinstance(value, (str, int, float)):
            if value in self.TRUE:
                return True
            if value in self.FALSE:
                return False
        raise ValidationError(f'"{value}" is not a valid boolean.')


class Choice(Field):
    """One of a table of (value, label); read as `{"value", "label"}`, written so, or as the value, its text, or the
    slug of its label (`"in-use"`) where that is of one value alone.
    """

    def __init__(self, choices: Choices[Any], *, blank: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.choices, self.blank = choices, blank
        self.labels = dict(choices)
        slugs = [_slug(label) for _, label in choices]
        unambiguous = {slug: value for slug, (value, _) in zip(slugs, choices, strict=True) if slugs.count(slug) == 1}
        self.by_text = unambiguous | {str(value): value for value, _ in choices}

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        value = unwrapped(value, "value")
        if value == "" and self.blank:
            return ""
        if not isinstance(value, (dict, list)) and str(value) in self.by_text:
            return self.by_text[str(value)]
        raise ValidationError(f'"{value}" is not a valid choice.')

    def sql(self, value: ColumnElement[Any]) -> ColumnElement[Any]:
        faces = [
            (value == stored, cast(literal(json.dumps(self.face(stored), separators=(",", ":")), String), JSON))
            for stored in self.labels
        ]
        return case(*faces, else_=literal_column("NULL::json"))

    def face(self, value: Any) -> Any:
        return None if value not in self.labels else {"value": value, "label": self.labels[value]}


def _slug(label: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", label.lower()).strip("-")


class RawChoice(Choice):
    """A choice that is read as its bare value, as NetBox does for a few."""

    def sql(self, value: ColumnElement[Any]) -> ColumnElement[Any]:
        return value

    def face(self, value: Any) -> Any:
        return value


class Spelled(Field):
    """A value that a text spells: `parse(text)` gives it, or None for a text that is `wrong`."""

    parse: "ClassVar[staticmethod[[Any], Any]]"
    wrong: ClassVar[str]

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        parsed = self.parse(value)
        if parsed is None:
            raise ValidationError(self.wrong)
        return parsed

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        return self.face(value)


class Date(Spelled):
    """A calendar date, `YYYY-MM-DD`, also unpadded."""

    parse = staticmethod(to_date)
    wrong = "Date has wrong format. Use one of these formats instead: YYYY[-MM[-DD]]."

    def face(self, value: Any) -> Any:
        return None if value is None else value.isoformat()


class DateTime(Spelled):
    """A point in time, UTC with microseconds and `Z`. `face` and `sql` give the same text."""

    parse = staticmethod(to_moment)
    wrong = (
        "Datetime has wrong format. Use one of these formats instead: YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z]."
    )

    def sql(self, value: ColumnElement[Any]) -> ColumnElement[Any]:
        return func.to_char(func.timezone("UTC", value), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')

    def face(self, value: Any) -> Any:
        return None if value is None else value.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class Targeted(Field):
    """What refers to objects of type `target` (`"dcim.region"`), here or in another service."""

    def __init__(self, target: str, *, nested: tuple[str, ...] | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.target, self.nested = target, nested


class Reference(Targeted):
    """The id, or attributes, of a `target`; read as its nested face."""

    blank_is_null = True
    nests = True

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        return to_reference(value)


class RawReference(Reference):
    """A reference that is read as the bare id, as NetBox does for a few."""

    nests = False


class References(Targeted):
    """A list of ids of objects of type `target`; read as their nested faces, in the target's order."""

    repeats = True

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        if not isinstance(value, (list, tuple)):
            raise ValidationError(f'Expected a list of items but got type "{type(value).__name__}".')
        if len(value) > MOST_REFERENCES:
            raise ValidationError(f"At most {MOST_REFERENCES} objects can be listed.")
        return list(dict.fromkeys(to_reference(item) for item in value))

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        return [each.id for each in value]


class Json(Field):
    """An object that PostgreSQL builds and that is handed on as it is (read only)."""

    shape: ClassVar[JsonObject] = {"type": "object", "nullable": True, "additionalProperties": True}
