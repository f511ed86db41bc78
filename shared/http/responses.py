"""JSON out: how a reply's body becomes bytes."""

import json
import re
from hashlib import sha256
from typing import Any
from urllib.parse import quote

import orjson
from flask import Response, request

from shared.http.context import context

LONGEST_NAME, MOST_NAMES = 50, 20

_FORMAT = "?format=json"
_INDENT = re.compile(r";\s*indent=(\d{1,3})\b")


def base_url() -> str:
    """What stands before every path for the client, no trailing slash; a service that asks for a client says which."""
    return context().base_url or f"{request.scheme}://{request.host}{request.script_root}"


def json_response(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return raw_response(orjson.dumps(body), status, headers)


def raw_response(body: bytes | str, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A reply whose body is JSON already.

    It names the services that could not be asked (`X-Degraded`), and what of the query string means nothing here
    (`X-Ignored-Parameters`, percent-encoded).
    """
    reply = Response(laid_out(_carrying_format(body)), status, headers, mimetype="application/json")
    if degraded := context().degraded:
        reply.headers["X-Degraded"] = ", ".join(sorted(degraded))
    if ignored := context().ignored:
        reply.headers["X-Ignored-Parameters"] = ", ".join(quote(name[:LONGEST_NAME]) for name in ignored[:MOST_NAMES])
    return reply


def link(path: str) -> str:
    """The address of `path`; like every other, it carries on a `format=json` of the request."""
    return f"{base_url()}{path}{_FORMAT if _asks_for_format() else ''}"


def _carrying_format(body: bytes | str) -> bytes | str:
    if not body or not _asks_for_format():
        return body
    text = body if isinstance(body, str) else body.decode()
    return re.sub(rf'("url" ?: ?"{re.escape(base_url())}/api/[^"?]*)"', rf'\1{_FORMAT}"', text)


def _asks_for_format() -> bool:
    return bool(request.query_string) and request.args.get("format") == "json"


def laid_out(body: bytes | str) -> bytes | str:
    """`body` indented as the caller asked for (`Accept: application/json; indent=4`), by eight at most."""
    wanted = _INDENT.search(request.headers.get("Accept", ""))
    width = min(int(wanted[1]), 8) if wanted else 0
    return json.dumps(json.loads(body), indent=width, ensure_ascii=False) if body and width else body


def tag_of(body: bytes) -> str:
    """What stands for a body in an entity tag. Of all digests processors know SHA-256 best."""
    return sha256(body).hexdigest()[:24]


def tagged_response(body: bytes, tag: str, weak: bool = False) -> Response:
    """A reply that a client may keep; not sent again (304) to one that has it. What is degraded is not to be kept."""
    reply = raw_response(body)
    if "X-Degraded" not in reply.headers:
        reply.set_etag(tag, weak)
        if request.if_none_match.contains_weak(tag):
            reply.status_code, reply.response = 304, []
    return reply
