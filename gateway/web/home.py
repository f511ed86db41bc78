"""The start page: what there is in numbers, what was changed last, and where to begin; and the menu of every page."""

from dataclasses import dataclass

from flask import Blueprint, current_app, render_template

from gateway.web import display
from gateway.web.catalogue import Catalogue
from gateway.web.related_list import named
from gateway.web.upstream_client import Question, fetch_together
from shared import JsonObject
from shared.config import APPS

pages = Blueprint("home", __name__)
PATIENCE = 3.0  # seconds; a page does without what takes longer to find out
RECENT = Question("/api/extras/recent-activity/", "limit=12")


@dataclass(frozen=True)
class MenuSection:
    """One app in the menu: `links` are (name, address) of its lists."""

    app: str
    name: str
    links: list[tuple[str, str]]


@pages.get("/")
def home() -> str:
    questions = [Question(f"/internal/{app}/totals") for app in APPS]
    filled = [Question(f"/internal/{app}/utilization", seconds=PATIENCE) for app in _catalogue().filled()]
    recent, *answers = fetch_together([RECENT, *questions, *filled])
    utilized = [part for answer in answers[len(APPS) :] if answer.ok for part in answer.json["results"]]
    totals: dict[str, int] = {}
    for answer in answers[: len(APPS)]:
        totals |= answer.json if answer.ok else {}
    silent = [app for app, answer in zip(APPS, answers, strict=False) if not answer.ok]
    changes = recent.json["results"] if recent.ok else []
    return render_template("home.html", totals=totals, silent=silent, changes=changes, utilized=utilized)


def menu() -> list[MenuSection]:
    """Every app with its lists, in the order of its API root; those that only show others' objects are left out."""
    documents = _catalogue().documents()
    lists = (path for app in APPS for path, verbs in documents[app].get("paths", {}).items() if _is_listed(path, verbs))
    found: dict[str, list[tuple[str, str]]] = {}
    for path in lists:
        found.setdefault(path.split("/")[2], []).append((named(path), path))
    return [MenuSection(app, display.label(app), links) for app, links in found.items()]


def _is_listed(path: str, verbs: JsonObject) -> bool:
    reading = verbs.get("get", {})
    listed = {"get", "post"} <= verbs.keys() or "x-shown" in reading
    return path.startswith("/api/") and path.count("/") == 4 and "{" not in path and listed


def _catalogue() -> Catalogue:
    found: Catalogue = current_app.extensions["patchbay.catalogue"]
    return found
