"""What a refused request says, as sentences and links for people."""

import re
from typing import TYPE_CHECKING, Any

from flask import current_app, request
from markupsafe import Markup, escape

from gateway.web import display

if TYPE_CHECKING:
    from gateway.web.forms import Form

PLAIN = ("", "detail", "non_field_errors")
DEEDS = {"DELETE": "Not deleted", "GET": "This cannot be shown"}


def linked(text: str) -> Markup:
    """`text` with links to the objects that it tells of by type and id: "device 5 (sw1)"."""
    lists = current_app.extensions["patchbay.catalogue"].lists()
    parts, at = [], 0
    for found in re.finditer(rf"\b({'|'.join(map(re.escape, lists))}) (\d+)\b(?: \([^()]*\))?", text) if lists else ():
        address = f"{lists[found[1]]}{found[2]}/"
        parts += [
            escape(text[at : found.start()]),
            Markup('<a href="{}{}">{}</a>').format(request.script_root, address, found[0]),
        ]
        at = found.end()
    return Markup("").join([*parts, escape(text[at:])])


def with_paths(text: str) -> Markup:
    """`text` in which the addresses of this site are links."""
    parts = re.split(r"(/api/[\w/-]*/)", text)
    link = Markup('<a href="{0}{1}">{1}</a>')
    return Markup("").join(
        link.format(request.script_root, part) if place % 2 else escape(part) for place, part in enumerate(parts)
    )


def messages(found: Any) -> list[str]:
    """The messages about one field; those about an element of a list name its place."""
    if isinstance(found, dict):
        return [f"item {_place(key)}: {text}" for key, each in found.items() for text in messages(each)]
    return [text for each in found for text in messages(each)] if isinstance(found, list) else [str(found)]


def unclear(found: int, more: bool) -> str:
    """Why a name that was typed for an object could not be taken."""
    if not found:
        return "Nothing is called so. Type a part of the name, or of what it belongs to."
    return f"{'More than ' if more else ''}{found} are found by this: choose one, or type more of the name."


def sentences(body: Any) -> list[str]:
    """All that the JSON `body` of an error says; of a bulk request, object by object."""
    if isinstance(body, list):
        return [f"Object {place}: {said}" for place, each in enumerate(body, 1) for said in sentences(each)]
    if not isinstance(body, dict):
        return [] if body is None else [str(body)]
    told = {name: messages(found) for name, found in body.items() if name != "dependents"}
    return [
        text if name in PLAIN else f"{display.label(name)}: {text}" for name, texts in told.items() for text in texts
    ]


def _place(key: str) -> str:
    return str(int(key) + 1) if key.isdigit() else key


class Refusal:
    """A refusal as a page shows it: a `heading`, `sentences`, and `dependents`, the (address, name) of the objects
    that prevent it. A message that is shown beside an input of `form` is not repeated among the sentences.
    """

    def __init__(self, method: str, body: Any, form: "Form | None" = None):
        self.heading = DEEDS.get(method, "Not saved")
        self.sentences = form.errors if form else sentences(body)
        found = body.get("dependents", []) if isinstance(body, dict) else []
        self.dependents = [
            (each["url"], f"{display.label(each['type'].split('.')[-1])} {each['name']}") for each in found
        ]
