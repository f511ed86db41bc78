"""How an object that is referred to is chosen: found in its service by what is typed, and by what else is filled in."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from flask import Blueprint, abort, current_app, render_template, request
from werkzeug.datastructures import MultiDict

from gateway.routing import app_of
from gateway.web import values
from gateway.web.catalogue import Catalogue
from gateway.web.endpoint import Endpoint
from gateway.web.upstream_client import Question, UpstreamResponse, answer_to, fetch_together

if TYPE_CHECKING:
    from gateway.web.forms import Input

pages = Blueprint("picker", __name__)
NONE = "null"  # what a filter calls no object
PICKED = "pick-"  # before the name of an input, that of the list of what was found for it


@dataclass(frozen=True)
class Match:
    """One object that may be meant: `text` is what an input has when it is chosen."""

    pk: int
    name: str
    context: tuple[str, ...]

    @property
    def text(self) -> str:
        return f"{' · '.join((self.name, *self.context))} #{self.pk}"


@dataclass(frozen=True)
class Matches:
    """What was found for a text; there are `more` than are shown."""

    found: tuple[Match, ...] = ()
    more: bool = False

    def meant(self, typed: str) -> Match | None:
        """The one that `typed` can only mean: the only one of this name, or the only one that was found."""
        same = [each for each in self.found if each.name.lower() == typed.lower()]
        if len(same) == 1 and not (self.more and len(same) == len(self.found)):
            return same[0]
        return self.found[0] if len(self.found) == 1 and not self.more else None


def _catalogue() -> Catalogue:
    found: Catalogue = current_app.extensions["patchbay.catalogue"]
    return found


@pages.get("/options/api/<path:target>")
def options(target: str) -> str:
    """What a reference may be, for the list below its input: `for` names that input among those of its form."""
    endpoint = _catalogue().endpoint(f"/api/{target}")
    if endpoint is None or not endpoint.is_list:
        abort(404)
    typed = request.args.get(request.args.get("for", ""), next(iter(request.args.values()), "")).strip()
    narrowing = narrowed_by(endpoint, request.args, request.args.get("for", ""))
    return render_template("options.html", choices=matches_of(answer_to(question(endpoint.template, typed, narrowing))))


def question(path: str, typed: str, narrowing: Mapping[str, str]) -> Question:
    """What asks which objects of the list `path` may be meant."""
    asked = urlencode({"list": path, "words": typed.rpartition(" #")[0] or typed, **narrowing})
    return Question(f"/internal/{app_of(path)}/autocomplete", asked)


def matches_of(answer: UpstreamResponse) -> Matches:
    if answer.status != 200:
        return Matches()
    found = (Match(each["id"], each["name"], tuple(each["context"])) for each in answer.json["results"])
    return Matches(tuple(found), answer.json["more"])


def narrowed_by(endpoint: Endpoint, filled: Mapping[str, str], name: str) -> dict[str, str]:
    """The filters of a list that other inputs of the form of input `name` set: the racks of the site that is chosen."""
    by_id = {each["name"] for each in endpoint.parameters() if each.get("x-reference") and each.get("x-key") == "id"}
    chosen = {
        other if other in by_id else f"{other}_id": values.reference_id(text)
        for other, text in filled.items()
        if other != name
    }
    return {other: pk for other, pk in chosen.items() if other in by_id and pk.isdecimal()}


def resolve(inputs: Iterable["Input"], filled: MultiDict[str, str]) -> tuple[MultiDict[str, str], dict[str, Matches]]:
    """`filled` with the objects that names mean, and by input what a name may mean that means no single one.

    A number that nothing is called is an id. All are looked up at once; a second time where what was found narrows
    what is left.
    """
    referring = [each for each in inputs if each.reference]
    resolved, unclear = _resolved(referring, filled)
    if unclear and resolved != filled:
        resolved, unclear = _resolved(referring, resolved)
    return resolved, unclear


def _resolved(inputs: list["Input"], filled: MultiDict[str, str]) -> tuple[MultiDict[str, str], dict[str, Matches]]:
    typed = [(each, text, endpoint) for each in inputs if (endpoint := _listing(each)) for text in _names(each, filled)]
    questions = [
        question(endpoint.template, text, narrowed_by(endpoint, filled, each.name)) for each, text, endpoint in typed
    ]
    resolved, unclear = filled.copy(), dict[str, Matches]()
    for (each, text, _), answer in zip(typed, fetch_together(questions), strict=True):
        choices = matches_of(answer)
        if answer.status != 200 or (not choices.found and text.isdecimal()):
            continue  # nobody can tell, or an id
        meant = choices.meant(text)
        if taken := filled.get(f"{PICKED}{each.name}", "") or (meant.text if meant else ""):
            texts = [taken if other.strip() == text else other for other in resolved.getlist(each.name)]
            resolved.setlist(each.name, texts)
        else:
            unclear[each.name] = choices
    return resolved, unclear


def _listing(field: "Input") -> Endpoint | None:
    """The list that the input is chosen from, if it can be searched."""
    endpoint = _catalogue().endpoint(field.reference)
    return endpoint if endpoint and endpoint.is_list else None


def _names(field: "Input", filled: MultiDict[str, str]) -> list[str]:
    """What was typed into an input and is no id yet."""
    texts = (text.strip() for text in filled.getlist(field.name))
    return [text for text in texts if text and values.reference_id(text) == text and text.lower() != NONE]
