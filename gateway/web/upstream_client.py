"""What a page asks of the services, as the user who looks at it."""

import math
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import orjson
from flask import current_app, request
from werkzeug.test import encode_multipart

from gateway import authentication, sessions
from gateway.body import Body
from gateway.errors import GatewayError, Reply
from gateway.request import Request
from gateway.routing import route
from gateway.web.visitor import Visitor
from shared.http import budget
from shared.http.context import of_request
from shared.security.identity import Identity
from shared.telemetry.origin import carried

# How many questions a page asks at the same moment.
AT_ONCE = 8


class Upload(dict[str, Any]):
    """What is sent as a form, because there are files in it."""


class CsvFile(bytes):
    """What is sent as CSV, in UTF-8."""


@dataclass
class UpstreamResponse:
    """The reply to one request of a page: `headers` by lower-case name, `content` as bytes."""

    status: int
    headers: dict[str, str]
    content: bytes

    @property
    def ok(self) -> bool:
        return self.status < 400

    @property
    def is_json(self) -> bool:
        return self.headers.get("content-type", "").startswith("application/json") and bool(self.content)

    @cached_property
    def json(self) -> Any:
        """The parsed content; None when it is not JSON."""
        return orjson.loads(self.content) if self.is_json else None


@dataclass(frozen=True)
class Question:
    """A GET that a page makes; `seconds` is the longest that it waits."""

    path: str
    query: str = ""
    seconds: float = math.inf


def fetch(method: str, path: str, query: str = "", data: Any = None) -> UpstreamResponse:
    """The answer of the service that `path` belongs to; a refusal of the gateway is an answer like any other.

    What a page has asked it does not ask again, unless it has changed something since.
    """
    answers = of_request(Visitor).answers
    if method != "GET":
        answers.clear()
    elif known := answers.get((path, query)):
        found: UpstreamResponse = known
        return found
    return _asking(method, Question(path, query), data)()


def answer_to(question: Question) -> UpstreamResponse:
    return fetch("GET", question.path, question.query)


def fetch_together(questions: Iterable[Question]) -> list[UpstreamResponse]:
    """The answers to `questions`, all asked at once; `fetch` knows them, too."""
    wanted = list(questions)
    asking = [_asking("GET", each) for each in wanted]
    if not asking:
        return []
    with ThreadPoolExecutor(min(len(asking), AT_ONCE)) as pool:
        found = list(pool.map(carried(_answer), asking))
    of_request(Visitor).answers |= {(each.path, each.query): reply for each, reply in zip(wanted, found, strict=True)}
    return found


def ask_together(questions: Iterable[Question]) -> None:
    """Ask those of `questions` at once that this page has not asked yet; `answer_to` has the answers then."""
    known = of_request(Visitor).answers
    fetch_together(each for each in questions if (each.path, each.query) not in known)


def _answer(ask: Callable[[], UpstreamResponse]) -> UpstreamResponse:
    return ask()


def _asking(method: str, question: Question, data: Any = None) -> Callable[[], UpstreamResponse]:
    """What asks `question`, in whichever thread; the time that the page has left is that of this one."""
    _, app = route(question.path)
    outer = budget.current()
    try:
        asked = _request(method, question.path, question.query, data)
        caller = identity(app)
        authentication.require_login(caller, question.path)
    except GatewayError as refused:
        reply = _response(refused.reply())
        return lambda: reply
    upstreams = current_app.extensions["patchbay.upstreams"]

    def ask() -> UpstreamResponse:
        with budget.limited(min(question.seconds, outer.left if outer else math.inf), outer.caller if outer else None):
            try:
                return _response(upstreams.send(asked, app, caller))
            except GatewayError as refused:
                return _response(refused.reply())

    return ask


def _response(reply: Reply) -> UpstreamResponse:
    headers = {name.lower(): value for name, value in reply.headers}
    return UpstreamResponse(reply.status, headers, b"".join(reply.body))


def identity(app: str) -> Identity:
    """Who looks at the page, with the permissions in `app`. Raises GatewayError (403, 503)."""
    known = of_request(Visitor).identities
    if app not in known:
        content = sessions.read(current_app, request.environ)
        token = request.headers.get("Authorization")
        known[app] = sessions.identity(content, app) or authentication.authenticate(token, app)
    return known[app]


def may(permission: str | None) -> bool:
    """Whether the user holds `permission` (`dcim.add_site`); anybody logged in when there is none."""
    user = identity(permission.split(".")[0] if permission else "users")
    return not user.anonymous and user.write and (permission is None or user.may(permission))


def _request(method: str, path: str, query: str, data: Any) -> Request:
    asked = Request.from_environ(request.environ)
    asked.method, asked.path, asked.query = method, path, query
    asked.headers = {name: value for name, value in asked.headers.items() if name.startswith("X-") or name == "Cookie"}
    asked.headers["Accept"] = "application/json, image/svg+xml"
    if isinstance(data, Upload):
        boundary, content = encode_multipart(data)
        asked.headers["Content-Type"] = f"multipart/form-data; boundary={boundary}"
        asked.body = Body.of(content)
    elif isinstance(data, CsvFile):
        asked.headers["Content-Type"] = "text/csv; charset=utf-8"
        asked.body = Body.of(data)
    elif data is not None:
        asked.headers["Content-Type"] = "application/json"
        asked.body = Body.of(data if isinstance(data, bytes) else orjson.dumps(data))
    return asked
