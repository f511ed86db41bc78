"""What there is of an object beside its attributes: pictures, what can be done to it, and what refers to it."""

from functools import cached_property

from flask import current_app
from markupsafe import Markup

from gateway.web import display
from gateway.web.catalogue import Catalogue, Endpoint
from gateway.web.upstream_client import Question, fetch, may
from shared import JsonObject


def questions_of(endpoint: Endpoint, path: str) -> list[Question]:
    """What the page of the object at `path` asks besides the object."""
    return [Question(each) for each in _drawn(endpoint, path).values()] if endpoint.is_object else []


def _catalogue() -> Catalogue:
    found: Catalogue = current_app.extensions["patchbay.catalogue"]
    return found


def _drawn(endpoint: Endpoint, path: str) -> dict[str, str]:
    """The addresses of the pictures of the object at `path`, by name."""
    named = {name: f"{path}{name}/" for name in _catalogue().actions(endpoint)}
    return {name: each for name, each in named.items() if (at := _catalogue().endpoint(each)) and at.draws}


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
            if "post" in each.operations and each.body("post") is None and may(each.permission("post"))
        ]

    @cached_property
    def _below(self) -> dict[str, Endpoint]:
        found = {name: _catalogue().endpoint(f"{self._path}{name}/") for name in _catalogue().actions(self._endpoint)}
        return {name: each for name, each in found.items() if each}

    @cached_property
    def drawings(self) -> list[tuple[str, Markup]]:
        """(name, picture): what the services draw of this object; they write no markup of a user into it."""
        pictures = {name: fetch("GET", path) for name, path in _drawn(self._endpoint, self._path).items()}
        return [
            (name, Markup(answer.content.decode()))
            for name, answer in pictures.items()
            if answer.ok and answer.content.startswith(b"<svg")
        ]

    @cached_property
    def referring(self) -> list[tuple[str, str]]:
        """(address, name): the lists of what refers to this object."""
        if "id" not in self._body:
            return []
        found = _catalogue().referring(self._endpoint.template.removesuffix("{pk}/"))
        return [(f"{path}?{name}={self._body['id']}", _said(path, name)) for path, name in found]


def _said(path: str, name: str) -> str:
    return f"{display.label(path.split('/')[3])} by {display.label(name.removesuffix('_id')).lower()}"
