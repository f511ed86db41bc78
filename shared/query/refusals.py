"""What means nothing in a query: a 400 that names it, and the nearest name that exists.

NetBox ignores a parameter that it does not know and some values of others, and makes an empty list of the rest.
A client that asks for `Prefer: handling=strict` (RFC 7240), or an installation with `STRICT_FILTERS`, wants to be told:
a misspelt filter is a list of everything.
"""

from collections.abc import Iterable
from difflib import get_close_matches

from flask import request

from shared.config import settings
from shared.http.errors import BadRequest

LONGEST_NAME = 100


def strict() -> bool:
    """Whether parameters that are unknown, and values that cannot be, are refused."""
    wishes = (wish.strip().lower().replace('"', "") for wish in request.headers.get("Prefer", "").split(","))
    return settings.strict_filters or any(wish.split(";")[0].strip() == "handling=strict" for wish in wishes)


def said_unknown(name: str, what: str, known: Iterable[str]) -> str:
    """The sentence that `name` is no `what` (an attribute, say), with the nearest of `known`."""
    shown = name[:LONGEST_NAME]
    near = get_close_matches(shown, list(known), 1)
    hint = f' Did you mean "{near[0]}"?' if near else ""
    return f'"{shown}" is no {what}.{hint}'


def unknown(parameter: str, name: str, what: str, known: Iterable[str]) -> BadRequest:
    """The same, of a `name` that `parameter` gives."""
    return BadRequest({parameter[:LONGEST_NAME]: [said_unknown(name, what, known)]})


def meaningless(parameter: str, value: str) -> BadRequest:
    """The same, of a `value` that `parameter` cannot have."""
    return unknown(parameter, value, "value that this parameter can have", ())
