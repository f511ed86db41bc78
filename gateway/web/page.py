"""The page of one address of the API: everything that its template shows."""

from collections.abc import Iterator
from functools import cached_property
from http.client import responses
from itertools import chain
from typing import Any
from urllib.parse import urlencode

from flask import Response, render_template, request, stream_with_context
from markupsafe import Markup

from gateway.request import Request
from gateway.web import bulk, display, forms, object_parts, policy, refusals, reply_json, snippets
from gateway.web.columns import PARAMETER, PLACE, Columns
from gateway.web.endpoint import Endpoint
from gateway.web.filter_form import FilterForm
from gateway.web.object_parts import ObjectParts
from gateway.web.page_forms import form_of, questions_of
from gateway.web.upstream_client import Question, UpstreamResponse, may
from shared import JsonObject
from shared.query.pagination import Page

PAGING = ("limit", *PLACE, "format", PARAMETER)
ROWS_AT_ONCE = 100
# Where the rows of a list belong; what users entered has no such brackets.
ROWS = Markup("<!--rows-->")
SHOWN_HEADERS = ("allow", "content-type", "x-degraded", "retry-after")


def questions_of_page(endpoint: Endpoint | None, path: str) -> list[Question]:
    """What the page at `path` asks besides what is there."""
    if endpoint is None:
        return []
    return [*questions_of(endpoint), *object_parts.questions_of(endpoint, path)]


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
        unclear: bool = False,
    ) -> None:
        self.asked, self.answer, self.endpoint = asked, answer, endpoint
        self.form, self.refusal, self.preview, self.method = form, refusal, preview, method
        self.body, self.unclear = answer.json, unclear

    def render(self) -> Response:
        """The page; the rows of a list follow as they are written, once everything else is."""
        status = 400 if self.unclear else (self.refusal or self.answer).status
        written = render_template("api.html", page=self, rows=ROWS)
        before, rows, after = written.partition(ROWS)
        pieces = stream_with_context(chain([before], self._rows(), [after])) if rows else written
        reply = Response(pieces, status)
        if self.parts and self.parts.pictures:
            reply.headers["Content-Security-Policy"] = policy.with_images_of(self.parts.pictures)
        return reply

    def _rows(self) -> Iterator[str]:
        found, told = self.body["results"], {"columns": self.columns.shown, "selectable": bool(self.bulk)}
        html = self.endpoint.html if self.endpoint else []
        for start in range(0, len(found), ROWS_AT_ONCE):
            rows = [display.marked(row, html) for row in found[start : start + ROWS_AT_ONCE]]
            yield render_template("rows.html", rows=rows, **told)

    @property
    def url(self) -> str:
        query = _query("format", PARAMETER)
        return f"{self.asked.root}{self.asked.path}{'?' if query else ''}{query}"

    @property
    def status_line(self) -> str:
        shown = self.refusal or self.answer
        return f"{shown.status} {responses.get(shown.status, '')}"

    @property
    def failed(self) -> bool:
        """Whether it is a service that failed, rather than what was asked."""
        return (self.refusal or self.answer).status >= 500

    @property
    def headers(self) -> dict[str, str]:
        shown = (self.refusal or self.answer).headers
        return {name.title(): shown[name] for name in SHOWN_HEADERS if name in shown}

    @property
    def title(self) -> str:
        if self.is_object:
            return display.title(self.body)
        return self.crumbs[-1][1]

    @property
    def crumbs(self) -> list[tuple[str, str]]:
        """(address, name) of everything above this page, and of itself."""
        parts = [part for part in self.asked.path.split("/") if part]
        named = [("/" + "/".join(parts[: place + 1]) + "/", display.label(name)) for place, name in enumerate(parts)]
        own = [(named[-1][0], display.title(self.body))] if self.is_object else named[-1:]
        return [("/", "Start"), *named[:-1], *own]

    @property
    def shown_json(self) -> reply_json.ReplyJson:
        return reply_json.ReplyJson(self.body, self.is_list)

    @property
    def as_csv(self) -> str:
        """The address of the whole list, as it is narrowed, as CSV."""
        unordered = {*PAGING, "ordering", "brief"}
        kept = [(name, text) for name, text in request.args.items(multi=True) if name not in unordered]
        return f"{self.asked.path}?{urlencode([*kept, ('format', 'csv')])}"

    @property
    def takes_csv(self) -> bool:
        """Whether files of CSV can be sent here."""
        return self.is_list and self.can("post") and bool(self.endpoint and self.endpoint.takes("post", "text/csv"))

    @property
    def refused(self) -> refusals.Refusal | None:
        """The refusal to show: that of the form that was sent, else that of the page itself."""
        answer = self.refusal or (None if self.answer.ok else self.answer)
        said = answer.json if answer else None
        return refusals.Refusal(self.method, said, self.form) if answer or self.unclear else None

    @property
    def is_list(self) -> bool:
        return isinstance(self.body, dict) and "results" in self.body and "count" in self.body

    @property
    def is_object(self) -> bool:
        return bool(self.endpoint and self.endpoint.is_object and self.answer.ok and isinstance(self.body, dict))

    @cached_property
    def columns(self) -> Columns:
        return Columns(self.body["results"], self.endpoint)

    @cached_property
    def bulk(self) -> list[str]:
        """What the user may do to several rows."""
        return bulk.allowed(self.endpoint)

    @cached_property
    def filters(self) -> FilterForm:
        return FilterForm(self.endpoint)

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
    def table(self) -> tuple[list[str], list[JsonObject]] | None:
        """(columns, rows) of a reply that is a list of objects without pages."""
        found = self.body if self.answer.ok and isinstance(self.body, list) else None
        if found is None or not all(isinstance(each, dict) for each in found):
            return None
        rows = [display.flat(each) for each in found]
        return display.columns_set(rows), rows

    @cached_property
    def parts(self) -> ObjectParts | None:
        """What there is of the object beside its attributes."""
        return ObjectParts(self._served, self.asked.path, self.body) if self.is_object else None

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


def _query(*without: str) -> str:
    """The query of the page without what its programs do not need."""
    return urlencode([(name, text) for name, text in request.args.items(multi=True) if name not in without])
