"""What there is of an object beside its attributes: pictures, what can be done to it, and what refers to it."""

from collections.abc import Iterable
from functools import cached_property
from urllib.parse import urlencode

from flask import current_app
from markupsafe import Markup

from gateway.web import display, history
from gateway.web.catalogue import Catalogue
from gateway.web.differences import Difference
from gateway.web.endpoint import Endpoint
from gateway.web.related_list import RelatedList, named
from gateway.web.upstream_client import Question, answer_to, fetch, may
from shared import JsonObject


def questions_of(endpoint: Endpoint, path: str) -> list[Question]:
    """What the page of the object at `path` asks besides the object."""
    if not endpoint.is_object:
        return []
    read = _shown(endpoint, path, "drawing", "table", "pictures")
    told = history.question_of(endpoint, path)
    return [*map(Question, read.values()), *_relating(endpoint, path), *([told] if told else [])]


def _relating(endpoint: Endpoint, path: str) -> list[Question]:
    """What asks each service once what of its own belongs to the object at `path`."""
    pk = path.rstrip("/").rpartition("/")[2]
    listed = endpoint.template.removesuffix("{pk}/")
    if not endpoint.type or not pk.isdecimal():
        return []
    query = urlencode({"type": endpoint.type, "id": pk})
    return [Question(f"/internal/{app}/related", query) for app in sorted(_catalogue().holding(listed, endpoint.type))]


def _catalogue() -> Catalogue:
    found: Catalogue = current_app.extensions["patchbay.catalogue"]
    return found


def _shown(endpoint: Endpoint, path: str, *ways: str) -> dict[str, str]:
    """The addresses of what is below the object at `path` and shown in one of `ways`, by name."""
    named = {name: f"{path}{name}/" for name in _catalogue().actions(endpoint)}
    return {name: each for name, each in named.items() if (at := _catalogue().endpoint(each)) and at.shown in ways}


class ObjectParts:
    """What belongs to the object at `path`, whose read face is `body`."""

    def __init__(self, endpoint: Endpoint, path: str, body: JsonObject) -> None:
        self._endpoint, self._path, self._body = endpoint, path, body

    @cached_property
    def actions(self) -> list[str]:
        """The names of what can be read below this object, or filled in there."""
        return [name for name, each in self._below.items() if "get" in each.operations or each.body("post")]

    @cached_property
    def deeds(self) -> list[str]:
        """The names of what the user may have done to this object by a POST that takes nothing."""
        return [
            name
            for name, each in self._below.items()
            if "post" in each.operations
            and each.body("post") is None
            and not each.preview
            and may(each.permission("post"))
        ]

    @cached_property
    def previewed(self) -> dict[str, str]:
        """What the user may have done to this object that first says what it would do: summaries by name."""
        if history.is_change(self._body) and not history.can_be_undone(self._body):
            return {}
        found = {name: each for name, each in self._below.items() if each.preview and may(each.permission("post"))}
        return {name: str(each.operations["post"]["summary"]) for name, each in found.items()}

    @cached_property
    def history(self) -> history.History | None:
        """What was done to the object."""
        return history.of_object(self._endpoint, self._path)

    @cached_property
    def differences(self) -> list[Difference]:
        """What the object, which is a change, changed."""
        return history.of_change(self._body) if history.is_change(self._body) else []

    @cached_property
    def whole_request(self) -> tuple[str, str]:
        """Where all is that the request of a change changed, and where that can be undone."""
        return history.of_request(self._body) if history.is_change(self._body) else ("", "")

    @cached_property
    def attributes(self) -> JsonObject:
        """What is shown of the object by itself: not its address, nor what is shown as a difference."""
        apart = ("url", history.BEFORE, history.AFTER) if history.is_change(self._body) else ("url",)
        shown = display.marked(self._body, self._endpoint.html)
        return {name: value for name, value in shown.items() if name not in apart}

    @cached_property
    def _below(self) -> dict[str, Endpoint]:
        found = {name: _catalogue().endpoint(f"{self._path}{name}/") for name in _catalogue().actions(self._endpoint)}
        return {name: each for name, each in found.items() if each}

    @cached_property
    def drawings(self) -> list[tuple[str, Markup]]:
        """(name, picture): what the services draw of this object; they write no markup of a user into it."""
        pictures = {name: fetch("GET", path) for name, path in _shown(self._endpoint, self._path, "drawing").items()}
        return [
            (name, Markup(answer.content.decode()))
            for name, answer in pictures.items()
            if answer.ok and answer.content.startswith(b"<svg")
        ]

    @cached_property
    def images(self) -> dict[str, str]:
        """The addresses of images that a browser asks for by itself, by name."""
        return _shown(self._endpoint, self._path, "image")

    @cached_property
    def tables(self) -> list[tuple[str, list[str], list[JsonObject]]]:
        """(name, columns, rows) of what is below the object and shown as a table."""
        return [(name, list(rows[0]), rows) for name, rows in self._lists("table") if rows]

    @cached_property
    def pictures(self) -> list[JsonObject]:
        """What is below the object and has an address of a picture (`embed_url`), or an `error`."""
        return [each for _, found in self._lists("pictures") for each in found]

    def _lists(self, way: str) -> Iterable[tuple[str, list[JsonObject]]]:
        for name, path in _shown(self._endpoint, self._path, way).items():
            if (answer := fetch("GET", path)).ok:
                yield name, answer.json

    @cached_property
    def related(self) -> list[RelatedList]:
        """The lists that have something of this object, those of its own service first."""
        answers = {each.path: answer_to(each) for each in _relating(self._endpoint, self._path)}
        own = f"/internal/{self._path.split('/')[2]}/"
        first = sorted(answers, key=lambda path: (not path.startswith(own), path))
        parts = [part for path in first if answers[path].ok for part in answers[path].json["results"]]
        return [RelatedList(part, _catalogue().endpoint(part["list"]), self._body) for part in parts]

    @cached_property
    def silent(self) -> list[str]:
        """The services that do not say what they have of this object."""
        return [each.path.split("/")[2] for each in _relating(self._endpoint, self._path) if not answer_to(each).ok]

    @cached_property
    def empty(self) -> list[tuple[str, str]]:
        """(address, name): the lists that have nothing of this object yet."""
        if "id" not in self._body:
            return []
        shown = {each.path for each in self.related}
        found = _catalogue().referring(self._endpoint.template.removesuffix("{pk}/"))
        free = {path: name for path, name in reversed(found) if path not in shown}
        return [(f"{path}?{name}={self._body['id']}", named(path)) for path, name in reversed(free.items())]
