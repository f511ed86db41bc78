"""A client's request, cleaned: what is decided on here is exactly what a service receives.

Trust: `X-Forwarded-Host` and `X-Forwarded-Proto` of a client are honoured, because the absolute URLs of
replies must name the address that clients use; a client can so choose the host of the links in its own reply,
and nothing else. `X-Forwarded-For` and `X-Forwarded-Prefix` count as far as trusted proxies wrote them
(`TRUSTED_PROXIES`). Everything else that a client could use to pass for the gateway is dropped.
"""

import re
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any
from urllib.parse import quote

from werkzeug.wsgi import host_is_trusted

from gateway.body import Body
from gateway.errors import GatewayError, not_found
from shared.config import settings
from shared.telemetry.origin import origin

HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
_MISLEADING = re.compile(r"//|/\.{1,2}(?:/|$)|[\x00-\x1f\x7f\\]")
_ESCAPE = re.compile(r"%(?:[0-9A-Fa-f]{2})?")
_ADDRESSES = re.compile(r"[0-9A-Fa-f:.,\[\] ]{1,500}")
# The token is checked here once: a service that is broken into must not collect tokens.
_OWN = HOP_BY_HOP | {
    "host",
    "authorization",
    "expect",
    "content-length",
    "content-type",
    "forwarded",
    "x-request-id",
    "traceparent",
    "tracestate",
}
_OWN_PREFIXES = ("x-patchbay-", "x-forwarded-")
# The longest name that DNS has, and a port.
LONGEST_HOST = 253 + 6
SESSION_COOKIE = "patchbay_session"


@dataclass
class Request:
    """One request to forward: `path` is decoded, `query` is as it is sent."""

    method: str
    path: str
    query: str
    host: str
    scheme: str
    headers: dict[str, str]
    body: Body | None = None
    authorization: str | None = None
    claims: dict[str, str] = field(default_factory=dict)
    base_path: str = ""

    @property
    def target(self) -> str:
        path = quote(self.path, safe="/:@!$&'()*+,;=~")
        return f"{path}?{self.query}" if self.query else path

    @property
    def digest(self) -> str:
        return self.body.digest if self.body else ""

    @property
    def is_idempotent_by_key(self) -> bool:
        """Whether it is a write that its service does once, however often it is sent (`Idempotency-Key`)."""
        return self.method in ("POST", "PUT", "PATCH", "DELETE") and "Idempotency-Key" in self.headers

    @property
    def is_internal(self) -> bool:
        """Whether a service asks another one."""
        return self.path.startswith("/internal/")

    @property
    def sent_headers(self) -> dict[str, str]:
        length = {"Content-Length": str(self.body.length)} if self.body else {}
        return self.headers | origin().as_headers() | self.claims | length

    def receive(self, environ: dict[str, Any]) -> None:
        """Take the body, unless that is done. Raises GatewayError (400, 413)."""
        limit = settings.max_internal_body_bytes if self.is_internal else settings.max_body_bytes
        self.body = self.body or Body.received(environ, limit)

    def close(self) -> None:
        if self.body:
            self.body.file.close()

    @property
    def root(self) -> str:
        return f"{self.scheme}://{self.host}{self.base_path}"

    @classmethod
    def from_environ(cls, environ: dict[str, Any]) -> "Request":
        """The request without its body. Raises GatewayError when the path or the host is misleading."""
        host, scheme = public_address(environ)
        headers = _end_to_end(environ)
        headers["X-Forwarded-Host"] = host
        headers["X-Forwarded-Proto"] = scheme
        headers["X-Forwarded-For"] = environ.get("REMOTE_ADDR", "")
        if base_path := environ.get("SCRIPT_NAME", ""):
            headers["X-Forwarded-Prefix"] = base_path
        return cls(
            method=environ["REQUEST_METHOD"],
            path=path_of(environ),
            query=query_of(environ),
            host=host,
            scheme=scheme,
            headers=headers,
            authorization=environ.get("HTTP_AUTHORIZATION"),
            base_path=base_path,
        )


def path_of(environ: dict[str, Any]) -> str:
    """The decoded path. Raises GatewayError (404) for one that two programs could read as different paths."""
    try:
        path: str = environ.get("PATH_INFO", "").encode("latin-1").decode()
    except UnicodeDecodeError:
        raise not_found() from None
    if not path.startswith("/") or _MISLEADING.search(path):
        raise not_found()
    return path


def query_of(environ: dict[str, Any]) -> str:
    """The query in the one spelling that no program on its way changes, or its signature would not fit any more."""
    query = quote(environ.get("QUERY_STRING", "").encode("latin-1"), safe="%/?:@!$&'()*+,;=~")
    return _ESCAPE.sub(lambda found: found[0].upper() if len(found[0]) == 3 else "%25", query)


def public_address(environ: dict[str, Any]) -> tuple[str, str]:
    """The host, as links of the reply name it, and the scheme. Raises GatewayError (400) when there is no such host."""
    host = environ.get("HTTP_X_FORWARDED_HOST", "").split(",")[0].strip()
    if not _is_host(host):
        host = environ.get("HTTP_HOST", "") or f"{environ['SERVER_NAME']}:{environ['SERVER_PORT']}"
    if not _is_host(host):
        raise GatewayError(400, "The Host header is not a host name.")
    scheme = environ.get("HTTP_X_FORWARDED_PROTO", "").split(",")[0].strip().lower()
    return host, scheme if scheme in ("http", "https") else environ["wsgi.url_scheme"]


def _is_host(text: str) -> bool:
    return len(text) <= LONGEST_HOST and host_is_trusted(text)


def readable_cookies(environ: dict[str, Any]) -> None:
    """Replace bytes in cookies that are no UTF-8: one bad cookie of another program would make all unreadable."""
    if not (cookies := environ.get("HTTP_COOKIE", "")).isascii():
        environ["HTTP_COOKIE"] = cookies.encode("latin-1").decode(errors="replace").encode().decode("latin-1")


def client_address(environ: dict[str, Any]) -> str:
    """The address of the client: the last hop in X-Forwarded-For that is not a trusted proxy."""
    address: str = environ.get("REMOTE_ADDR", "")
    given: str = environ.get("HTTP_X_FORWARDED_FOR", "")
    hops = [hop.strip() for hop in given.split(",")] if _ADDRESSES.fullmatch(given) else []
    while hops and is_trusted(address):
        address = hops.pop()
    return address


def is_trusted(address: str) -> bool:
    """Whether `address` is that of a proxy whose word counts."""
    try:
        found = ip_address(address)
    except ValueError:
        return False
    return any(found in network for network in settings.trusted_proxies)


def _end_to_end(environ: dict[str, Any]) -> dict[str, str]:
    dropped = {name.strip().lower() for name in environ.get("HTTP_CONNECTION", "").split(",")}
    headers = {}
    for key, value in environ.items():
        if not key.startswith("HTTP_"):
            continue
        name = key[5:].replace("_", "-").lower()
        if name not in _OWN and name not in dropped and not name.startswith(_OWN_PREFIXES):
            headers[name.title()] = value
    if SESSION_COOKIE in headers.get("Cookie", ""):
        headers["Cookie"] = _without_session(headers["Cookie"])
    if content_type := environ.get("CONTENT_TYPE"):
        headers["Content-Type"] = content_type
    return headers


def _without_session(cookies: str) -> str:
    """The cookies without that of the session: it is checked here once, and no service should receive it."""
    pairs = [pair.strip() for pair in cookies.split(";")]
    return "; ".join(pair for pair in pairs if pair.partition("=")[0].strip() != SESSION_COOKIE)
