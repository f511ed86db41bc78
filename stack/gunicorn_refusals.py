"""How gunicorn refuses what is no request: with the kind of the mistake, and nothing of what was sent.

gunicorn repeats the line in its reply and its log. A token may be in it, or the end of a body whose length was wrong.
"""

import logging
import re
from http import HTTPStatus
from socket import socket

import orjson
from gunicorn import util
from gunicorn.http import errors

_STATUS: dict[type[errors.ParseException], HTTPStatus] = {
    errors.LimitRequestLine: HTTPStatus.REQUEST_URI_TOO_LONG,
    errors.LimitRequestHeaders: HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    errors.ExpectationFailed: HTTPStatus.EXPECTATION_FAILED,
    errors.UnsupportedTransferCoding: HTTPStatus.NOT_IMPLEMENTED,
}

log = logging.getLogger("gunicorn.error")


def refuse(client: socket, address: object, mistake: errors.ParseException) -> None:
    """Answer what cannot be read as a request, and end the connection."""
    status = _STATUS.get(type(mistake), HTTPStatus.BAD_REQUEST)
    kind = re.sub("(?<!^)(?=[A-Z](?![A-Z]))", " ", type(mistake).__name__).capitalize()
    log.warning("refused a request from %s: %s", address, kind)
    body = orjson.dumps({"detail": f"This is no request that can be read: {kind}."})
    head = f"HTTP/1.1 {status.value} {status.phrase}\r\nConnection: close\r\nContent-Type: application/json\r\n"
    try:
        util.write_nonblock(client, f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
    except OSError:
        log.debug("it has gone")
