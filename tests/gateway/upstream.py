"""A service that tells what it received: the whole request, and whom the identity vouches for."""

import hashlib
import json
import os
from dataclasses import asdict

from shared.security.identity import HEADER, Forged, digest, verify

NAME = os.environ.get("UPSTREAM", "dcim")
KEY = os.environ.get(f"PATCHBAY_{NAME.upper()}_KEY", "")
PIECE = b"0123456789abcdef" * 4096


def application(environ, start_response):
    """`…/stream/` answers the body length in pieces without saying how long it is; anything else echoes."""
    body = environ["wsgi.input"].read()
    if environ["PATH_INFO"].endswith("/stream/"):
        start_response("200 OK", [("Content-Type", "application/octet-stream")])
        return (PIECE for _ in range(int(environ["QUERY_STRING"])))
    if environ["PATH_INFO"].endswith("/moved/"):
        start_response("308 PERMANENT REDIRECT", [("Location", "/api/elsewhere/"), ("Content-Length", "0")])
        return [b""]
    reply = json.dumps(received(environ, body)).encode()
    start_response("200 OK", reply_headers(reply))
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [reply]


def received(environ, body):
    try:
        token = environ.get(f"HTTP_{HEADER.upper().replace('-', '_')}")
        path = environ["PATH_INFO"].encode("latin-1").decode()
        asked = environ["REQUEST_METHOD"], path, environ["QUERY_STRING"]
        identity = asdict(verify(KEY, token, *asked, lambda: digest(body)))
    except Forged:
        identity = None
    return {
        "service": NAME,
        "method": environ["REQUEST_METHOD"],
        "path": path,
        "query": environ["QUERY_STRING"],
        "headers": {k[5:].lower().replace("_", "-"): v for k, v in environ.items() if k.startswith("HTTP_")},
        "content_type": environ.get("CONTENT_TYPE"),
        "length": len(body),
        "sha256": hashlib.sha256(body).hexdigest(),
        "identity": identity,
    }


def reply_headers(reply):
    return [
        ("Content-Type", "application/json"),
        ("Content-Length", str(len(reply))),
        ("Set-Cookie", "a=1"),
        ("Set-Cookie", "b=2"),
        ("Proxy-Authenticate", "Basic"),
        ("API-Version", "9"),
        ("Allow", "GET, POST"),
    ]
