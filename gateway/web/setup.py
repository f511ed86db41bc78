"""Puts the web into the gateway's application: templates, files, sessions and the headers of every page."""

import hashlib
import secrets
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from flask import Flask, Response, request, session
from flask.json.provider import DefaultJSONProvider

from gateway import sessions
from gateway.errors import GatewayError
from gateway.request import public_address
from gateway.upstreams import Upstreams
from gateway.web import (
    admin,
    browse,
    display,
    docs,
    home,
    login,
    permissions,
    picker,
    policy,
    refusals,
    related_list,
    search,
    status_api,
    time_zones,
)
from gateway.web.catalogue import Catalogue
from gateway.web.upstream_client import identity
from gateway.web.visitor import Visitor
from shared.config import settings
from shared.http.context import of_request

FOLDER = Path(__file__).parent
DAY = 24 * 60 * 60


def install(app: Flask, upstreams: Upstreams) -> None:
    app.extensions["patchbay.upstreams"] = upstreams
    app.extensions["patchbay.catalogue"] = Catalogue(upstreams)
    app.json = provider = DefaultJSONProvider(app)
    provider.sort_keys = False
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = DAY
    app.config["MAX_CONTENT_LENGTH"] = app.config["MAX_FORM_MEMORY_SIZE"] = settings.max_body_bytes
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    sessions.install(app)
    _give_templates(app)
    app.after_request(_protect)
    for each in (docs, home, time_zones, status_api, search, login, admin, picker, browse):
        app.register_blueprint(each.pages)


def csrf() -> str:
    """The token that the forms of this session carry."""
    if "csrf" not in session:
        session["csrf"] = secrets.token_urlsafe(24)
    token: str = session["csrf"]
    return token


def _give_templates(app: Flask) -> None:
    app.jinja_env.globals.update(
        static=_static, csrf=csrf, time_zone=_time_zone, label=display.label, title=display.title
    )
    app.jinja_env.globals.update(
        permission_sections=permissions.sections,
        permission_verbs=permissions.VERBS,
        menu=home.menu,
        named=related_list.named,
        title_column=display.title_column,
    )
    app.jinja_env.filters.update(local=_local, form_text=_form_text, age=display.age, moment=time_zones.moment)
    app.jinja_env.filters.update(linked=refusals.linked, activity=display.activity, with_paths=refusals.with_paths)
    app.jinja_env.tests["link"] = display.is_link
    app.jinja_env.tests.update(image=display.is_image, deep=display.is_deep, moment=display.is_moment)
    app.context_processor(_told_to_every_page)


def _told_to_every_page() -> dict[str, str]:
    """`root` stands before every path that a page tells a browser (`gateway.base_path`)."""
    request_id = request.environ.get("HTTP_X_REQUEST_ID", "")
    return {"user": _user(), "request_id": request_id, "root": request.script_root}


def _time_zone() -> str:
    """The name of the reader's time zone."""
    return time_zones.current().key


def _user() -> str:
    try:
        return identity("users").username
    except GatewayError:
        return ""


def _static(name: str) -> str:
    """The address of a file we ship; it changes when the file does."""
    return f"{request.script_root}/static/{name}?v={_digest(name)}"


@cache
def _digest(name: str) -> str:
    return hashlib.sha256((FOLDER / "static" / name).read_bytes()).hexdigest()[:10]


def _local(address: str) -> str:
    """An address on this site without the site, as links of pages are."""
    parts = urlsplit(address)
    if (parts.netloc, parts.scheme) != _public():
        return address
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def _public() -> tuple[str, str]:
    """Host and scheme of this site, found once a request."""
    visitor = of_request(Visitor)
    if visitor.public is None:
        visitor.public = public_address(request.environ)
    return visitor.public


def _form_text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _protect(response: Response) -> Response:
    if response.mimetype == "text/html":
        response.headers.setdefault("Content-Security-Policy", policy.POLICY)
        response.headers["Referrer-Policy"] = "same-origin"
        response.headers["X-Content-Type-Options"] = "nosniff"
        if not request.path.startswith("/static/"):
            response.headers["Cache-Control"] = "no-store"
    return response
