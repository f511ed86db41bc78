"""The page of one address of the API: everything that its template shows."""

from functools import cached_property
from http.client import responses
from typing import Any
from urllib.parse import urlencode

from flask import current_app, render_template, request
from markupsafe import Markup

from gateway.request import Request
from gateway.web import display, forms, refusals, snippets
from gateway.web.catalogue import Endpoint
from gateway.web.page_forms import filters_of, form_of
from gateway.web.upstream_client import UpstreamResponse, fetch, may
from shared import JsonObject
from shared.query.pagination import Page

PAGING = ("limit", "offset", "cursor", "start", "format")
SHOWN_AS_JSON = 50
SHOWN_HEADERS = ("allow", "content-type", "x-degraded", "retry-after")


class HtmlPage:
    """What is known of `asked`: the `answer` to it, the `endpoint`, and the state of a form that was sent.

    `refusal` is the answer to the form, `preview` the (method, data) that it makes.
    """

    def __init__(
        self,
        asked: Request,
        answer: UpstreamResponse,
        endpoint: Endpoint | None,
        *,
        form: forms.Form | None = None,
        refusal: UpstreamResponse | None = None,
        preview: tuple[str, Any] | None = None,
        method: str = "GET",
    ) -> None:
        self.asked, self.answer, self.endpoint = asked, answer, endpoint
        self.form, self.refusal, self.preview, self.method = form, refusal, preview, method
        self.body = answer.json

    def render(self) -> tuple[str, int]:
        status = (self.refusal or self.answer).status
        return render_template("api.html", page=self), status

    @property
    def url(self) -> str:
        query = _query("format")
        return f"{self.asked.root}{self.asked.path}{'?' if query else ''}{query}"

    @property
    def status_line(self) -> str:
        shown = self.refusal or self.answer
        return f"{shown.status} {responses.get(shown.status, '')}"

    @property
    def headers(self) -> dict[str, str]:
        shown = (self.refusal or self.answer).headers
        return {name.title(): shown[name] for name in SHOWN_HEADERS if name in shown}

    @property
    def title(self) -> str:
        if self.is_object:
            return display.title(self.body)
        return display.label(self.crumbs[-1][1])

    @property
    def crumbs(self) -> list[tuple[str, str]]:
        """(address, name) of everything above this page, and of itself."""
        parts = [part for part in self.asked.path.split("/") if part]
        return [("/" + "/".join(parts[: place + 1]) + "/", name) for place, name in enumerate(parts)]

    @property
    def json(self) -> Markup:
        """The reply; of a long list the beginning, for nobody reads on, and a browser takes seconds to show it."""
        if not self.is_list:
            return display.linked_json(self.body)
        return display.linked_json({**self.body, "results": self.body["results"][:SHOWN_AS_JSON]})

    @property
    def left_out(self) -> int:
        """How many objects of the list are not shown as JSON."""
        return max(len(self.body["results"]) - SHOWN_AS_JSON, 0) if self.is_list else 0

    @property
    def as_json(self) -> str:
        """The address of the reply as JSON."""
        return f"{self.asked.path}?{urlencode([*request.args.items(multi=True), ('format', 'json')])}"

    @property
    def refused(self) -> refusals.Refusal | None:
        """The refusal to show: that of the form that was sent, else that of the page itself."""
        answer = self.refusal or (None if self.answer.ok else self.answer)
        return refusals.Refusal(self.method, answer.json, self.form) if answer else None

    @property
    def is_list(self) -> bool:
        return isinstance(self.body, dict) and "results" in self.body and "count" in self.body

    @property
    def is_object(self) -> bool:
        return bool(self.endpoint and self.endpoint.is_object and self.answer.ok and isinstance(self.body, dict))

    @cached_property
    def columns(self) -> list[str]:
        return display.columns(self.body["results"])

    @cached_property
    def filters(self) -> list[forms.Input]:
        if not (self.is_list and self.endpoint):
            return []
        return filters_of(self.endpoint)

    @property
    def narrowed(self) -> bool:
        return not forms.NO_FILTERS.issuperset(request.args)

    @property
    def searchable(self) -> bool:
        return bool(self.endpoint and self.endpoint.has_filter("q"))

    @property
    def range(self) -> str:
        shown = len(self.body["results"])
        if "cursor" in request.args or "start" in request.args:
            return f"{shown} of {self.body['count']}"
        first = Page.of_request().offset
        return f"{first + 1}–{first + shown} of {self.body['count']}" if shown else f"none of {self.body['count']}"

    def can(self, verb: str) -> bool:
        """Whether a form for `verb` has a place here and the user may send it."""
        if self.endpoint is None:
            return False
        operations = self.endpoint.operations
        here = self.is_list or self.is_object or "get" not in operations or self.answer.ok
        return here and verb in operations and may(self.endpoint.permission(verb))

    @property
    def _served(self) -> Endpoint:
        """The endpoint, for what is shown only where there is one. Raises LookupError."""
        if self.endpoint is None:
            raise LookupError(f"no document describes {self.asked.path}")
        return self.endpoint

    def form_for(self, verb: str) -> forms.Form:
        if self.form:
            return self.form
        return form_of(self._served, verb, self.body if verb == "patch" else None)

    @property
    def deed(self) -> str:
        """What a POST does at this address: the summary in the document."""
        summary: str = self._served.operations["post"]["summary"]
        return summary

    @cached_property
    def actions(self) -> list[str]:
        """The names of what can be read below this object, or filled in there."""
        found = {name: self._action(name) for name in self._below()}
        return [name for name, each in found.items() if "get" in each.operations or each.body("post")]

    @cached_property
    def deeds(self) -> list[str]:
        """The names of what the user may have done to this object by a POST that takes nothing."""
        found = {name: self._action(name) for name in self._below()}
        return [
            name
            for name, each in found.items()
            if "post" in each.operations and each.body("post") is None and may(each.permission("post"))
        ]

    def _below(self) -> list[str]:
        return current_app.extensions["patchbay.catalogue"].actions(self.endpoint) if self.is_object else []

    def _action(self, name: str) -> Endpoint:
        found: Endpoint = current_app.extensions["patchbay.catalogue"].endpoint(f"{self.asked.path}{name}/")
        return found

    @cached_property
    def drawings(self) -> list[tuple[str, Markup]]:
        """(name, picture): what the services draw of this object; they write no markup of a user into it."""
        found = []
        for name in self.actions:
            if self._action(name).draws:
                answer = fetch("GET", f"{self.asked.path}{name}/")
                if answer.ok and answer.content.startswith(b"<svg"):
                    found.append((name, Markup(answer.content.decode())))
        return found

    @cached_property
    def referring(self) -> list[tuple[str, str]]:
        """(address, name): the lists of what refers to this object."""
        if not self.is_object or "id" not in self.body:
            return []
        listed = self._served.template.removesuffix("{pk}/")
        found = current_app.extensions["patchbay.catalogue"].referring(listed)
        return [(f"{path}?{name}={self.body['id']}", _said(path, name)) for path, name in found]

    @property
    def example(self) -> JsonObject:
        """What a first POST may look like."""
        content = self._served.operations["post"]["requestBody"]["content"]
        example: JsonObject = content.get("application/json", {}).get("example", {})
        return example

    @property
    def curl(self) -> str:
        method, data = self.preview or (self.method, None)
        return snippets.curl(method, self.url, data, self.form.files if self.form else ())

    @property
    def pynetbox(self) -> str:
        if not (self.is_list or self.is_object):
            return ""
        method, data = self.preview or (self.method, None)
        return snippets.pynetbox(method, self.asked.root, self.asked.path, _query(*PAGING), data)


def _said(path: str, name: str) -> str:
    return f"{display.label(path.split('/')[3])} by {display.label(name.removesuffix('_id')).lower()}"


def _query(*without: str) -> str:
    """The query of the page without what its programs do not need."""
    return urlencode([(name, text) for name, text in request.args.items(multi=True) if name not in without])
