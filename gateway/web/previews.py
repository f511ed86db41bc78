"""What is shown before it is done: the page of a POST that can be asked what it would do (`x-preview`)."""

from urllib.parse import urlencode

from flask import flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from gateway.request import Request
from gateway.web import history, refusals
from gateway.web.endpoint import Endpoint
from gateway.web.upstream_client import UpstreamResponse, fetch, identity
from shared import JsonObject


def shown(asked: Request, endpoint: Endpoint) -> ResponseReturnValue:
    """The page that says what a POST would do, with the button that does it."""
    if identity("users").anonymous:
        return redirect(f"/admin/login/?{urlencode({'next': request.full_path.rstrip('?')})}", 303)
    sent = _sent(endpoint)
    if sent is not None and not all(sent.values()):
        return render_template("preview.html", endpoint=endpoint, inputs=sent, said=None, refused=None)
    answer = fetch("POST", asked.path, urlencode({endpoint.preview: "true"}), sent)
    return _page(endpoint, sent, answer, answer.json if answer.ok else None)


def done(asked: Request, endpoint: Endpoint) -> ResponseReturnValue:
    """Do it, and go to what was done; or say what is in the way."""
    sent = _sent(endpoint)
    answer = fetch("POST", asked.path, "", sent)
    if not answer.ok:
        return _page(endpoint, sent, answer, None)
    said = answer.json
    count = len(said["changes"])
    flash(f"Undone: {count} {'object was' if count == 1 else 'objects were'} brought back to what was before.")
    above = asked.path.rstrip("/").rpartition("/")[0] + "/"
    return redirect(f"{above}?{urlencode({'request_id': said['request_id']})}" if sent else above, 303)


def _sent(endpoint: Endpoint) -> JsonObject | None:
    """What the POST takes, of the query or the form that came; None where it takes nothing."""
    schema = endpoint.body("post")
    if schema is None:
        return None
    return {name: request.values.get(name, "") for name in schema["properties"]}


def _page(
    endpoint: Endpoint, sent: JsonObject | None, answer: UpstreamResponse, said: JsonObject | None
) -> ResponseReturnValue:
    refused = None if answer.ok else refusals.Refusal("POST", answer.json)
    told = said or answer.json
    conflicts = told.get("conflicts", []) if isinstance(told, dict) else []
    listed = said["changes"] if said else []
    sides = [(_side(each, "from"), _side(each, "to")) for each in listed]
    found = history.told([(each["type"], *both) for each, both in zip(listed, sides, strict=True)])
    changes = list(zip(listed, found, strict=True))
    shown = {"inputs": sent or {}, "said": said, "refused": refused, "changes": changes, "conflicts": conflicts}
    return render_template("preview.html", endpoint=endpoint, **shown), answer.status


def _side(change: JsonObject, side: str) -> JsonObject:
    """The values that an object has, or gets, each custom field as an attribute of its own."""
    return {name: each[side] for name, each in change["values"].items()}
