"""What was done to an object, by whom and when, as its page shows it, and as the page of one such change does."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from flask import current_app

from gateway.web import forms
from gateway.web.catalogue import Catalogue
from gateway.web.differences import CUSTOM, Difference, differences, readable
from gateway.web.endpoint import Endpoint
from gateway.web.page_forms import custom_fields_of
from gateway.web.upstream_client import Question, answer_to, may
from shared import JsonObject
from shared.config import SERVICES

CHANGES = "/api/extras/object-changes/"
MOST = 10
# The type of an object, and its write face before and after.
Change = tuple[str, JsonObject | None, JsonObject | None]
BEFORE, AFTER = "prechange_data", "postchange_data"


@dataclass(frozen=True)
class Entry:
    """One change: `undo` is the page that shows what undoing it would do, empty where the reader may not."""

    address: str
    time: str
    user: str
    action: str
    found: list[Difference]
    undo: str


@dataclass(frozen=True)
class History:
    """The newest changes of an object; `count` of all of them, which are at `address`."""

    entries: list[Entry]
    count: int
    address: str
    silent: bool = False


def question_of(endpoint: Endpoint, path: str) -> Question | None:
    """What asks for the history of the object at `path`; None for what has none."""
    pk = path.rstrip("/").rpartition("/")[2]
    if not endpoint.is_object or not endpoint.type or not pk.isdecimal() or set(endpoint.operations) <= {"get"}:
        return None
    asked = {"changed_object_type": endpoint.type, "changed_object_id": pk, "limit": MOST}
    return Question(CHANGES, urlencode(asked))


def of_object(endpoint: Endpoint, path: str) -> History | None:
    """The history of the object at `path`."""
    question = question_of(endpoint, path)
    if question is None:
        return None
    address = f"{CHANGES}?{question.query.rpartition('&')[0]}"
    answer = answer_to(question)
    if not answer.ok:
        return History([], 0, address, silent=True)
    rows = answer.json["results"]
    states = ((row[BEFORE], row[AFTER]) if row[BEFORE] and row[AFTER] else (None, None) for row in rows)
    changed = told([(endpoint.type, before, after) for before, after in states])
    entries = [_entry(row, found) for row, found in zip(rows, changed, strict=True)]
    return History(entries, answer.json["count"], address)


def _entry(row: JsonObject, found: list[Difference]) -> Entry:
    address = f"{CHANGES}{row['id']}/"
    undo = f"{address}revert/" if may(None) and can_be_undone(row) else ""
    return Entry(address, row["time"], row["user_name"], row["action"]["label"], found, undo)


def is_change(body: object) -> bool:
    """Whether an object is itself a change."""
    return isinstance(body, dict) and body.keys() >= {BEFORE, AFTER, "changed_object_type", "request_id"}


def can_be_undone(change: JsonObject) -> bool:
    """Whether there is an undo of a change at all: a service does it, and accounts are in none."""
    return change["changed_object_type"].partition(".")[0] in SERVICES


def of_change(body: JsonObject) -> list[Difference]:
    """What a change changed."""
    return told([(body["changed_object_type"], body[BEFORE], body[AFTER])])[0]


def told(changes: Sequence[Change]) -> list[list[Difference]]:
    """What differs in each of `changes`, (type, before, after), put for people."""
    found = [differences(before, after) for _, before, after in changes]
    for label in {label for label, *_ in changes}:
        mine = [place for place, each in enumerate(changes) if each[0] == label and found[place]]
        if mine:
            for place, put in zip(mine, readable([found[place] for place in mine], _shapes(label)), strict=True):
                found[place] = put
    return found


def of_request(body: JsonObject) -> tuple[str, str]:
    """(all that the request of a change changed, the page that would undo it), or blanks where it is not known."""
    if not body["request_id"]:
        return "", ""
    query = urlencode({"request_id": body["request_id"]})
    return f"{CHANGES}?{query}", f"{CHANGES}revert/?{query}" if may(None) and can_be_undone(body) else ""


def _shapes(label: str) -> dict[str, JsonObject]:
    """The shapes of the attributes of a type, wherever there is a list of it."""
    shapes: dict[str, JsonObject] = {}
    for path in _catalogue().lists_of(label):
        endpoint = _catalogue().endpoint(f"{path}1/")
        schema = endpoint.body("patch") if endpoint and "patch" in endpoint.operations else None
        shapes |= (schema or {}).get("properties", {})
        if endpoint and CUSTOM in shapes:
            shapes |= {f"{CUSTOM}.{each['name']}": forms.custom_shape(each) for each in custom_fields_of(endpoint)}
    return shapes


def _catalogue() -> Catalogue:
    found: Catalogue = current_app.extensions["patchbay.catalogue"]
    return found
