"""One search over all apps, and the API root: what concerns no single service."""

from concurrent.futures import ThreadPoolExecutor
from time import monotonic
from urllib.parse import urlencode

from flask import Blueprint, copy_current_request_context, redirect, render_template, request
from flask.typing import ResponseReturnValue

from gateway import authentication
from gateway.negotiation import ResponseFormat, format_of
from gateway.request import Request
from gateway.responses import json_response
from gateway.web.page import HtmlPage
from gateway.web.upstream_client import UpstreamResponse, fetch, identity
from shared import JsonObject
from shared.config import APPS
from shared.http import budget

pages = Blueprint("search", __name__)
SECONDS, AGAIN_SECONDS, REMEMBERED_SECONDS = 2.0, 0.25, 30.0
_silent_until: dict[str, float] = {}


@pages.get("/")
def home() -> ResponseReturnValue:
    return redirect("/api/", 303)


@pages.get("/api/")
def root() -> ResponseReturnValue:
    asked = Request.from_environ(request.environ)
    identity("users")
    carried = "?format=json" if request.args.get("format") == "json" else ""
    reply = json_response({app: f"{asked.root}/api/{app}/{carried}" for app in sorted(APPS)})
    if not _for_people():
        return reply
    shown = UpstreamResponse(200, {"content-type": "application/json"}, reply.get_data())
    return HtmlPage(asked, shown, None).render()


@pages.get("/api/search/")
def search() -> ResponseReturnValue:
    authentication.require_login(identity("users"), request.path)
    words = request.args.get("q", "").strip()
    found, down = _found(words) if words else ([], [])
    if _for_people():
        return render_template("search.html", search_text=words, found=found, down=down)
    return json_response({"query": words, "count": len(found), "results": found, "unavailable": down})


def _found(words: str) -> tuple[list[JsonObject], list[str]]:
    """What all services found, and the names of those that do not answer; each is asked once, all at once."""
    query = urlencode({"q": words})

    for app in APPS:
        identity(app)
    with ThreadPoolExecutor(len(APPS)) as pool:
        asking = {app: pool.submit(copy_current_request_context(_part), app, query) for app in APPS}
        answers = {app: each.result() for app, each in asking.items()}
    results = [each for reply in answers.values() if reply.status == 200 for each in reply.json["results"]]
    return results, [app for app, reply in answers.items() if reply.status != 200]


def _part(app: str, query: str) -> UpstreamResponse:
    """What `app` found; a service that did not answer lately gets little time."""
    silent = monotonic() < _silent_until.get(app, 0)
    with budget.limited(AGAIN_SECONDS if silent else SECONDS):
        reply = fetch("GET", f"/internal/{app}/search", query)
    if reply.status in (502, 503, 504) and not silent:
        _silent_until[app] = monotonic() + REMEMBERED_SECONDS
    elif reply.ok:
        _silent_until.pop(app, None)
    return reply


def _for_people() -> bool:
    return format_of(request.headers.get("Accept", ""), request.query_string.decode("latin-1")) is ResponseFormat.PAGE
