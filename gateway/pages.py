"""What the gateway serves itself: the API root, health and metrics. Everything unknown is a 404 in JSON."""

import logging
from http.client import responses

import orjson
from flask import Flask, Response, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from gateway import VERSION, authentication
from gateway.errors import GatewayError
from gateway.responses import json_response
from gateway.upstreams import Upstreams
from gateway.web import setup, upstream_client
from shared.api import options
from shared.config import APPS, settings
from shared.telemetry import metrics
from shared.telemetry.origin import origin

log = logging.getLogger("patchbay.gateway")


class Pages(Flask):
    """The gateway's own application."""

    def redirect(self, location: str, code: int = 302) -> BaseResponse:
        """Redirects to a path of this program are told as browsers ask for it."""
        return super().redirect(f"{request.script_root}{location}" if location.startswith("/") else location, code)

    def make_default_options_response(self) -> Response:
        """What OPTIONS answers where no service does, to whom it would answer a GET."""
        if not request.path.startswith("/api/"):
            return super().make_default_options_response()
        authentication.require_login(upstream_client.identity("users"), request.path)
        return options.describe_view()


def create_pages(upstreams: Upstreams) -> Flask:
    app = Pages("gateway", root_path=str(setup.FOLDER))
    setup.install(app, upstreams)
    app.after_request(lambda reply: reply if reply.status_code == 404 else options.allow(reply))
    app.add_url_rule("/healthz", view_func=healthz)
    app.add_url_rule("/readyz", view_func=readyz)
    app.add_url_rule("/metrics", view_func=exposition)
    app.register_error_handler(HTTPException, http_error)
    app.register_error_handler(GatewayError, refused)
    app.register_error_handler(DBAPIError, accounts_unavailable)
    app.register_error_handler(PoolTimeout, accounts_unavailable)
    return app


def healthz() -> Response:
    return json_response({"status": "ok", "version": VERSION})


def readyz() -> Response:
    missing = [app for app in APPS if app not in settings.service_keys]
    accounts = authentication.readiness()
    state = {"accounts": accounts, "apps_without_key": missing}
    return json_response(state, 200 if accounts == "ok" and not missing else 503)


def exposition() -> Response:
    return Response(metrics.exposition(), content_type=metrics.CONTENT_TYPE)


def http_error(error: HTTPException) -> ResponseReturnValue:
    code = error.code or 500
    if code < 400:
        return error.get_response()
    details = {404: "Not found.", 405: f'Method "{request.method}" not allowed.'}
    return _failed(code, details.get(code, error.description or ""), dict(error.get_response().headers))


def refused(error: GatewayError) -> Response:
    return _failed(error.status, error.detail, dict(error.headers))


def accounts_unavailable(error: Exception) -> Response:
    """The reply when a database is missing: the gateway itself only uses that of the accounts."""
    log.warning("the accounts are not available: %s", type(error).__name__)
    return _failed(503, "Accounts are not available at the moment.", {"Retry-After": "1"})


def _failed(status: int, detail: str, headers: dict[str, str]) -> Response:
    """An error as the client wants it: a page for people, JSON for programs."""
    kept = {name: text for name, text in headers.items() if name in ("Allow", "Retry-After")}
    if "text/html" in request.headers.get("Accept", "").lower():
        told = {"status": status, "phrase": responses.get(status, ""), "detail": detail}
        return Response(render_template("error.html", **told, request_id=origin().request_id), status, kept)
    return Response(orjson.dumps({"detail": detail}), status, kept, mimetype="application/json")
