"""Reading what clients mean: integers, dates and ids in the spellings that NetBox 2.3 takes."""

import json
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from marshmallow import ValidationError

MAX_INTEGER = 2**31 - 1
MOST_DIGITS = 100
MOST_TEXT = 2000


def encodable(text: str) -> bool:
    """Whether `text` can be stored: lone surrogates, which JSON can spell, cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def to_integer(value: Any) -> int | None:
    """5, "5", 5.0 and "5.0" are integers; booleans, fractions and other text are not (None)."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() else None
    match = re.fullmatch(r"\s*([-+]?\d{1,100})(?:\.0*)?\s*", value, re.ASCII)
    return int(match[1]) if match else None


def to_whole(text: str) -> int | None:
    """The integer that a filter's `text` spells, exponents (`1e2`) included; None for what spells none."""
    try:
        number = Decimal(text.strip() if text.isascii() and "_" not in text else "")
    except InvalidOperation:
        return None
    whole = number.is_finite() and number.adjusted() < MOST_DIGITS and number == number.to_integral_value()
    return int(number) if whole else None


def to_date(value: Any) -> date | None:
    match = re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})", value, re.ASCII) if isinstance(value, str) else None
    try:
        return date(*map(int, match.groups())) if match else None
    except ValueError:
        return None


def to_moment(value: Any) -> datetime | None:
    """A point in time in ISO 8601, in UTC where it does not say."""
    try:
        read = datetime.fromisoformat(value)
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, TypeError, OverflowError):
        return None


def unwrapped(value: Any, name: str) -> Any:
    """The value to write: clients may send it as it is read, an object that has it under `name`."""
    return value[name] if isinstance(value, dict) and name in value else value


def to_pk(value: Any) -> int:
    """The id that `value` names, which may be the nested object that GET shows; NetBox takes JSON true for 1.

    Raises ValidationError.
    """
    value = unwrapped(value, "id")
    number = int(value) if isinstance(value, bool) else to_integer(value)
    if number is None:
        raise ValidationError(f"Incorrect type. Expected pk value, received {type(value).__name__}.")
    if not 0 < number <= MAX_INTEGER:
        raise ValidationError(unknown_pk(number))
    return number


@dataclass(frozen=True)
class ByAttributes:
    """An object that is meant by its attributes: `text` is them as a JSON object, in the order of their names."""

    text: str


def to_reference(value: Any) -> int | ByAttributes:
    """The id that `value` names, or the attributes that it means an object by. Raises ValidationError."""
    if not isinstance(value, dict) or "id" in value:
        return to_pk(value)
    if not value:
        raise ValidationError("Related object not found using the provided attributes: {}")
    try:
        text = json.dumps(value, sort_keys=True, ensure_ascii=False)
    except RecursionError:
        text = ""
    if not text or len(text) > MOST_TEXT or "\\u0000" in text or not encodable(text):
        raise ValidationError("These attributes cannot be of any object.")
    return ByAttributes(text)


def unknown_pk(pk: int) -> str:
    return f'Invalid pk "{pk}" - object does not exist.'
