"""The reply itself, as a page shows it: JSON with links."""

from typing import Any
from urllib.parse import urlencode

from flask import request
from markupsafe import Markup

from gateway.web import display

MOST_OBJECTS = 50


class ReplyJson:
    """The `body` of a reply; of a long list the beginning, for nobody reads on, and a browser takes seconds to show it.

    `left_out` says how many objects of the list are not shown.
    """

    def __init__(self, body: Any, is_list: bool) -> None:
        self._body, self._is_list = body, is_list
        self.left_out = max(len(body["results"]) - MOST_OBJECTS, 0) if is_list else 0

    @property
    def text(self) -> Markup:
        shown = {**self._body, "results": self._body["results"][:MOST_OBJECTS]} if self._is_list else self._body
        return display.linked_json(shown)

    @property
    def address(self) -> str:
        """Where all of it is."""
        return f"{request.path}?{urlencode([*request.args.items(multi=True), ('format', 'json')])}"
