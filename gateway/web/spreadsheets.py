"""CSV in a browser: a file is sent, shown with what would become of it, and saved."""

from base64 import b64decode, b64encode
from functools import cached_property
from typing import Any

from flask import flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from gateway.request import Request
from gateway.web import refusals
from gateway.web.endpoint import Endpoint
from gateway.web.upstream_client import CsvFile, UpstreamResponse, fetch
from shared.api.csv import sheet

FIELD = "_sheet"


def are_sent() -> bool:
    """Whether the form is one with a file of CSV."""
    return FIELD in request.files or FIELD in request.form


def submitted(asked: Request, endpoint: Endpoint) -> ResponseReturnValue:
    """The file as a table with what is wrong at its cells, or, once it is to be saved, the list."""
    try:
        text = _text()
    except sheet.SheetError as error:
        return SheetPage(endpoint, None, "", _unreadable(error)).render()
    saving = request.form.get("_do") == "save"
    answer = fetch("POST", asked.path, "" if saving else "dry_run=true", CsvFile(text.encode()))
    page = SheetPage(endpoint, answer, text)
    if saving and answer.ok:
        flash(f"Saved: {page.summary}")
        return redirect(asked.path, 303)
    return page.render()


def _text() -> str:
    """What was sent, or was shown and is sent again. Raises SheetError."""
    if FIELD in request.files:
        return sheet.decoded(request.files[FIELD].read())
    try:
        return b64decode(request.form[FIELD], validate=True).decode()
    except ValueError:
        raise sheet.SheetError(1, "This is not the file that was shown.") from None


def _unreadable(error: sheet.SheetError) -> list[dict[str, Any]]:
    return [{"line": error.line, "column": error.column, "message": error.message}]


class SheetPage:
    """A file of CSV and the `answer` of the service to it; `errors` are those that there was no need to ask for."""

    def __init__(
        self, endpoint: Endpoint, answer: UpstreamResponse | None, text: str, errors: list[dict[str, Any]] | None = None
    ) -> None:
        self.name = endpoint.template.rstrip("/").rsplit("/", 1)[-1]
        self._answer, self._text = answer, text
        told = answer.json if answer and isinstance(answer.json, dict) else {}
        self._told, self._errors = told, errors or told.get("errors", [])
        try:
            table = sheet.read(text)
            self.headings, self.lines = table.headings, table.lines
        except sheet.SheetError:
            self.headings, self.lines = [], []
        if answer and answer.status == 413:
            self.lines = []

    def render(self) -> tuple[str, int]:
        return render_template("sheet.html", page=self), self._answer.status if self._answer else 400

    @property
    def wrong(self) -> bool:
        return not self._answer or not self._answer.ok

    @property
    def kept(self) -> str:
        """The file as it is: a browser would change the ends of its lines."""
        return b64encode(self._text.encode()).decode()

    @property
    def summary(self) -> str:
        return ", ".join(f"{self._told.get(what, 0)} {what}" for what in ("created", "changed", "unchanged")) + "."

    @property
    def sentences(self) -> list[str]:
        """What is said of no line that is shown."""
        if not self._errors:
            return refusals.sentences(self._told)
        shown = {line.number for line in self.lines}
        own = [_sentence(each) for each in self._errors if each["line"] not in shown]
        return own or [f"{len(self._errors)} things are wrong, each told at its place below."]

    @cached_property
    def _by_place(self) -> dict[tuple[int, str], list[str]]:
        found: dict[tuple[int, str], list[str]] = {}
        for each in self._errors:
            if each["column"] in self.headings:
                found.setdefault((each["line"], each["column"]), []).append(each["message"])
            else:
                said = f"{each['column']}: {each['message']}" if each["column"] else each["message"]
                found.setdefault((each["line"], ""), []).append(said)
        return found

    def at(self, line: int, heading: str | None = None) -> list[str]:
        """What is wrong in a cell, or with heading "" in none; anywhere in the line without."""
        if heading is not None:
            return self._by_place.get((line, heading), [])
        return [text for (number, _), texts in self._by_place.items() if number == line for text in texts]

    @cached_property
    def _outcomes(self) -> dict[int, str]:
        return {each["line"]: each["what"] for each in self._told.get("rows", ())}

    def what(self, line: int) -> str:
        return self._outcomes.get(line, "")


def _sentence(error: dict[str, Any]) -> str:
    column = f", {error['column']}" if error["column"] else ""
    return f"Line {error['line']}{column}: {error['message']}"
