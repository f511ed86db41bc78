"""The gateway: what belongs to a service is forwarded by its prefix, the rest is a page of its own.

Forwarding is plain WSGI in front of Flask (docs/adr/0002-gateway-hot-path.md).
"""

import logging
from collections.abc import Iterable
from time import perf_counter
from typing import Any

from flask import Flask
from werkzeug.test import run_wsgi_app
from werkzeug.wsgi import ClosingIterator

from gateway import base_path, cors, delegation, metrics, sessions
from gateway.compression import compressed
from gateway.concurrency_limit import ConcurrencyLimit
from gateway.errors import GatewayError, Reply
from gateway.negotiation import ResponseFormat, format_of, without_suffix
from gateway.pages import create_pages
from gateway.proxy import INTERNAL_SECONDS
from gateway.rate_limits import HEADERS, RateLimits
from gateway.request import Request, client_address, path_of, public_address, readable_cookies
from gateway.routing import route
from gateway.upstreams import Upstreams
from shared.config import settings
from shared.http import budget, protocol
from shared.security.identity import CALLER_HEADER, DELEGATION_HEADER, HEADER, Forged, Identity, verify
from shared.telemetry import logs, tracing
from shared.telemetry.metrics import method_label
from shared.telemetry.origin import arrived, origin, working_for

# A page asks several services, and the form that was sent is read meanwhile.
PAGE_SECONDS = 2 * settings.read_seconds

log = logging.getLogger("patchbay.gateway")


class Gateway:
    """WSGI middleware: forwards to the upstreams, and hands to `pages` what has no service or is for people."""

    def __init__(self, pages: Flask, upstreams: Upstreams) -> None:
        self._app, self._pages, self._upstreams = pages, pages.wsgi_app, upstreams
        self._limit = ConcurrencyLimit(settings.gateway_clients)
        self._rates = RateLimits()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        base_path.split(environ)
        with (
            working_for(arrived(lambda header: environ.get(_variable(header)))),
            tracing.span("gateway", environ["REQUEST_METHOD"], tracing.SpanKind.SERVER) as span,
        ):
            return self._serve(environ, start_response, span)

    def _serve(self, environ: dict[str, Any], start_response: Any, span: tracing.NoSpan) -> Iterable[bytes]:
        started = perf_counter()
        try:
            leave = self._limit.acquire(environ["PATH_INFO"])
        except GatewayError as busy:
            return self._reply(environ, start_response, started, "gateway", busy.reply(), span)
        try:
            app, reply = self._answer(environ)
            return ClosingIterator(self._reply(environ, start_response, started, app, reply, span), leave)
        except BaseException:
            leave()
            raise

    def _reply(
        self,
        environ: dict[str, Any],
        start_response: Any,
        started: float,
        app: str,
        reply: Reply,
        span: tracing.NoSpan,
    ) -> Iterable[bytes]:
        method, seconds = environ["REQUEST_METHOD"], perf_counter() - started
        metrics.observe(app, method, reply.status, seconds)
        path = environ["PATH_INFO"].encode("latin-1").decode(errors="replace")
        logs.access(method, path, reply.status, seconds, served_by=app, client=environ.get("REMOTE_ADDR", ""))
        tracing.answered(span, method_label(method), app, reply.status)
        reply = compressed(environ, reply)
        own = _own_headers(environ["PATH_INFO"], origin().request_id)
        start_response(reply.status_line, [*reply.headers, *own, *cors.headers(environ), *environ.get(HEADERS, ())])
        return reply.body

    def _answer(self, environ: dict[str, Any]) -> tuple[str, Reply]:
        app = "gateway"
        try:
            audience, app = route(path_of(environ))
            public_address(environ)
            readable_cookies(environ)
            environ["REMOTE_ADDR"] = client_address(environ)
            if (allowed := cors.preflight(environ)) is not None:
                return app, allowed
            self._rates.count(environ)
            if audience == "pages" or (audience == "api" and _for_people(environ)):
                return app, self._page(environ)
            return app, self._forward(environ, audience, app)
        except GatewayError as refused:
            return app, refused.reply()
        except Exception:
            log.exception("the gateway failed")
            return app, GatewayError(500, "The gateway failed on this request.").reply()

    def _page(self, environ: dict[str, Any]) -> Reply:
        with budget.limited(PAGE_SECONDS, environ.get("gunicorn.socket")):
            body, status, headers = run_wsgi_app(self._pages, environ)
            if "Content-Length" in headers:  # what has none is long, and is sent as it is made
                body = _whole(body)
        return Reply(int(status.split()[0]), list(headers), body)

    def _forward(self, environ: dict[str, Any], audience: str, app: str) -> Reply:
        request = Request.from_environ(environ)
        try:
            if audience == "internal":
                identity = caller(environ, request, app)
            else:
                request.path = without_suffix(request.path)
                identity = sessions.caller(self._app, environ, request, app)
            request.receive(environ)
            seconds, client = _seconds(environ, identity), environ.get("gunicorn.socket")
            try:
                with budget.limited(seconds, client):
                    return self._upstreams.send(request, app, identity)
            except GatewayError as failed:
                if failed.status not in (502, 504) or not request.is_idempotent_by_key:
                    raise
            with budget.limited(seconds, client):
                return self._upstreams.send(request, app, identity)
        finally:
            request.close()


def _whole(body: Iterable[bytes]) -> list[bytes]:
    try:
        return list(body)
    finally:
        if hasattr(body, "close"):
            body.close()


def _for_people(environ: dict[str, Any]) -> bool:
    """Whether a path of the API is asked for as a page. Raises GatewayError (404, 406)."""
    path = environ["PATH_INFO"]
    if not path.startswith("/api/") or path.endswith(".json"):
        return False
    return format_of(environ.get("HTTP_ACCEPT", ""), environ.get("QUERY_STRING", "")) is ResponseFormat.PAGE


def caller(environ: dict[str, Any], request: Request, app: str) -> Identity:
    """The service that makes an internal call to `app`; it can only speak as itself, or for the user it answers.

    Raises GatewayError (400, 403, 413, 503).
    """
    name = environ.get(_variable(CALLER_HEADER), "")
    given = environ.get(_variable(HEADER))

    def digest() -> str:
        request.receive(environ)
        return request.digest

    try:
        signed = verify(settings.service_keys[name], given, request.method, request.path, request.query, digest)
    except KeyError:
        signed = Identity()
    except Forged as error:
        log.warning("identity of the %s service refused: %s", name, error)
        signed = Identity()
    if not name or signed.service != name:
        raise GatewayError(403, "This is not a call of a known service.")
    request.headers[protocol.HEADER] = environ.get(_variable(protocol.HEADER), "")
    if given_for := environ.get(_variable(DELEGATION_HEADER)):
        return delegation.resolved(given_for, name, signed.number, app)
    return Identity(service=name, number=signed.number)


def _seconds(environ: dict[str, Any], identity: Identity) -> float:
    """How long a request may take once it is whole. Of what callers say only a service's word counts."""
    if identity.service:
        return budget.said(environ.get(_variable(budget.HEADER)), INTERNAL_SECONDS)
    return settings.read_seconds


def _variable(header: str) -> str:
    return f"HTTP_{header.upper().replace('-', '_')}"


def _own_headers(path: str, request_id: str) -> list[tuple[str, str]]:
    headers = [("X-Request-ID", request_id), ("X-Frame-Options", "SAMEORIGIN")]
    if path.startswith(("/api", "/media/")):
        headers.append(("Vary", "Accept, Cookie, Origin"))
    if path.startswith("/api"):
        headers.append(("API-Version", "2.3"))
    return headers


_upstreams = Upstreams()
app = create_pages(_upstreams)
app.wsgi_app = Gateway(app, _upstreams)  # type: ignore[method-assign]  # which is how Flask takes middleware
