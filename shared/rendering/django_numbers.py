"""The filters of Django that count: numbers, lengths and sizes."""

from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from typing import Any

MOST_PLACES = 200


def integer(value: Any) -> int | None:
    try:
        return int(value)
    except (TypeError, ValueError):
        return None


def add(value: Any, other: Any) -> object:
    first, second = integer(value), integer(other)
    try:
        return value + other if first is None or second is None else first + second
    except TypeError:
        return ""


def divisibleby(value: object, by: object) -> bool:
    number, divisor = integer(value), integer(by)
    return number is not None and divisor is not None and divisor != 0 and number % divisor == 0


def filesizeformat(value: object) -> str:
    size = integer(value) or 0
    space, sign, size = "\N{NO-BREAK SPACE}", "-" * (size < 0), abs(size)
    if size < 1024:
        return f"{sign}{size}{space}byte{'' if size == 1 else 's'}"
    power = next((power for power in range(1, 5) if size < 1024 ** (power + 1)), 5)
    return f"{sign}{size / 1024**power:.1f}{space}{'KMGTP'[power - 1]}B"


def floatformat(value: object, places: object = -1) -> str:
    """With so many places; with fewer than none only where they are not all zero."""
    wanted = integer(places)
    try:
        number = Decimal(repr(value) if isinstance(value, float) else str(value))
        if wanted is None or not number.is_finite() or abs(wanted) > MOST_PLACES:
            return str(value)
        if wanted < 0 and number == int(number):
            return str(int(number))
        last = Decimal(1).scaleb(-abs(wanted))
        return f"{number.quantize(last, ROUND_HALF_UP, Context(prec=2 * MOST_PLACES)):f}"
    except InvalidOperation:
        return ""


def get_digit(value: object, place: object) -> object:
    number, wanted = integer(value), integer(place)
    if number is None or wanted is None or wanted < 1:
        return value
    digits = str(number)
    return int(digits[-wanted]) if wanted <= len(digits) else 0


def length(value: Any) -> int:
    try:
        return len(value)
    except TypeError:
        return 0


def pluralize(value: Any, endings: str = "s") -> str:
    one, *many = ("," + endings if "," not in endings else endings).split(",")
    if len(many) != 1:
        return ""
    count = integer(value) if not isinstance(value, (list, dict)) else len(value)
    return one if count == 1 else many[0]
