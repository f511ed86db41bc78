"""Any address of the API as a page: its reply, filters, and forms to create, change and delete."""

from typing import Any
from urllib.parse import urlencode, urlsplit

from flask import Blueprint, Response, abort, current_app, flash, redirect, render_template, request, session
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response as WerkzeugResponse

from gateway import sessions
from gateway.request import Request
from gateway.routing import app_of
from gateway.web import bulk, columns, display, forms, picker, previews, spreadsheets, values
from gateway.web.catalogue import Catalogue
from gateway.web.endpoint import Endpoint
from gateway.web.page import HtmlPage, questions_of_page
from gateway.web.page_forms import form_of
from gateway.web.upstream_client import Question, UpstreamResponse, fetch, fetch_together, identity
from shared import JsonObject

pages = Blueprint("browse", __name__)
KEPT_HEADERS = (
    "content-type",
    "content-disposition",
    "content-security-policy",
    "x-content-type-options",
    "location",
)
VERBS = ("POST", "PATCH", "DELETE")
OWN = ("format", columns.PARAMETER)


def catalogue() -> Catalogue:
    found: Catalogue = current_app.extensions["patchbay.catalogue"]
    return found


@pages.get("/api/<path:rest>", provide_automatic_options=False)
def show(rest: str) -> ResponseReturnValue:
    asked = Request.from_environ(request.environ)
    _require_app(asked.path)
    endpoint = catalogue().endpoint(asked.path)
    if endpoint and endpoint.preview:
        return previews.shown(asked, endpoint)
    wanted = _clean(endpoint)
    if wanted is not None:
        return redirect(f"{asked.path}?{wanted}" if wanted else asked.path, 303)
    answer = fetch_together([Question(asked.path, _query()), *questions_of_page(endpoint, asked.path)])[0]
    if "location" in answer.headers or not _shown(answer):
        return _as_it_is(answer)
    if answer.status == 403 and identity("users").anonymous:
        return redirect(f"/admin/login/?{urlencode({'next': request.full_path.rstrip('?')})}", 303)
    return HtmlPage(asked, answer, endpoint).render()


@pages.route("/api/<path:rest>", methods=["OPTIONS", "POST", "PUT", "PATCH", "DELETE"])
def change(rest: str) -> ResponseReturnValue:
    """A form that was sent, or a request of a program that wants to see the reply as a page."""
    asked = Request.from_environ(request.environ)
    _require_app(asked.path)
    if request.mimetype not in ("application/x-www-form-urlencoded", "multipart/form-data"):
        _require_csrf(request.headers.get("X-CSRFToken", ""))
        answer = fetch(request.method, asked.path, _query(), request.get_data() or None)
        return HtmlPage(asked, answer, catalogue().endpoint(asked.path), method=request.method).render()
    _require_csrf(request.form.get("_csrf", ""))
    endpoint = catalogue().endpoint(asked.path)
    if endpoint and endpoint.preview:
        return previews.done(asked, endpoint)
    if endpoint and (deed := request.form.get("_bulk")) in bulk.VERBS and endpoint.is_list:
        return bulk.answered(asked, endpoint, str(deed))
    method = request.form.get("_method", "POST")
    if endpoint is None or method not in VERBS or method.lower() not in endpoint.operations:
        abort(404)
    return _submitted(asked, endpoint, method)


def _submitted(asked: Request, endpoint: Endpoint, method: str) -> ResponseReturnValue:
    if method == "POST" and endpoint.is_list and spreadsheets.are_sent():
        return spreadsheets.submitted(asked, endpoint)
    current = fetch("GET", asked.path).json if endpoint.is_object else None
    form: forms.Form | None = None
    data: Any = None
    sent: Any = None
    if "_json" in request.form:
        data, sent = values.from_json(request.form["_json"], None), request.form["_json"].encode()
    elif endpoint.body(method.lower()):
        form = form_of(endpoint, method.lower(), current, request.form)
        data = form.data()
        if form.unclear:
            return HtmlPage(asked, fetch("GET", asked.path), endpoint, form=form, method=method, unclear=True).render()
        sent = form.upload(data, request.files) if form.files else data
    if request.form.get("_do") == "preview" and form:
        return HtmlPage(asked, fetch("GET", asked.path), endpoint, form=form, preview=(method, data)).render()
    answer = fetch(method, asked.path, "", sent)
    if answer.ok:
        return _done(method, endpoint, asked, answer, data)
    if form:
        form.refuse(answer.json)
    shown = fetch("GET", asked.path)
    preview = (method, data)
    return HtmlPage(asked, shown, endpoint, form=form, refusal=answer, preview=preview, method=method).render()


def _done(method: str, endpoint: Endpoint, asked: Request, answer: UpstreamResponse, data: Any) -> ResponseReturnValue:
    made = answer.json or {}
    what = endpoint.type.split(".")[-1] or "object"
    above = asked.path.rstrip("/").rsplit("/", 1)[0] + "/"
    if method == "DELETE":
        flash(f"Deleted the {what}.")
        return redirect(above, 303)
    if isinstance(made, list):
        flash(f"Created {len(made)} objects.")
        return redirect(asked.path, 303)
    if "url" not in made:
        flash(f"Done: {endpoint.operations['post']['summary'].lower()}.")
        return _with_cookie(redirect(above, 303), answer)
    address = urlsplit(made["url"]).path.removeprefix(request.script_root)
    if method == "POST" and (once := _shown_once(made, address, data)):
        return render_template("once.html", what=what, once=once, address=address)
    flash(f"{'Created' if answer.status == 201 else 'Saved'} {display.title(made)}.")
    return redirect(address, 303)


def _with_cookie(reply: WerkzeugResponse, answer: UpstreamResponse) -> WerkzeugResponse:
    """A session key is kept by the browser, in a cookie that is for the service of secrets alone."""
    if "set-cookie" in answer.headers:
        reply.headers.add("Set-Cookie", answer.headers["set-cookie"])
    return reply


def _shown_once(made: JsonObject, path: str, data: Any) -> JsonObject:
    """What only the reply to a creation tells: neither sent, nor to be read again. The key of a token is such."""
    kept = fetch("GET", path).json or {}
    sent = data if isinstance(data, dict) else {}
    return {
        name: told
        for name, told in made.items()
        if isinstance(told, str) and told and not kept.get(name) and name not in sent and name != "url"
    }


def _require_app(path: str) -> None:
    if app_of(path) is None:
        abort(404)


def _clean(endpoint: Endpoint | None) -> str | None:
    """The query without blanks and with ids for names, if it was not so already."""
    parameters = endpoint.parameters() if endpoint else []
    references = {each["name"] for each in parameters if each.get("x-key") == "id"}
    meant, _ = picker.resolve(forms.filter_inputs(parameters, request.args), request.args)
    filled = [(name, text.strip()) for name, text in meant.items(multi=True) if text.strip()]
    wanted = [(name, values.reference_id(text) if name in references else text) for name, text in filled]
    return None if wanted == list(request.args.items(multi=True)) else urlencode(wanted)


def _query() -> str:
    return urlencode([(name, text) for name, text in request.args.items(multi=True) if name not in OWN])


def _shown(answer: UpstreamResponse) -> bool:
    return answer.is_json or not answer.ok or not answer.content


def _as_it_is(answer: UpstreamResponse) -> Response:
    headers = {name: answer.headers[name] for name in KEPT_HEADERS if name in answer.headers}
    policy = "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'self'"
    headers.setdefault("content-security-policy", policy)  # a browser styles a picture that is a page of its own
    return current_app.response_class(answer.content, answer.status, headers)


def _require_csrf(token: str) -> None:
    """A request that a token vouches for could not come from another site; one of a session needs its token."""
    if request.method == "OPTIONS":
        return
    if sessions.identity(dict(session), "users") or not request.headers.get("Authorization"):
        sessions.require_csrf(dict(session), "POST", token)
