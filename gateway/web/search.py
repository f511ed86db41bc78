"""One search over all apps, and the API root: what concerns no single service."""

from time import monotonic
from urllib.parse import urlencode

from flask import Blueprint, current_app, render_template, request
from flask.typing import ResponseReturnValue

from gateway import authentication
from gateway.negotiation import ResponseFormat, format_of
from gateway.request import Request
from gateway.responses import json_response
from gateway.web.page import HtmlPage
from gateway.web.upstream_client import Question, UpstreamResponse, fetch_together, identity
from shared import JsonObject
from shared.config import APPS

pages = Blueprint("search", __name__)
SECONDS, AGAIN_SECONDS, REMEMBERED_SECONDS = 2.0, 0.25, 30.0
_silent_until: dict[str, float] = {}


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
        return render_template("search.html", search_text=words, found=found, down=down, nouns=_nouns())
    return json_response({"query": words, "count": len(found), "results": found, "unavailable": down})


def _nouns() -> dict[str, str]:
    nouns: dict[str, str] = current_app.extensions["patchbay.catalogue"].nouns()
    return nouns


def _found(words: str) -> tuple[list[JsonObject], list[str]]:
    """What all services found, and the names of those that do not answer; each is asked once, all at once.

    One that did not answer in time gets little of it for a while.
    """
    began, query = monotonic(), urlencode({"q": words})
    silent = {app for app in APPS if began < _silent_until.get(app, 0)}
    questions = [
        Question(f"/internal/{app}/search", query, AGAIN_SECONDS if app in silent else SECONDS) for app in APPS
    ]
    answers = dict(zip(APPS, fetch_together(questions), strict=True))
    for app, reply in answers.items():
        if reply.status in (502, 503, 504) and app not in silent:
            _silent_until[app] = monotonic() + REMEMBERED_SECONDS
        elif reply.ok:
            _silent_until.pop(app, None)
    results = [each for reply in answers.values() if reply.status == 200 for each in reply.json["results"]]
    return results, [app for app, reply in answers.items() if reply.status != 200]


def _for_people() -> bool:
    return format_of(request.headers.get("Accept", ""), request.query_string.decode("latin-1")) is ResponseFormat.PAGE
