"""What a query names and is not there: a 400 that says so, and what may have been meant."""

from collections.abc import Iterable
from difflib import get_close_matches

from shared.http.errors import BadRequest

LONGEST_NAME = 100


def said_unknown(name: str, what: str, known: Iterable[str]) -> str:
    """That `name` is no `what` (attribute), being none of those `known`; with the nearest."""
    shown = name[:LONGEST_NAME]
    near = get_close_matches(shown, list(known), 1)
    hint = f' Did you mean "{near[0]}"?' if near else ""
    return f'"{shown}" is no {what}.{hint}'


def unknown(parameter: str, name: str, what: str, known: Iterable[str]) -> BadRequest:
    """The same, of a `name` that `parameter` gives."""
    return BadRequest({parameter[:LONGEST_NAME]: [said_unknown(name, what, known)]})
