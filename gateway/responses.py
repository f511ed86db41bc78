"""JSON that the gateway itself answers."""

import orjson
from flask import Response

from shared.http.responses import laid_out


def json_response(content: object, status: int = 200) -> Response:
    """`content` as JSON, indented where the client asks for it."""
    return Response(laid_out(orjson.dumps(content)), status, mimetype="application/json")
