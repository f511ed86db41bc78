"""In which form a client wants its reply: as JSON, as a page for people, or a list as CSV.

What programs usually send is decided by one look at the header; the rest is read once and remembered.
"""

from enum import Enum
from functools import lru_cache
from urllib.parse import parse_qs

from werkzeug.http import parse_accept_header, parse_options_header

from gateway.errors import GatewayError, not_found

VERSION = "2.3"
_PLAIN = frozenset({"", "*/*", "application/json"})


class ResponseFormat(Enum):
    JSON = "json"
    PAGE = "api"
    CSV = "csv"


def format_of(accept: str, query: str) -> ResponseFormat:
    """The form that the Accept header and `?format=` ask for. Raises GatewayError (404, 406)."""
    if "format=" in query and (wanted := parse_qs(query).get("format")):
        return _named(wanted[-1])
    return ResponseFormat.JSON if accept in _PLAIN else _accepted(accept)


def without_suffix(path: str) -> str:
    """`path` without the `.json` that asks for JSON as well."""
    if not path.endswith(".json"):
        return path
    bare = path.removesuffix(".json")
    return bare if bare.endswith("/") else f"{bare}/"


def _named(name: str) -> ResponseFormat:
    try:
        return ResponseFormat(name)
    except ValueError:
        raise not_found() from None


@lru_cache(maxsize=256)
def _accepted(header: str) -> ResponseFormat:
    """The form of the best media type: by quality, then the more specific one, then JSON, as NetBox does."""
    acceptable = []
    for value, quality in parse_accept_header(header.lower()):
        kind, parameters = parse_options_header(value)
        if quality and (form := _form_of_type(kind)):
            rank = quality, -kind.count("*"), form is ResponseFormat.JSON
            acceptable.append((rank, form, parameters.get("version", VERSION)))
    if not acceptable:
        raise GatewayError(406, "Could not satisfy the request Accept header.")
    _, form, version = max(acceptable, key=lambda each: each[0])
    if version != VERSION:
        raise GatewayError(406, 'Invalid version in "Accept" header.')
    return form


def _form_of_type(kind: str) -> ResponseFormat | None:
    if kind in ("application/json", "application/*", "*/*"):
        return ResponseFormat.JSON
    return ResponseFormat.PAGE if kind in ("text/html", "text/*") else None
