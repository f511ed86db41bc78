"""What a query names and is not there: a 400 that says so, and what may have been meant.

NetBox ignores a parameter that it does not know; a client that asks for `Prefer: handling=strict` (RFC 7240), or an
installation with `STRICT_FILTERS`, wants to be told: a misspelt filter is a list of everything.
"""

from collections.abc import Iterable
from difflib import get_close_matches

from flask import request

from shared.config import settings
from shared.http.errors import BadRequest

LONGEST_NAME = 100


def strict() -> bool:
    """Whether what means nothing is to be refused, rather than ignored."""
    wishes = (wish.strip().lower().replace('"', "") for wish in request.headers.get("Prefer", "").split(","))
    return settings.strict_filters or any(wish.split(";")[0].strip() == "handling=strict" for wish in wishes)


def said_unknown(name: str, what: str, known: Iterable[str]) -> str:
    """That `name` is no `what` (attribute), being none of those `known`; with the nearest."""
    shown = name[:LONGEST_NAME]
    near = get_close_matches(shown, list(known), 1)
    hint = f' Did you mean "{near[0]}"?' if near else ""
    return f'"{shown}" is no {what}.{hint}'


def unknown(parameter: str, name: str, what: str, known: Iterable[str]) -> BadRequest:
    """The same, of a `name` that `parameter` gives."""
    return BadRequest({parameter[:LONGEST_NAME]: [said_unknown(name, what, known)]})
