"""Natural order of names as text: comparing two keys byte by byte compares the names as people read them.

A key is stored beside its name in a column with COLLATE "C", so that an index gives the order. It is made of
parts laid end to end; a missing part (NULL) sorts last. Parts cannot run into one another: numbers have a
fixed width, and texts end with a character below every other.
"""

import re

_NUMBER_WIDTH = 9
_MISSING = "~"
_PRESENT = "!"
_END_OF_TEXT = "\x01"
_ESCAPES = {0: "\x02\x01", 1: "\x02\x02", 2: "\x02\x03"}

_NAME = re.compile(r"(?P<leading>[0-9]*)(?P<middle>.*?)(?P<trailing>[0-9]*)", re.DOTALL)
_TRAILING_DIGITS = re.compile(r"[0-9]+\Z")
_PADDED_WIDTH = 8


def number_part(number: int | None) -> str:
    """One number of at most nine digits as part of a key."""
    return _MISSING if number is None else f"{number:0{_NUMBER_WIDTH}d}"


def text_part(text: str | None) -> str:
    """One text, in code-point order, as part of a key."""
    return _MISSING if text is None else _PRESENT + text.translate(_ESCAPES) + _END_OF_TEXT


def name_key(name: str | None) -> str | None:
    """The key of a site, rack or device name: leading number, text between, trailing number.

    Of a longer run of digits the nine outermost count, and a name of digits alone both begins and ends with
    them, as in NetBox 2.3. A missing name has no key; its rows sort with NULLS LAST.
    """
    if name is None:
        return None
    leading, middle, trailing = split_name(name)
    return number_part(leading) + text_part(middle) + number_part(trailing)


def split_name(name: str) -> tuple[int | None, str, int | None]:
    """The three things a name is ordered by; a number is None where the name has none."""
    leading, middle, trailing = _NAME.fullmatch(name).groups()  # type: ignore[union-attr]  # it matches every text
    if leading == name:
        trailing = leading
    return _number(leading[:_NUMBER_WIDTH]), middle, _number(trailing[-_NUMBER_WIDTH:])


def port_key(name: str) -> str:
    """The key of a console server port or power outlet: its name with the trailing digits padded to eight.

    A longer run keeps its first eight digits, as PostgreSQL's LPAD does.
    """
    return _TRAILING_DIGITS.sub(lambda digits: digits[0].zfill(_PADDED_WIDTH)[:_PADDED_WIDTH], name)


def _number(digits: str) -> int | None:
    return int(digits) if digits else None
