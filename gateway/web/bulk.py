"""Several objects of a list changed or deleted at once: chosen there, looked at once more, then all or none."""

from typing import Any
from urllib.parse import urlencode

from flask import current_app, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from gateway.request import Request
from gateway.web import refusals
from gateway.web.endpoint import Endpoint
from gateway.web.forms import Form
from gateway.web.page_forms import form_of
from gateway.web.upstream_client import UpstreamResponse, fetch, may
from shared import JsonObject

MOST = 500
VERBS = {"edit": "PATCH", "delete": "DELETE"}
_YES_OR_NO = {"x-choices": [{"value": True, "label": "Yes"}, {"value": False, "label": "No"}], "enum": [True, False]}


def allowed(endpoint: Endpoint | None) -> list[str]:
    """What the user may do to several objects of a list: "edit", "delete"."""
    one = _of_one(endpoint.template) if endpoint and endpoint.is_list else None
    verbs = one.operations if one else {}
    return [deed for deed, verb in VERBS.items() if one and verb.lower() in verbs and may(one.permission(verb.lower()))]


def answered(asked: Request, endpoint: Endpoint, deed: str) -> ResponseReturnValue:
    """The page that asks whether to go on with what was selected, or what came of it."""
    ids = [int(text) for text in request.form.getlist("_selected") if text.isdecimal()][:MOST]
    if not ids:
        flash("Select some rows first.")
        return redirect(asked.path, 303)
    form = _form(endpoint) if deed == "edit" else None
    refusal: UpstreamResponse | None = None
    if "_sure" in request.form and not (form and form.unclear):
        changes = form.data() if form else {}
        refusal = fetch(VERBS[deed], asked.path, "", [{"id": pk, **changes} for pk in ids])
        if refusal.ok:
            flash(f"{'Deleted' if deed == 'delete' else 'Saved'} {len(ids)} objects.")
            return redirect(asked.path, 303)
    found = fetch("GET", asked.path, urlencode({"id__in": ",".join(map(str, ids)), "limit": 0}))
    chosen = found.json["results"] if found.ok else []
    told = refusals.Refusal(VERBS[deed], refusal.json) if refusal else None
    return render_template("bulk.html", deed=deed, chosen=chosen, form=form, refused=told), 400 if told else 200


def _of_one(path: str) -> Endpoint | None:
    """The endpoint of the objects of the list `path`."""
    found: Endpoint | None = current_app.extensions["patchbay.catalogue"].endpoint(f"{path}1/")
    return found


def _form(endpoint: Endpoint) -> Form | None:
    """The form in which what is left blank stays as it is."""
    one = _of_one(endpoint.template)
    if one is None:
        return None
    return form_of(one, "patch", None, request.form if "_sure" in request.form else None, _unset)


def _unset(shape: JsonObject) -> JsonObject:
    """The shape of an attribute that may also be left alone."""
    kept: dict[str, Any] = {name: value for name, value in shape.items() if name not in ("default", "example")}
    if kept.get("type") == "boolean" and not kept.get("readOnly"):
        kept = {**{name: value for name, value in kept.items() if name != "type"}, **_YES_OR_NO}
    return kept
